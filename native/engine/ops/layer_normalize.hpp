// LayerNormalize: each observation by its own mean and variance over some axes.
#pragma once

#include <utility>

#include "engine/ops/broadcast.hpp"
#include "engine/program.hpp"

namespace chainrule {

// Values of the program that the op works in; `moved` are -1 if the normalised axes come last.
struct LayerNormalizeValues {
  int mean, rstd;  // one number per group that is normalised
  int slopes;      // as wide as the input: gy * xhat
  int moved, moved_result;
};

struct LayerNormalizeShape {
  Shape value;
  std::vector<bool> normalised;  // by axis of `value`
  int64_t gamma, beta;           // offsets in the flat array; -1: none
  bool trains_gamma, trains_beta;

  int64_t group() const {
    int64_t n = 1;
    for (size_t a = 0; a < value.size(); ++a) n *= normalised[a] ? value[a] : 1;
    return n;
  }
  bool moves() const {
    for (size_t a = 1; a < value.size(); ++a) {
      if (normalised[a - 1] && !normalised[a]) return true;
    }
    return false;
  }
};

template <class T>
class LayerNormalize : public Op<T> {
 public:
  LayerNormalize(const LayerNormalizeShape& shape, double epsilon, LayerNormalizeValues values)
      : epsilon_(static_cast<T>(epsilon)),
        width_(size_of(shape.value)),
        group_(shape.group()),
        gamma_(shape.gamma),
        beta_(shape.beta),
        trains_gamma_(shape.trains_gamma),
        trains_beta_(shape.trains_beta),
        values_(values) {
    if (shape.moves()) places_ = moved_last(shape.value, shape.normalised);
  }

  void forward(const Frame<T>& frame) const override {
    T* y = frame.values[this->output];
    T* to = places_.empty() ? y : frame.values[values_.moved_result];
    const T* x = gathered(frame, frame.values[this->inputs[0]], values_.moved);
    frame.kernels->normalize.rows_forward(x, to, groups(frame), group_, epsilon_, param(frame, gamma_),
                                          param(frame, beta_), frame.values[values_.mean], frame.values[values_.rstd]);
    if (to != y) scatter(frame, to, y);
  }

  void backward(const Frame<T>& frame) const override {
    const T* x = places_.empty() ? frame.values[this->inputs[0]] : frame.values[values_.moved];
    const T* gy = gathered(frame, frame.gradients[this->output], values_.moved_result);
    const T *mean = frame.values[values_.mean], *rstd = frame.values[values_.rstd];
    if (trains_gamma_) {
      T* slopes = frame.values[values_.slopes];
      for (int64_t g = 0, at = 0; g < groups(frame); ++g) {
        for (int64_t i = 0; i < group_; ++i, ++at) slopes[at] = gy[at] * ((x[at] - mean[g]) * rstd[g]);
      }
    }
    T* gx = frame.gradients[this->inputs[0]];
    if (!gx) return;
    T* to = places_.empty() ? gx : frame.values[values_.moved];
    frame.kernels->normalize.rows_backward(x, gy, to, groups(frame), group_, param(frame, gamma_), mean, rstd);
    if (to != gx) scatter(frame, to, gx);
  }

  std::vector<Parameter> parameters() const override {
    std::vector<Parameter> found;
    if (trains_gamma_) found.push_back({gamma_, gamma_ + group_, group_});
    if (trains_beta_) found.push_back({beta_, beta_ + group_, group_});
    return found;
  }

  void gradient(const Frame<T>& frame, int which, int64_t, int64_t, T* out, bool accumulate) const override {
    const bool beta = which == 1 || !trains_gamma_;
    const T* gy = places_.empty() ? frame.gradients[this->output] : frame.values[values_.moved_result];
    const T* from = beta ? gy : frame.values[values_.slopes];
    frame.kernels->elements.sum_columns(from, groups(frame), group_, out, accumulate);
  }

 private:
  int64_t groups(const Frame<T>& frame) const { return frame.rows * (width_ / group_); }
  const T* param(const Frame<T>& frame, int64_t at) const { return at >= 0 ? frame.params + at : nullptr; }

  // The numbers with the normalised axes last: as they lie, or in another value.
  const T* gathered(const Frame<T>& frame, const T* from, int value) const {
    if (places_.empty()) return from;
    T* to = frame.values[value];
    for (int64_t r = 0; r < frame.rows; ++r, from += width_, to += width_) {
      for (int64_t j = 0; j < width_; ++j) to[j] = from[places_[static_cast<size_t>(j)]];
    }
    return frame.values[value];
  }

  void scatter(const Frame<T>& frame, const T* from, T* to) const {
    for (int64_t r = 0; r < frame.rows; ++r, from += width_, to += width_) {
      for (int64_t j = 0; j < width_; ++j) to[places_[static_cast<size_t>(j)]] = from[j];
    }
  }

  T epsilon_;
  int64_t width_, group_, gamma_, beta_;
  bool trains_gamma_, trains_beta_;
  LayerNormalizeValues values_;
  std::vector<int64_t> places_;
};

}  // namespace chainrule
