// Dot: all scalar products of the rows of two inputs, observation by observation.
#pragma once

#include <algorithm>

#include "engine/program.hpp"

namespace chainrule {

template <class T>
class Dot : public Op<T> {
 public:
  // Observations of the inputs are (m, k) and (n, k), of the result (m, n).
  Dot(int64_t m, int64_t n, int64_t k) : m_(m), n_(n), k_(k) {}

  void forward(const Frame<T>& frame) const override {
    const T *a = frame.values[this->inputs[0]], *b = frame.values[this->inputs[1]];
    T* y = frame.values[this->output];
    for (int64_t r = 0; r < frame.rows; ++r, a += m_ * k_, b += n_ * k_) {
      for (int64_t i = 0; i < m_; ++i) {
        for (int64_t j = 0; j < n_; ++j) *y++ = product(a + i * k_, b + j * k_);
      }
    }
  }

  void backward(const Frame<T>& frame) const override {
    const T* gy = frame.gradients[this->output];
    for (const size_t which : {0, 1}) {
      T* gx = frame.gradients[this->inputs[which]];
      if (!gx) continue;
      const T* other = frame.values[this->inputs[1 - which]];
      const int64_t own = which == 0 ? m_ : n_, others = which == 0 ? n_ : m_;
      const int64_t own_step = which == 0 ? n_ : 1, other_step = which == 0 ? 1 : n_;
      std::fill(gx, gx + frame.rows * own * k_, T(0));
      for (int64_t r = 0; r < frame.rows; ++r, other += others * k_) {
        const T* g = gy + r * m_ * n_;
        for (int64_t i = 0; i < own; ++i, gx += k_) {
          for (int64_t j = 0; j < others; ++j) add(g[i * own_step + j * other_step], other + j * k_, gx);
        }
      }
    }
  }

  double flops_per_row() const override { return 2.0 * static_cast<double>(m_ * n_) * static_cast<double>(k_); }

 private:
  T product(const T* a, const T* b) const {
    T sums[4] = {};
    int64_t i = 0;
    for (; i + 4 <= k_; i += 4) {
      for (int l = 0; l < 4; ++l) sums[l] += a[i + l] * b[i + l];
    }
    for (; i < k_; ++i) sums[0] += a[i] * b[i];
    return (sums[0] + sums[2]) + (sums[1] + sums[3]);
  }

  void add(T factor, const T* x, T* to) const {
    for (int64_t i = 0; i < k_; ++i) to[i] += factor * x[i];
  }

  int64_t m_, n_, k_;
};

}  // namespace chainrule
