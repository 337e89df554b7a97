// One family of kernels for one instruction set. This file is compiled once for each pair of them: CHAINRULE_ISA names
// the set, CHAINRULE_HEADER the family's header, and CHAINRULE_TABLE the function in it that gives the table.
#include CHAINRULE_HEADER

#define CHAINRULE_JOIN(a, b) a##_##b
#define CHAINRULE_NAME(a, b) CHAINRULE_JOIN(a, b)
#define CHAINRULE_DEFINE(T)                                                       \
  extern const decltype(CHAINRULE_TABLE<T>()) CHAINRULE_NAME(CHAINRULE_TABLE, T); \
  constinit const decltype(CHAINRULE_TABLE<T>()) CHAINRULE_NAME(CHAINRULE_TABLE, T) = CHAINRULE_TABLE<T>();

namespace chainrule::CHAINRULE_ISA {

CHAINRULE_DEFINE(float)
CHAINRULE_DEFINE(double)

}  // namespace chainrule::CHAINRULE_ISA
