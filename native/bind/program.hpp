// What builds a program from Python: one method per kind of value or op, each returning the number of the new value.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "engine/program.hpp"

namespace chainrule {

namespace nb = nanobind;

template <class T>
using ProgramClass = nb::class_<Program<T>>;

// The methods that add the ops of layers other than Dense (bind/layers.cpp).
template <class T>
void bind_layers(ProgramClass<T>& c);

template <class T>
const ActivationKernel<T>& activation_named(const std::string& name) {
  const auto* kernel = kernels<T>().activations.find(name.c_str());
  if (!kernel) throw std::invalid_argument("There is no activation '" + name + "'.");
  return *kernel;
}

}  // namespace chainrule
