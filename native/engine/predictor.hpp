// The predictor: the forward pass alone, for any number of rows, from any number of threads at once.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "engine/program.hpp"
#include "engine/workspace.hpp"

namespace chainrule {

template <class T>
class Predictor {
 public:
  // `params`: the model's flat array, whose values at the time of each call count.
  Predictor(std::shared_ptr<const Program<T>> program, const T* params);

  ~Predictor();
  Predictor(const Predictor&) = delete;
  Predictor& operator=(const Predictor&) = delete;

  // outputs[o] gets (rows, width) numbers; sources are those of the first feeds (the model's inputs).
  void predict(const std::vector<Source>& sources, int64_t rows, const std::vector<T*>& outputs);

 private:
  struct Desk;  // memory for one tile of rows; each thread takes one for a while

  std::unique_ptr<Desk> take();
  void give_back(std::unique_ptr<Desk> desk);
  void predict_tile(Desk& desk, const std::vector<Source>& sources, int64_t first, int64_t rows,
                    const std::vector<T*>& outputs);

  std::shared_ptr<const Program<T>> program_;
  const Kernels<T>* kernels_;
  T* params_;
  int64_t tile_rows_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Desk>> free_;
};

}  // namespace chainrule
