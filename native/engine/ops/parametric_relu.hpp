// ParametricReLU: y = relu(x) - alpha * relu(-x), with a trained alpha.
#pragma once

#include <algorithm>

#include "engine/ops/broadcast.hpp"
#include "engine/program.hpp"

namespace chainrule {

template <class T>
class ParametricRelu : public Op<T> {
 public:
  // Shapes of an observation and of alpha, which has 1 for axes that share one; `alpha`: offset in the flat array.
  ParametricRelu(const Shape& value, const Shape& of_alpha, int64_t alpha, bool trains)
      : width_(size_of(value)),
        count_(size_of(of_alpha)),
        alpha_(alpha),
        trains_(trains),
        places_(spread(of_alpha, value)) {}

  void forward(const Frame<T>& frame) const override {
    const T *x = frame.values[this->inputs[0]], *alpha = frame.params + alpha_;
    T* y = frame.values[this->output];
    for (int64_t r = 0; r < frame.rows; ++r, x += width_, y += width_) {
      for (int64_t j = 0; j < width_; ++j) y[j] = x[j] > 0 ? x[j] : alpha[place(j)] * x[j];
    }
  }

  void backward(const Frame<T>& frame) const override {
    const T *x = frame.values[this->inputs[0]], *gy = frame.gradients[this->output], *alpha = frame.params + alpha_;
    T* gx = frame.gradients[this->inputs[0]];
    if (!gx) return;
    for (int64_t r = 0; r < frame.rows; ++r, x += width_, gy += width_, gx += width_) {
      for (int64_t j = 0; j < width_; ++j) {
        gx[j] = x[j] > 0 ? gy[j] : x[j] < 0 ? alpha[place(j)] * gy[j] : T(0);
      }
    }
  }

  std::vector<Parameter> parameters() const override {
    if (!trains_) return {};
    return {{alpha_, alpha_ + count_, count_}};
  }

  void gradient(const Frame<T>& frame, int, int64_t, int64_t, T* out, bool accumulate) const override {
    const T *x = frame.values[this->inputs[0]], *gy = frame.gradients[this->output];
    if (!accumulate) std::fill(out, out + count_, T(0));
    for (int64_t r = 0; r < frame.rows; ++r, x += width_, gy += width_) {
      for (int64_t j = 0; j < width_; ++j) out[place(j)] += x[j] > 0 ? T(0) : gy[j] * x[j];
    }
  }

 private:
  int64_t place(int64_t j) const { return places_.empty() ? j : places_[static_cast<size_t>(j)]; }

  int64_t width_, count_, alpha_;
  bool trains_;
  std::vector<int64_t> places_;
};

}  // namespace chainrule
