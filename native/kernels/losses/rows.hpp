// Losses that look at a whole row. The same formulas serve two ways of filling a vector: with one column of as many
// rows as there are lanes (short rows), or with consecutive columns of one row (long rows).
#pragma once

#include "kernels/losses/elements.hpp"

namespace chainrule::CHAINRULE_ISA::losses {
namespace {

constexpr int64_t kShort = 32;  // columns

// Up to as many short rows as there are lanes: step k is column k, and a lane holds all of its row.
template <class T>
struct ShortRows {
  const LossArgs<T>& a;
  int64_t first, count;
  Vec<T> scale{}, p_columns[kShort], y_columns[kShort];

  ShortRows(const LossArgs<T>& args, int64_t first, int64_t count) : a(args), first(first), count(count) {
    turn(a.p + first * a.width, a.width, p_columns);
    turn(a.y + first * a.y_width, a.y_width, y_columns);
    if (a.gradient) scale = some(a.scale + first);
  }
  CHAINRULE_INLINE int64_t steps() const { return a.width; }
  CHAINRULE_INLINE Vec<T> p(int64_t k) const { return p_columns[k]; }
  CHAINRULE_INLINE Vec<T> y(int64_t k) const { return y_columns[k]; }
  CHAINRULE_INLINE Vec<T> class_number() const { return y(0); }
  CHAINRULE_INLINE Vec<T> column(int64_t k) const { return set<T>(T(k)); }
  // v, or `other` in lanes behind the end of a row
  CHAINRULE_INLINE Vec<T> within(int64_t, Vec<T> v, T) const { return v; }
  CHAINRULE_INLINE Vec<T> total(Vec<T> v) const { return v; }
  CHAINRULE_INLINE Vec<T> largest(Vec<T> v) const { return v; }
  CHAINRULE_INLINE void loss(Vec<T> v) const {
    if (count == kLanes<T>) {
      store<T>(a.losses + first, v);
    } else {
      store_some<T>(a.losses + first, v, count);
    }
  }
  CHAINRULE_INLINE void gradient(int64_t k, Vec<T> slope) const {
    T lane[kLanes<T>];
    store<T>(lane, slope * scale);
    T* const to = a.gradient + first * a.width + k;
    if (count == kLanes<T>) {
      for (int l = 0; l < kLanes<T>; ++l) to[l * a.width] = lane[l];
    } else {
      for (int64_t l = 0; l < count; ++l) to[l * a.width] = lane[l];
    }
  }

 private:
  CHAINRULE_INLINE Vec<T> some(const T* from) const {
    return count == kLanes<T> ? load<T>(from) : load_some<T>(from, count);
  }
  // Rows to columns; the lanes after the last row repeat it.
  CHAINRULE_INLINE void turn(const T* rows, int64_t width, Vec<T>* columns) const {
    if (width == 1) {
      columns[0] = some(rows);
      return;
    }
    Vec<Int<T>> place;
    for (int l = 0; l < kLanes<T>; ++l) place[l] = static_cast<Int<T>>((l < count ? l : count - 1) * width);
    for (int64_t k = 0; k < width; ++k) columns[k] = gather(rows + k, place);
  }
  static CHAINRULE_INLINE Vec<T> gather(const T* from, Vec<Int<T>> place) {
#if defined(__AVX512F__)
    if constexpr (sizeof(T) == 4) {
      return (Vec<T>)_mm512_mask_i32gather_ps(__m512{}, __mmask16(-1), (__m512i)place, from, 4);
    } else {
      return (Vec<T>)_mm512_mask_i64gather_pd(__m512d{}, __mmask8(-1), (__m512i)place, from, 8);
    }
#elif defined(__AVX2__)
    if constexpr (sizeof(T) == 4) {
      return (Vec<T>)_mm256_i32gather_ps(from, (__m256i)place, 4);
    } else {
      return (Vec<T>)_mm256_i64gather_pd(from, (__m256i)place, 8);
    }
#else
    Vec<T> v;
    for (int l = 0; l < kLanes<T>; ++l) v[l] = from[place[l]];
    return v;
#endif
  }
};

// One long row: step k is its k-th vector.
template <class T>
struct LongRow {
  const LossArgs<T>& a;
  const T *p_row, *y_row;
  int64_t row;
  T scale;
  Vec<T> lanes;

  LongRow(const LossArgs<T>& args, int64_t row)
      : a(args),
        p_row(args.p + row * args.width),
        y_row(args.y + row * args.y_width),
        row(row),
        scale(args.gradient ? args.scale[row] : T(0)) {
    for (int l = 0; l < kLanes<T>; ++l) lanes[l] = T(l);
  }
  CHAINRULE_INLINE int64_t steps() const { return (a.width + kLanes<T> - 1) / kLanes<T>; }
  CHAINRULE_INLINE Vec<T> p(int64_t k) const { return part(p_row, k); }
  CHAINRULE_INLINE Vec<T> y(int64_t k) const { return part(y_row, k); }
  CHAINRULE_INLINE Vec<T> class_number() const { return set<T>(y_row[0]); }
  CHAINRULE_INLINE Vec<T> column(int64_t k) const { return lanes + T(k * kLanes<T>); }
  CHAINRULE_INLINE Vec<T> within(int64_t k, Vec<T> v, T other) const {
    return left(k) >= kLanes<T> ? v : select(column(k) < T(a.width), v, set<T>(other));
  }
  CHAINRULE_INLINE Vec<T> total(Vec<T> v) const { return set<T>(sum<T>(v)); }
  CHAINRULE_INLINE Vec<T> largest(Vec<T> v) const {
    T lane[kLanes<T>];
    store<T>(lane, v);
    T top = lane[0];
    for (int l = 1; l < kLanes<T>; ++l) top = lane[l] > top || lane[l] != lane[l] ? lane[l] : top;
    return set<T>(top);
  }
  CHAINRULE_INLINE void loss(Vec<T> v) const { a.losses[row] = v[0]; }
  CHAINRULE_INLINE void gradient(int64_t k, Vec<T> slope) const {
    T* const to = a.gradient + row * a.width + k * kLanes<T>;
    if (left(k) >= kLanes<T>) {
      store<T>(to, slope * scale);
    } else {
      store_some<T>(to, slope * scale, left(k));
    }
  }

 private:
  CHAINRULE_INLINE int64_t left(int64_t k) const { return a.width - k * kLanes<T>; }
  CHAINRULE_INLINE Vec<T> part(const T* from, int64_t k) const {
    return left(k) >= kLanes<T> ? load<T>(from + k * kLanes<T>) : load_some<T>(from + k * kLanes<T>, left(k));
  }
};

template <class T>
struct PlainOf;
template <class R>
struct PlainOf<const R&> {
  using type = R;
};
template <class R>
using Plain = typename PlainOf<R>::type;

// The sum of f(k) over a row, and the largest (NaN if one is).
template <class T, class R, class F>
CHAINRULE_INLINE Vec<T> row_total(const R& rows, const F& f) {
  Vec<T> total{};
  for (int64_t k = 0; k < rows.steps(); ++k) total += rows.within(k, f(k), T(0));
  return rows.total(total);
}

template <class T, class R, class F>
CHAINRULE_INLINE Vec<T> row_largest(const R& rows, const F& f) {
  Vec<T> top = f(0);
  for (int64_t k = 1; k < rows.steps(); ++k) top = max(top, rows.within(k, f(k), top[0]));
  return rows.largest(top);
}

// Calls `f(rows)` for all rows: short ones as many at a time as a vector has lanes, long ones one by one.
template <class T, class F>
void run_short_rows(const LossArgs<T>& a, F&& f) {
  for (int64_t first = 0; first < a.rows; first += kLanes<T>) {
    f(ShortRows<T>(a, first, a.rows - first < kLanes<T> ? a.rows - first : kLanes<T>));
  }
}

template <class T, class F>
void run_rows(const LossArgs<T>& a, int64_t y_width, F&& f) {
  if (unfit(a, y_width)) return;
  if (a.width <= kShort) return run_short_rows<T>(a, f);
  for (int64_t row = 0; row < a.rows; ++row) f(LongRow<T>(a, row));
}

}  // namespace
}  // namespace chainrule::CHAINRULE_ISA::losses
