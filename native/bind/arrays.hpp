// What the bindings for tests share: instruction sets by name, arrays from and to NumPy, guards around results.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>

#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "kernels/table.hpp"

namespace chainrule::binding {

namespace nb = nanobind;

template <class T>
using Matrix = nb::ndarray<const T, nb::ndim<2>, nb::c_contig, nb::device::cpu>;
template <class T>
using Row = nb::ndarray<const T, nb::ndim<1>, nb::c_contig, nb::device::cpu>;

inline const InstructionSet& set_named(const std::string& name) {
  int count;
  const InstructionSet* sets = available(&count);
  for (int i = 0; i < count; ++i) {
    if (name == sets[i].name) return sets[i];
  }
  throw std::invalid_argument("There is no instruction set '" + name + "' here.");
}

// Numbers of a result, with others around them that must stay as they are.
template <class T>
class Result {
 public:
  explicit Result(size_t n, T fill = T(0)) : n_(n), numbers_(n + 2 * kGuard, mark()) {
    for (size_t i = 0; i < n; ++i) numbers_[kGuard + i] = fill;
  }
  template <class A>
  explicit Result(const A& array) : Result(array.size()) {
    for (size_t i = 0; i < n_; ++i) numbers_[kGuard + i] = array.data()[i];
  }

  T* data() { return numbers_.data() + kGuard; }

  // As an array, once it is sure that nothing around it was written.
  nb::object array(std::vector<size_t> shape) const {
    for (size_t i = 0; i < kGuard; ++i) {
      if (numbers_[i] != mark() || numbers_[kGuard + n_ + i] != mark()) {
        throw std::runtime_error("The kernel wrote outside its array.");
      }
    }
    auto* kept = new std::vector<T>(numbers_.begin() + kGuard, numbers_.begin() + kGuard + static_cast<int64_t>(n_));
    nb::capsule owner(kept, [](void* p) noexcept { delete static_cast<std::vector<T>*>(p); });
    return nb::cast(nb::ndarray<nb::numpy, T>(kept->data(), shape.size(), shape.data(), owner));
  }
  nb::object array() const { return array({n_}); }

 private:
  static constexpr int64_t kGuard = 32;
  static constexpr T mark() { return static_cast<T>(12345); }
  size_t n_;
  std::vector<T> numbers_;
};

}  // namespace chainrule::binding
