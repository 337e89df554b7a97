// What happens to gradients and parameters besides the update itself: clipping, decay, averages, penalties, norms.
#pragma once

#include <cstdint>

#include "kernels/table.hpp"
#include "simd/vec.hpp"

namespace chainrule::CHAINRULE_ISA {
namespace {

struct Gradients {
  // a[i] = f(a[i]), vector by vector
  template <class T, class F>
  static CHAINRULE_INLINE void change(T* a, int64_t n, F f) {
    for_each_vector<T>(n,
                       [&](int64_t i, auto io) __attribute__((always_inline)) { io.store(a + i, f(io.load(a + i))); });
  }

  // a[i] = f(a[i], b[i])
  template <class T, class F>
  static CHAINRULE_INLINE void change_by(T* a, const T* b, int64_t n, F f) {
    for_each_vector<T>(n, [&](int64_t i, auto io)
                              __attribute__((always_inline)) { io.store(a + i, f(io.load(a + i), io.load(b + i))); });
  }

  template <class T>
  static void scale(T* g, int64_t n, T factor) {
    const Vec<T> f = set<T>(factor);
    change<T>(g, n, [&](Vec<T> x) __attribute__((always_inline)) { return x * f; });
  }

  template <class T>
  static void divide(T* g, int64_t n, T divisor) {
    const Vec<T> d = set<T>(divisor);
    change<T>(g, n, [&](Vec<T> x) __attribute__((always_inline)) { return x / d; });
  }

  template <class T>
  static void clip(T* g, int64_t n, T limit) {
    const Vec<T> high = set<T>(limit), low = -high;
    change<T>(g, n, [&](Vec<T> x) __attribute__((always_inline)) { return min(max(x, low), high); });
  }

  template <class T>
  static void decay(T* p, int64_t n, T share, T rate) {
    const Vec<T> s = set<T>(share), r = set<T>(rate);
    change<T>(p, n, [&](Vec<T> x) __attribute__((always_inline)) { return x - x * s * r; });
  }

  template <class T>
  static void add(T* sum, const T* g, int64_t n) {
    change_by<T>(sum, g, n, [](Vec<T> a, Vec<T> b) __attribute__((always_inline)) { return a + b; });
  }

  template <class T>
  static void average(T* average, const T* p, int64_t n, T momentum) {
    const Vec<T> keep = set<T>(momentum), take = set<T>(1 - momentum);
    change_by<T>(average, p, n, [&](Vec<T> a, Vec<T> b) __attribute__((always_inline)) { return a * keep + b * take; });
  }

  template <class T>
  static void l1_l2(const T* p, T* g, int64_t n, T l1, T l2) {
    const Vec<T> zero{}, one = set<T>(l1), two = set<T>(2 * l2);
    change_by<T>(g, p, n, [&](Vec<T> a, Vec<T> x) __attribute__((always_inline)) {
      const Vec<T> slope = select(x > zero, one, select(x < zero, -one, x * one));
      return a + (slope + x * two);
    });
  }

  // The sum of f(x) over all x: blocks of 2048 numbers in four vectors of sums, the blocks in double.
  template <class T, class F>
  static CHAINRULE_INLINE T total(const T* x, int64_t n, F f) {
    constexpr int64_t kBlock = 2048;
    double all = 0;
    for (int64_t first = 0; first < n; first += kBlock) {
      const int64_t last = first + kBlock < n ? first + kBlock : n;
      Vec<T> s[4] = {};
      int64_t i = first;
      for (; i + 4 * kLanes<T> <= last; i += 4 * kLanes<T>) {
        for (int k = 0; k < 4; ++k) s[k] += f(load<T>(x + i + k * kLanes<T>));
      }
      for_each_vector<T>(last - i,
                         [&](int64_t j, auto io) __attribute__((always_inline)) { s[0] += f(io.load(x + i + j)); });
      all += static_cast<double>(sum<T>((s[0] + s[1]) + (s[2] + s[3])));
    }
    return static_cast<T>(all);
  }

  template <class T>
  static T sum_squares(const T* g, int64_t n) {
    return total<T>(g, n, [](Vec<T> x) __attribute__((always_inline)) { return x * x; });
  }

  template <class T>
  static T sum_abs(const T* p, int64_t n) {
    return total<T>(p, n, [](Vec<T> x) __attribute__((always_inline)) { return abs<T>(x); });
  }

  template <class T>
  static bool finite(const T* p, int64_t n) {
    Vec<Int<T>> bad{};
    for_each_vector<T>(n, [&](int64_t i, auto io) __attribute__((always_inline)) {
      const Vec<T> x = io.load(p + i);
      bad |= (x - x) != (x - x);  // inf - inf and NaN - NaN are NaN
    });
    Int<T> any = 0;
    for (int k = 0; k < kLanes<T>; ++k) any |= bad[k];
    return any == 0;
  }
};

template <class T>
constexpr GradientKernels<T> gradient_kernels() {
  return {
      .scale = Gradients::scale<T>,
      .divide = Gradients::divide<T>,
      .clip = Gradients::clip<T>,
      .sum_squares = Gradients::sum_squares<T>,
      .decay = Gradients::decay<T>,
      .add = Gradients::add<T>,
      .average = Gradients::average<T>,
      .l1_l2 = Gradients::l1_l2<T>,
      .sum_abs = Gradients::sum_abs<T>,
      .finite = Gradients::finite<T>,
  };
}

}  // namespace
}  // namespace chainrule::CHAINRULE_ISA
