// What tests call: one loss or metric of one instruction set, on arrays.
#include <nanobind/stl/optional.h>
#include <nanobind/stl/vector.h>

#include <optional>

#include "bind/arrays.hpp"

namespace nb = nanobind;

namespace chainrule {
namespace {

using binding::Matrix;
using binding::Result;
using binding::Row;
using binding::set_named;

template <class K>
const K& entry(const Family<K>& family, const std::string& name) {
  const K* kernel = family.find(name.c_str());
  if (!kernel) throw std::invalid_argument("There is no kernel '" + name + "'.");
  return *kernel;
}

template <class T>
nb::tuple loss(const std::string& isa, const std::string& name, Matrix<T> y, Matrix<T> p, std::optional<Row<T>> scale,
               const std::vector<double>& options) {
  const auto& kernel = entry(kernels_of<T>(set_named(isa)).losses, name);
  const size_t rows = p.shape(0), width = p.shape(1), values = kernel.whole_batch ? 1 : rows;
  if (y.shape(0) != rows || (scale && scale->shape(0) != values)) {
    throw std::invalid_argument("y, p and scale need as many rows as each other.");
  }
  Result<T> losses(values), gradient(rows * width);
  kernel.run({y.data(), p.data(), int64_t(rows), int64_t(width), int64_t(y.shape(1)), scale ? scale->data() : nullptr,
              losses.data(), scale ? gradient.data() : nullptr, options.data()});
  return nb::make_tuple(losses.array(), scale ? gradient.array({rows, width}) : nb::none());
}

template <class T>
nb::object metric(const std::string& isa, const std::string& name, Matrix<T> y, Matrix<T> p,
                  const std::vector<double>& options) {
  const auto& kernel = entry(kernels_of<T>(set_named(isa)).metrics, name);
  const size_t rows = p.shape(0);
  if (y.shape(0) != rows) throw std::invalid_argument("y and p need as many rows as each other.");
  Result<T> values(rows);
  kernel.run(y.data(), p.data(), int64_t(rows), int64_t(p.shape(1)), int64_t(y.shape(1)), values.data(),
             options.data());
  return values.array();
}

template <class K>
nb::list described(const Family<K>& family) {
  nb::list found;
  for (int i = 0; i < family.count; ++i) {
    found.append(nb::make_tuple(family.entries[i].name, family.entries[i].needs_all_rows));
  }
  return found;
}

template <class T>
void bind(nb::module_& m) {
  m.def("loss", &loss<T>, nb::arg("isa"), nb::arg("name"), nb::arg("y"), nb::arg("p"), nb::arg("scale").none(),
        nb::arg("options"), "(losses, gradient) of one loss; without `scale` the gradient is None.");
  m.def("metric", &metric<T>, nb::arg("isa"), nb::arg("name"), nb::arg("y"), nb::arg("p"), nb::arg("options"),
        "What one metric takes the mean of, for each row.");
}

}  // namespace

void bind_losses(nb::module_& m) {
  bind<float>(m);
  bind<double>(m);
  m.def("losses", [] { return described(chosen().f32->losses); }, "Names, and whether they need all rows at once.");
  m.def("metrics", [] { return described(chosen().f32->metrics); }, "Names, and whether they need all rows at once.");
}

}  // namespace chainrule
