// Activations of whole rows: softmax, log_softmax, sparsemax, glu.
//
// Narrow rows are turned, so that a vector holds one column of several rows: no sums across lanes,
// and the same sums for every instruction set. Wider rows are vectors along the row.
#pragma once

#include <cstdint>
#include <cstring>

#include "kernels/math.hpp"
#include "kernels/table.hpp"
#include "simd/vec.hpp"

namespace chainrule::CHAINRULE_ISA {
namespace {

constexpr int64_t kNarrow = 32, kNarrowBack = 12;  // widest rows to turn: forward, and for gradients

template <int64_t n>
struct Width {
  static constexpr int64_t value = n;
};

// Calls f(Width<width>) for the usual widths, so that loops over them unroll, and f(Width<0>) for others.
template <int64_t n = 2, class F>
CHAINRULE_INLINE void with_known_width(int64_t width, F&& f) {
  if constexpr (n > 10) {
    f(Width<0>{});
  } else if (width == n) {
    f(Width<n>{});
  } else {
    with_known_width<n + 1>(width, f);
  }
}

// Up to `capacity` rows, column by column.
template <class T>
struct TurnedRows {
  static constexpr int64_t capacity = 4 * kLanes<T>;
  alignas(kVectorBytes) T at[kNarrow][capacity];

  template <int64_t kWidth>
  CHAINRULE_INLINE void copy_in(const T* from, int64_t rows, int64_t width) {
    const int64_t n = kWidth ? kWidth : width;
    for (int64_t r = 0; r < rows; ++r, from += n) {
      for (int64_t c = 0; c < n; ++c) at[c][r] = from[c];
    }
  }
  template <int64_t kWidth>
  CHAINRULE_INLINE void copy_out(T* to, int64_t rows, int64_t width) const {
    const int64_t n = kWidth ? kWidth : width;
    for (int64_t r = 0; r < rows; ++r, to += n) {
      for (int64_t c = 0; c < n; ++c) to[c] = at[c][r];
    }
  }
  void read(const T* from, int64_t rows, int64_t width) {
    if (rows < capacity) {
      for (int64_t c = 0; c < width; ++c) std::memset(at[c], 0, sizeof(at[c]));
    }
    with_known_width(width, [&](auto n) { copy_in<n.value>(from, rows, width); });
  }
  void write(T* to, int64_t rows, int64_t width) const {
    with_known_width(width, [&](auto n) { copy_out<n.value>(to, rows, width); });
  }
  CHAINRULE_INLINE Vec<T> get(int64_t c, int64_t r) const { return load<T>(&at[c][r]); }
  CHAINRULE_INLINE void put(int64_t c, int64_t r, Vec<T> v) { store<T>(&at[c][r], v); }
};

// Reads `a`, and `b` unless it is null, turned, in blocks of rows; calls f(a, b, r) for each vector of rows r, r + 1,
// ... of a block; writes what that left in `a` to `out`.
template <class T, class F>
CHAINRULE_INLINE void for_turned_rows(const T* a, const T* b, T* out, int64_t rows, int64_t width, F&& f) {
  TurnedRows<T> first, second;
  for (int64_t start = 0; start < rows; start += first.capacity) {
    const int64_t n = rows - start < first.capacity ? rows - start : first.capacity;
    first.read(a + start * width, n, width);
    if (b) second.read(b + start * width, n, width);
    for (int64_t r = 0; r < n; r += kLanes<T>) f(first, second, r);
    first.write(out + start * width, n, width);
  }
}

// The first `n` lanes of v, `other` in the rest.
template <class T>
CHAINRULE_INLINE Vec<T> keep_lanes(Vec<T> v, int64_t n, T other) {
  Vec<Int<T>> lane;
  for (int i = 0; i < kLanes<T>; ++i) lane[i] = i;
  return select(lane < static_cast<Int<T>>(n), v, set<T>(other));
}

// The largest of a row; NaN if one is.
template <class T>
CHAINRULE_INLINE T largest(const T* row, int64_t width) {
  Vec<T> most = set<T>(-Constants<T>::infinity);
  for_each_vector<T>(width, [&](int64_t i, auto io) __attribute__((always_inline)) {
    Vec<T> v = io.load(row + i);
    if constexpr (!io.whole) v = keep_lanes<T>(v, io.count(), -Constants<T>::infinity);
    most = max(most, v);
  });
  T lane[kLanes<T>];
  store<T>(lane, most);
  for (int half = kLanes<T> / 2; half > 0; half /= 2) {
    for (int i = 0; i < half; ++i) {
      const T other = lane[i + half];
      if (!(lane[i] >= other) && lane[i] == lane[i]) lane[i] = other;
    }
  }
  return lane[0];
}

// The sum of f(i, io) over a row, the lanes beyond its end not counted.
template <class T, class F>
CHAINRULE_INLINE T sum_row(int64_t width, F&& f) {
  Vec<T> total{};
  for_each_vector<T>(width, [&](int64_t i, auto io) __attribute__((always_inline)) {
    Vec<T> v = f(i, io);
    if constexpr (!io.whole) v = keep_lanes<T>(v, io.count(), 0);
    total += v;
  });
  return sum<T>(total);
}

// -- softmax ----------------------------------------------------------------------------------------------------------

template <class T>
CHAINRULE_INLINE Vec<T> largest_column(const TurnedRows<T>& rows, int64_t r, int64_t width) {
  Vec<T> most = rows.get(0, r);
  for (int64_t c = 1; c < width; ++c) most = max(most, rows.get(c, r));
  return most;
}

template <class T>
void softmax_forward(const T* h, T* y, int64_t rows, int64_t width, const double*) {
  if (width <= kNarrow) {
    const T* none = nullptr;
    for_turned_rows<T>(h, none, y, rows, width, [=](auto& p, auto&, int64_t r) __attribute__((always_inline)) {
      const Vec<T> most = largest_column<T>(p, r, width);
      Vec<T> total{};
      for (int64_t c = 0; c < width; ++c) {
        const Vec<T> e = exp<T>(p.get(c, r) - most);
        p.put(c, r, e);
        total += e;
      }
      for (int64_t c = 0; c < width; ++c) p.put(c, r, p.get(c, r) / total);
    });
    return;
  }
  for (int64_t row = 0; row < rows; ++row, h += width, y += width) {
    const Vec<T> most = set<T>(largest<T>(h, width));
    const Vec<T> total = set<T>(sum_row<T>(width, [&](int64_t i, auto io) __attribute__((always_inline)) {
      const Vec<T> e = exp<T>(io.load(h + i) - most);
      io.store(y + i, e);
      return e;
    }));
    for_each_vector<T>(
        width, [&](int64_t i, auto io) __attribute__((always_inline)) { io.store(y + i, io.load(y + i) / total); });
  }
}

template <class T>
void softmax_backward(const T*, const T* y, const T* gy, T* gh, int64_t rows, int64_t width, const double*) {
  if (width <= kNarrowBack) {
    for_turned_rows<T>(gy, y, gh, rows, width, [=](auto& g, auto& p, int64_t r) __attribute__((always_inline)) {
      Vec<T> dot{};
      for (int64_t c = 0; c < width; ++c) dot += g.get(c, r) * p.get(c, r);
      for (int64_t c = 0; c < width; ++c) g.put(c, r, p.get(c, r) * (g.get(c, r) - dot));
    });
    return;
  }
  for (int64_t row = 0; row < rows; ++row, y += width, gy += width, gh += width) {
    const Vec<T> dot = set<T>(sum_row<T>(
        width, [&](int64_t i, auto io) __attribute__((always_inline)) { return io.load(gy + i) * io.load(y + i); }));
    for_each_vector<T>(width, [&](int64_t i, auto io) __attribute__((always_inline)) {
      io.store(gh + i, io.load(y + i) * (io.load(gy + i) - dot));
    });
  }
}

template <class T>
void log_softmax_forward(const T* h, T* y, int64_t rows, int64_t width, const double*) {
  if (width <= kNarrow) {
    const T* none = nullptr;
    for_turned_rows<T>(h, none, y, rows, width, [=](auto& p, auto&, int64_t r) __attribute__((always_inline)) {
      const Vec<T> most = largest_column<T>(p, r, width);
      Vec<T> total{};
      for (int64_t c = 0; c < width; ++c) {
        const Vec<T> shifted = p.get(c, r) - most;
        p.put(c, r, shifted);
        total += exp<T>(shifted);
      }
      total = log<T>(total);
      for (int64_t c = 0; c < width; ++c) p.put(c, r, p.get(c, r) - total);
    });
    return;
  }
  for (int64_t row = 0; row < rows; ++row, h += width, y += width) {
    const Vec<T> most = set<T>(largest<T>(h, width));
    const Vec<T> total = log<T>(set<T>(sum_row<T>(
        width, [&](int64_t i, auto io) __attribute__((always_inline)) { return exp<T>(io.load(h + i) - most); })));
    for_each_vector<T>(width, [&](int64_t i, auto io)
                                  __attribute__((always_inline)) { io.store(y + i, (io.load(h + i) - most) - total); });
  }
}

template <class T>
void log_softmax_backward(const T*, const T* y, const T* gy, T* gh, int64_t rows, int64_t width, const double*) {
  if (width <= kNarrowBack) {
    for_turned_rows<T>(gy, y, gh, rows, width, [=](auto& g, auto& p, int64_t r) __attribute__((always_inline)) {
      Vec<T> total{};
      for (int64_t c = 0; c < width; ++c) total += g.get(c, r);
      for (int64_t c = 0; c < width; ++c) g.put(c, r, g.get(c, r) - exp<T>(p.get(c, r)) * total);
    });
    return;
  }
  for (int64_t row = 0; row < rows; ++row, y += width, gy += width, gh += width) {
    const Vec<T> total =
        set<T>(sum_row<T>(width, [&](int64_t i, auto io) __attribute__((always_inline)) { return io.load(gy + i); }));
    for_each_vector<T>(width, [&](int64_t i, auto io) __attribute__((always_inline)) {
      io.store(gh + i, io.load(gy + i) - exp<T>(io.load(y + i)) * total);
    });
  }
}

// -- sparsemax --------------------------------------------------------------------------------------------------------

// max(h - tau, 0) with the tau that makes them add up to 1: those not above tau are left out until none is (Michelot).
template <class T>
void sparsemax_forward(const T* h, T* y, int64_t rows, int64_t width, const double*) {
  for (int64_t row = 0; row < rows; ++row, h += width, y += width) {
    T total = 0;
    for (int64_t i = 0; i < width; ++i) total += h[i];
    T tau = (total - 1) / T(width);
    for (int64_t count = width, before = width + 1; count < before;) {
      before = count, count = 0, total = 0;
      for (int64_t i = 0; i < width; ++i) {
        if (h[i] > tau) total += h[i], ++count;
      }
      if (count == 0) break;  // NaN, or numbers too large for 1 to count
      const T next = (total - 1) / T(count);
      if (next > tau) tau = next;
    }
    for (int64_t i = 0; i < width; ++i) {
      const T over = h[i] - tau;
      y[i] = over <= 0 ? T(0) : over;
    }
  }
}

template <class T>
void sparsemax_backward(const T*, const T* y, const T* gy, T* gh, int64_t rows, int64_t width, const double*) {
  for (int64_t row = 0; row < rows; ++row, y += width, gy += width, gh += width) {
    T total = 0, count = 0;
    for (int64_t i = 0; i < width; ++i) {
      if (y[i] > 0) total += gy[i], count += 1;
    }
    const T mean = total / count;
    for (int64_t i = 0; i < width; ++i) gh[i] = y[i] > 0 ? gy[i] - mean : T(0);
  }
}

// -- glu --------------------------------------------------------------------------------------------------------------

// y = a sigmoid(b), (a, b) = h: `width` is that of h, twice that of y; gh must not be gy.
template <class T>
void glu_forward(const T* h, T* y, int64_t rows, int64_t width, const double*) {
  const int64_t half = width / 2;
  for (int64_t row = 0; row < rows; ++row, h += width, y += half) {
    for_each_vector<T>(half, [&](int64_t i, auto io) __attribute__((always_inline)) {
      io.store(y + i, io.load(h + i) * sigmoid<T>(io.load(h + half + i)));
    });
  }
}

template <class T>
void glu_backward(const T* h, const T*, const T* gy, T* gh, int64_t rows, int64_t width, const double*) {
  const int64_t half = width / 2;
  for (int64_t row = 0; row < rows; ++row, h += width, gy += half, gh += width) {
    for_each_vector<T>(half, [&](int64_t i, auto io) __attribute__((always_inline)) {
      const Vec<T> a = io.load(h + i), s = sigmoid<T>(io.load(h + half + i)), g = io.load(gy + i);
      io.store(gh + i, g * s);
      io.store(gh + half + i, g * a * s * (set<T>(1) - s));
    });
  }
}

}  // namespace
}  // namespace chainrule::CHAINRULE_ISA
