// chainrule._native: programs, what runs them, and single kernels for tests.
#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <string>
#include <vector>

#include "kernels/table.hpp"

namespace nb = nanobind;

namespace chainrule {

void bind_program(nb::module_& m);
void bind_running(nb::module_& m);
void bind_optimizer(nb::module_& m);
void bind_activations(nb::module_& kernels);
void bind_losses(nb::module_& kernels);
void bind_math(nb::module_& kernels);
void bind_matmul(nb::module_& kernels);
void bind_normalize(nb::module_& kernels);
void bind_random(nb::module_& kernels);

namespace {

std::vector<std::string> instruction_sets() {
  int count;
  const InstructionSet* sets = available(&count);
  std::vector<std::string> names;
  for (int i = 0; i < count; ++i) names.emplace_back(sets[i].name);
  return names;
}

}  // namespace
}  // namespace chainrule

NB_MODULE(_native, m) {
  using namespace chainrule;
  m.doc() = "The native engine of chainrule.";
  nb::set_leak_warnings(false);  // models that live until the interpreter ends are no mistake
  m.def("isa", [] { return chosen().name; }, "The instruction set in use.");
  m.def("isas", &instruction_sets, "The instruction sets this machine can run, the best first.");
  m.def(
      "choose_isa",
      [](const std::string& name) {
        if (!choose(name.c_str())) throw std::invalid_argument("There is no instruction set '" + name + "' here.");
      },
      nb::arg("name"), "Use an instruction set by name, for programs made from now on.");
  bind_optimizer(m);
  bind_program(m);
  bind_running(m);
  nb::module_ kernels = m.def_submodule("kernels", "Single kernels of a named instruction set, for tests.");
  bind_activations(kernels);
  bind_losses(kernels);
  bind_math(kernels);
  bind_matmul(kernels);
  bind_normalize(kernels);
  bind_random(kernels);
}
