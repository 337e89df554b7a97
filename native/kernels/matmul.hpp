// Matrix products of any size: tiles of c stay in registers while the sum runs, bias and ReLU are added on the way out.
// What of b a stripe of tiles shares is kept in a small buffer by the first of them, unless it is near as it lies; a is
// copied in the order in which tiles read it, where many stripes do.
//
// Each number of c is the sum of its blocks of kBlock products, each block summed in the order of p, whatever the tile
// it falls into: its bits do not depend on how rows or columns are cut, nor on the width of vectors. (Where c has but
// one column, and a and b lie in the order of p, it is a dot product of its own order, which rows do not change.)
#pragma once

#include "kernels/table.hpp"
#include "kernels/transpose.hpp"
#include "simd/vec.hpp"

namespace chainrule::CHAINRULE_ISA {
namespace {

// How many vectors of columns, and how many rows with them, fill the registers without spilling.
#if defined(__AVX512F__)
constexpr int kMostVectors = 4;
constexpr int most_rows(int vectors) { return vectors == 8 ? 2 : vectors == 4 ? 6 : vectors == 3 ? 8 : 12; }
#else
constexpr int kMostVectors = 2;
constexpr int most_rows(int vectors) {
  return vectors == 8 ? 1 : vectors == 4 ? 2 : vectors == 3 ? 3 : vectors == 2 ? 6 : 8;
}
#endif
constexpr int kTileRows = most_rows(kMostVectors);

constexpr int64_t kBlock = 256;               // products in a row that are summed before they are added to c
constexpr int64_t kCopyBytes = 192 << 10;     // of a, copied to be read again for each stripe of columns
constexpr int64_t kKeptBytes = 64 << 10;      // of b, kept for the tiles of a stripe
constexpr int64_t kNearBytes = 16 << 10;      // of b, that stay in the first-level cache as they lie
constexpr int64_t kScatteredBytes = 4 << 10;  // from row to row of b, or of c: a page for each

// An address that need not be that of an array's element.
template <class T>
CHAINRULE_INLINE void prefetch(const T* from, int64_t beyond) {
  __builtin_prefetch(reinterpret_cast<const void*>(reinterpret_cast<uintptr_t>(from) + beyond * sizeof(T)));
}

// One tile of c: kRows rows, kVectors vectors of columns, the last of which holds `last` numbers. b is read in whole
// vectors unless kSome. kKeep copies what is read of b to `kept`, whole vectors without gaps. kFar: c is not in the
// cache.
template <class T, int kRows, int kVectors, bool kSome, bool kKeep, bool kFar>
CHAINRULE_INLINE void tile(const MatmulArgs<T>& args, const T* a, int64_t a_row, int64_t a_col, const T* b,
                           int64_t b_row, T* c, const T* bias, int64_t last, T* kept) {
  constexpr int kWide = kLanes<T>;
  const int64_t inner = args.inner, c_row = args.c_row;
  const bool accumulate = args.accumulate, relu = args.relu;
  Vec<T> sums[kRows][kVectors];
#pragma GCC unroll 16
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) sums[r][v] = Vec<T>{};
  }
  if (kFar) {
#pragma GCC unroll 16
    for (int r = 0; r < kRows; ++r) {
      for (int v = 0; v < kVectors; v += 64 / kVectorBytes) prefetch(c + r * c_row, v * kWide);
    }
  }
  for (int64_t p = 0; p < inner; ++p) {
    Vec<T> row[kVectors];
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) {
      row[v] = kSome && v + 1 == kVectors ? load_some<T>(b + v * kWide, last) : load<T>(b + v * kWide);
      if (kKeep) store<T>(kept + v * kWide, row[v]);
    }
    if (kKeep) {
      for (int v = 0; v < kVectors; v += 64 / kVectorBytes) prefetch(b, (kVectors + v) * kWide);
    }
    if (kKeep) kept += kVectors * kWide;
#pragma GCC unroll 16
    for (int r = 0; r < kRows; ++r) {
      const Vec<T> x = set<T>(a[r * a_row]);
#pragma GCC unroll 8
      for (int v = 0; v < kVectors; ++v) sums[r][v] = fma(x, row[v], sums[r][v]);
    }
    a += a_col;
    b += b_row;
  }
#pragma GCC unroll 8
  for (int v = 0; v < kVectors; ++v) {
    const bool some = v + 1 == kVectors && last < kWide;
    Vec<T> plus{};
    if (bias) plus = some ? load_some<T>(bias + v * kWide, last) : load<T>(bias + v * kWide);
#pragma GCC unroll 16
    for (int r = 0; r < kRows; ++r) {
      T* to = c + r * c_row + v * kWide;
      Vec<T> y = sums[r][v];
      if (accumulate) y += some ? load_some<T>(to, last) : load<T>(to);
      y += plus;
      if (relu) y = select(y < 0, Vec<T>{}, y);
      if (some) {
        store_some<T>(to, y, last);
      } else {
        store<T>(to, y);
      }
    }
  }
}

// A stripe of columns from j on: what its tiles have in common.
template <class T>
struct Stripe {
  const T* b;
  int64_t b_row;
  T* c;
  const T* bias;
  int64_t last;
  const T* panels;  // of a, or null
};

// `rows` <= kRows rows of a stripe.
template <class T, int kRows, int kVectors, bool kSome>
CHAINRULE_INLINE void rest_of_rows(const MatmulArgs<T>& args, const Stripe<T>& s, int64_t i, int64_t rows) {
  if (rows == kRows) {
    return tile<T, kRows, kVectors, kSome, false, false>(args, args.a + i * args.a_row, args.a_row, args.a_col, s.b,
                                                         s.b_row, s.c + i * args.c_row, s.bias, s.last, nullptr);
  }
  constexpr int fewer = kRows > 6 ? 6 : kRows - 1;
  if constexpr (fewer > 0) rest_of_rows<T, fewer, kVectors, kSome>(args, s, i, rows);
}

template <class T, int kVectors, bool kSome, bool kFar>
void rows_from(const MatmulArgs<T>& args, const Stripe<T>& s, int64_t i) {
  constexpr int kRows = most_rows(kVectors);
  constexpr bool paneled = kVectors == kMostVectors;
  while (i < args.rows) {
    const int64_t left = args.rows - i;
    if (left >= kRows + 4 || left == kRows) {
      const bool panel = paneled && s.panels;
      const T* a = panel ? s.panels + i * args.inner : args.a + i * args.a_row;
      tile<T, kRows, kVectors, kSome, false, kFar>(args, a, panel ? 1 : args.a_row, panel ? kRows : args.a_col, s.b,
                                                   s.b_row, s.c + i * args.c_row, s.bias, s.last, nullptr);
      i += kRows;
    } else {
      int64_t some = left > kRows ? (left + 1) / 2 : left;
      if (some > 6) some = (some + 1) / 2;
      rest_of_rows<T, kRows, kVectors, kSome>(args, s, i, some);
      i += some;
    }
  }
}

template <class T, int kVectors, bool kSome>
void stripe(const MatmulArgs<T>& args, int64_t j, int64_t last, const T* panels, T* kept) {
  constexpr int kRows = most_rows(kVectors);
  Stripe<T> s{args.b + j, args.b_row, args.c + j, args.bias ? args.bias + j : nullptr, last, panels};
  if constexpr (kVectors <= kMostVectors) {
    if (kept && args.rows >= 2 * kRows) {
      const bool panel = kVectors == kMostVectors && panels;
      tile<T, kRows, kVectors, kSome, true, true>(args, panel ? panels : args.a, panel ? 1 : args.a_row,
                                                  panel ? kRows : args.a_col, s.b, s.b_row, s.c, s.bias, last, kept);
      s.b = kept, s.b_row = kVectors * kLanes<T>;
      return rows_from<T, kVectors, false, true>(args, s, kRows);
    }
  }
  rows_from<T, kVectors, kSome, false>(args, s, 0);
}

// All columns from j on, in stripes of at most kVectors vectors.
template <class T, int kVectors>
void stripes(const MatmulArgs<T>& args, int64_t j, const T* panels, T* kept) {
  constexpr int64_t kWide = kVectors * kLanes<T>;
  constexpr int fewer = kVectors == 8 ? 4 : kVectors - 1;
  for (; j + kWide <= args.columns; j += kWide) stripe<T, kVectors, false>(args, j, kLanes<T>, panels, kept);
  const int64_t left = args.columns - j;
  if (left == 0) return;
  if constexpr (fewer > 0) {
    if (kVectors == 8 || left <= fewer * kLanes<T>) return stripes<T, fewer>(args, j, panels, kept);
  }
  if constexpr (kVectors < 8) stripe<T, kVectors, true>(args, j, left - (kVectors - 1) * kLanes<T>, panels, kept);
}

// Few rows need wide stripes to have enough sums under way.
template <class T>
void by_stripes(const MatmulArgs<T>& args, const T* panels, T* kept) {
  if (args.rows == 1) return stripes<T, 8>(args, 0, panels, kept);
#if !defined(__AVX512F__)
  if (args.rows == 2) return stripes<T, 4>(args, 0, panels, kept);
  if (args.rows == 3) return stripes<T, 3>(args, 0, panels, kept);
#endif
  stripes<T, kMostVectors>(args, 0, panels, kept);
}

// Copies the whole tiles of a to `to`, kTileRows numbers of a column together.
template <class T>
void copy_panels(const MatmulArgs<T>& args, T* to) {
  for (int64_t i = 0; i + kTileRows <= args.rows; i += kTileRows) {
    const T* a = args.a + i * args.a_row;
    for (int64_t p = 0; p < args.inner; ++p, a += args.a_col, to += kTileRows) {
      if (args.a_row == 1) {
        std::memcpy(to, a, kTileRows * sizeof(T));
      } else {
#pragma GCC unroll 16
        for (int r = 0; r < kTileRows; ++r) to[r] = a[r * args.a_row];
      }
    }
  }
}

// Whole stripes, several copied at once so that each row of b is visited less often; gives the column where it stops.
template <class T>
int64_t stripes_at_once(const MatmulArgs<T>& args, const T* panels, T* kept) {
  constexpr int n = kLanes<T>, kStripes = kKeptBytes / kBlock / (kMostVectors * kVectorBytes);
  constexpr int64_t kWide = kMostVectors * n;
  int64_t j = 0;
  for (; kStripes > 1 && j + kStripes * kWide <= args.columns; j += kStripes * kWide) {
    for (int64_t p = 0; p < args.inner; ++p) {
      const T* b = args.b + p * args.b_row + j;
#pragma GCC unroll 16
      for (int v = 0; v < kStripes * kMostVectors; ++v) {
        store<T>(kept + (v / kMostVectors * args.inner + p) * kWide + v % kMostVectors * n, load<T>(b + v * n));
      }
      for (int v = 0; v < kStripes * kWide; v += 64 / sizeof(T)) prefetch(b, kStripes * kWide + v);
    }
    for (int v = 0; v < kStripes; ++v) {
      const int64_t at = j + v * kWide;
      const T* bias = args.bias ? args.bias + at : nullptr;
      rows_from<T, kMostVectors, false, true>(args,
                                              {kept + v * args.inner * kWide, kWide, args.c + at, bias, n, panels}, 0);
    }
  }
  return j;
}

template <class T>
MatmulArgs<T> columns_from(const MatmulArgs<T>& args, int64_t j) {
  MatmulArgs<T> rest = args;
  rest.columns -= j;
  rest.b += j;
  rest.c += j;
  if (rest.bias) rest.bias += j;
  return rest;
}

// One block of the sums, b and perhaps a copied to where they are at hand.
template <class T>
__attribute__((noinline)) void with_copies(const MatmulArgs<T>& args) {
  constexpr int64_t kCopied = kCopyBytes / sizeof(T) / kBlock / kTileRows * kTileRows;
  constexpr int64_t kScattered = kScatteredBytes / sizeof(T);
  alignas(64) T kept[kKeptBytes / sizeof(T)];
  alignas(64) T panels[kBlock * kCopied];
  const bool copy = args.a_row == 1 ? args.a_col > kTileRows && args.columns >= 4 * kMostVectors * kLanes<T>
                                    : args.columns >= kScattered;
  MatmulArgs<T> some = args;
  for (int64_t i = 0; i < args.rows; i += kCopied) {
    some.rows = args.rows - i < kCopied ? args.rows - i : kCopied;
    some.a = args.a + i * args.a_row;
    some.c = args.c + i * args.c_row;
    if (!copy) {
      by_stripes<T>(some, nullptr, kept);
      continue;
    }
    copy_panels(some, panels);
    const int64_t done = args.b_row >= kScattered ? stripes_at_once(some, panels, kept) : 0;
    by_stripes<T>(columns_from(some, done), panels, kept);
  }
}

// Calls `f` with each block of the sums as a product that adds to what is there.
template <class T, class F>
CHAINRULE_INLINE void for_each_block(const MatmulArgs<T>& args, F&& f) {
  MatmulArgs<T> part = args;
  for (int64_t p = 0;; p += kBlock) {
    const bool end = args.inner - p <= kBlock;
    part.inner = end ? args.inner - p : kBlock;
    part.a = args.a + p * args.a_col;
    part.b = args.b + p * args.b_row;
    part.bias = end ? args.bias : nullptr;
    part.relu = end && args.relu;
    f(part);
    if (end) return;
    part.accumulate = true;
  }
}

// -- few columns ------------------------------------------------------------------------------------------------------

// Fewer columns than a vector has lanes: rows of c take the place of its columns. `kTurns`: the rows of a lie in the
// order of p, and have to be turned first.
template <class T, bool kTurns>
__attribute__((noinline)) void narrow(const MatmulArgs<T>& args) {
  constexpr int n = kLanes<T>;
  constexpr int64_t kWide = kMostVectors * n;
  alignas(64) T turned[kTurns ? kBlock * kWide : 1];
  alignas(64) T sums[n * kWide];
  const int64_t columns = args.columns;
  for (int64_t i = 0; i < args.rows; i += kWide) {
    const int64_t rows = args.rows - i < kWide ? args.rows - i : kWide;
    T* c = args.c + i * args.c_row;
    if (args.accumulate) {
      for (int64_t j = 0; j < columns; ++j) {
        for (int64_t r = 0; r < rows; ++r) sums[j * kWide + r] = c[r * args.c_row + j];
      }
    }
    for_each_block(args, [&](const MatmulArgs<T>& part) {
      MatmulArgs<T> across{};
      across.rows = columns, across.columns = rows, across.inner = part.inner;
      across.a = part.b, across.a_row = 1, across.a_col = part.b_row;
      across.b = part.a + i * part.a_row, across.b_row = part.a_col;
      across.c = sums, across.c_row = kWide;
      across.accumulate = part.accumulate;
      if (kTurns) {
        transpose(across.b, rows, part.inner, args.a_row, turned, kWide);
        across.b = turned, across.b_row = kWide;
      }
      by_stripes<T>(across, nullptr, nullptr);
    });
    if (args.bias || args.relu) {
      for (int64_t j = 0; j < columns; ++j) {
        const Vec<T> plus = set<T>(args.bias ? args.bias[j] : T(0));
        for (int64_t r = 0; r < rows; r += n) {
          Vec<T> y = load<T>(sums + j * kWide + r) + plus;
          if (args.relu) y = select(y < 0, Vec<T>{}, y);
          store<T>(sums + j * kWide + r, y);
        }
      }
    }
    transpose(sums, columns, rows, kWide, c, args.c_row);
  }
}

// The sum of the lanes of each of four vectors, as `sum` takes it, to `to`.
template <class T>
CHAINRULE_INLINE void sum_four(Vec<T> a, Vec<T> b, Vec<T> c, Vec<T> d, T* to) {
  constexpr int n = kLanes<T>;
  const auto both = [](Vec<T> x, Vec<T> y) {
    return interleave<T, 0>(x, y, Indices<n>{}) + interleave<T, 1>(x, y, Indices<n>{});
  };
  const Vec<T> ac = both(a, c), bd = both(b, d);
  if constexpr (n == 2) {
    to[0] = ac[0], to[1] = bd[0], to[2] = ac[1], to[3] = bd[1];
  } else {
    T lane[n];
    store<T>(lane, both(ac, bd));
    for (int half = n / 2; half >= 4; half /= 2) {
      for (int i = 0; i < half; ++i) lane[i] += lane[i + half];
    }
    std::memcpy(to, lane, 4 * sizeof(T));
  }
}

// c has one column and the rows of a are contiguous: a dot product for each row.
template <class T>
void dot_rows(const MatmulArgs<T>& args) {
  constexpr int n = kLanes<T>;
  const T plus = args.bias ? args.bias[0] : T(0);
  const auto rows_at = [&](int64_t i, auto count) {
    constexpr int kRows = decltype(count)::value;
    const T* a = args.a + i * args.a_row;
    Vec<T> one[kRows]{}, two[kRows]{};
    int64_t p = 0;
    for (; p + 2 * n <= args.inner; p += 2 * n) {
      const Vec<T> x = load<T>(args.b + p), z = load<T>(args.b + p + n);
#pragma GCC unroll 4
      for (int r = 0; r < kRows; ++r) {
        one[r] = fma(load<T>(a + r * args.a_row + p), x, one[r]);
        two[r] = fma(load<T>(a + r * args.a_row + p + n), z, two[r]);
      }
    }
    if (p + n <= args.inner) {
#pragma GCC unroll 4
      for (int r = 0; r < kRows; ++r) one[r] = fma(load<T>(a + r * args.a_row + p), load<T>(args.b + p), one[r]);
      p += n;
    }
    if (p < args.inner) {
      const Vec<T> x = load_some<T>(args.b + p, args.inner - p);
#pragma GCC unroll 4
      for (int r = 0; r < kRows; ++r) {
        two[r] = fma(load_some<T>(a + r * args.a_row + p, args.inner - p), x, two[r]);
      }
    }
    T sums[kRows];
    if constexpr (kRows == 4) {
      sum_four<T>(one[0] + two[0], one[1] + two[1], one[2] + two[2], one[3] + two[3], sums);
    } else {
      sums[0] = sum<T>(one[0] + two[0]);
    }
    for (int r = 0; r < kRows; ++r) {
      T* c = args.c + (i + r) * args.c_row;
      T y = args.accumulate ? sums[r] + *c : sums[r];
      y += plus;
      *c = args.relu && y < 0 ? T(0) : y;
    }
  };
  int64_t i = 0;
  for (; i + 4 <= args.rows; i += 4) rows_at(i, Count<4>{});
  for (; i < args.rows; ++i) rows_at(i, Count<1>{});
}

// -- the whole --------------------------------------------------------------------------------------------------------

template <class T>
void multiply(const MatmulArgs<T>& args) {
  constexpr int n = kLanes<T>;
  if (args.columns == 1 && args.a_col == 1 && args.b_row == 1) return dot_rows(args);
  if (args.rows >= n && args.inner >= 4) {
    if (args.a_row == 1 && args.columns < n) return narrow<T, false>(args);
    if (args.a_col == 1 && args.columns <= n / 2) return narrow<T, true>(args);
  }
  const bool near = args.inner * args.b_row * static_cast<int64_t>(sizeof(T)) <= kNearBytes;
  const bool plain = near || args.rows < 2 * kTileRows;
  if (plain && args.inner <= kBlock) return by_stripes<T>(args, nullptr, nullptr);
  for_each_block(args, [&](const MatmulArgs<T>& part) {
    if (plain) return by_stripes<T>(part, nullptr, nullptr);
    with_copies(part);
  });
}

template <class T>
constexpr MatmulKernels<T> matmul_kernels() {
  return {multiply<T>, transpose<T>};
}

}  // namespace
}  // namespace chainrule::CHAINRULE_ISA
