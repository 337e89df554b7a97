// Element-wise arithmetic on whole arrays, and sums of columns. Nothing is fused: the same bits as NumPy's operators.
#pragma once

#include <cstdint>

#include "kernels/columns.hpp"
#include "kernels/table.hpp"
#include "simd/vec.hpp"

namespace chainrule::CHAINRULE_ISA {
namespace {
namespace elements {

template <class T>
void add(const T* a, T* b, int64_t n) {
  for_each_vector<T>(n, [&](int64_t i, auto io) { io.store(b + i, io.load(b + i) + io.load(a + i)); });
}

template <class T>
void multiply(const T* a, const T* b, T* c, int64_t n) {
  for_each_vector<T>(n, [&](int64_t i, auto io) { io.store(c + i, io.load(a + i) * io.load(b + i)); });
}

template <class T>
void maximum(const T* a, const T* b, T* c, int64_t n) {
  for_each_vector<T>(n, [&](int64_t i, auto io) { io.store(c + i, max(io.load(a + i), io.load(b + i))); });
}

template <class T>
void minimum(const T* a, const T* b, T* c, int64_t n) {
  for_each_vector<T>(n, [&](int64_t i, auto io) { io.store(c + i, min(io.load(a + i), io.load(b + i))); });
}

template <class T>
void affine(const T* a, T* b, int64_t n, T factor, T offset) {
  const Vec<T> f = set<T>(factor), o = set<T>(offset);
  for_each_vector<T>(n, [&](int64_t i, auto io) { io.store(b + i, io.load(a + i) * f + o); });
}

// b = a * factor + offset, column by column; no offset if it is null.
template <class T>
void scale_columns(const T* a, T* b, int64_t rows, int64_t width, const T* factor, const T* offset) {
  for_each_column_group<T>(0, width, [&](int64_t j, auto io) {
    const auto f = io.load(factor + j);
    if (!offset) {
      for (int64_t r = 0; r < rows; ++r) {
        const int64_t at = r * width + j;
        io.store(b + at, each([](Vec<T> x, Vec<T> by) { return x * by; }, io.load(a + at), f));
      }
      return;
    }
    const auto o = io.load(offset + j);
    for (int64_t r = 0; r < rows; ++r) {
      const int64_t at = r * width + j;
      io.store(b + at, each([](Vec<T> x, Vec<T> by, Vec<T> plus) { return x * by + plus; }, io.load(a + at), f, o));
    }
  });
}

template <class T>
void sum_columns(const T* a, int64_t rows, int64_t width, T* out, bool accumulate) {
  for_each_column_group<T>(0, width, [&](int64_t j, auto io) {
    decltype(io.load(a)) total{};
    if (accumulate) total = io.load(out + j);
    for (int64_t r = 0; r < rows; ++r) {
      total = each([](Vec<T> sum, Vec<T> x) { return sum + x; }, total, io.load(a + r * width + j));
    }
    io.store(out + j, total);
  });
}

template <class T>
void gather(const T* from, int64_t from_row, const int64_t* order, int64_t rows, int64_t width, T* out) {
  constexpr int64_t ahead = 8;  // rows whose cache lines are asked for in advance
  for (int64_t i = 0; i < rows; ++i, out += width) {
    if (order && i + ahead < rows) {
      const T* next = from + order[i + ahead] * from_row;
      for (int64_t at = 0; at < width && at < 128; at += 64 / static_cast<int64_t>(sizeof(T)))
        __builtin_prefetch(next + at);
    }
    const T* row = from + (order ? order[i] : i) * from_row;
    for_each_vector<T>(width, [&](int64_t j, auto io) { io.store(out + j, io.load(row + j)); });
  }
}

template <class T>
void standardize(const T* a, T* b, int64_t rows, int64_t width, const T* mean, const T* deviation) {
  for_each_column_group<T>(0, width, [&](int64_t j, auto io) {
    const auto m = io.load(mean + j), d = io.load(deviation + j);
    for (int64_t r = 0; r < rows; ++r) {
      const int64_t at = r * width + j;
      io.store(b + at, each([](Vec<T> x, Vec<T> from, Vec<T> by) { return (x - from) / by; }, io.load(a + at), m, d));
    }
  });
}

}  // namespace elements

template <class T>
constexpr ElementKernels<T> element_kernels() {
  return {elements::add<T>,         elements::multiply<T>, elements::maximum<T>,
          elements::minimum<T>,     elements::affine<T>,   elements::scale_columns<T>,
          elements::sum_columns<T>, elements::gather<T>,   elements::standardize<T>};
}

}  // namespace
}  // namespace chainrule::CHAINRULE_ISA
