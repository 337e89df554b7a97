// Fixed scales: Rescale (y = x * scale + offset) and Standardize (y = (x - mean) / deviation).
#pragma once

#include <utility>
#include <vector>

#include "engine/program.hpp"

namespace chainrule {

template <class T>
class Rescale : public Op<T> {
 public:
  // One scale and offset, or as many as an observation has numbers.
  Rescale(std::vector<T> scale, std::vector<T> offset, int64_t width)
      : scale_(std::move(scale)), offset_(std::move(offset)), width_(width) {
    if (scale_.size() == offset_.size()) return;
    scale_.resize(static_cast<size_t>(width), scale_[0]);
    offset_.resize(static_cast<size_t>(width), offset_[0]);
  }

  void forward(const Frame<T>& frame) const override {
    apply(frame, frame.values[this->inputs[0]], frame.values[this->output], offset_.data());
  }

  void backward(const Frame<T>& frame) const override {
    T* gx = frame.gradients[this->inputs[0]];
    if (gx) apply(frame, frame.gradients[this->output], gx, nullptr);
  }

 private:
  void apply(const Frame<T>& frame, const T* from, T* to, const T* offset) const {
    const ElementKernels<T>& k = frame.kernels->elements;
    if (scale_.size() == 1) return k.affine(from, to, frame.rows * width_, scale_[0], offset ? *offset : T(0));
    k.scale_columns(from, to, frame.rows, width_, scale_.data(), offset);
  }

  std::vector<T> scale_, offset_;
  int64_t width_;
};

template <class T>
class Standardize : public Op<T> {
 public:
  // As many means and deviations as an observation has numbers.
  Standardize(std::vector<T> mean, std::vector<T> deviation, bool invert)
      : mean_(std::move(mean)), deviation_(std::move(deviation)), zero_(mean_.size(), T(0)), invert_(invert) {}

  void forward(const Frame<T>& frame) const override {
    apply(frame, frame.values[this->inputs[0]], frame.values[this->output], mean_.data());
  }

  void backward(const Frame<T>& frame) const override {
    T* gx = frame.gradients[this->inputs[0]];
    if (gx) apply(frame, frame.gradients[this->output], gx, zero_.data());
  }

 private:
  void apply(const Frame<T>& frame, const T* from, T* to, const T* mean) const {
    const ElementKernels<T>& k = frame.kernels->elements;
    const int64_t width = static_cast<int64_t>(mean_.size());
    if (invert_) {
      k.scale_columns(from, to, frame.rows, width, deviation_.data(), mean);
    } else {
      k.standardize(from, to, frame.rows, width, mean, deviation_.data());
    }
  }

  std::vector<T> mean_, deviation_, zero_;
  bool invert_;
};

}  // namespace chainrule
