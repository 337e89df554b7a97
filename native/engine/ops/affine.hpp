// Affine: y = f(x @ kernel + bias), the op of `Dense`, with its activation.
#pragma once

#include <algorithm>

#include "engine/program.hpp"

namespace chainrule {

struct AffineShape {
  int64_t in, units;
  int64_t inner;         // rows of the product per observation: 1 but for inputs of rank > 2
  int64_t kernel, bias;  // offsets in the flat array; bias -1: none
  bool trains_kernel, trains_bias;
};

// The activation behind an op; `hidden` is the value that keeps its input, or -1 if its output is enough.
template <class T>
struct ActivationOf {
  const ActivationKernel<T>* kernel = nullptr;  // none: linear
  std::vector<double> options;
  bool plain_relu = false;  // the product itself cuts at 0
  int hidden = -1;
};

template <class T>
class Affine : public Op<T> {
 public:
  Affine(AffineShape shape, ActivationOf<T> activation) : shape_(shape), activation_(std::move(activation)) {}

  void forward(const Frame<T>& frame) const override {
    T* y = frame.values[this->output];
    T* h = activation_.hidden >= 0 ? frame.values[activation_.hidden] : y;
    MatmulArgs<T> args{};
    args.rows = frame.rows * shape_.inner, args.columns = shape_.units, args.inner = shape_.in;
    args.a = frame.values[this->inputs[0]], args.a_row = shape_.in, args.a_col = 1;
    args.b = frame.params + shape_.kernel, args.b_row = shape_.units;
    args.c = h, args.c_row = shape_.units;
    args.bias = shape_.bias >= 0 ? frame.params + shape_.bias : nullptr;
    args.relu = activation_.plain_relu;
    frame.kernels->matmul.multiply(args);
    if (activation_.kernel && !activation_.plain_relu) {
      activation_.kernel->forward(h, y, args.rows, shape_.units, activation_.options.data());
    }
  }

  void backward(const Frame<T>& frame) const override {
    T* g = frame.gradients[this->output];
    const int64_t rows = frame.rows * shape_.inner;
    if (activation_.kernel) {
      const T* h = activation_.hidden >= 0 ? frame.values[activation_.hidden] : nullptr;
      activation_.kernel->backward(h, frame.values[this->output], g, g, rows, shape_.units, activation_.options.data());
    }
    T* gx = frame.gradients[this->inputs[0]];
    if (!gx) return;
    MatmulArgs<T> args{};
    args.rows = rows, args.columns = shape_.in, args.inner = shape_.units;
    args.a = g, args.a_row = shape_.units, args.a_col = 1;
    args.b = frame.prepared[this->number], args.b_row = shape_.in;
    args.c = gx, args.c_row = shape_.in;
    frame.kernels->matmul.multiply(args);
  }

  std::vector<Parameter> parameters() const override {
    std::vector<Parameter> found;
    if (shape_.trains_kernel) found.push_back({shape_.kernel, shape_.kernel + shape_.in * shape_.units, shape_.units});
    if (shape_.trains_bias) found.push_back({shape_.bias, shape_.bias + shape_.units, shape_.units});
    return found;
  }

  void gradient(const Frame<T>& frame, int which, int64_t begin, int64_t end, T* out, bool accumulate) const override {
    const T* g = frame.gradients[this->output];
    const int64_t rows = frame.rows * shape_.inner;
    if (which == 1 || !shape_.trains_kernel) {
      frame.kernels->elements.sum_columns(g, rows, shape_.units, out, accumulate);
      return;
    }
    const int64_t first = (begin - shape_.kernel) / shape_.units, last = (end - shape_.kernel) / shape_.units;
    MatmulArgs<T> args{};
    args.rows = last - first, args.columns = shape_.units, args.inner = rows;
    args.a = frame.values[this->inputs[0]] + first, args.a_row = 1, args.a_col = shape_.in;
    args.b = g, args.b_row = shape_.units;
    args.c = out, args.c_row = shape_.units;
    args.accumulate = accumulate;
    frame.kernels->matmul.multiply(args);
  }

  void settle(const std::vector<Value>& values) override { turns_ = values[this->inputs[0]].wants_gradient; }

  int64_t prepared_size() const override { return turns_ ? shape_.in * shape_.units : 0; }

  void prepare(const T* params, int64_t begin, int64_t end, T* out) const override {
    const int64_t first = (std::max(begin, shape_.kernel) - shape_.kernel) / shape_.units;
    const int64_t last = (std::min(end, shape_.kernel + shape_.in * shape_.units) - shape_.kernel) / shape_.units;
    if (last <= first) return;
    kernels<T>().matmul.transpose(params + shape_.kernel + first * shape_.units, last - first, shape_.units,
                                  shape_.units, out + first, shape_.in);
  }

  double flops_per_row() const override {
    return 2.0 * static_cast<double>(shape_.in) * static_cast<double>(shape_.units) * static_cast<double>(shape_.inner);
  }

 private:
  AffineShape shape_;
  ActivationOf<T> activation_;
  bool turns_ = false;  // whether the transposed kernel is needed, for the gradient of the input
};

}  // namespace chainrule
