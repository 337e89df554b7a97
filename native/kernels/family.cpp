// One family of kernels for one instruction set. This file is compiled once for each pair of them: CHAINRULE_ISA names
// the set, CHAINRULE_HEADER the family's header, CHAINRULE_TABLE (and CHAINRULE_ALSO) the function in it that gives a
// table.
#include CHAINRULE_HEADER

#define CHAINRULE_JOIN(a, b) a##_##b
#define CHAINRULE_NAME(a, b) CHAINRULE_JOIN(a, b)
#define CHAINRULE_DEFINE(table, T)                            \
  extern const decltype(table<T>()) CHAINRULE_NAME(table, T); \
  constinit const decltype(table<T>()) CHAINRULE_NAME(table, T) = table<T>();

namespace chainrule::CHAINRULE_ISA {

CHAINRULE_DEFINE(CHAINRULE_TABLE, float)
CHAINRULE_DEFINE(CHAINRULE_TABLE, double)
#ifdef CHAINRULE_ALSO
CHAINRULE_DEFINE(CHAINRULE_ALSO, float)
CHAINRULE_DEFINE(CHAINRULE_ALSO, double)
#endif

}  // namespace chainrule::CHAINRULE_ISA
