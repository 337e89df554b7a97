// Transposing a matrix: squares of as many rows as a vector has lanes, in blocks that stay in the first-level cache.
#pragma once

#include <cstdint>

#include "simd/vec.hpp"

namespace chainrule::CHAINRULE_ISA {
namespace {

template <int...>
struct IndexList {};

template <int n, int... kAt>
struct MakeIndices : MakeIndices<n - 1, n - 1, kAt...> {};

template <int... kAt>
struct MakeIndices<0, kAt...> {
  using type = IndexList<kAt...>;
};

template <int n>
struct Count {
  static constexpr int value = n;
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

// Rows and columns of at most a few squares.
template <class T>
CHAINRULE_INLINE void transpose_block(const T* a, int64_t rows, int64_t columns, int64_t a_row, T* out,
                                      int64_t out_row) {
  constexpr int n = kLanes<T>;
  int64_t j = 0;
  for (; j + n <= columns; j += n) {
    int64_t i = 0;
    for (; i + n <= rows; i += n) transpose_square(a + i * a_row + j, a_row, out + j * out_row + i, out_row);
    for (; i < rows; ++i) {
      for (int64_t c = j; c < j + n; ++c) out[c * out_row + i] = a[i * a_row + c];
    }
  }
  for (; j < columns; ++j) {
    for (int64_t i = 0; i < rows; ++i) out[j * out_row + i] = a[i * a_row + j];
  }
}

// Large matrices go through a small one, so that memory is read and written a few lines at a time: lines far apart push
// each other out of the cache.
template <class T>
void transpose(const T* a, int64_t rows, int64_t columns, int64_t a_row, T* out, int64_t out_row) {
  constexpr int n = kLanes<T>;
  constexpr int64_t kSide = 256 / sizeof(T);
  if (rows < kSide || columns < kSide) return transpose_block(a, rows, columns, a_row, out, out_row);
  alignas(64) T block[kSide * kSide];
  int64_t j = 0;
  for (; j + kSide <= columns; j += kSide) {
    int64_t i = 0;
    for (; i + kSide <= rows; i += kSide) {
      const T* from = a + i * a_row + j;
      for (int64_t r = 0; r < kSide; r += n) {
        for (int64_t c = 0; c < kSide; c += n) {
          transpose_square(from + r * a_row + c, a_row, block + c * kSide + r, kSide);
        }
      }
      for (int64_t c = 0; c < kSide; ++c) {
        T* to = out + (j + c) * out_row + i;
#pragma GCC unroll 16
        for (int64_t r = 0; r < kSide; r += n) store<T>(to + r, load<T>(block + c * kSide + r));
      }
    }
    transpose_block(a + i * a_row + j, rows - i, kSide, a_row, out + j * out_row + i, out_row);
  }
  transpose_block(a + j, rows, columns - j, a_row, out + j * out_row, out_row);
}

}  // namespace
}  // namespace chainrule::CHAINRULE_ISA
