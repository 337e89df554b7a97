// BatchNormalize: each channel by the batch's mean and variance, which move the averages; or by the averages.
#pragma once

#include <algorithm>
#include <cmath>

#include "engine/program.hpp"

namespace chainrule {

// An observation is (outer, channels, inner): `channels` is the axis that keeps statistics of its own.
struct BatchNormalizeShape {
  int64_t outer, channels, inner;
  int64_t gamma, beta, moving_mean, moving_variance;  // offsets in the flat array; gamma, beta -1: none
  bool trains_gamma, trains_beta;
  bool frozen;
};

template <class T>
class BatchNormalize : public Op<T> {
 public:
  // `statistics` is a value of the program of 4 * channels: mean, 1 / deviation, and the sums of `backward`.
  BatchNormalize(BatchNormalizeShape shape, double epsilon, double momentum, int statistics)
      : shape_(shape),
        epsilon_(static_cast<T>(epsilon)),
        momentum_(static_cast<T>(momentum)),
        rest_(static_cast<T>(1.0 - momentum)),
        statistics_(statistics) {}

  bool whole_batch() const override { return !shape_.frozen; }

  void forward(const Frame<T>& frame) const override {
    const int64_t channels = shape_.channels;
    T* mean = frame.values[statistics_];
    T* rstd = mean + channels;
    T* moving_mean = frame.params + shape_.moving_mean;
    T* moving_variance = frame.params + shape_.moving_variance;
    if (frame.training && !shape_.frozen) {
      moments(frame, mean, rstd);
      follow(moving_mean, mean);
      follow(moving_variance, rstd);
    } else {
      std::copy(moving_mean, moving_mean + channels, mean);
      std::copy(moving_variance, moving_variance + channels, rstd);
    }
    for (int64_t c = 0; c < channels; ++c) rstd[c] = 1 / std::sqrt(rstd[c] + epsilon_);
    normalize(frame, mean, rstd);
  }

  void backward(const Frame<T>& frame) const override {
    T* gx = frame.gradients[this->inputs[0]];
    const bool by_batch = !shape_.frozen;
    if (by_batch) {
      T* sum = frame.values[statistics_] + 2 * shape_.channels;
      sums(frame, sum, sum + shape_.channels);
    }
    if (!gx) return;
    if (by_batch) {
      through_statistics(frame, gx);
    } else {
      scale(frame, gx);
    }
  }

  std::vector<Parameter> parameters() const override {
    std::vector<Parameter> found;
    if (shape_.trains_gamma) found.push_back({shape_.gamma, shape_.gamma + shape_.channels, shape_.channels});
    if (shape_.trains_beta) found.push_back({shape_.beta, shape_.beta + shape_.channels, shape_.channels});
    return found;
  }

  void gradient(const Frame<T>& frame, int which, int64_t, int64_t, T* out, bool accumulate) const override {
    const int64_t channels = shape_.channels;
    const bool beta = which == 1 || !shape_.trains_gamma;
    std::vector<T> made;
    const T* sum = frame.values[statistics_] + 2 * channels;
    if (shape_.frozen) {
      made.resize(static_cast<size_t>(2 * channels));
      sums(frame, made.data(), made.data() + channels);
      sum = made.data();
    }
    const T* from = beta ? sum : sum + channels;
    for (int64_t c = 0; c < channels; ++c) out[c] = accumulate ? out[c] + from[c] : from[c];
  }

 private:
  int64_t groups(const Frame<T>& frame) const { return frame.rows * shape_.outer; }
  const T* param(const Frame<T>& frame, int64_t at) const { return at >= 0 ? frame.params + at : nullptr; }

  void follow(T* moving, const T* batch) const {
    for (int64_t c = 0; c < shape_.channels; ++c) moving[c] = moving[c] * momentum_ + batch[c] * rest_;
  }

  // Calls f(channel, begin) for each run of `inner` numbers of one channel, in the order in which they lie.
  template <class F>
  void for_each_run(const Frame<T>& frame, F&& f) const {
    int64_t at = 0;
    for (int64_t g = 0; g < groups(frame); ++g) {
      for (int64_t c = 0; c < shape_.channels; ++c, at += shape_.inner) f(c, at);
    }
  }

  void moments(const Frame<T>& frame, T* mean, T* variance) const {
    const T* x = frame.values[this->inputs[0]];
    const int64_t channels = shape_.channels;
    if (shape_.inner == 1) {
      frame.kernels->normalize.column_moments(x, groups(frame), channels, 0, channels, mean, variance);
      return;
    }
    const T n = static_cast<T>(groups(frame) * shape_.inner);
    std::fill(mean, mean + channels, T(0));
    std::fill(variance, variance + channels, T(0));
    for_each_run(frame, [&](int64_t c, int64_t at) {
      for (int64_t i = 0; i < shape_.inner; ++i) mean[c] += x[at + i];
    });
    for (int64_t c = 0; c < channels; ++c) mean[c] /= n;
    for_each_run(frame, [&](int64_t c, int64_t at) {
      for (int64_t i = 0; i < shape_.inner; ++i) variance[c] += (x[at + i] - mean[c]) * (x[at + i] - mean[c]);
    });
    for (int64_t c = 0; c < channels; ++c) variance[c] /= n;
  }

  void normalize(const Frame<T>& frame, const T* mean, const T* rstd) const {
    const T* x = frame.values[this->inputs[0]];
    T* y = frame.values[this->output];
    const T *gamma = param(frame, shape_.gamma), *beta = param(frame, shape_.beta);
    if (shape_.inner == 1) {
      frame.kernels->normalize.columns_forward(x, y, groups(frame), shape_.channels, mean, rstd, gamma, beta);
      return;
    }
    for_each_run(frame, [&](int64_t c, int64_t at) {
      const T factor = gamma ? rstd[c] * gamma[c] : rstd[c];
      const T shift = beta ? -mean[c] * factor + beta[c] : -mean[c] * factor;
      frame.kernels->elements.affine(x + at, y + at, shape_.inner, factor, shift);
    });
  }

  // The sums of gy and of gy * xhat.
  void sums(const Frame<T>& frame, T* sum, T* product) const {
    const T *x = frame.values[this->inputs[0]], *gy = frame.gradients[this->output];
    const T* mean = frame.values[statistics_];
    const T* rstd = mean + shape_.channels;
    const int64_t channels = shape_.channels;
    if (shape_.inner == 1) {
      frame.kernels->normalize.column_sums(x, gy, groups(frame), channels, 0, channels, mean, rstd, sum, product);
      return;
    }
    std::fill(sum, sum + channels, T(0));
    std::fill(product, product + channels, T(0));
    for_each_run(frame, [&](int64_t c, int64_t at) {
      for (int64_t i = 0; i < shape_.inner; ++i) {
        sum[c] += gy[at + i];
        product[c] += gy[at + i] * (x[at + i] - mean[c]);
      }
    });
    for (int64_t c = 0; c < channels; ++c) product[c] *= rstd[c];
  }

  void through_statistics(const Frame<T>& frame, T* gx) const {
    const T *x = frame.values[this->inputs[0]], *gy = frame.gradients[this->output];
    const T* gamma = param(frame, shape_.gamma);
    const int64_t channels = shape_.channels, n = groups(frame) * shape_.inner;
    const T* mean = frame.values[statistics_];
    const T *rstd = mean + channels, *sum = rstd + channels, *product = sum + channels;
    if (shape_.inner == 1) {
      frame.kernels->normalize.columns_backward(x, gy, gx, n, channels, mean, rstd, gamma, sum, product, n);
      return;
    }
    for_each_run(frame, [&](int64_t c, int64_t at) {
      const T factor = gamma ? rstd[c] * gamma[c] : rstd[c];
      const T level = sum[c] / static_cast<T>(n), slope = product[c] * rstd[c] / static_cast<T>(n);
      for (int64_t i = at; i < at + shape_.inner; ++i) gx[i] = factor * (gy[i] - level - (x[i] - mean[c]) * slope);
    });
  }

  // gx = gy * gamma * rstd, where the statistics do not depend on x.
  void scale(const Frame<T>& frame, T* gx) const {
    const T *gy = frame.gradients[this->output], *gamma = param(frame, shape_.gamma);
    const T* rstd = frame.values[statistics_] + shape_.channels;
    for_each_run(frame, [&](int64_t c, int64_t at) {
      const T factor = gamma ? rstd[c] * gamma[c] : rstd[c];
      for (int64_t i = at; i < at + shape_.inner; ++i) gx[i] = gy[i] * factor;
    });
  }

  BatchNormalizeShape shape_;
  T epsilon_, momentum_, rest_;
  int statistics_;
};

}  // namespace chainrule
