// Matrix products of network size: tiles of c stay in registers while the sum runs, bias and ReLU are added on the way
// out. b is read as it lies, so it should fit the second-level cache; larger products go to OpenBLAS (engine/blas.hpp).
//
// Each number of c is one sum in the order of p, whatever the tile it falls into: its bits do not depend on how rows or
// columns are cut. (Columns of c that are one number wide are dot products of their own order.)
#pragma once

#include "kernels/table.hpp"
#include "simd/vec.hpp"

namespace chainrule::CHAINRULE_ISA {
namespace {

// How many vectors of columns, and how many rows with them, fill the registers without spilling.
#if defined(__AVX512F__)
constexpr int kMostVectors = 4;
constexpr int rows_with(int vectors) { return vectors == 4 ? 6 : vectors == 3 ? 8 : 12; }
#else
constexpr int kMostVectors = 2;
constexpr int rows_with(int vectors) { return vectors == 2 ? 6 : 8; }
#endif

// One tile of c: kRows rows, kVectors vectors of columns, of which the last holds `last` numbers if kPartial.
template <class T, int kRows, int kVectors, bool kPartial>
CHAINRULE_INLINE void tile(const MatmulArgs<T>& args, int64_t i, int64_t j, int64_t last) {
  constexpr int kWide = kLanes<T>;
  Vec<T> sums[kRows][kVectors];
  const T* b = args.b + j;
  const T* a = args.a + i * args.a_row;
  T* c = args.c + i * args.c_row + j;
  const auto load_last = [&](const T* from) { return kPartial ? load_some<T>(from, last) : load<T>(from); };
#pragma GCC unroll 16
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) sums[r][v] = Vec<T>{};
  }
  for (int64_t p = 0; p < args.inner; ++p) {
    Vec<T> row[kVectors];
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) row[v] = v + 1 < kVectors ? load<T>(b + v * kWide) : load_last(b + v * kWide);
#pragma GCC unroll 16
    for (int r = 0; r < kRows; ++r) {
      const Vec<T> x = set<T>(a[r * args.a_row]);
#pragma GCC unroll 4
      for (int v = 0; v < kVectors; ++v) sums[r][v] = fma(x, row[v], sums[r][v]);
    }
    a += args.a_col;
    b += args.b_row;
  }
#pragma GCC unroll 4
  for (int v = 0; v < kVectors; ++v) {
    const bool part = kPartial && v + 1 == kVectors;
    Vec<T> bias{};
    if (args.bias) bias = part ? load_some<T>(args.bias + j + v * kWide, last) : load<T>(args.bias + j + v * kWide);
#pragma GCC unroll 16
    for (int r = 0; r < kRows; ++r) {
      T* to = c + r * args.c_row + v * kWide;
      Vec<T> y = sums[r][v] + bias;
      if (args.accumulate) y += part ? load_some<T>(to, last) : load<T>(to);
      if (args.relu) y = select(y < 0, Vec<T>{}, y);
      if (part) {
        store_some<T>(to, y, last);
      } else {
        store<T>(to, y);
      }
    }
  }
}

template <class T, int kVectors, bool kPartial>
void stripe(const MatmulArgs<T>& args, int64_t j, int64_t last) {
  constexpr int kRows = rows_with(kVectors);
  int64_t i = 0;
  for (; i + kRows <= args.rows; i += kRows) tile<T, kRows, kVectors, kPartial>(args, i, j, last);
  for (int64_t left = args.rows - i; left > 0; left = args.rows - i) {
    if (left >= 4) {
      tile<T, 4, kVectors, kPartial>(args, i, j, last);
      i += 4;
    } else if (left >= 2) {
      tile<T, 2, kVectors, kPartial>(args, i, j, last);
      i += 2;
    } else {
      tile<T, 1, kVectors, kPartial>(args, i, j, last);
      i += 1;
    }
  }
}

template <class T, int kVectors>
void last_stripe(const MatmulArgs<T>& args, int64_t j) {
  const int64_t left = args.columns - j;
  if constexpr (kVectors > 1) {
    if (left <= (kVectors - 1) * kLanes<T>) return last_stripe<T, kVectors - 1>(args, j);
  }
  const int64_t last = left - (kVectors - 1) * kLanes<T>;
  if (last == kLanes<T>) {
    stripe<T, kVectors, false>(args, j, last);
  } else {
    stripe<T, kVectors, true>(args, j, last);
  }
}

// c has one column and the rows of a are contiguous: a dot product for each row.
template <class T>
void dot_rows(const MatmulArgs<T>& args) {
  for (int64_t i = 0; i < args.rows; ++i) {
    const T* a = args.a + i * args.a_row;
    Vec<T> one{}, two{};
    int64_t p = 0;
    for (; p + 2 * kLanes<T> <= args.inner; p += 2 * kLanes<T>) {
      one = fma(load<T>(a + p), load<T>(args.b + p), one);
      two = fma(load<T>(a + p + kLanes<T>), load<T>(args.b + p + kLanes<T>), two);
    }
    if (p + kLanes<T> <= args.inner) {
      one = fma(load<T>(a + p), load<T>(args.b + p), one);
      p += kLanes<T>;
    }
    if (p < args.inner) two = fma(load_some<T>(a + p, args.inner - p), load_some<T>(args.b + p, args.inner - p), two);
    T y = sum<T>(one + two) + (args.bias ? args.bias[0] : T(0));
    T* c = args.c + i * args.c_row;
    if (args.accumulate) y += *c;
    *c = args.relu && y < 0 ? T(0) : y;
  }
}

template <class T>
void multiply(const MatmulArgs<T>& args) {
  if (args.columns == 1 && args.a_col == 1 && args.b_row == 1) return dot_rows(args);
  if (args.columns == 1 && args.a_row == 1 && args.c_row == 1 && !args.bias && args.rows > 1) {  // as a product of one row
    MatmulArgs<T> turned = args;
    turned.rows = 1, turned.columns = args.rows;
    turned.a = args.b, turned.a_row = 0, turned.a_col = args.b_row;
    turned.b = args.a, turned.b_row = args.a_col;
    turned.c_row = args.rows;
    return multiply(turned);
  }
  constexpr int64_t kWide = kMostVectors * kLanes<T>;
  int64_t j = 0;
  for (; j + kWide <= args.columns; j += kWide) stripe<T, kMostVectors, false>(args, j, kLanes<T>);
  if (j < args.columns) last_stripe<T, kMostVectors>(args, j);
}

// -- transpose --------------------------------------------------------------------------------------------------------

template <int...>
struct IndexList {};

template <int n, int... kAt>
struct MakeIndices : MakeIndices<n - 1, n - 1, kAt...> {};

template <int... kAt>
struct MakeIndices<0, kAt...> {
  using type = IndexList<kAt...>;
};

template <int n>
using Indices = typename MakeIndices<n>::type;

// Interleaves the lanes of two vectors: the lower half (kHigh = 0) or the upper half of both.
template <class T, int kHigh, int... kAt>
CHAINRULE_INLINE Vec<T> interleave(Vec<T> a, Vec<T> b, IndexList<kAt...>) {
  constexpr int half = kLanes<T> / 2;
  return __builtin_shufflevector(a, b, (kAt / 2 + kHigh * half + (kAt % 2) * kLanes<T>)...);
}

// A square of as many rows as a vector has lanes: interleaving row i with row i + half, log2(lanes) times over.
template <class T>
CHAINRULE_INLINE void transpose_square(const T* a, int64_t a_row, T* out, int64_t out_row) {
  constexpr int n = kLanes<T>;
  Vec<T> rows[n], mixed[n];
#pragma GCC unroll 16
  for (int i = 0; i < n; ++i) rows[i] = load<T>(a + i * a_row);
#pragma GCC unroll 4
  for (int round = 1; round < n; round *= 2) {
#pragma GCC unroll 16
    for (int i = 0; i < n / 2; ++i) {
      mixed[2 * i] = interleave<T, 0>(rows[i], rows[i + n / 2], Indices<n>{});
      mixed[2 * i + 1] = interleave<T, 1>(rows[i], rows[i + n / 2], Indices<n>{});
    }
#pragma GCC unroll 16
    for (int i = 0; i < n; ++i) rows[i] = mixed[i];
  }
#pragma GCC unroll 16
  for (int i = 0; i < n; ++i) store<T>(out + i * out_row, rows[i]);
}

template <class T>
void transpose(const T* a, int64_t rows, int64_t columns, int64_t a_row, T* out, int64_t out_row) {
  constexpr int n = kLanes<T>;
  int64_t i = 0;
  for (; i + n <= rows; i += n) {
    int64_t j = 0;
    for (; j + n <= columns; j += n) transpose_square(a + i * a_row + j, a_row, out + j * out_row + i, out_row);
    for (; j < columns; ++j) {
      for (int64_t r = i; r < i + n; ++r) out[j * out_row + r] = a[r * a_row + j];
    }
  }
  for (; i < rows; ++i) {
    for (int64_t j = 0; j < columns; ++j) out[j * out_row + i] = a[i * a_row + j];
  }
}

template <class T>
constexpr MatmulKernels<T> matmul_kernels() {
  return {multiply<T>, transpose<T>};
}

}  // namespace
}  // namespace chainrule::CHAINRULE_ISA
