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
  Vec<T> total{};
  for_each_vector<T>(n, [&](int64_t i, auto io) { total += io.load(values + i); });
  return sum<T>(total);
}

// Loops over short rows, unrolled for the width: the sum of each, and a number repeated over each.
template <int kWidth, class T>
void short_sums(const T* values, int64_t rows, T* sums) {
  for (int64_t r = 0; r < rows; ++r) {
    T total = values[r * kWidth];
    for (int k = 1; k < kWidth; ++k) total += values[r * kWidth + k];
    sums[r] = total;
  }
}

template <int kWidth, class T>
void short_repeats(const T* of_rows, int64_t rows, T factor, T* out) {
  for (int64_t r = 0; r < rows; ++r) {
    for (int k = 0; k < kWidth; ++k) out[r * kWidth + k] = of_rows[r] * factor;
  }
}

template <class T>
void row_sums(const T* values, int64_t rows, int64_t width, T* sums) {
  switch (width) {
    case 2:
      return short_sums<2>(values, rows, sums);
    case 3:
      return short_sums<3>(values, rows, sums);
    case 4:
      return short_sums<4>(values, rows, sums);
    case 5:
      return short_sums<5>(values, rows, sums);
    case 6:
      return short_sums<6>(values, rows, sums);
    case 7:
      return short_sums<7>(values, rows, sums);
    case 8:
      return short_sums<8>(values, rows, sums);
    default:
      for (int64_t r = 0; r < rows; ++r) sums[r] = row_sum<T>(values + r * width, width);
  }
}

// out[r, k] = of_rows[r] * factor
template <class T>
void repeat_rows(const T* of_rows, int64_t rows, int64_t width, T factor, T* out) {
  switch (width) {
    case 2:
      return short_repeats<2>(of_rows, rows, factor, out);
    case 3:
      return short_repeats<3>(of_rows, rows, factor, out);
    case 4:
      return short_repeats<4>(of_rows, rows, factor, out);
    case 5:
      return short_repeats<5>(of_rows, rows, factor, out);
    case 6:
      return short_repeats<6>(of_rows, rows, factor, out);
    case 7:
      return short_repeats<7>(of_rows, rows, factor, out);
    case 8:
      return short_repeats<8>(of_rows, rows, factor, out);
    default:
      for (int64_t r = 0; r < rows; ++r) {
        const Vec<T> own = set<T>(of_rows[r] * factor);
        for_each_vector<T>(width, [&](int64_t k, auto io) { io.store(out + r * width + k, own); });
      }
  }
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

// Rows that are longer than a block, part by part.
template <bool kMean, class T, class F>
void run_long_rows(const LossArgs<T>& a, const F& f) {
  T values[kBlock], factor[kBlock];
  for (int64_t r = 0; r < a.rows; ++r) {
    T total = 0;
    for (int64_t k = 0; a.gradient && k < kBlock; ++k)
      factor[k] = kMean ? a.scale[r] * T(1.0 / double(a.width)) : a.scale[r];
    for (int64_t k = 0; k < a.width; k += kBlock) {
      const int64_t n = a.width - k < kBlock ? a.width - k : kBlock, at = r * a.width + k;
      each_pair<T>(f, a.y + at, a.p + at, n, values, factor, a.gradient ? a.gradient + at : nullptr);
      total += row_sum<T>(values, n);
    }
    a.losses[r] = kMean ? total / T(a.width) : total;
  }
}

// The loss of each row: the mean (or sum) of f over it.
template <bool kMean, class T, class F>
void run_elements(const LossArgs<T>& a, const F& f) {
  const int64_t width = a.width;
  if (unfit(a, width)) return;
  if (width == 1) return each_pair<T>(f, a.y, a.p, a.rows, a.losses, a.scale, a.gradient);
  if (width > kBlock) return run_long_rows<kMean>(a, f);
  const T part = kMean ? T(1.0 / double(width)) : T(1);
  T values[kBlock], factor[kBlock];
  const int64_t rows_at_once = kBlock / width;
  for (int64_t first = 0; first < a.rows; first += rows_at_once) {
    const int64_t rows = first + rows_at_once < a.rows ? rows_at_once : a.rows - first, at = first * width;
    if (a.gradient) repeat_rows<T>(a.scale + first, rows, width, part, factor);
    each_pair<T>(f, a.y + at, a.p + at, rows * width, values, factor, a.gradient ? a.gradient + at : nullptr);
    row_sums<T>(values, rows, width, a.losses + first);
    for (int64_t r = 0; kMean && r < rows; ++r) a.losses[first + r] /= T(width);
  }
}

}  // namespace
}  // namespace chainrule::CHAINRULE_ISA::losses
