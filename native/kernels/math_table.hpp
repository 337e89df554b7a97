// The functions of math.hpp by name, so that tests can call each by itself.
#pragma once

#include <cstdint>

#include "kernels/math.hpp"
#include "kernels/table.hpp"
#include "simd/vec.hpp"

namespace chainrule::CHAINRULE_ISA {
namespace {

template <class T, Vec<T> (*f)(Vec<T>)>
void run_math(const T* x, const T*, T* y, int64_t n) {
  for_each_vector<T>(n, [=](int64_t i, auto io) { io.store(y + i, f(io.load(x + i))); });
}

template <class T>
void run_pow(const T* x, const T* second, T* y, int64_t n) {
  for_each_vector<T>(n, [=](int64_t i, auto io) { io.store(y + i, pow<T>(io.load(x + i), io.load(second + i))); });
}

template <class T>
constexpr MathKernel<T> kMath[] = {
    {"exp", run_math<T, exp<T>>},
    {"expm1", run_math<T, expm1<T>>},
    {"log", run_math<T, log<T>>},
    {"log1p", run_math<T, log1p<T>>},
    {"tanh", run_math<T, tanh<T>>},
    {"sigmoid", run_math<T, sigmoid<T>>},
    {"softplus", run_math<T, softplus<T>>},
    {"log_sigmoid", run_math<T, log_sigmoid<T>>},
    {"erf", run_math<T, erf<T>>},
    {"erfc", run_math<T, erfc<T>>},
    {"pow", run_pow<T>},
};

template <class T>
constexpr Family<MathKernel<T>> math_kernels() {
  return {kMath<T>, sizeof(kMath<T>) / sizeof(kMath<T>[0])};
}

}  // namespace
}  // namespace chainrule::CHAINRULE_ISA
