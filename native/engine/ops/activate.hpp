// Activate: y = f(x) on its own, where no layer's product stands before it.
#pragma once

#include "engine/program.hpp"

namespace chainrule {

template <class T>
class Activate : public Op<T> {
 public:
  // `width`: of the rows that the function sees (the last axis), `inner`: how many of them per observation.
  Activate(const ActivationKernel<T>* kernel, std::vector<double> options, int64_t width, int64_t inner)
      : kernel_(kernel), options_(std::move(options)), width_(width), inner_(inner) {}

  void forward(const Frame<T>& frame) const override {
    kernel_->forward(frame.values[this->inputs[0]], frame.values[this->output], frame.rows * inner_, width_,
                     options_.data());
  }

  void backward(const Frame<T>& frame) const override {
    T* gx = frame.gradients[this->inputs[0]];
    if (!gx) return;
    kernel_->backward(frame.values[this->inputs[0]], frame.values[this->output], frame.gradients[this->output], gx,
                      frame.rows * inner_, width_, options_.data());
  }

 private:
  const ActivationKernel<T>* kernel_;
  std::vector<double> options_;
  int64_t width_, inner_;
};

}  // namespace chainrule
