// Pool: the mean or the largest along an axis.
#pragma once

#include <algorithm>

#include "engine/program.hpp"

namespace chainrule {

template <class T>
class Pool : public Op<T> {
 public:
  // An observation is (outer, steps, inner), the result (outer, inner).
  Pool(bool largest, int64_t outer, int64_t steps, int64_t inner)
      : largest_(largest), outer_(outer), steps_(steps), inner_(inner) {}

  void forward(const Frame<T>& frame) const override {
    const T* x = frame.values[this->inputs[0]];
    T* y = frame.values[this->output];
    const ElementKernels<T>& k = frame.kernels->elements;
    const int64_t runs = frame.rows * outer_;
    for (int64_t r = 0; r < runs; ++r, x += steps_ * inner_) {
      T* to = y + r * inner_;
      std::copy(x, x + inner_, to);
      for (int64_t s = 1; s < steps_; ++s) {
        if (inner_ == 1) {
          *to = largest_ ? larger(*to, x[s]) : *to + x[s];
        } else if (largest_) {
          k.maximum(to, x + s * inner_, to, inner_);
        } else {
          k.add(x + s * inner_, to, inner_);
        }
      }
    }
    if (!largest_) frame.kernels->gradients.divide(y, runs * inner_, static_cast<T>(steps_));
  }

  void backward(const Frame<T>& frame) const override {
    const T *x = frame.values[this->inputs[0]], *y = frame.values[this->output], *gy = frame.gradients[this->output];
    T* gx = frame.gradients[this->inputs[0]];
    if (!gx) return;
    const int64_t runs = frame.rows * outer_, n = steps_ * inner_;
    for (int64_t r = 0; r < runs; ++r, x += n, gx += n, y += inner_, gy += inner_) {
      for (int64_t i = 0; i < inner_; ++i) {
        const T share = gy[i] / static_cast<T>(largest_ ? equal_ones(x + i, y[i]) : steps_);
        for (int64_t s = i; s < n; s += inner_) gx[s] = largest_ && x[s] != y[i] ? T(0) : share;
      }
    }
  }

 private:
  // NaN wins.
  static T larger(T a, T b) { return a != a || a >= b ? a : b; }

  int64_t equal_ones(const T* x, T y) const {
    int64_t count = 0;
    for (int64_t s = 0; s < steps_; ++s) count += x[s * inner_] == y;
    return std::max<int64_t>(count, 1);
  }

  bool largest_;
  int64_t outer_, steps_, inner_;
};

}  // namespace chainrule
