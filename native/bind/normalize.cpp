// What tests call of the element-wise and the normalising kernels of one instruction set.
#include <nanobind/stl/optional.h>

#include <optional>

#include "bind/arrays.hpp"

namespace chainrule {
namespace {

using namespace binding;

template <class T>
using MaybeRow = std::optional<Row<T>>;

template <class T>
const T* numbers(const MaybeRow<T>& row) {
  return row ? row->data() : nullptr;
}

// c of `name`(a, b), both of one size.
template <class T>
nb::object combine(const std::string& isa, const std::string& name, Row<T> a, Row<T> b) {
  const ElementKernels<T>& k = kernels_of<T>(set_named(isa)).elements;
  const int64_t n = static_cast<int64_t>(a.size());
  Result<T> c(b);
  if (name == "add") k.add(a.data(), c.data(), n);
  if (name == "multiply") k.multiply(a.data(), b.data(), c.data(), n);
  if (name == "maximum") k.maximum(a.data(), b.data(), c.data(), n);
  if (name == "minimum") k.minimum(a.data(), b.data(), c.data(), n);
  return c.array();
}

template <class T>
nb::object affine(const std::string& isa, Row<T> a, T factor, T offset) {
  Result<T> b(a.size());
  kernels_of<T>(set_named(isa)).elements.affine(a.data(), b.data(), static_cast<int64_t>(a.size()), factor, offset);
  return b.array();
}

template <class T>
nb::object scale_columns(const std::string& isa, Matrix<T> a, Row<T> factor, MaybeRow<T> offset) {
  Result<T> b(a.size());
  const int64_t rows = static_cast<int64_t>(a.shape(0)), width = static_cast<int64_t>(a.shape(1));
  kernels_of<T>(set_named(isa)).elements.scale_columns(a.data(), b.data(), rows, width, factor.data(), numbers(offset));
  return b.array({a.shape(0), a.shape(1)});
}

template <class T>
nb::object standardize(const std::string& isa, Matrix<T> a, Row<T> mean, Row<T> deviation) {
  Result<T> b(a.size());
  const int64_t rows = static_cast<int64_t>(a.shape(0)), width = static_cast<int64_t>(a.shape(1));
  kernels_of<T>(set_named(isa)).elements.standardize(a.data(), b.data(), rows, width, mean.data(), deviation.data());
  return b.array({a.shape(0), a.shape(1)});
}

template <class T>
nb::object sum_columns(const std::string& isa, Matrix<T> a, MaybeRow<T> start) {
  Result<T> out(a.shape(1));
  for (size_t j = 0; start && j < a.shape(1); ++j) out.data()[j] = start->data()[j];
  const int64_t rows = static_cast<int64_t>(a.shape(0)), width = static_cast<int64_t>(a.shape(1));
  kernels_of<T>(set_named(isa)).elements.sum_columns(a.data(), rows, width, out.data(), start.has_value());
  return out.array();
}

// (mean, variance) of columns [first, last); the others stay 0.
template <class T>
nb::tuple column_moments(const std::string& isa, Matrix<T> x, int64_t first, int64_t last) {
  Result<T> mean(x.shape(1)), variance(x.shape(1));
  const int64_t rows = static_cast<int64_t>(x.shape(0)), width = static_cast<int64_t>(x.shape(1));
  kernels_of<T>(set_named(isa))
      .normalize.column_moments(x.data(), rows, width, first, last, mean.data(), variance.data());
  return nb::make_tuple(mean.array(), variance.array());
}

template <class T>
nb::object columns_forward(const std::string& isa, Matrix<T> x, Row<T> mean, Row<T> rstd, MaybeRow<T> gamma,
                           MaybeRow<T> beta) {
  Result<T> y(x.size());
  const int64_t rows = static_cast<int64_t>(x.shape(0)), width = static_cast<int64_t>(x.shape(1));
  kernels_of<T>(set_named(isa))
      .normalize.columns_forward(x.data(), y.data(), rows, width, mean.data(), rstd.data(), numbers(gamma),
                                 numbers(beta));
  return y.array({x.shape(0), x.shape(1)});
}

// (gx, sum of gy, sum of gy * xhat), the sums taken in two parts, parted at column `middle`.
template <class T>
nb::tuple columns_backward(const std::string& isa, Matrix<T> x, Matrix<T> gy, Row<T> mean, Row<T> rstd,
                           MaybeRow<T> gamma, int64_t middle) {
  const NormalizeKernels<T>& k = kernels_of<T>(set_named(isa)).normalize;
  const int64_t rows = static_cast<int64_t>(x.shape(0)), width = static_cast<int64_t>(x.shape(1));
  Result<T> gx(x.size()), sum(x.shape(1)), product(x.shape(1));
  k.column_sums(x.data(), gy.data(), rows, width, 0, middle, mean.data(), rstd.data(), sum.data(), product.data());
  k.column_sums(x.data(), gy.data(), rows, width, middle, width, mean.data(), rstd.data(), sum.data(), product.data());
  k.columns_backward(x.data(), gy.data(), gx.data(), rows, width, mean.data(), rstd.data(), numbers(gamma), sum.data(),
                     product.data(), rows);
  return nb::make_tuple(gx.array({x.shape(0), x.shape(1)}), sum.array(), product.array());
}

// (y, gx) of layer normalisation.
template <class T>
nb::tuple rows(const std::string& isa, Matrix<T> x, Matrix<T> gy, T epsilon, MaybeRow<T> gamma, MaybeRow<T> beta) {
  const NormalizeKernels<T>& k = kernels_of<T>(set_named(isa)).normalize;
  const int64_t rows = static_cast<int64_t>(x.shape(0)), width = static_cast<int64_t>(x.shape(1));
  Result<T> y(x.size()), gx(x.size()), mean(x.shape(0)), rstd(x.shape(0));
  k.rows_forward(x.data(), y.data(), rows, width, epsilon, numbers(gamma), numbers(beta), mean.data(), rstd.data());
  k.rows_backward(x.data(), gy.data(), gx.data(), rows, width, numbers(gamma), mean.data(), rstd.data());
  mean.array(), rstd.array();
  return nb::make_tuple(y.array({x.shape(0), x.shape(1)}), gx.array({x.shape(0), x.shape(1)}));
}

template <class T>
void bind(nb::module_& m) {
  const auto none = [](const char* name) { return nb::arg(name).none(); };
  m.def("combine", &combine<T>, "add, multiply, maximum or minimum of two vectors.");
  m.def("affine", &affine<T>, "a * factor + offset.");
  m.def("scale_columns", &scale_columns<T>, nb::arg("isa"), nb::arg("a"), nb::arg("factor"), none("offset"),
        "a * factor + offset, column by column.");
  m.def("standardize", &standardize<T>, "(a - mean) / deviation, column by column.");
  m.def("sum_columns", &sum_columns<T>, nb::arg("isa"), nb::arg("a"), none("start"),
        "The sum of each column, added to `start`.");
  m.def("column_moments", &column_moments<T>, "Mean and variance of the columns [first, last).");
  m.def("columns_forward", &columns_forward<T>, nb::arg("isa"), nb::arg("x"), nb::arg("mean"), nb::arg("rstd"),
        none("gamma"), none("beta"), "Batch normalisation with given statistics.");
  m.def("columns_backward", &columns_backward<T>, nb::arg("isa"), nb::arg("x"), nb::arg("gy"), nb::arg("mean"),
        nb::arg("rstd"), none("gamma"), nb::arg("middle"), "The gradients of batch normalisation.");
  m.def("normalize_rows", &rows<T>, nb::arg("isa"), nb::arg("x"), nb::arg("gy"), nb::arg("epsilon"), none("gamma"),
        none("beta"), "Layer normalisation and its gradient.");
}

}  // namespace

void bind_normalize(nb::module_& m) {
  bind<float>(m);
  bind<double>(m);
}

}  // namespace chainrule
