// A program: what a model computes, as a list of operations on numbered values.
//
//   values    matrices of (rows, width), one row per observation: inputs, layers' outputs, targets, weights
//   ops       in running order; each reads values and makes one. Parameters lie in the model's one flat array
//   losses    what the outputs are compared with
//
// A program holds no numbers and is not changed by running it. A `Frame` says where the numbers of some rows lie:
// of a whole batch, of a tile of its rows, or of one row to predict. Ops see nothing but their frame.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "kernels/table.hpp"

namespace chainrule {

template <class T>
struct Frame {
  const Kernels<T>* kernels;
  int64_t rows;              // in this frame
  int64_t first;             // the number of its first row within the batch
  int64_t batch;             // rows of the whole batch
  T* const* values;          // by value number: (rows, width)
  T* const* gradients;       // by value number: dL/dvalue; null where nobody wants it
  T* params;                 // the model's flat array
  const T* const* prepared;  // by op number: what `Op::prepare` made of its parameters
  Key key;                   // random key of the training step
  T loss_scale;              // what gradients of penalties are multiplied by, as those of losses are
  bool training;
};

// A parameter of an op: numbers [begin, end) of the flat array, which may be cut into pieces of whole `rows`.
struct Parameter {
  int64_t begin, end;
  int64_t row;  // numbers that must stay together
};

// A matrix of (rows, width). An alias has no memory for its numbers: they are another value's; its gradients are its
// own.
struct Value {
  int64_t width;
  int alias = -1;
  bool wants_gradient = false;
};

template <class T>
class Op {
 public:
  virtual ~Op() = default;

  // Whether training needs all rows of the batch at once (batch normalisation); other ops take any rows.
  virtual bool whole_batch() const { return false; }

  virtual void forward(const Frame<T>& frame) const = 0;

  // From gradients[output] to gradients[inputs[i]], for those that are not null; may overwrite gradients[output].
  virtual void backward(const Frame<T>& frame) const = 0;

  // Trainable parameters; `gradient` makes dL/d params[begin, end), a part of parameter `which`, once `backward` is
  // done: it adds to `out` if `accumulate`, else overwrites it.
  virtual std::vector<Parameter> parameters() const { return {}; }
  virtual void gradient(const Frame<T>& frame, int which, int64_t begin, int64_t end, T* out, bool accumulate) const {
    (void)frame, (void)which, (void)begin, (void)end, (void)out, (void)accumulate;
  }

  // What `backward` wants made of the parameters once per step (a transposed kernel): how many numbers, and the making
  // of what depends on params[begin, end), a part of the op's first parameter.
  virtual int64_t prepared_size() const { return 0; }
  virtual void prepare(const T* params, int64_t begin, int64_t end, T* out) const {
    (void)params, (void)begin, (void)end, (void)out;
  }

  // Arithmetic of the forward pass per row, to decide how many threads pay.
  virtual double flops_per_row() const { return 0; }

  // A value of width 1 that holds a penalty per row to be added to the loss (and divided by the batch), or -1. The
  // op's gradients[output] is null if nothing but the penalty depends on its output.
  virtual int penalty_value() const { return -1; }

  // Told once the program is complete and knows who wants which gradient.
  virtual void settle(const std::vector<Value>& values) { (void)values; }

  std::vector<int> inputs;
  int output = -1;
  int number = -1;
};

// What the user's arrays provide: rows are copied (and converted) from there, or used in place.
struct Feed {
  int value;
  int64_t width;
};

enum class Reduction { kMean, kSum, kMeanBySampleWeight };

template <class T>
struct Loss {
  const LossKernel<T>* kernel;
  std::vector<double> options;
  int prediction, target, weight;  // values; the weight's numbers may be missing (all 1)
  int64_t width, target_width;     // of a row of the loss's matrices
  int64_t inner;                   // rows of the loss's matrices per observation
  int64_t weight_inner;            // weights per observation: 1 or inner
  Reduction reduction;
  double factor;         // of this output's loss in the total
  bool ignores = false;  // whether targets equal to `ignored` do not count
  double ignored = 0;
};

template <class T>
struct Metric {
  const MetricKernel<T>* kernel;
  std::vector<double> options;
  int prediction, target, weight;  // weight -1: unweighted
  int64_t width, target_width, inner;
};

template <class T>
class Program {
 public:
  Program() = default;
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  std::vector<Value> values;
  std::vector<std::unique_ptr<Op<T>>> ops;
  std::vector<Feed> feeds;
  std::vector<Loss<T>> losses;
  std::vector<Metric<T>> metrics;
  std::vector<int> outputs;
  int64_t n_params = 0, n_trainable = 0;

  int add_value(int64_t width) {
    values.push_back({width});
    return static_cast<int>(values.size()) - 1;
  }
  int add_alias(int of) {
    values.push_back({values[of].width, of});
    return static_cast<int>(values.size()) - 1;
  }
  // Appends an op that makes `output` from its inputs, and returns `output`.
  int add(std::unique_ptr<Op<T>> op, std::vector<int> inputs, int output) {
    op->inputs = std::move(inputs);
    op->output = output;
    ops.push_back(std::move(op));
    return output;
  }

  // Settles who wants which gradient. Values that several ops read get a `Fork`, which adds up their gradients.
  // To be called once, when everything has been added.
  void finish();

  // Ranges of the trainable parameters that have a gradient, because a loss depends on them.
  std::vector<std::pair<int64_t, int64_t>> reached() const;

  // Whether some step of training needs all rows of the batch at once.
  bool whole_batch() const;
  double flops_per_row() const;  // of forward and backward pass

 private:
  void insert_forks();
  void find_gradients();
};

// Bytes per row that a frame needs for values and gradients.
template <class T>
int64_t bytes_per_row(const Program<T>& program, bool gradients) {
  int64_t n = 0;
  for (const Value& v : program.values) {
    if (v.alias < 0) n += v.width;
    if (gradients && v.wants_gradient) n += v.width;
  }
  return n * static_cast<int64_t>(sizeof(T));
}

}  // namespace chainrule
