// Merge: several values become one, number by number; Concatenate: one behind the other along an axis.
#pragma once

#include <algorithm>
#include <utility>

#include "engine/ops/broadcast.hpp"
#include "engine/program.hpp"

namespace chainrule {

enum class Combining { kAdd, kSubtract, kMultiply, kAverage, kMaximum, kMinimum };

// The result is folded from the left, f(f(x0, x1), x2) ..., as the layers do.
template <class T>
class Merge : public Op<T> {
 public:
  // Shapes of the inputs' and the result's observations; axes of an input may be 1, or missing in front.
  Merge(Combining kind, const std::vector<Shape>& from, const Shape& to) : kind_(kind), width_(size_of(to)) {
    for (const Shape& shape : from) {
      places_.push_back(spread(shape, to));
      widths_.push_back(size_of(shape));
    }
  }

  void forward(const Frame<T>& frame) const override {
    T* y = frame.values[this->output];
    for_each_block(frame, [&](int64_t at, int64_t n) {
      T room[kBlock];
      const T* first = numbers(frame, 0, at, n, room);
      std::copy(first, first + n, y + at);
      for (size_t k = 1; k < widths_.size(); ++k) fold(frame, y + at, numbers(frame, k, at, n, room), n);
      if (kind_ == Combining::kAverage) frame.kernels->gradients.divide(y + at, n, static_cast<T>(widths_.size()));
    });
  }

  void backward(const Frame<T>& frame) const override {
    for (size_t k = 0; k < widths_.size(); ++k) {
      T* gx = frame.gradients[this->inputs[k]];
      if (gx && !places_[k].empty()) std::fill(gx, gx + frame.rows * widths_[k], T(0));
    }
    for_each_block(frame, [&](int64_t at, int64_t n) { backward_block(frame, at, n); });
  }

 private:
  static constexpr int64_t kBlock = 256;

  template <class F>
  void for_each_block(const Frame<T>& frame, F&& f) const {
    const int64_t n = frame.rows * width_;
    for (int64_t at = 0; at < n; at += kBlock) f(at, std::min(kBlock, n - at));
  }

  // Input k, spread to the result's shape: numbers at, ..., at + n - 1, where they lie or in `room`.
  const T* numbers(const Frame<T>& frame, size_t k, int64_t at, int64_t n, T* room) const {
    const T* x = frame.values[this->inputs[k]];
    if (places_[k].empty()) return x + at;
    for (int64_t i = 0; i < n; ++i) room[i] = x[place(k, at + i)];
    return room;
  }

  int64_t place(size_t k, int64_t i) const {
    return i / width_ * widths_[k] + places_[k][static_cast<size_t>(i % width_)];
  }

  void fold(const Frame<T>& frame, T* y, const T* x, int64_t n) const {
    const ElementKernels<T>& kernels = frame.kernels->elements;
    switch (kind_) {
      case Combining::kAdd:
      case Combining::kAverage:
        return kernels.add(x, y, n);
      case Combining::kMultiply:
        return kernels.multiply(y, x, y, n);
      case Combining::kMaximum:
        return kernels.maximum(y, x, y, n);
      case Combining::kMinimum:
        return kernels.minimum(y, x, y, n);
      case Combining::kSubtract:
        for (int64_t i = 0; i < n; ++i) y[i] -= x[i];
        return;
    }
  }

  // The fold of the inputs before number k.
  void fold_before(const Frame<T>& frame, size_t k, int64_t at, int64_t n, T* y) const {
    T room[kBlock];
    const T* first = numbers(frame, 0, at, n, room);
    std::copy(first, first + n, y);
    for (size_t i = 1; i < k; ++i) fold(frame, y, numbers(frame, i, at, n, room), n);
  }

  void backward_block(const Frame<T>& frame, int64_t at, int64_t n) const {
    T g[kBlock], part[kBlock], before[kBlock], room[kBlock];
    const T* gy = frame.gradients[this->output] + at;
    std::copy(gy, gy + n, g);
    if (kind_ == Combining::kAverage) frame.kernels->gradients.divide(g, n, static_cast<T>(widths_.size()));
    for (size_t k = widths_.size(); k-- > 1;) {
      if (kind_ == Combining::kAdd || kind_ == Combining::kAverage) {
        hand_on(frame, k, at, n, g);
      } else if (kind_ == Combining::kSubtract) {
        for (int64_t i = 0; i < n; ++i) part[i] = -g[i];
        hand_on(frame, k, at, n, part);
      } else {
        fold_before(frame, k, at, n, before);
        divide_gradient(before, numbers(frame, k, at, n, room), n, g, part);
        hand_on(frame, k, at, n, part);
      }
    }
    hand_on(frame, 0, at, n, g);
  }

  // From the gradient of f(before, x) to that of x (in `part`) and that of `before` (in `g`).
  void divide_gradient(const T* before, const T* x, int64_t n, T* g, T* part) const {
    for (int64_t i = 0; i < n; ++i) {
      const T a = before[i], b = x[i];
      if (kind_ == Combining::kMultiply) {
        part[i] = g[i] * a;
        g[i] = g[i] * b;
      } else {  // equal ones share, half each
        const bool most = kind_ == Combining::kMaximum;
        const T first = most ? wins(a, b) : wins(b, a), second = most ? wins(b, a) : wins(a, b);
        part[i] = g[i] * second;
        g[i] = g[i] * first;
      }
    }
  }

  static T wins(T a, T b) { return (T(a > b) + T(a >= b)) * T(0.5); }

  void hand_on(const Frame<T>& frame, size_t k, int64_t at, int64_t n, const T* g) const {
    T* gx = frame.gradients[this->inputs[k]];
    if (!gx) return;
    if (places_[k].empty()) {
      std::copy(g, g + n, gx + at);
    } else {
      for (int64_t i = 0; i < n; ++i) gx[place(k, at + i)] += g[i];
    }
  }

  Combining kind_;
  int64_t width_;
  std::vector<int64_t> widths_;
  std::vector<std::vector<int64_t>> places_;  // by input: see `spread`
};

template <class T>
class Concatenate : public Op<T> {
 public:
  // An observation of input k is (outer, parts[k]); of the result (outer, sum of parts).
  Concatenate(int64_t outer, std::vector<int64_t> parts) : outer_(outer), parts_(std::move(parts)) {}

  void forward(const Frame<T>& frame) const override {
    T* y = frame.values[this->output];
    for_each_part(frame, [&](size_t k, int64_t from, int64_t to, int64_t n) {
      const T* x = frame.values[this->inputs[k]] + from;
      std::copy(x, x + n, y + to);
    });
  }

  void backward(const Frame<T>& frame) const override {
    const T* gy = frame.gradients[this->output];
    for_each_part(frame, [&](size_t k, int64_t from, int64_t to, int64_t n) {
      if (T* gx = frame.gradients[this->inputs[k]]) std::copy(gy + to, gy + to + n, gx + from);
    });
  }

 private:
  template <class F>
  void for_each_part(const Frame<T>& frame, F&& f) const {
    int64_t to = 0;
    for (int64_t r = 0; r < frame.rows * outer_; ++r) {
      for (size_t k = 0; k < parts_.size(); ++k) {
        f(k, r * parts_[k], to, parts_[k]);
        to += parts_[k];
      }
    }
  }

  int64_t outer_;
  std::vector<int64_t> parts_;
};

}  // namespace chainrule
