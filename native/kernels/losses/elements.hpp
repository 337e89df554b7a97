// What losses are made of that look at one number at a time, and how their rows are averaged.
//
// Such a loss is a function object: f(y, p, slope) gives the values of a vector of pairs and their derivatives by p.
// All numbers of all rows are taken as one flat array, so that rows of one number are as fast as wide ones.
#pragma once

#include "kernels/math.hpp"
#include "kernels/table.hpp"
#include "simd/vec.hpp"

namespace chainrule::CHAINRULE_ISA::losses {
namespace {

// -- derivatives at kinks, as chainrule.ops has them ------------------------------------------------------------------

template <class T>
CHAINRULE_INLINE Vec<T> sign(Vec<T> x) {
  return select(x > T(0), set<T>(1), select(x < T(0), set<T>(-1), x));
}

// 1 where a > b, a half where they are equal, else 0: the derivative of the larger of the two.
template <class T>
CHAINRULE_INLINE Vec<T> wins(Vec<T> a, Vec<T> b) {
  return select(a > b, set<T>(1), select(a == b, set<T>(T(0.5)), set<T>(0)));
}

// A number kept between two bounds: derivative 1 inside, 0 outside, a half on a bound.
template <class T>
struct Clip {
  Vec<T> low, high;

  Clip(double low, double high) : low(set<T>(T(low))), high(set<T>(T(high))) {}
  CHAINRULE_INLINE Vec<T> operator()(Vec<T> x) const { return min(max(x, low), high); }
  CHAINRULE_INLINE Vec<T> slope(Vec<T> x) const { return wins<T>(x, low) * wins<T>(high, max(x, low)); }
};

// x to the power of a fixed number, and its derivative.
template <class T>
struct Power {
  T exponent;

  CHAINRULE_INLINE Vec<T> operator()(Vec<T> x) const {
    return exponent == T(2) ? x * x : exponent == T(1) ? x : pow<T>(x, set<T>(exponent));
  }
  CHAINRULE_INLINE Vec<T> slope(Vec<T> x) const {
    return exponent == T(2) ? x * T(2) : exponent == T(0) ? x * T(0) : pow<T>(x, set<T>(exponent - T(1))) * exponent;
  }
};

// -- sums over rows ---------------------------------------------------------------------------------------------------

template <class T>
T row_sum(const T* values, int64_t n) {
  T rest = 0;
  Vec<T> total{};
  const int64_t whole = n - n % kLanes<T>;
  for (int64_t i = 0; i < whole; i += kLanes<T>) total += load<T>(values + i);
  for (int64_t i = whole; i < n; ++i) rest += values[i];
  return whole ? sum<T>(total) + rest : rest;
}

// Whether targets have another width than predictions: nothing is read then, and the losses are NaN.
template <class T>
bool unfit(const LossArgs<T>& a, int64_t y_width, bool whole_batch = false) {
  if (a.y_width == y_width) return false;
  for (int64_t r = 0; r < (whole_batch ? 1 : a.rows); ++r) a.losses[r] = T(__builtin_nan(""));
  if (a.gradient) {
    for (int64_t i = 0; i < a.rows * a.width; ++i) a.gradient[i] = T(__builtin_nan(""));
  }
  return true;
}

template <class T, class F>
void each_pair(const F& f, const T* y, const T* p, int64_t n, T* values, const T* factor, T* gradient) {
  if (gradient) {
    for_each_vector<T>(n, [&](int64_t i, auto io) {
      Vec<T> slope;
      const Vec<T> value = f(io.load(y + i), io.load(p + i), slope);
      io.store(gradient + i, slope * io.load(factor + i));
      io.store(values + i, value);
    });
  } else {
    for_each_vector<T>(n, [&](int64_t i, auto io) {
      Vec<T> slope;
      io.store(values + i, f(io.load(y + i), io.load(p + i), slope));
    });
  }
}

constexpr int64_t kBlock = 512;  // pairs at a time: their values and factors stay in the first cache

// The loss of each row: the mean (or sum) of f over it.
template <bool kMean, class T, class F>
void run_elements(const LossArgs<T>& a, const F& f) {
  const int64_t width = a.width;
  if (unfit(a, width)) return;
  if (width == 1) return each_pair<T>(f, a.y, a.p, a.rows, a.losses, a.scale, a.gradient);
  const T part = kMean ? T(1.0 / double(width)) : T(1), divisor = kMean ? T(width) : T(1);
  T values[kBlock], factor[kBlock];
  const int64_t rows_at_once = width < kBlock ? kBlock / width : 1, columns_at_once = width < kBlock ? width : kBlock;
  for (int64_t first = 0; first < a.rows; first += rows_at_once) {
    const int64_t rows = first + rows_at_once < a.rows ? rows_at_once : a.rows - first;
    for (int64_t r = 0; a.gradient && r < rows; ++r) {
      const T own = a.scale[first + r] * part;
      for (int64_t k = 0; k < columns_at_once; ++k) factor[r * columns_at_once + k] = own;
    }
    T total = 0;  // of a row that is longer than a block
    for (int64_t column = 0; column < width; column += columns_at_once) {
      const int64_t columns = column + columns_at_once < width ? columns_at_once : width - column;
      const int64_t at = first * width + column;
      each_pair<T>(f, a.y + at, a.p + at, rows * columns, values, factor, a.gradient ? a.gradient + at : nullptr);
      if (columns_at_once < width) total += row_sum<T>(values, columns);
    }
    for (int64_t r = 0; r < rows; ++r) {
      a.losses[first + r] = (columns_at_once < width ? total : row_sum<T>(values + r * width, width)) / divisor;
    }
  }
}

}  // namespace
}  // namespace chainrule::CHAINRULE_ISA::losses
