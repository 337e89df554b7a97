// Sources: the user's arrays, whose rows are copied (and converted) into a batch, or used where they lie.
#pragma once

#include <cstdint>
#include <cstring>
#include <type_traits>

#include "kernels/table.hpp"

namespace chainrule {

enum class Kind : int { kNone, kF32, kF64, kI8, kI16, kI32, kI64, kU8, kU16, kU32, kU64 };

// Rows of `width` numbers without gaps, `row_bytes` apart. Kind kNone: there is no such array.
struct Source {
  const char* data = nullptr;
  Kind kind = Kind::kNone;
  int64_t row_bytes = 0;
};

template <class T>
constexpr Kind kind_of() {
  return std::is_same_v<T, float> ? Kind::kF32 : Kind::kF64;
}

template <class T>
bool usable_in_place(const Source& source, int64_t width) {
  return source.kind == kind_of<T>() && source.row_bytes == width * static_cast<int64_t>(sizeof(T));
}

namespace feed {

template <class From, class T>
void copy_rows_of(const Source& source, const int64_t* order, int64_t first, int64_t rows, int64_t width, T* out) {
  constexpr int64_t ahead = 8;  // rows whose cache lines are asked for in advance
  for (int64_t i = 0; i < rows; ++i) {
    const int64_t row = order ? order[first + i] : first + i;
    if (order && i + ahead < rows) {
      const char* next = source.data + order[first + i + ahead] * source.row_bytes;
      for (int64_t at = 0; at < width * static_cast<int64_t>(sizeof(From)) && at < 512; at += 64) {
        __builtin_prefetch(next + at);
      }
    }
    const char* from = source.data + row * source.row_bytes;
    for (int64_t j = 0; j < width; ++j) {
      From x;
      std::memcpy(&x, from + j * static_cast<int64_t>(sizeof(From)), sizeof(From));
      out[i * width + j] = static_cast<T>(x);
    }
  }
}

// The same where nothing is converted and rows begin on numbers of type T.
template <class T>
void copy_rows_as_they_are(const Source& source, const int64_t* order, int64_t first, int64_t rows, int64_t width,
                           T* out) {
  const int64_t row = source.row_bytes / static_cast<int64_t>(sizeof(T));
  const T* from = reinterpret_cast<const T*>(source.data);
  kernels<T>().elements.gather(order ? from : from + first * row, row, order ? order + first : nullptr, rows, width,
                               out);
}

}  // namespace feed

// Rows order[first], ..., order[first + rows - 1] of a source (or first, first + 1, ... without an order), as T.
template <class T>
void copy_rows(const Source& source, const int64_t* order, int64_t first, int64_t rows, int64_t width, T* out) {
  if (source.kind == kind_of<T>() && source.row_bytes % static_cast<int64_t>(sizeof(T)) == 0) {
    return feed::copy_rows_as_they_are(source, order, first, rows, width, out);
  }
  switch (source.kind) {
    case Kind::kNone:
      return;
    case Kind::kF32:
      return feed::copy_rows_of<float>(source, order, first, rows, width, out);
    case Kind::kF64:
      return feed::copy_rows_of<double>(source, order, first, rows, width, out);
    case Kind::kI8:
      return feed::copy_rows_of<int8_t>(source, order, first, rows, width, out);
    case Kind::kI16:
      return feed::copy_rows_of<int16_t>(source, order, first, rows, width, out);
    case Kind::kI32:
      return feed::copy_rows_of<int32_t>(source, order, first, rows, width, out);
    case Kind::kI64:
      return feed::copy_rows_of<int64_t>(source, order, first, rows, width, out);
    case Kind::kU8:
      return feed::copy_rows_of<uint8_t>(source, order, first, rows, width, out);
    case Kind::kU16:
      return feed::copy_rows_of<uint16_t>(source, order, first, rows, width, out);
    case Kind::kU32:
      return feed::copy_rows_of<uint32_t>(source, order, first, rows, width, out);
    case Kind::kU64:
      return feed::copy_rows_of<uint64_t>(source, order, first, rows, width, out);
  }
}

}  // namespace chainrule
