// Loops over the columns of a matrix that keep a few vectors' worth of columns in registers while they run down the rows.
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

  CHAINRULE_INLINE ColumnGroup<T, 1> load(const T* from) const {
    Vec<T> v{};
    std::memcpy(&v, from, N * sizeof(T));
    return {{v}};
  }
  CHAINRULE_INLINE void store(T* to, const ColumnGroup<T, 1>& group) const {
    std::memcpy(to, &group.v[0], N * sizeof(T));
  }
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
