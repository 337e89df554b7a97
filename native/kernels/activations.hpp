// The activations of `chainrule.activations`, by name: see activations/.
//
// `options` are the numbers that the function takes besides its input and axis, in the order of its parameters:
// src/chainrule/engines/native/activations.py makes them. Plain relu has an entry of its own, because its derivative
// needs nothing but its result; relu with any option is `relu_with_options`.
#pragma once

#include "kernels/activations/piecewise.hpp"
#include "kernels/activations/rows.hpp"
#include "kernels/activations/smooth.hpp"

namespace chainrule::CHAINRULE_ISA {
namespace {

template <class T>
constexpr ActivationKernel<T> kActivations[] = {
    element_kernel<Linear, T>("linear"),
    element_kernel<Sigmoid, T>("sigmoid"),
    element_kernel<Tanh, T>("tanh"),
    element_kernel<Relu, T>("relu"),
    element_kernel<ReluWithOptions, T>("relu_with_options"),
    element_kernel<LeakyRelu, T>("leaky_relu"),
    element_kernel<Relu6, T>("relu6"),
    element_kernel<Elu, T>("elu"),
    element_kernel<Selu, T>("selu"),
    element_kernel<Celu, T>("celu"),
    {"gelu", gelu_forward<T>, gelu_backward<T>, true},
    element_kernel<Silu, T>("silu"),
    element_kernel<Softplus, T>("softplus"),
    element_kernel<Softsign, T>("softsign"),
    element_kernel<Exponential, T>("exponential"),
    element_kernel<Mish, T>("mish"),
    element_kernel<Squareplus, T>("squareplus"),
    element_kernel<LogSigmoid, T>("log_sigmoid"),
    element_kernel<TanhShrink, T>("tanh_shrink"),
    element_kernel<HardSigmoid, T>("hard_sigmoid"),
    element_kernel<HardSilu, T>("hard_silu"),
    element_kernel<HardTanh, T>("hard_tanh"),
    element_kernel<HardShrink, T>("hard_shrink"),
    element_kernel<SoftShrink, T>("soft_shrink"),
    element_kernel<Threshold, T>("threshold"),
    element_kernel<SparsePlus, T>("sparse_plus"),
    element_kernel<SparseSigmoid, T>("sparse_sigmoid"),
    {"softmax", softmax_forward<T>, softmax_backward<T>, false},
    {"log_softmax", log_softmax_forward<T>, log_softmax_backward<T>, false},
    {"sparsemax", sparsemax_forward<T>, sparsemax_backward<T>, false},
    {"glu", glu_forward<T>, glu_backward<T>, true},
};

template <class T>
constexpr Family<ActivationKernel<T>> activation_kernels() {
  return {kActivations<T>, sizeof(kActivations<T>) / sizeof(kActivations<T>[0])};
}

}  // namespace
}  // namespace chainrule::CHAINRULE_ISA
