// All losses, by the names of their functions in chainrule.losses.
//
// Options of each: the arguments of the function after y_true and y_pred, in their order, without `axis` and without
// what is no number; then config.epsilon(). See engines/native/losses.py.
#pragma once

#include "kernels/losses/binary.hpp"
#include "kernels/losses/categorical.hpp"
#include "kernels/losses/circle.hpp"
#include "kernels/losses/regression.hpp"
#include "kernels/losses/similarity.hpp"
#include "kernels/table.hpp"

namespace chainrule::CHAINRULE_ISA {
namespace {

template <class T>
constexpr LossKernel<T> kLosses[] = {
    {"mean_squared_error", losses::mean_squared_error<T>, false, false},
    {"mean_absolute_error", losses::mean_absolute_error<T>, false, false},
    {"mean_absolute_percentage_error", losses::mean_absolute_percentage_error<T>, false, false},
    {"mean_squared_logarithmic_error", losses::mean_squared_logarithmic_error<T>, false, false},
    {"huber", losses::huber<T>, false, false},
    {"log_cosh", losses::log_cosh<T>, false, false},
    {"poisson", losses::poisson<T>, false, false},
    {"hinge", losses::hinge<T>, false, true},
    {"squared_hinge", losses::squared_hinge<T>, false, true},
    {"categorical_hinge", losses::categorical_hinge<T>, false, false},
    {"binary_crossentropy", losses::binary_crossentropy<T>, false, false},
    {"binary_focal_crossentropy", losses::binary_focal_crossentropy<T>, false, false},
    {"categorical_crossentropy", losses::categorical_crossentropy<T>, false, false},
    {"categorical_focal_crossentropy", losses::categorical_focal_crossentropy<T>, false, false},
    {"sparse_categorical_crossentropy", losses::sparse_categorical_crossentropy<T>, false, false},
    {"categorical_generalized_cross_entropy", losses::categorical_generalized_cross_entropy<T>, false, false},
    {"kl_divergence", losses::kl_divergence<T>, false, false},
    {"cosine_similarity", losses::cosine_similarity<T>, false, false},
    {"circle", losses::circle<T>, false, true},
    {"dice", losses::dice<T>, true, true},
    {"tversky", losses::tversky<T>, true, true},
};

template <class T>
constexpr Family<LossKernel<T>> loss_kernels() {
  return {kLosses<T>, sizeof(kLosses<T>) / sizeof(kLosses<T>[0])};
}

}  // namespace
}  // namespace chainrule::CHAINRULE_ISA
