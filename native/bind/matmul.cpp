// What tests and benchmarks/matmul.py call of the products and transpositions of one instruction set.
#include <nanobind/stl/optional.h>

#include <optional>

#include "bind/arrays.hpp"

namespace chainrule {
namespace {

using namespace binding;

template <class T>
using Strided = nb::ndarray<const T, nb::ndim<2>, nb::device::cpu>;

template <class T>
MatmulArgs<T> product(const Strided<T>& a, const Strided<T>& b, T* c, int64_t c_row, const std::optional<Row<T>>& bias,
                      bool accumulate, bool relu) {
  const int64_t rows = static_cast<int64_t>(a.shape(0)), inner = static_cast<int64_t>(a.shape(1));
  const int64_t columns = static_cast<int64_t>(b.shape(1));
  if (static_cast<int64_t>(b.shape(0)) != inner || (columns > 1 && inner > 0 && b.stride(1) != 1) || c_row < columns ||
      (bias && bias->size() != b.shape(1))) {
    throw std::invalid_argument("These arrays do not fit.");
  }
  return {rows,
          columns,
          inner,
          a.data(),
          a.stride(0),
          a.stride(1),
          b.data(),
          b.stride(0),
          c,
          c_row,
          bias ? bias->data() : nullptr,
          accumulate,
          relu};
}

// What becomes of `start`, (rows, at least the columns of b), when a @ b is put into its first columns.
template <class T>
nb::object matmul(const std::string& isa, Strided<T> a, Strided<T> b, Matrix<T> start, std::optional<Row<T>> bias,
                  bool accumulate, bool relu) {
  if (start.shape(0) != a.shape(0)) throw std::invalid_argument("These arrays do not fit.");
  Result<T> c(start);
  const int64_t c_row = static_cast<int64_t>(start.shape(1));
  kernels_of<T>(set_named(isa)).matmul.multiply(product<T>(a, b, c.data(), c_row, bias, accumulate, relu));
  return c.array({start.shape(0), start.shape(1)});
}

// a @ b into c, `times` times over, and nothing else: for measuring.
template <class T>
void repeat_matmul(const std::string& isa, Strided<T> a, Strided<T> b,
                   nb::ndarray<T, nb::ndim<2>, nb::c_contig, nb::device::cpu> c, int64_t times) {
  if (c.shape(0) != a.shape(0) || c.shape(1) != b.shape(1)) throw std::invalid_argument("These arrays do not fit.");
  const MatmulArgs<T> args = product<T>(a, b, c.data(), static_cast<int64_t>(c.shape(1)), std::nullopt, false, false);
  const auto multiply = kernels_of<T>(set_named(isa)).matmul.multiply;
  const nb::gil_scoped_release free;
  for (int64_t i = 0; i < times; ++i) multiply(args);
}

// What becomes of `start`, (columns of a, at least its rows), when a is turned into its first columns.
template <class T>
nb::object transpose(const std::string& isa, Strided<T> a, Matrix<T> start) {
  const int64_t rows = static_cast<int64_t>(a.shape(0)), columns = static_cast<int64_t>(a.shape(1));
  if ((columns > 1 && a.stride(1) != 1) || start.shape(0) != a.shape(1) || start.shape(1) < a.shape(0)) {
    throw std::invalid_argument("These arrays do not fit.");
  }
  Result<T> out(start);
  kernels_of<T>(set_named(isa))
      .matmul.transpose(a.data(), rows, columns, a.stride(0), out.data(), static_cast<int64_t>(start.shape(1)));
  return out.array({start.shape(0), start.shape(1)});
}

template <class T>
void bind(nb::module_& m) {
  m.def("matmul", &matmul<T>, nb::arg("isa"), nb::arg("a"), nb::arg("b"), nb::arg("start"),
        nb::arg("bias").none() = nb::none(), nb::arg("accumulate") = false, nb::arg("relu") = false,
        "What becomes of `start` when a @ b (+ bias, then relu) is put into, or added to, its first columns.");
  m.def("repeat_matmul", &repeat_matmul<T>, nb::arg("isa"), nb::arg("a"), nb::arg("b"), nb::arg("c"), nb::arg("times"),
        "Put a @ b into c, `times` times over.");
  m.def("transpose", &transpose<T>, nb::arg("isa"), nb::arg("a"), nb::arg("start"),
        "What becomes of `start` when the transpose of a is put into its first columns.");
}

}  // namespace

void bind_matmul(nb::module_& m) {
  bind<float>(m);
  bind<double>(m);
}

}  // namespace chainrule
