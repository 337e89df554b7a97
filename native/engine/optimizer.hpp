// One step of an optimizer: all that happens between the gradients and the new parameters, in the order of
// chainrule/optimizers/applying.py, on the memory of the Python objects.
//
//   loss scale -> accumulation -> clipping -> weight decay -> update -> moving average -> constraints -> iteration
//
//   optimizer.begin_step(rate);
//   optimizer.condition(gradient);                // the whole gradient; not needed if `fusable`
//   optimizer.update_range(begin, end, gradient + begin);  // any ranges that make up the whole, on any threads
//   optimizer.end_step();
//
// Of an optimizer that is Python code, all this is one thing: `condition` puts the gradient where Python reads it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/penalties.hpp"
#include "kernels/table.hpp"

namespace chainrule {

enum class Clip { kNone, kValue, kNorm, kGlobalNorm };

struct OptimizerSettings {
  // Parameters [begin, end) of one variable.
  struct Variable {
    int64_t begin, end;
    bool decays;   // whether weight decay concerns it
    bool trained;  // whether it has a gradient; else it stays as it is
  };

  std::string name;                 // class name in chainrule.optimizers; empty: Python makes the updates
  std::vector<double> settings;     // in the order of `UpdateKernel::settings`
  std::vector<Variable> variables;  // in order, without gaps
  std::vector<Constraint> constraints;
  double loss_scale = 1;     // what losses, and so gradients, are multiplied by
  int64_t accumulation = 1;  // calls whose gradients make one update
  Clip clip = Clip::kNone;
  double limit = 0;  // of the clipping
  double weight_decay = 0;
  bool average = false;  // whether a moving average of the parameters is kept
  double average_momentum = 0;
  int64_t overwrite = 0;  // updates after which the average replaces the parameters; 0: never
};

// Where the numbers lie; `n` is the number of trainable parameters.
template <class T>
struct OptimizerMemory {
  T* parameters;  // (n)
  T* rows;        // (rows, n): [average] [gradient accumulator] moments; or the gradient, for Python
  int64_t n;
  int moments;          // how many of the rows are moments
  T* state;             // variables that belong to no parameter, or null
  int32_t* iterations;  // calls so far
};

template <class T>
class Optimizer {
 public:
  // Throws std::invalid_argument if there is no optimizer of that name.
  Optimizer(OptimizerSettings settings, const OptimizerMemory<T>& memory,
            const Kernels<T>& kernels = chainrule::kernels<T>());

  // What gradients of losses and penalties are to be multiplied by before they come here.
  T loss_scale() const { return static_cast<T>(settings_.loss_scale); }

  // Whether the update of a range needs nothing but the gradient of that range: `condition` does nothing.
  bool fusable() const { return fusable_; }

  // Whether Python makes the updates, after each step.
  bool hands_over() const { return !kernel_; }

  // Whether `end_step` changes parameters.
  bool constrains() const { return !settings_.constraints.empty(); }

  // Opens a step with this learning rate.
  void begin_step(double rate);

  // Frees the gradient (n) of the loss scale, stores or averages it, clips it; nothing if `fusable`.
  void condition(T* gradient);

  // Changes parameters [begin, end) and all that belongs to them; g[0] belongs to parameter `begin`. Ranges may be
  // updated in any order, and at once by several threads.
  void update_range(int64_t begin, int64_t end, const T* g) const;

  // Applies the constraints and counts the iteration.
  void end_step();

  // The whole step on a whole gradient (n), which it overwrites.
  void step(T* gradient, double rate);

 private:
  static constexpr int64_t kChunk = 1024;  // numbers that stay in the first cache between the parts of an update

  void update_chunk(const OptimizerSettings::Variable& span, int64_t begin, int64_t n, const T* g) const;
  const T* conditioned(const T* g, int64_t n, T* buffer) const;
  // Whether `update_range` has to free the gradient of the loss scale, or to clip it.
  bool conditions() const { return fusable_ && (settings_.loss_scale != 1 || settings_.clip == Clip::kValue); }
  void accumulate(T* g, int64_t begin, int64_t n) const;
  void clip_norms(T* gradient) const;
  T* row(int which) const { return memory_.rows + which * memory_.n; }

  OptimizerSettings settings_;
  OptimizerMemory<T> memory_;
  const Kernels<T>* kernels_;
  const UpdateKernel<T>* kernel_;
  std::vector<OptimizerSettings::Variable> spans_;  // neighbouring variables that are treated alike, as one
  int first_moment_;
  bool fusable_;

  // of the open step
  T rate_ = 0, average_momentum_ = 0;
  bool due_ = true, overwrite_ = false;
  T scalars_[kMaxScalars] = {};
};

}  // namespace chainrule
