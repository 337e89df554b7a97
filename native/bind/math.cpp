// What tests call: one mathematical function of one instruction set, on arrays.

#include "bind/arrays.hpp"

namespace nb = nanobind;

namespace chainrule {
namespace {

template <class T>
using Row = nb::ndarray<T, nb::numpy, nb::ndim<1>, nb::c_contig, nb::device::cpu>;

template <class T>
void math(const std::string& isa, const std::string& name, Row<const T> x, Row<const T> second, Row<T> y) {
  const auto* kernel = kernels_of<T>(binding::set_named(isa)).math.find(name.c_str());
  if (!kernel) throw std::invalid_argument("There is no function '" + name + "'.");
  if (x.shape(0) != y.shape(0) || x.shape(0) != second.shape(0)) throw std::invalid_argument("Sizes differ.");
  kernel->run(x.data(), second.data(), y.data(), static_cast<int64_t>(x.shape(0)));
}

template <class T>
void bind(nb::module_& m) {
  m.def("math", &math<T>, nb::arg("isa"), nb::arg("name"), nb::arg("x"), nb::arg("second"), nb::arg("y"),
        "Write y = f(x), or f(x, second).");
}

}  // namespace

void bind_math(nb::module_& m) {
  bind<float>(m);
  bind<double>(m);
}

}  // namespace chainrule
