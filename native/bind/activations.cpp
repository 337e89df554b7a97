// What tests call: one activation of one instruction set, forward and backward, on arrays.
#include <nanobind/stl/vector.h>

#include "bind/arrays.hpp"

namespace nb = nanobind;

namespace chainrule {
namespace {

template <class T>
using Matrix = nb::ndarray<T, nb::numpy, nb::ndim<2>, nb::c_contig, nb::device::cpu>;

// y and gh are written; a null `h` is passed to the backward pass unless the activation needs its input.
template <class T>
void activation(const std::string& isa, const std::string& name, Matrix<const T> h, Matrix<const T> gy, Matrix<T> y,
                Matrix<T> gh, const std::vector<double>& options) {
  const auto* kernel = kernels_of<T>(binding::set_named(isa)).activations.find(name.c_str());
  if (!kernel) throw std::invalid_argument("There is no activation '" + name + "'.");
  const int64_t rows = static_cast<int64_t>(h.shape(0)), width = static_cast<int64_t>(h.shape(1));
  kernel->forward(h.data(), y.data(), rows, width, options.data());
  kernel->backward(kernel->needs_input ? h.data() : nullptr, y.data(), gy.data(), gh.data(), rows, width,
                   options.data());
}

template <class T>
void bind(nb::module_& m) {
  m.def("activation", &activation<T>, nb::arg("isa"), nb::arg("name"), nb::arg("h"), nb::arg("gy"), nb::arg("y"),
        nb::arg("gh"), nb::arg("options"),
        "Write y = f(h) and gh = f'(h) gy. y may be h unless h is needed, gh may be gy.");
}

}  // namespace

void bind_activations(nb::module_& m) {
  bind<float>(m);
  bind<double>(m);
  m.def(
      "activations",
      [] {
        nb::dict needs_input;
        const auto& family = chosen().f32->activations;
        for (int i = 0; i < family.count; ++i) needs_input[family.entries[i].name] = family.entries[i].needs_input;
        return needs_input;
      },
      "The names, and whether the derivative is computed from the input.");
}

}  // namespace chainrule
