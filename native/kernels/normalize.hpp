// Batch and layer normalisation, rounding as the reference engine does (layers/batch_normalization.py,
// layers/layer_normalization.py); only the order of the sums is our own. Nothing is fused.
#pragma once

#include <cstdint>

#include "kernels/columns.hpp"
#include "kernels/table.hpp"
#include "simd/vec.hpp"

namespace chainrule::CHAINRULE_ISA {
namespace {
namespace normalize {

// -- columns of the whole batch ---------------------------------------------------------------------------------------

template <class T>
void column_moments(const T* x, int64_t rows, int64_t width, int64_t first, int64_t last, T* mean, T* variance) {
  const Vec<T> n = set<T>(static_cast<T>(rows));
  for_each_column_group<T>(first, last, [&](int64_t j, auto io) {
    decltype(io.load(x)) total{}, squares{};
    for (int64_t r = 0; r < rows; ++r) {
      total = each([](Vec<T> sum, Vec<T> v) { return sum + v; }, total, io.load(x + r * width + j));
    }
    const auto centre = each([n](Vec<T> sum) { return sum / n; }, total);
    for (int64_t r = 0; r < rows; ++r) {
      const auto add_square = [](Vec<T> sum, Vec<T> v, Vec<T> c) { return sum + (v - c) * (v - c); };
      squares = each(add_square, squares, io.load(x + r * width + j), centre);
    }
    io.store(mean + j, centre);
    io.store(variance + j, each([n](Vec<T> sum) { return sum / n; }, squares));
  });
}

// y = x * factor + shift with factor = rstd * gamma, shift = -mean * factor + beta.
template <class T>
void columns_forward(const T* x, T* y, int64_t rows, int64_t width, const T* mean, const T* rstd, const T* gamma,
                     const T* beta) {
  for_each_column_group<T>(0, width, [&](int64_t j, auto io) {
    const auto times = [](Vec<T> a, Vec<T> b) { return a * b; };
    auto factor = io.load(rstd + j);
    if (gamma) factor = each(times, factor, io.load(gamma + j));
    auto shift = each([](Vec<T> centre, Vec<T> by) { return -centre * by; }, io.load(mean + j), factor);
    if (beta) shift = each([](Vec<T> a, Vec<T> b) { return a + b; }, shift, io.load(beta + j));
    const auto apply = [](Vec<T> v, Vec<T> by, Vec<T> plus) { return v * by + plus; };
    for (int64_t r = 0; r < rows; ++r) {
      io.store(y + r * width + j, each(apply, io.load(x + r * width + j), factor, shift));
    }
  });
}

template <class T>
void column_sums(const T* x, const T* gy, int64_t rows, int64_t width, int64_t first, int64_t last, const T* mean,
                 const T* rstd, T* sum_gy, T* sum_gy_xhat) {
  for_each_column_group<T>(first, last, [&](int64_t j, auto io) {
    const auto centre = io.load(mean + j);
    decltype(io.load(x)) plain{}, weighted{};
    for (int64_t r = 0; r < rows; ++r) {
      const auto g = io.load(gy + r * width + j);
      const auto add_product = [](Vec<T> sum, Vec<T> a, Vec<T> v, Vec<T> c) { return sum + a * (v - c); };
      plain = each([](Vec<T> sum, Vec<T> a) { return sum + a; }, plain, g);
      weighted = each(add_product, weighted, g, io.load(x + r * width + j), centre);
    }
    io.store(sum_gy + j, plain);
    io.store(sum_gy_xhat + j, each([](Vec<T> sum, Vec<T> by) { return sum * by; }, weighted, io.load(rstd + j)));
  });
}

template <class T>
void columns_backward(const T* x, const T* gy, T* gx, int64_t rows, int64_t width, const T* mean, const T* rstd,
                      const T* gamma, const T* sum_gy, const T* sum_gy_xhat, int64_t n) {
  const Vec<T> count = set<T>(static_cast<T>(n));
  for_each_column_group<T>(0, width, [&](int64_t j, auto io) {
    const auto centre = io.load(mean + j), scale = io.load(rstd + j);
    auto factor = scale;
    if (gamma) factor = each([](Vec<T> a, Vec<T> b) { return a * b; }, factor, io.load(gamma + j));
    const auto level = each([count](Vec<T> sum) { return sum / count; }, io.load(sum_gy + j));
    const auto slope =
        each([count](Vec<T> sum, Vec<T> by) { return sum * by / count; }, io.load(sum_gy_xhat + j), scale);
    const auto apply = [](Vec<T> g, Vec<T> v, Vec<T> c, Vec<T> a, Vec<T> b, Vec<T> by) {
      return by * (g - a - (v - c) * b);
    };
    for (int64_t r = 0; r < rows; ++r) {
      const int64_t at = r * width + j;
      io.store(gx + at, each(apply, io.load(gy + at), io.load(x + at), centre, level, slope, factor));
    }
  });
}

// -- rows -------------------------------------------------------------------------------------------------------------

// The sum of f(i, io) over 0..n, four vectors at a time; `f` gives 0 in lanes that do not count.
template <class T, class F>
CHAINRULE_INLINE T sum_over(int64_t n, F&& f) {
  constexpr int64_t kWide = kLanes<T>;
  Vec<T> sums[4] = {};
  int64_t i = 0;
  for (; i + 4 * kWide <= n; i += 4 * kWide) {
#pragma GCC unroll 4
    for (int k = 0; k < 4; ++k) sums[k] += f(i + k * kWide, WholeLanes<T>{});
  }
  for (; i + kWide <= n; i += kWide) sums[0] += f(i, WholeLanes<T>{});
  if (i < n) sums[1] += f(i, SomeLanes<T>{n - i});
  return sum<T>((sums[0] + sums[2]) + (sums[1] + sums[3]));
}

// `v` with zeros in the lanes that do not count.
template <class T, class IO>
CHAINRULE_INLINE Vec<T> counted(Vec<T> v, IO io) {
  if constexpr (IO::whole) {
    return v;
  } else {
    Vec<Int<T>> lane;
    for (int k = 0; k < kLanes<T>; ++k) lane[k] = k;
    return select(lane < static_cast<Int<T>>(io.count()), v, Vec<T>{});
  }
}

template <class T>
void rows_forward(const T* x, T* y, int64_t rows, int64_t width, T epsilon, const T* gamma, const T* beta, T* mean,
                  T* rstd) {
  const T n = static_cast<T>(width);
  for (int64_t r = 0; r < rows; ++r, x += width, y += width) {
    const T m = sum_over<T>(width, [&](int64_t i, auto io) { return io.load(x + i); }) / n;
    const Vec<T> centre = set<T>(m);
    const T variance = sum_over<T>(width,
                                   [&](int64_t i, auto io) {
                                     const Vec<T> d = counted<T>(io.load(x + i) - centre, io);
                                     return d * d;
                                   }) /
                       n;
    const T deviation = static_cast<T>(__builtin_sqrt(variance + epsilon));
    const T scale = 1 / deviation;
    const Vec<T> factor = set<T>(scale);
    for_each_vector<T>(width, [&](int64_t i, auto io) {
      Vec<T> v = (io.load(x + i) - centre) * factor;
      if (gamma) v = v * io.load(gamma + i);
      if (beta) v = v + io.load(beta + i);
      io.store(y + i, v);
    });
    mean[r] = m;
    rstd[r] = scale;
  }
}

// gx = rstd * (g - mean(g) - xhat * mean(g * xhat)) with g = gy * gamma, xhat = (x - mean) * rstd.
template <class T>
void rows_backward(const T* x, const T* gy, T* gx, int64_t rows, int64_t width, const T* gamma, const T* mean,
                   const T* rstd) {
  const T n = static_cast<T>(width);
  for (int64_t r = 0; r < rows; ++r, x += width, gy += width, gx += width) {
    const Vec<T> centre = set<T>(mean[r]), factor = set<T>(rstd[r]);
    const auto delta = [&](int64_t i, auto io) {
      return gamma ? io.load(gy + i) * io.load(gamma + i) : io.load(gy + i);
    };
    const T level = sum_over<T>(width, delta) / n;
    const T product = sum_over<T>(width, [&](int64_t i, auto io) { return delta(i, io) * (io.load(x + i) - centre); });
    const Vec<T> a = set<T>(level), b = set<T>(product * rstd[r] * rstd[r] / n);
    for_each_vector<T>(width, [&](int64_t i, auto io) {
      io.store(gx + i, factor * (delta(i, io) - a - (io.load(x + i) - centre) * b));
    });
  }
}

}  // namespace normalize

template <class T>
constexpr NormalizeKernels<T> normalize_kernels() {
  return {normalize::column_moments<T>,  normalize::rows_forward<T>, normalize::rows_backward<T>,
          normalize::columns_forward<T>, normalize::column_sums<T>,  normalize::columns_backward<T>};
}

}  // namespace
}  // namespace chainrule::CHAINRULE_ISA
