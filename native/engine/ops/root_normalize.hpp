// RootNormalize: groups of neighbours divided by the root of their (mean) square: y = x * factor * scale.
#pragma once

#include <cmath>
#include <vector>

#include "engine/program.hpp"

namespace chainrule {

struct RootNormalizeShape {
  int64_t width, group;  // numbers of an observation; of a group, which divides it
  int64_t scale;         // offset in the flat array; -1: none
  bool trains_scale;
};

template <class T>
class RootNormalize : public Op<T> {
 public:
  // factor = 1 / sqrt(max(sum x^2 / divisor + epsilon, floor)). Values of the program: `factors`, one per group, and
  // `slopes`, as wide as the input: gy * x * factor.
  RootNormalize(RootNormalizeShape shape, double divisor, double epsilon, double floor, int factors, int slopes)
      : shape_(shape),
        divisor_(static_cast<T>(divisor)),
        epsilon_(static_cast<T>(epsilon)),
        floor_(static_cast<T>(floor)),
        factors_(factors),
        slopes_(slopes) {}

  void forward(const Frame<T>& frame) const override {
    const T *x = frame.values[this->inputs[0]], *scale = scale_of(frame);
    T *y = frame.values[this->output], *factors = frame.values[factors_];
    const int64_t n = shape_.group;
    for (int64_t g = 0; g < groups(frame); ++g, x += n, y += n) {
      const T square = frame.kernels->gradients.sum_squares(x, n) / divisor_ + epsilon_;
      const T factor = 1 / std::sqrt(square <= floor_ ? floor_ : square);
      factors[g] = factor;
      if (scale) {
        for (int64_t i = 0; i < n; ++i) y[i] = x[i] * factor * scale[i];
      } else {
        for (int64_t i = 0; i < n; ++i) y[i] = x[i] * factor;
      }
    }
  }

  // gx = factor * g - x * factor^3 * sum(g * x) / divisor with g = gy * scale; at the floor, the factor is constant.
  void backward(const Frame<T>& frame) const override {
    const T *x = frame.values[this->inputs[0]], *gy = frame.gradients[this->output], *scale = scale_of(frame);
    const T* factors = frame.values[factors_];
    T *gx = frame.gradients[this->inputs[0]], *slopes = shape_.trains_scale ? frame.values[slopes_] : nullptr;
    const int64_t n = shape_.group;
    for (int64_t g = 0; g < groups(frame); ++g, x += n, gy += n) {
      const T factor = factors[g];
      if (slopes) {
        for (int64_t i = 0; i < n; ++i) slopes[i] = gy[i] * (x[i] * factor);
        slopes += n;
      }
      if (!gx) continue;
      for (int64_t i = 0; i < n; ++i) gx[i] = scale ? gy[i] * scale[i] : gy[i];
      const T slope = slope_of(frame, x, gx, factor);
      for (int64_t i = 0; i < n; ++i) gx[i] = gx[i] * factor - x[i] * slope;
      gx += n;
    }
  }

  std::vector<Parameter> parameters() const override {
    if (!shape_.trains_scale) return {};
    return {{shape_.scale, shape_.scale + shape_.group, shape_.group}};
  }

  void gradient(const Frame<T>& frame, int, int64_t, int64_t, T* out, bool accumulate) const override {
    frame.kernels->elements.sum_columns(frame.values[slopes_], groups(frame), shape_.group, out, accumulate);
  }

 private:
  int64_t groups(const Frame<T>& frame) const { return frame.rows * (shape_.width / shape_.group); }
  const T* scale_of(const Frame<T>& frame) const { return shape_.scale >= 0 ? frame.params + shape_.scale : nullptr; }

  // What x is multiplied by in the gradient of a group.
  T slope_of(const Frame<T>& frame, const T* x, const T* g, T factor) const {
    const T share = share_above_floor(frame, x);
    if (share == 0) return 0;
    T product = 0;
    for (int64_t i = 0; i < shape_.group; ++i) product += g[i] * x[i];
    return share * (factor * factor * factor) * product / divisor_;
  }

  // 1 above the floor, 0 below, 1/2 on it, as the derivative of a maximum is.
  T share_above_floor(const Frame<T>& frame, const T* x) const {
    if (floor_ == 0) return 1;
    const T square = frame.kernels->gradients.sum_squares(x, shape_.group) / divisor_ + epsilon_;
    return square > floor_ ? T(1) : square < floor_ ? T(0) : square == floor_ ? T(0.5) : square;
  }

  RootNormalizeShape shape_;
  T divisor_, epsilon_, floor_;
  int factors_, slopes_;
};

}  // namespace chainrule
