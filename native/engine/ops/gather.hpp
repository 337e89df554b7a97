// Gather: each number of an observation is one of its input's: axes in another order, vectors repeated.
#pragma once

#include <algorithm>
#include <utility>
#include <vector>

#include "engine/program.hpp"

namespace chainrule {

template <class T>
class Gather : public Op<T> {
 public:
  // y[j] = x[places[j]] in each observation; `width`: numbers of an observation of x.
  Gather(std::vector<int64_t> places, int64_t width) : places_(std::move(places)), width_(width) {}

  void forward(const Frame<T>& frame) const override {
    const T* x = frame.values[this->inputs[0]];
    T* y = frame.values[this->output];
    for (int64_t r = 0; r < frame.rows; ++r, x += width_) {
      for (const int64_t place : places_) *y++ = x[place];
    }
  }

  void backward(const Frame<T>& frame) const override {
    T* gx = frame.gradients[this->inputs[0]];
    if (!gx) return;
    const T* gy = frame.gradients[this->output];
    std::fill(gx, gx + frame.rows * width_, T(0));
    for (int64_t r = 0; r < frame.rows; ++r, gx += width_) {
      for (const int64_t place : places_) gx[place] += *gy++;
    }
  }

 private:
  std::vector<int64_t> places_;
  int64_t width_;
};

}  // namespace chainrule
