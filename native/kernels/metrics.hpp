// What metrics take the mean of, one number for each row: shares of right predictions, and losses.
//
// Options as for losses: the arguments of the function after y_true and y_pred, then config.epsilon().
#pragma once

#include "kernels/losses.hpp"
#include "kernels/table.hpp"

namespace chainrule::CHAINRULE_ISA {
namespace metrics {
namespace {

using losses::ClassNumbers;
using losses::Plain;
using losses::row_largest;
using losses::row_total;
using losses::run_elements;
using losses::run_rows;

// -- shares of matches in a row ---------------------------------------------------------------------------------------

template <class T>
struct Above {
  T threshold;

  CHAINRULE_INLINE Vec<T> operator()(Vec<T> y, Vec<T> p, Vec<T>& slope) const {
    slope = Vec<T>{};
    const Vec<T> one = set<T>(1), zero = set<T>(0);
    return select(y == select(p > threshold, one, zero), one, zero);
  }
};

template <class T>
struct Equal {
  CHAINRULE_INLINE Vec<T> operator()(Vec<T> y, Vec<T> p, Vec<T>& slope) const {
    slope = Vec<T>{};
    return select(y == p, set<T>(1), set<T>(0));
  }
};

template <class T>
void binary_accuracy(const LossArgs<T>& a) {  // threshold
  run_elements<true>(a, Above<T>{T(a.options[0])});
}

template <class T>
void accuracy(const LossArgs<T>& a) {
  run_elements<true>(a, Equal<T>{});
}

// -- the best classes -------------------------------------------------------------------------------------------------

// The class with the largest score, the first of equal ones; NaN counts as the largest, as in NumPy's argmax.
template <class T, class R, class Scores>
CHAINRULE_INLINE Vec<T> argmax(const R& rows, const Scores& score) {
  const Vec<T> top = row_largest<T>(rows, score), behind = set<T>(-T(rows.a.width));
  return -row_largest<T>(rows, [&](int64_t k) {
    const Vec<T> v = score(k);
    return select((v == top) | (v != v), -rows.column(k), behind);
  });
}

template <class T>
void categorical_accuracy(const LossArgs<T>& a) {
  run_rows<T>(a, a.width, [&](const auto& rows) {
    const Vec<T> expected = argmax<T>(rows, [&](int64_t k) { return rows.y(k); });
    const Vec<T> found = argmax<T>(rows, [&](int64_t k) { return rows.p(k); });
    rows.loss(select(expected == found, set<T>(1), set<T>(0)));
  });
}

template <class T>
void sparse_categorical_accuracy(const LossArgs<T>& a) {
  run_rows<T>(a, 1, [&](const auto& rows) {
    const Vec<T> found = argmax<T>(rows, [&](int64_t k) { return rows.p(k); });
    rows.loss(select(rows.class_number() == found, set<T>(1), set<T>(0)));
  });
}

// 1 where fewer than k classes score higher than the true one
template <class T, class R>
CHAINRULE_INLINE void among_best(const R& rows, const ClassNumbers<T, R>& t, double k) {
  const Vec<T> one = set<T>(1), zero = set<T>(0);
  const Vec<T> own = row_total<T>(rows, [&](int64_t c) { return t.only(c, rows.p(c)); });
  const Vec<T> bar = select(own == own, own, set<T>(-T(__builtin_inf())));
  const Vec<T> higher = row_total<T>(rows, [&](int64_t c) { return select(rows.p(c) > bar, one, zero); });
  rows.loss(t.counted(select(higher < T(k), one, zero)));
}

template <class T>
void top_k_categorical_accuracy(const LossArgs<T>& a) {  // k
  run_rows<T>(a, a.width, [&](const auto& rows) {
    const Vec<T> expected = argmax<T>(rows, [&](int64_t k) { return rows.y(k); });
    among_best<T>(rows, ClassNumbers<T, Plain<decltype(rows)>>(rows, expected), a.options[0]);
  });
}

template <class T>
void sparse_top_k_categorical_accuracy(const LossArgs<T>& a) {  // k
  run_rows<T>(a, 1, [&](const auto& rows) {
    among_best<T>(rows, ClassNumbers<T, Plain<decltype(rows)>>(rows, rows.class_number()), a.options[0]);
  });
}

// The cosine itself: the loss of that name is minus it.
template <class T>
void cosine_similarity(const LossArgs<T>& a) {  // epsilon
  losses::cosine_similarity<T>(a);
  for (int64_t r = 0; r < a.rows; ++r) a.losses[r] = -a.losses[r];
}

// A loss without a gradient.
template <class T, void (*run)(const LossArgs<T>&)>
void value_of(const T* y, const T* p, int64_t rows, int64_t width, int64_t y_width, T* values, const double* options) {
  run({y, p, rows, width, y_width, nullptr, values, nullptr, options});
}

}  // namespace
}  // namespace metrics

namespace {

template <class T>
constexpr MetricKernel<T> kMetrics[] = {
    {"accuracy", metrics::value_of<T, metrics::accuracy<T>>, false},
    {"binary_accuracy", metrics::value_of<T, metrics::binary_accuracy<T>>, false},
    {"categorical_accuracy", metrics::value_of<T, metrics::categorical_accuracy<T>>, false},
    {"sparse_categorical_accuracy", metrics::value_of<T, metrics::sparse_categorical_accuracy<T>>, false},
    {"top_k_categorical_accuracy", metrics::value_of<T, metrics::top_k_categorical_accuracy<T>>, false},
    {"sparse_top_k_categorical_accuracy", metrics::value_of<T, metrics::sparse_top_k_categorical_accuracy<T>>, false},
    {"cosine_similarity", metrics::value_of<T, metrics::cosine_similarity<T>>, false},
    {"mean_squared_error", metrics::value_of<T, losses::mean_squared_error<T>>, false},
    {"mean_absolute_error", metrics::value_of<T, losses::mean_absolute_error<T>>, false},
    {"mean_absolute_percentage_error", metrics::value_of<T, losses::mean_absolute_percentage_error<T>>, false},
    {"mean_squared_logarithmic_error", metrics::value_of<T, losses::mean_squared_logarithmic_error<T>>, false},
    {"huber", metrics::value_of<T, losses::huber<T>>, false},
    {"log_cosh", metrics::value_of<T, losses::log_cosh<T>>, false},
    {"poisson", metrics::value_of<T, losses::poisson<T>>, false},
    {"hinge", metrics::value_of<T, losses::hinge<T>>, true},
    {"squared_hinge", metrics::value_of<T, losses::squared_hinge<T>>, true},
    {"categorical_hinge", metrics::value_of<T, losses::categorical_hinge<T>>, false},
    {"binary_crossentropy", metrics::value_of<T, losses::binary_crossentropy<T>>, false},
    {"binary_focal_crossentropy", metrics::value_of<T, losses::binary_focal_crossentropy<T>>, false},
    {"categorical_crossentropy", metrics::value_of<T, losses::categorical_crossentropy<T>>, false},
    {"categorical_focal_crossentropy", metrics::value_of<T, losses::categorical_focal_crossentropy<T>>, false},
    {"sparse_categorical_crossentropy", metrics::value_of<T, losses::sparse_categorical_crossentropy<T>>, false},
    {"categorical_generalized_cross_entropy", metrics::value_of<T, losses::categorical_generalized_cross_entropy<T>>,
     false},
    {"kl_divergence", metrics::value_of<T, losses::kl_divergence<T>>, false},
};

template <class T>
constexpr Family<MetricKernel<T>> metric_kernels() {
  return {kMetrics<T>, sizeof(kMetrics<T>) / sizeof(kMetrics<T>[0])};
}

}  // namespace
}  // namespace chainrule::CHAINRULE_ISA
