// ScaleChannels: y = x * gamma + beta, with a gamma and a beta for each channel.
#pragma once

#include <algorithm>
#include <vector>

#include "engine/program.hpp"

namespace chainrule {

// An observation is (outer, channels, inner).
struct ScaleChannelsShape {
  int64_t outer, channels, inner;
  int64_t gamma, beta;  // offsets in the flat array; -1: none
  bool trains_gamma, trains_beta;
};

template <class T>
class ScaleChannels : public Op<T> {
 public:
  explicit ScaleChannels(ScaleChannelsShape shape) : shape_(shape) {}

  void forward(const Frame<T>& frame) const override {
    const T* x = frame.values[this->inputs[0]];
    T* y = frame.values[this->output];
    const T* gamma = shape_.gamma >= 0 ? frame.params + shape_.gamma : nullptr;
    const T* beta = shape_.beta >= 0 ? frame.params + shape_.beta : nullptr;
    for_each_run(frame, [&](int64_t c, int64_t at) {
      const T by = gamma ? gamma[c] : T(1), plus = beta ? beta[c] : T(0);
      for (int64_t i = at; i < at + shape_.inner; ++i) y[i] = x[i] * by + plus;
    });
  }

  void backward(const Frame<T>& frame) const override {
    const T* gy = frame.gradients[this->output];
    T* gx = frame.gradients[this->inputs[0]];
    if (!gx) return;
    const T* gamma = shape_.gamma >= 0 ? frame.params + shape_.gamma : nullptr;
    for_each_run(frame, [&](int64_t c, int64_t at) {
      const T by = gamma ? gamma[c] : T(1);
      for (int64_t i = at; i < at + shape_.inner; ++i) gx[i] = gy[i] * by;
    });
  }

  std::vector<Parameter> parameters() const override {
    const int64_t n = shape_.channels;
    std::vector<Parameter> found;
    if (shape_.trains_gamma) found.push_back({shape_.gamma, shape_.gamma + n, n});
    if (shape_.trains_beta) found.push_back({shape_.beta, shape_.beta + n, n});
    return found;
  }

  void gradient(const Frame<T>& frame, int which, int64_t, int64_t, T* out, bool accumulate) const override {
    const bool beta = which == 1 || !shape_.trains_gamma;
    const T *x = frame.values[this->inputs[0]], *gy = frame.gradients[this->output];
    if (!accumulate) std::fill(out, out + shape_.channels, T(0));
    for_each_run(frame, [&](int64_t c, int64_t at) {
      T total = 0;
      for (int64_t i = at; i < at + shape_.inner; ++i) total += beta ? gy[i] : gy[i] * x[i];
      out[c] += total;
    });
  }

 private:
  // Calls f(channel, place of its first number) for each run of `inner` numbers.
  template <class F>
  void for_each_run(const Frame<T>& frame, F&& f) const {
    int64_t at = 0;
    for (int64_t r = 0; r < frame.rows * shape_.outer; ++r) {
      for (int64_t c = 0; c < shape_.channels; ++c, at += shape_.inner) f(c, at);
    }
  }

  ScaleChannelsShape shape_;
};

}  // namespace chainrule
