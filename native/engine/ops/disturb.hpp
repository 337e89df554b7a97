// What disturbs a value while training: Dropout, AlphaDropout, Noise, MultiplyNoise. Row r of a batch draws the same
// numbers in whatever frame.
#pragma once

#include <algorithm>
#include <utility>

#include "engine/ops/broadcast.hpp"
#include "engine/program.hpp"
#include "engine/random.hpp"

namespace chainrule {

// The key of a random layer within a training step: fold_in(step, index, seed or 0, count).
struct DrawPath {
  uint64_t index, seed, count;

  Key from(Key step) const { return fold_in(fold_in(fold_in(step, index), seed), count); }
};

struct DropoutShape {
  Shape value, noise;  // of an observation; axes of `noise` may be 1 where those of `value` are not
  bool noise_per_row;  // else all rows share one mask
};

template <class T>
class Dropout : public Op<T> {
 public:
  // `mask` is a value of the program, as wide as the noise.
  Dropout(double rate, DrawPath path, const DropoutShape& shape, int mask)
      : Dropout(rate, rate < 1 ? 1.0 / (1.0 - rate) : 0.0, path, shape, mask) {}

  // `scale`: what the numbers that are kept are multiplied by.
  Dropout(double rate, double scale, DrawPath path, const DropoutShape& shape, int mask)
      : path_(path),
        rule_(keep_rule(rate)),
        scale_(static_cast<T>(scale)),
        rate_(rate),
        width_(size_of(shape.value)),
        noise_width_(size_of(shape.noise)),
        per_row_(shape.noise_per_row),
        places_(spread(shape.noise, shape.value)),
        mask_(mask) {}

  void forward(const Frame<T>& frame) const override {
    const T* x = frame.values[this->inputs[0]];
    T* y = frame.values[this->output];
    if (!draws(frame)) {
      std::copy(x, x + frame.rows * width_, y);
      return;
    }
    T* mask = frame.values[mask_];
    const int64_t drawn = (per_row_ ? frame.rows : 1) * noise_width_;
    if (rule_.keeps) {
      const uint64_t first = per_row_ ? static_cast<uint64_t>(frame.first * noise_width_) : 0;
      frame.kernels->random.keep(path_.from(frame.key), first, drawn, rule_.threshold, scale_, mask);
    } else {
      std::fill(mask, mask + drawn, T(0));
    }
    apply(frame, x, y);
  }

  void backward(const Frame<T>& frame) const override {
    T* gx = frame.gradients[this->inputs[0]];
    if (!gx) return;
    const T* gy = frame.gradients[this->output];
    if (rate_ == 0) {
      std::copy(gy, gy + frame.rows * width_, gx);
    } else {
      apply(frame, gy, gx);
    }
  }

 protected:
  bool draws(const Frame<T>& frame) const { return frame.training && rate_ != 0; }
  int64_t width() const { return width_; }

  // The factor of number j of row r.
  T factor(const Frame<T>& frame, int64_t r, int64_t j) const {
    const T* of_row = frame.values[mask_] + (per_row_ ? r * noise_width_ : 0);
    return of_row[places_.empty() ? j : places_[static_cast<size_t>(j)]];
  }

 private:
  // to = from * mask
  void apply(const Frame<T>& frame, const T* from, T* to) const {
    const T* mask = frame.values[mask_];
    if (places_.empty() && per_row_) {
      frame.kernels->elements.multiply(from, mask, to, frame.rows * width_);
      return;
    }
    for (int64_t r = 0; r < frame.rows; ++r, from += width_, to += width_) {
      const T* of_row = per_row_ ? mask + r * noise_width_ : mask;
      if (places_.empty()) {
        frame.kernels->elements.multiply(from, of_row, to, width_);
      } else {
        for (int64_t j = 0; j < width_; ++j) to[j] = from[j] * of_row[places_[static_cast<size_t>(j)]];
      }
    }
  }

  DrawPath path_;
  KeepRule rule_;
  T scale_;
  double rate_;
  int64_t width_, noise_width_;
  bool per_row_;
  std::vector<int64_t> places_;
  int mask_;
};

// Dropout to `low` instead of 0, then + offset: y = scale * x + offset where kept, else low + offset.
template <class T>
class AlphaDropout : public Dropout<T> {
 public:
  AlphaDropout(double rate, double scale, double low, double offset, DrawPath path, const DropoutShape& shape, int mask)
      : Dropout<T>(rate, scale, path, shape, mask),
        kept_(static_cast<T>(offset)),
        dropped_(static_cast<T>(low) + static_cast<T>(offset)) {}

  void forward(const Frame<T>& frame) const override {
    Dropout<T>::forward(frame);
    if (!this->draws(frame)) return;
    const int64_t width = this->width();
    T* y = frame.values[this->output];
    for (int64_t r = 0; r < frame.rows; ++r, y += width) {
      for (int64_t j = 0; j < width; ++j) y[j] += this->factor(frame, r, j) != 0 ? kept_ : dropped_;
    }
  }

 private:
  T kept_, dropped_;
};

template <class T>
class Noise : public Op<T> {
 public:
  Noise(double stddev, DrawPath path, int64_t width) : path_(path), stddev_(static_cast<T>(stddev)), width_(width) {}

  void forward(const Frame<T>& frame) const override {
    const T* x = frame.values[this->inputs[0]];
    T* y = frame.values[this->output];
    const int64_t n = frame.rows * width_;
    if (!frame.training || stddev_ == 0) {
      std::copy(x, x + n, y);
      return;
    }
    normal(path_.from(frame.key), static_cast<uint64_t>(frame.first * width_), n, y, stddev_);
    frame.kernels->elements.add(x, y, n);
  }

  void backward(const Frame<T>& frame) const override {
    const T* gy = frame.gradients[this->output];
    if (T* gx = frame.gradients[this->inputs[0]]) std::copy(gy, gy + frame.rows * width_, gx);
  }

 private:
  DrawPath path_;
  T stddev_;
  int64_t width_;
};

// y = x * (1 + stddev * z) with normal z.
template <class T>
class MultiplyNoise : public Op<T> {
 public:
  // `factors` is a value of the program, as wide as the input.
  MultiplyNoise(double stddev, DrawPath path, int64_t width, int factors)
      : path_(path), stddev_(static_cast<T>(stddev)), width_(width), factors_(factors) {}

  void forward(const Frame<T>& frame) const override {
    const T* x = frame.values[this->inputs[0]];
    T* y = frame.values[this->output];
    const int64_t n = frame.rows * width_;
    if (!frame.training || stddev_ == 0) {
      std::copy(x, x + n, y);
      return;
    }
    T* factors = frame.values[factors_];
    normal(path_.from(frame.key), static_cast<uint64_t>(frame.first * width_), n, factors, stddev_, T(1));
    frame.kernels->elements.multiply(x, factors, y, n);
  }

  void backward(const Frame<T>& frame) const override {
    T* gx = frame.gradients[this->inputs[0]];
    if (!gx) return;
    const T* gy = frame.gradients[this->output];
    const int64_t n = frame.rows * width_;
    if (stddev_ == 0) {
      std::copy(gy, gy + n, gx);
    } else {
      frame.kernels->elements.multiply(gy, frame.values[factors_], gx, n);
    }
  }

 private:
  DrawPath path_;
  T stddev_;
  int64_t width_;
  int factors_;
};

}  // namespace chainrule
