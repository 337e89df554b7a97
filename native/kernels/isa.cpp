// All kernels for one instruction set: this file is compiled once per set, with CHAINRULE_ISA naming it.
#include "kernels/activations.hpp"
#include "kernels/elementwise.hpp"
#include "kernels/gradients.hpp"
#include "kernels/losses.hpp"
#include "kernels/math_table.hpp"
#include "kernels/matmul.hpp"
#include "kernels/metrics.hpp"
#include "kernels/normalize.hpp"
#include "kernels/random.hpp"
#include "kernels/table.hpp"
#include "kernels/updates.hpp"

#define CHAINRULE_TEXT(x) #x
#define CHAINRULE_NAME(x) CHAINRULE_TEXT(x)

namespace chainrule::CHAINRULE_ISA {

namespace {

template <class T>
constexpr Kernels<T> kTable = {
    matmul_kernels<T>(),   activation_kernels<T>(), loss_kernels<T>(),      metric_kernels<T>(), update_kernels<T>(),
    gradient_kernels<T>(), element_kernels<T>(),    normalize_kernels<T>(), random_kernels<T>(), math_kernels<T>(),
};

}  // namespace

extern const InstructionSet kSet;
const InstructionSet kSet = {CHAINRULE_NAME(CHAINRULE_ISA), &kTable<float>, &kTable<double>};

}  // namespace chainrule::CHAINRULE_ISA
