#include <nanobind/nanobind.h>

namespace nb = nanobind;

NB_MODULE(_native, m) {
  m.doc() = "The native engine of chainrule.";
  m.def("isa", [] { return "baseline"; }, "The instruction set in use.");
}
