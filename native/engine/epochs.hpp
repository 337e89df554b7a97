// Many epochs in one call, for when nobody looks in between.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "engine/trainer.hpp"

namespace chainrule {

struct Epochs {
  Steps steps;                                   // of each epoch: sources, rows, batch size, step numbers
  bool shuffled = false;                         // whether each epoch has an order of its own
  Key model_key{};                               // epoch `e` has the key fold_in(model_key, e)
  int64_t first = 0;                             // number of the first epoch
  int64_t count = 0;                             // how many
  int64_t rates = 0;                             // how many learning rates there are: 1 for all steps, or one for each
  std::vector<std::pair<char*, int64_t>> state;  // memory (and bytes) to keep copies of
};

// A copy of memory that can be put back.
class Snapshot {
 public:
  explicit Snapshot(std::vector<std::pair<char*, int64_t>> state);
  void take();
  void restore() const;

 private:
  std::vector<std::pair<char*, int64_t>> state_;
  std::vector<char> copy_;
};

struct EpochsDone {
  int64_t epochs = 0;       // that were completed
  bool failed = false;      // the epoch after them met a loss, or a weight, that is no finite number
  int64_t step = -1;        // in which step, or -1: the weights at its end
  double loss = 0;          // that loss
  bool has_before = false;  // whether there was a loss before it
  double before = 0;        // the loss of the step before
  bool stopped = false;     // asked to stop; the epoch after them is incomplete
  Snapshot begin;           // the state from the start of the last epoch
};

// `totals` gets one row of numbers per epoch: loss, rows, losses of outputs, totals of metrics, counts of metrics.
template <class T>
EpochsDone train_epochs(Trainer<T>& trainer, Optimizer<T>& optimizer, const Epochs& epochs, double* totals);

}  // namespace chainrule
