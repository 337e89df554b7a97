// The trainer: runs the steps of an epoch. One step, two ways, chosen by the shapes alone, so that results never depend
// on the number of threads:
//
//   by layers   rows are cut into tiles; each goes forward, through the losses and backward. Then the weights are cut
//               into pieces; each gets its gradient from the whole batch and is updated at once, while it is in cache.
//   by tiles    for networks so small that their gradients fit the cache, and many rows: each tile goes forward and
//               backward and adds to the gradient of its chunk of rows. Then the chunks' gradients are added up.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "engine/optimizer.hpp"
#include "engine/program.hpp"
#include "engine/score.hpp"
#include "engine/workspace.hpp"

namespace chainrule {

// The rows of an epoch, and which steps of it to run.
struct Steps {
  std::vector<Source> sources;     // by feed
  const int64_t* order = nullptr;  // rows in the order of the epoch; null: as they lie
  int64_t rows = 0;                // of the epoch
  int64_t batch_size = 0;
  int64_t first = 0, last = 0;    // numbers of steps
  int64_t origin = 0;             // the number of the step that begins with the first row
  Key key{};                      // of the epoch
  const double* rates = nullptr;  // the learning rate of each step, from `first`
  std::vector<char*> records;     // by output: where to keep the predictions of these steps, or null
  bool (*stop)() = nullptr;       // asked now and then whether to stop
};

// How a trainer cuts its work.
struct Layout {
  bool by_tiles = false;
  int64_t tile_rows = 0;    // rows that go through the network together
  int64_t chunk_tiles = 0;  // by tiles: tiles that share a gradient
  int64_t chunks = 1;
  bool fused = false;  // by layers: a piece of the weights is updated as soon as its gradient is there
  int threads = 1;     // at most; for the rows, and for the weights
  int weight_threads = 1;
};

template <class T>
class Trainer {
 public:
  // `batch`: the most rows of a step. `params`: the model's flat array.
  Trainer(std::shared_ptr<const Program<T>> program, int64_t batch, T* params, Penalties<T> penalties);

  Trainer(const Trainer&) = delete;
  Trainer& operator=(const Trainer&) = delete;

  // Runs training steps; returns how many ran. It stops early after a loss that is no finite number (which is kept in
  // `losses`; its step changes nothing), or when asked to. Other threads that call the same trainer wait.
  int64_t train(const Steps& steps, Optimizer<T>& optimizer, double* losses, Totals& totals);

  // The same without learning.
  int64_t test(const Steps& steps, double* losses, Totals& totals);

  const Layout& layout() const { return layout_; }

  Totals totals() const { return {program_->losses.size(), program_->metrics.size()}; }

  // Whether every parameter is a finite number.
  bool finite() const { return kernels_->gradients.finite(params_, program_->n_params); }

 private:
  struct Action {
    enum Kind { kForward, kLosses, kBackward } kind;
    const Op<T>* op;
    bool whole;
  };
  // A part of a parameter, and the ops that have a gradient for it.
  struct Piece {
    int64_t begin, end;
    std::vector<std::pair<const Op<T>*, int>> makers;
  };

  int64_t run(const Steps& steps, Optimizer<T>* optimizer, double* losses, Totals& totals);
  double run_batch(const Steps& steps, int64_t step);
  void rows_by_layers(int64_t rows);
  void rows_by_tiles(int64_t rows);
  void act(const Action& action, const Frame<T>& frame);
  void keep(const Frame<T>& frame);
  void plan_pieces();
  void learn(Optimizer<T>& optimizer);
  void learn_fused(Optimizer<T>& optimizer);
  void whole_gradient();
  void piece_gradient(const Piece& piece, const Frame<T>& frame, T* out, bool accumulate) const;
  void prepare(int64_t begin, int64_t end);
  Frame<T> frame(const Tables<T>& tables, int64_t first, int64_t rows) const;

  std::shared_ptr<const Program<T>> program_;
  const Kernels<T>* kernels_;
  T* params_;
  Penalties<T> penalties_;
  Layout layout_;
  double seconds_per_row_;  // of a step, as the cost model reckons

  std::vector<Action> actions_;  // of a training step, in order; a test runs its first part
  std::vector<Piece> pieces_;
  Score<T> score_;
  Intake<T> intake_;
  std::vector<std::unique_ptr<Workspace<T>>> workspaces_;  // one for the batch, or one for each thread's tile
  std::vector<Tables<T>> tables_;                          // of each tile, or of each thread's tile
  Tables<T> whole_;
  std::vector<Buffer<T>> gradients_, prepared_, scratch_;  // by chunk; by op; by thread
  std::vector<const T*> prepared_at_;

  // of the step that is running, for whoever called
  std::mutex one_at_a_time_;
  std::atomic<std::thread::id> caller_{};
  bool training_ = false;
  T loss_scale_ = 1;
  Key key_{};
  int64_t rows_ = 0, record_row_ = 0;
  const Steps* steps_ = nullptr;
};

}  // namespace chainrule
