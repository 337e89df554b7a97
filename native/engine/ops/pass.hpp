// Ops whose output is their input's numbers (an alias): Pass, for Reshape and layers that only act elsewhere, and
// PenalizeActivity, which adds a penalty of the value to the loss.
#pragma once

#include <algorithm>

#include "engine/program.hpp"

namespace chainrule {

template <class T>
class Pass : public Op<T> {
 public:
  explicit Pass(int64_t width) : width_(width) {}

  void forward(const Frame<T>&) const override {}

  void backward(const Frame<T>& frame) const override {
    T* gx = frame.gradients[this->inputs[0]];
    const T* gy = frame.gradients[this->output];
    if (!gx) return;
    const int64_t n = frame.rows * width_;
    if (gy) {
      std::copy(gy, gy + n, gx);
    } else {
      std::fill(gx, gx + n, T(0));
    }
  }

 protected:
  int64_t width_;
};

// The penalty l1 * sum |x| + l2 * sum x^2, divided by the batch size.
template <class T>
class PenalizeActivity : public Pass<T> {
 public:
  // `penalty` is a value of the program of width 1.
  PenalizeActivity(double l1, double l2, int64_t width, int penalty)
      : Pass<T>(width), l1_(static_cast<T>(l1)), l2_(static_cast<T>(l2)), penalty_(penalty) {}

  int penalty_value() const override { return penalty_; }

  void forward(const Frame<T>& frame) const override {
    const GradientKernels<T>& k = frame.kernels->gradients;
    const T* x = frame.values[this->inputs[0]];
    T* penalty = frame.values[penalty_];
    for (int64_t r = 0; r < frame.rows; ++r, x += this->width_) {
      penalty[r] = (l1_ != 0 ? l1_ * k.sum_abs(x, this->width_) : T(0)) +
                   (l2_ != 0 ? l2_ * k.sum_squares(x, this->width_) : T(0));
    }
  }

  void backward(const Frame<T>& frame) const override {
    Pass<T>::backward(frame);
    T* gx = frame.gradients[this->inputs[0]];
    if (!gx) return;
    const T share = frame.loss_scale / static_cast<T>(frame.batch);
    const T* x = frame.values[this->inputs[0]];
    frame.kernels->gradients.l1_l2(x, gx, frame.rows * this->width_, l1_ * share, l2_ * share);
  }

 private:
  T l1_, l2_;
  int penalty_;
};

}  // namespace chainrule
