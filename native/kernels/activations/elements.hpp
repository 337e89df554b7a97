// How an activation of single numbers becomes a kernel.
//
// Such an activation is a struct `A<T>` made from the options, with `forward(h)` and `backward(h, y, g)` on vectors:
// g times the derivative, as the rule of the op in Python has it, also at kinks. `h` is garbage unless `needs_input`.
#pragma once

#include <cstdint>

#include "kernels/math.hpp"
#include "kernels/table.hpp"
#include "simd/vec.hpp"

namespace chainrule::CHAINRULE_ISA {
namespace {

template <class A, class T>
void forward_elements(const T* h, T* y, int64_t rows, int64_t width, const double* options) {
  const A f(options);
  for_each_vector<T>(rows * width, [&](int64_t i, auto io)
                                       __attribute__((always_inline)) { io.store(y + i, f.forward(io.load(h + i))); });
}

template <class A, class T>
void backward_elements(const T* h, const T* y, const T* gy, T* gh, int64_t rows, int64_t width, const double* options) {
  const A f(options);
  for_each_vector<T>(rows * width, [&](int64_t i, auto io) __attribute__((always_inline)) {
    Vec<T> x{};
    if constexpr (A::needs_input) x = io.load(h + i);
    io.store(gh + i, f.backward(x, io.load(y + i), io.load(gy + i)));
  });
}

template <template <class> class A, class T>
constexpr ActivationKernel<T> element_kernel(const char* name) {
  return {name, forward_elements<A<T>, T>, backward_elements<A<T>, T>, A<T>::needs_input};
}

// Base of an activation whose derivative is computed from its result, and one whose derivative needs its input.
template <class T>
struct FromOutput {
  static constexpr bool needs_input = false;
  explicit FromOutput(const double*) {}
};

template <class T>
struct FromInput {
  static constexpr bool needs_input = true;
  explicit FromInput(const double*) {}
};

// 1 where the condition holds, else 0.
template <class T, class M>
CHAINRULE_INLINE Vec<T> one_where(M condition) {
  return select(condition, set<T>(1), set<T>(0));
}

// 1 where a > b, a half where they are equal, else 0: the derivative of max(a, b), as ops.wins.
template <class T>
CHAINRULE_INLINE Vec<T> wins(Vec<T> a, Vec<T> b) {
  return select(a > b, set<T>(1), select(a == b, set<T>(T(0.5)), set<T>(0)));
}

}  // namespace
}  // namespace chainrule::CHAINRULE_ISA
