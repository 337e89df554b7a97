// Loops over the columns of a matrix that keep a few vectors' worth of columns in registers while they run down the
// rows.
//
// Each column is worked on by itself, in the order of the rows: how columns are grouped does not show in the bits.
#pragma once

#include <cstdint>
#include <cstring>

#include "simd/vec.hpp"

namespace chainrule::CHAINRULE_ISA {
namespace {

// The same place in several neighbouring columns: N vectors.
template <class T, int N>
struct ColumnGroup {
  Vec<T> v[N];
};

template <class T, int N>
struct WholeColumns {
  static constexpr int vectors = N;

  CHAINRULE_INLINE ColumnGroup<T, N> load(const T* from) const {
    ColumnGroup<T, N> group;
#pragma GCC unroll 4
    for (int k = 0; k < N; ++k) group.v[k] = CHAINRULE_ISA::load<T>(from + k * kLanes<T>);
    return group;
  }
  CHAINRULE_INLINE void store(T* to, const ColumnGroup<T, N>& group) const {
#pragma GCC unroll 4
    for (int k = 0; k < N; ++k) CHAINRULE_ISA::store<T>(to + k * kLanes<T>, group.v[k]);
  }
};

#if defined(__AVX512F__)
// The columns left over: fewer than one vector.
template <class T>
struct SomeColumns {
  static constexpr int vectors = 1;
  int64_t n;

  CHAINRULE_INLINE ColumnGroup<T, 1> load(const T* from) const { return {{load_some<T>(from, n)}}; }
  CHAINRULE_INLINE void store(T* to, const ColumnGroup<T, 1>& group) const { store_some<T>(to, group.v[0], n); }
};
#else
// N columns left over, a number known when this is compiled: one or two instructions to read or write.
template <class T, int N>
struct FixedColumns {
  static constexpr int vectors = 1;
  static constexpr int bytes = N * static_cast<int>(sizeof(T));

#if defined(__AVX2__)  // half a vector or less: by way of memory a copy would wait for its own store
  CHAINRULE_INLINE ColumnGroup<T, 1> load(const T* from) const {
    __m128i half;
    if constexpr (bytes == 16) {
      half = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
    } else if constexpr (bytes == 8) {
      half = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(from));
    } else {
      int32_t one;
      std::memcpy(&one, from, sizeof one);
      half = _mm_cvtsi32_si128(one);
    }
    return {{(Vec<T>)_mm256_zextsi128_si256(half)}};
  }
  CHAINRULE_INLINE void store(T* to, const ColumnGroup<T, 1>& group) const {
    const __m128i half = _mm256_castsi256_si128((__m256i)group.v[0]);
    if constexpr (bytes == 16) {
      _mm_storeu_si128(reinterpret_cast<__m128i*>(to), half);
    } else if constexpr (bytes == 8) {
      _mm_storel_epi64(reinterpret_cast<__m128i*>(to), half);
    } else {
      const int32_t one = _mm_cvtsi128_si32(half);
      std::memcpy(to, &one, sizeof one);
    }
  }
#else
  CHAINRULE_INLINE ColumnGroup<T, 1> load(const T* from) const {
    Vec<T> v{};
    std::memcpy(&v, from, bytes);
    return {{v}};
  }
  CHAINRULE_INLINE void store(T* to, const ColumnGroup<T, 1>& group) const { std::memcpy(to, &group.v[0], bytes); }
#endif
};
#endif

// Calls `f(j, io)` for groups of the columns first, ..., last - 1: `io.load(x + j)` reads a group that starts at column
// j, `io.store` writes one, `io.vectors` is how many vectors it has.
template <class T, class F>
CHAINRULE_INLINE void for_each_column_group(int64_t first, int64_t last, F&& f) {
  constexpr int64_t kWide = kLanes<T>;
  int64_t j = first;
  for (; j + 4 * kWide <= last; j += 4 * kWide) f(j, WholeColumns<T, 4>{});
  if (j + 2 * kWide <= last) {
    f(j, WholeColumns<T, 2>{});
    j += 2 * kWide;
  }
  if (j + kWide <= last) {
    f(j, WholeColumns<T, 1>{});
    j += kWide;
  }
#if defined(__AVX512F__)
  if (j < last) f(j, SomeColumns<T>{last - j});
#else
  if constexpr (kWide > 4) {
    if (j + 4 <= last) {
      f(j, FixedColumns<T, 4>{});
      j += 4;
    }
  }
  if constexpr (kWide > 2) {
    if (j + 2 <= last) {
      f(j, FixedColumns<T, 2>{});
      j += 2;
    }
  }
  if (j < last) f(j, FixedColumns<T, 1>{});
#endif
}

// Returns f(a, b, ...) vector by vector.
template <class T, int N, class F, class... More>
CHAINRULE_INLINE ColumnGroup<T, N> each(F&& f, const ColumnGroup<T, N>& a, const More&... more) {
  ColumnGroup<T, N> result;
#pragma GCC unroll 4
  for (int k = 0; k < N; ++k) result.v[k] = f(a.v[k], more.v[k]...);
  return result;
}

}  // namespace
}  // namespace chainrule::CHAINRULE_ISA
