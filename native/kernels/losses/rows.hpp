// Losses that look at a whole row: a vector holds one column of as many rows as it has lanes, so that sums and
// maxima over a row need no other operations than those of one number, whatever the number of columns.
#pragma once

#include "kernels/losses/elements.hpp"

namespace chainrule::CHAINRULE_ISA::losses {
namespace {

// Numbers `stride` apart, one in each lane; the lanes after the first `count` repeat the last of these.
template <class T>
struct Column {
  Vec<Int<T>> offsets;
  int64_t stride, count;

  Column(int64_t stride, int64_t count) : stride(stride), count(count) {
    for (int l = 0; l < kLanes<T>; ++l) offsets[l] = static_cast<Int<T>>((l < count ? l : count - 1) * stride);
  }
  CHAINRULE_INLINE Vec<T> load(const T* from) const {
#if defined(__AVX512F__)
    if constexpr (sizeof(T) == 4) {
      return (Vec<T>)_mm512_mask_i32gather_ps(__m512{}, __mmask16(-1), (__m512i)offsets, from, 4);
    } else {
      return (Vec<T>)_mm512_mask_i64gather_pd(__m512d{}, __mmask8(-1), (__m512i)offsets, from, 8);
    }
#elif defined(__AVX2__)
    if constexpr (sizeof(T) == 4) {
      return (Vec<T>)_mm256_i32gather_ps(from, (__m256i)offsets, 4);
    } else {
      return (Vec<T>)_mm256_i64gather_pd(from, (__m256i)offsets, 8);
    }
#else
    Vec<T> v;
    for (int l = 0; l < kLanes<T>; ++l) v[l] = from[offsets[l]];
    return v;
#endif
  }
  CHAINRULE_INLINE void store(T* to, Vec<T> v) const {
    T lane[kLanes<T>];
    CHAINRULE_ISA::store<T>(lane, v);
    for (int64_t l = 0; l < count; ++l) to[l * stride] = lane[l];
  }
};

// Some rows of a loss, at most as many as a vector has lanes.
template <class T>
struct Rows {
  const LossArgs<T>& a;
  int64_t first, count;
  Column<T> of_p, of_y;
  Vec<T> scale{};

  Rows(const LossArgs<T>& args, int64_t first, int64_t count)
      : a(args), first(first), count(count), of_p(args.width, count), of_y(args.y_width, count) {
    if (a.gradient) scale = some(a.scale + first);
  }
  CHAINRULE_INLINE Vec<T> p(int64_t k) const { return of_p.load(a.p + first * a.width + k); }
  CHAINRULE_INLINE Vec<T> y(int64_t k) const { return of_y.load(a.y + first * a.y_width + k); }
  CHAINRULE_INLINE void loss(Vec<T> v) const {
    if (count == kLanes<T>) {
      store<T>(a.losses + first, v);
    } else {
      store_some<T>(a.losses + first, v, count);
    }
  }
  CHAINRULE_INLINE void gradient(int64_t k, Vec<T> slope) const {
    of_p.store(a.gradient + first * a.width + k, slope * scale);
  }

 private:
  CHAINRULE_INLINE Vec<T> some(const T* from) const {
    return count == kLanes<T> ? load<T>(from) : load_some<T>(from, count);
  }
};

// Calls `f(rows)` for all rows, as many at a time as a vector has lanes.
template <class T, class F>
void run_rows(const LossArgs<T>& a, int64_t y_width, F&& f) {
  if (unfit(a, y_width)) return;
  for (int64_t first = 0; first < a.rows; first += kLanes<T>) {
    f(Rows<T>(a, first, a.rows - first < kLanes<T> ? a.rows - first : kLanes<T>));
  }
}

}  // namespace
}  // namespace chainrule::CHAINRULE_ISA::losses
