// Losses of numbers and of margins: means over the row of a function of (y, p).
//
// Options: the arguments of the Python function after y_true and y_pred, in their order and without `axis`, then
// config.epsilon(); so it is for all losses.
#pragma once

#include "kernels/losses/elements.hpp"

namespace chainrule::CHAINRULE_ISA::losses {
namespace {

template <class T>
struct SquaredError {
  CHAINRULE_INLINE Vec<T> operator()(Vec<T> y, Vec<T> p, Vec<T>& slope) const {
    const Vec<T> error = y - p;
    slope = error * T(-2);
    return error * error;
  }
};

template <class T>
struct AbsoluteError {
  CHAINRULE_INLINE Vec<T> operator()(Vec<T> y, Vec<T> p, Vec<T>& slope) const {
    const Vec<T> error = y - p;
    slope = -sign<T>(error);
    return abs<T>(error);
  }
};

template <class T>
struct AbsolutePercentageError {
  Vec<T> epsilon;

  CHAINRULE_INLINE Vec<T> operator()(Vec<T> y, Vec<T> p, Vec<T>& slope) const {
    const Vec<T> size = max(abs<T>(y), epsilon), relative = (y - p) / size;
    slope = sign<T>(relative) * T(-100) / size;
    return abs<T>(relative) * T(100);
  }
};

template <class T>
struct SquaredLogarithmicError {
  Vec<T> epsilon;

  CHAINRULE_INLINE Vec<T> operator()(Vec<T> y, Vec<T> p, Vec<T>& slope) const {
    const Vec<T> q = max(p, epsilon) + T(1), error = log<T>(q) - log<T>(max(y, epsilon) + T(1));
    slope = error * T(2) / q * wins<T>(p, epsilon);
    return error * error;
  }
};

template <class T>
struct Huber {
  T delta, offset;  // offset: delta^2 / 2

  CHAINRULE_INLINE Vec<T> operator()(Vec<T> y, Vec<T> p, Vec<T>& slope) const {
    const Vec<T> error = p - y, size = abs<T>(error);
    const auto near = size <= delta;
    slope = select(near, error, sign<T>(error) * delta);
    return select(near, error * error * T(0.5), size * delta - offset);
  }
};

template <class T>
struct LogCosh {
  CHAINRULE_INLINE Vec<T> operator()(Vec<T> y, Vec<T> p, Vec<T>& slope) const {
    const Vec<T> error = p - y, twice = error * T(-2), e = exp<T>(-abs<T>(twice));
    slope = T(1) + select(twice >= T(0), set<T>(1), e) / (e + T(1)) * T(-2);
    return error + (max(twice, set<T>(0)) + log1p_of_share<T>(e)) - T(0.693147180559945309417232121458);
  }
};

template <class T>
struct PoissonError {
  Vec<T> epsilon;

  CHAINRULE_INLINE Vec<T> operator()(Vec<T> y, Vec<T> p, Vec<T>& slope) const {
    const Vec<T> q = p + epsilon;
    slope = T(1) - y / q;
    return p - y * log<T>(q);
  }
};

// sum(y log(y / p)), both kept between epsilon and 1.
template <class T>
struct Divergence {
  Clip<T> clip;

  CHAINRULE_INLINE Vec<T> operator()(Vec<T> y, Vec<T> p, Vec<T>& slope) const {
    const Vec<T> t = clip(y), q = clip(p);
    slope = -t / q * clip.slope(p);
    return t * log<T>(t / q);
  }
};

template <class T, bool kSquared>
struct Margin {
  bool from_binary;  // targets are 0 and 1 and stand for -1 and 1

  CHAINRULE_INLINE Vec<T> operator()(Vec<T> y, Vec<T> p, Vec<T>& slope) const {
    const Vec<T> label = from_binary ? y * T(2) - T(1) : y, rest = T(1) - label * p, value = max(rest, set<T>(0));
    const Vec<T> inside = -wins<T>(rest, set<T>(0)) * label;
    slope = kSquared ? value * T(2) * inside : inside;
    return kSquared ? value * value : value;
  }
};

template <class T>
bool all_binary(const T* y, int64_t n) {
  Vec<Int<T>> others{};
  for_each_vector<T>(n, [&](int64_t i, auto io) {
    const Vec<T> v = io.load(y + i);
    others |= (v != T(0)) & (v != T(1));
  });
  for (int l = 0; l < kLanes<T>; ++l) {
    if (others[l]) return false;
  }
  return true;
}

// -- entries ----------------------------------------------------------------------------------------------------------

template <class T>
void mean_squared_error(const LossArgs<T>& a) {
  run_elements<true>(a, SquaredError<T>{});
}

template <class T>
void mean_absolute_error(const LossArgs<T>& a) {
  run_elements<true>(a, AbsoluteError<T>{});
}

template <class T>
void mean_absolute_percentage_error(const LossArgs<T>& a) {  // epsilon
  run_elements<true>(a, AbsolutePercentageError<T>{set<T>(T(a.options[0]))});
}

template <class T>
void mean_squared_logarithmic_error(const LossArgs<T>& a) {  // epsilon
  run_elements<true>(a, SquaredLogarithmicError<T>{set<T>(T(a.options[0]))});
}

template <class T>
void huber(const LossArgs<T>& a) {  // delta
  const double delta = a.options[0];
  run_elements<true>(a, Huber<T>{T(delta), T(0.5 * delta * delta)});
}

template <class T>
void log_cosh(const LossArgs<T>& a) {
  run_elements<true>(a, LogCosh<T>{});
}

template <class T>
void poisson(const LossArgs<T>& a) {  // epsilon
  run_elements<true>(a, PoissonError<T>{set<T>(T(a.options[0]))});
}

template <class T>
void kl_divergence(const LossArgs<T>& a) {  // epsilon
  run_elements<false>(a, Divergence<T>{Clip<T>(a.options[0], 1.0)});
}

template <class T>
void hinge(const LossArgs<T>& a) {
  if (!unfit(a, a.width)) run_elements<true>(a, Margin<T, false>{all_binary<T>(a.y, a.rows * a.width)});
}

template <class T>
void squared_hinge(const LossArgs<T>& a) {
  if (!unfit(a, a.width)) run_elements<true>(a, Margin<T, true>{all_binary<T>(a.y, a.rows * a.width)});
}

}  // namespace
}  // namespace chainrule::CHAINRULE_ISA::losses
