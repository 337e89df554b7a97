// Reads what chainrule/engines/native/optimizer.py says of an optimizer: a dict whose arrays must outlive the result.
#pragma once

#include <nanobind/nanobind.h>

#include "engine/optimizer.hpp"
#include "engine/penalties.hpp"

namespace chainrule {

template <class T>
Optimizer<T> read_optimizer(nanobind::dict from, const Kernels<T>& kernels = chainrule::kernels<T>());

template <class T>
Penalties<T> read_penalties(nanobind::dict from, const Kernels<T>& kernels = chainrule::kernels<T>());

}  // namespace chainrule
