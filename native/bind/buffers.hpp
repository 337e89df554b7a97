// Arrays of Python as memory: any object with the buffer protocol, NumPy's above all.
#pragma once

#include <nanobind/nanobind.h>

#include <cstdint>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

#include "engine/feed.hpp"

namespace chainrule {

namespace nb = nanobind;

// A view of an array that keeps it alive. Rows must lie without gaps within; the first axis may have any stride.
class View {
 public:
  explicit View(nb::handle array, bool writable = false) {
    if (PyObject_GetBuffer(array.ptr(), &buffer_, PyBUF_STRIDES | PyBUF_FORMAT | (writable ? PyBUF_WRITABLE : 0)) !=
        0) {
      throw nb::python_error();
    }
    int64_t expected = buffer_.itemsize;
    for (int axis = buffer_.ndim - 1; axis > 0; --axis) {
      if (buffer_.shape[axis] > 1 && buffer_.strides[axis] != expected) fail("the rows of an array have gaps");
      expected *= buffer_.shape[axis];
    }
    row_bytes_ = buffer_.ndim > 0 && buffer_.shape[0] > 1 ? buffer_.strides[0] : expected;
    contiguous_ = row_bytes_ == expected;
    const auto start = reinterpret_cast<uintptr_t>(buffer_.buf);
    if (buffer_.len > 0 && (start % buffer_.itemsize != 0 || row_bytes_ % buffer_.itemsize != 0)) {
      fail("the numbers of an array do not lie on multiples of their size");
    }
  }
  ~View() { PyBuffer_Release(&buffer_); }
  View(const View&) = delete;
  View& operator=(const View&) = delete;

  int64_t rows() const { return buffer_.ndim > 0 ? buffer_.shape[0] : 1; }
  int64_t size() const { return buffer_.itemsize ? buffer_.len / buffer_.itemsize : 0; }
  char* bytes() const { return static_cast<char*>(buffer_.buf); }
  int64_t n_bytes() const { return buffer_.len; }

  Kind kind() const {
    const char* format = buffer_.format ? buffer_.format : "B";
    if (*format == '=' || *format == '@' || *format == '<') ++format;
    const bool eight = buffer_.itemsize == 8;
    switch (*format) {
      case 'f':
        return Kind::kF32;
      case 'd':
        return Kind::kF64;
      case 'b':
        return Kind::kI8;
      case 'h':
        return Kind::kI16;
      case 'i':
        return Kind::kI32;
      case 'l':
        return eight ? Kind::kI64 : Kind::kI32;
      case 'q':
        return Kind::kI64;
      case '?':
      case 'B':
        return Kind::kU8;
      case 'H':
        return Kind::kU16;
      case 'I':
        return Kind::kU32;
      case 'L':
        return eight ? Kind::kU64 : Kind::kU32;
      case 'Q':
        return Kind::kU64;
      default:
        fail("an array is of a type that the native engine does not read");
    }
  }

  // The numbers themselves, all of them in a row.
  template <class T>
  T* data() const {
    constexpr bool floating = std::is_floating_point_v<T>;
    const Kind k = kind();
    const bool same = floating ? k == kind_of<std::conditional_t<floating, T, float>>()
                               : buffer_.itemsize == sizeof(T) && k != Kind::kF32 && k != Kind::kF64;
    if (!same) fail("an array has another type than expected");
    if (!contiguous_) fail("an array is not contiguous");
    return static_cast<T*>(buffer_.buf);
  }

  Source source() const { return {bytes(), kind(), row_bytes_}; }

 private:
  [[noreturn]] void fail(const char* what) {
    PyBuffer_Release(&buffer_);
    throw std::invalid_argument(what);
  }
  [[noreturn]] void fail(const char* what) const { throw std::invalid_argument(what); }

  Py_buffer buffer_{};
  int64_t row_bytes_ = 0;
  bool contiguous_ = true;
};

// The arrays of a list, None among them; rows without an array are missing.
class Views {
 public:
  explicit Views(const nb::list& arrays, bool writable = false) {
    views_.reserve(nb::len(arrays));
    for (nb::handle array : arrays)
      views_.push_back(array.is_none() ? nullptr : std::make_unique<View>(array, writable));
  }

  std::vector<Source> sources() const {
    std::vector<Source> found;
    for (const auto& view : views_) found.push_back(view ? view->source() : Source{});
    return found;
  }

  const std::vector<std::unique_ptr<View>>& all() const { return views_; }

 private:
  std::vector<std::unique_ptr<View>> views_;
};

}  // namespace chainrule
