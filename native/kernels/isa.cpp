// The tables of all families for one instruction set (family.cpp): compiled once per set, with CHAINRULE_ISA naming it.
// Nothing here runs when the library is loaded: this processor may not have these instructions.
#include "kernels/table.hpp"

#define CHAINRULE_TEXT(x) #x
#define CHAINRULE_NAME(x) CHAINRULE_TEXT(x)

#define CHAINRULE_KERNELS(T)                                                                                       \
  extern const MatmulKernels<T> matmul_kernels_##T;                                                                \
  extern const Family<ActivationKernel<T>> activation_kernels_##T;                                                 \
  extern const Family<LossKernel<T>> loss_kernels_##T;                                                             \
  extern const Family<MetricKernel<T>> metric_kernels_##T;                                                         \
  extern const Family<UpdateKernel<T>> update_kernels_##T;                                                         \
  extern const GradientKernels<T> gradient_kernels_##T;                                                            \
  extern const ElementKernels<T> element_kernels_##T;                                                              \
  extern const NormalizeKernels<T> normalize_kernels_##T;                                                          \
  extern const RandomKernels<T> random_kernels_##T;                                                                \
  extern const Family<MathKernel<T>> math_kernels_##T;                                                             \
  static constinit const Kernels<T> kernels_##T = {                                                                \
      matmul_kernels_##T,   activation_kernels_##T, loss_kernels_##T,      metric_kernels_##T, update_kernels_##T, \
      gradient_kernels_##T, element_kernels_##T,    normalize_kernels_##T, random_kernels_##T, math_kernels_##T,   \
  };

namespace chainrule::CHAINRULE_ISA {

CHAINRULE_KERNELS(float)
CHAINRULE_KERNELS(double)

extern const InstructionSet kSet;
constinit const InstructionSet kSet = {CHAINRULE_NAME(CHAINRULE_ISA), &kernels_float, &kernels_double};

}  // namespace chainrule::CHAINRULE_ISA
