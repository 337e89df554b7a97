// Losses of probabilities of one class each: binary crossentropy and its focal form.
#pragma once

#include "kernels/losses/elements.hpp"

namespace chainrule::CHAINRULE_ISA::losses {
namespace {

// Targets moved towards 0.5 by a part of theirs.
template <class T>
struct SmoothBinary {
  T factor, offset;

  explicit SmoothBinary(double part) : factor(T(1.0 - part)), offset(T(0.5 * part)) {}
  CHAINRULE_INLINE Vec<T> operator()(Vec<T> y) const { return y * factor + offset; }
};

template <class T>
struct BinaryOfLogits {
  SmoothBinary<T> smooth;

  CHAINRULE_INLINE Vec<T> operator()(Vec<T> y, Vec<T> h, Vec<T>& slope) const {
    const Vec<T> t = smooth(y), other = T(1) - t, zero = set<T>(0), one = set<T>(1);
    const Vec<T> e = exp<T>(-abs<T>(h)), rest = log1p_of_share<T>(e), whole = e + T(1);
    const Vec<T> yes = select(h >= T(0), one, e) / whole, no = select(h <= T(0), one, e) / whole;
    slope = other * yes - t * no;
    return -t * (min(h, zero) - rest) - other * (min(-h, zero) - rest);
  }
};

template <class T>
struct BinaryOfProbabilities {
  SmoothBinary<T> smooth;
  Clip<T> clip;

  CHAINRULE_INLINE Vec<T> operator()(Vec<T> y, Vec<T> p, Vec<T>& slope) const {
    return of_targets(smooth(y), p, slope);
  }
  CHAINRULE_INLINE Vec<T> of_targets(Vec<T> t, Vec<T> p, Vec<T>& slope) const {
    const Vec<T> q = clip(p), other = T(1) - t, rest = T(1) - q;
    slope = (other / rest - t / q) * clip.slope(p);
    return -(t * log<T>(q) + other * log<T>(rest));
  }
};

template <class T, bool kLogits>
struct BinaryFocal {
  BinaryOfProbabilities<T> plain;
  Power<T> power;
  bool balance;
  T alpha, rest_alpha;

  CHAINRULE_INLINE Vec<T> operator()(Vec<T> y, Vec<T> h, Vec<T>& slope) const {
    const Vec<T> t = plain.smooth(y), other = T(1) - t;
    Vec<T> p = h;
    if constexpr (kLogits) p = sigmoid<T>(h);
    Vec<T> plain_slope;
    const Vec<T> loss = plain.of_targets(t, p, plain_slope);
    const Vec<T> wrong = T(1) - (t * p + other * (T(1) - p)), weight = power(wrong);
    const Vec<T> share = balance ? t * alpha + other * rest_alpha : set<T>(1);
    slope = share * (weight * plain_slope + loss * power.slope(wrong) * (other - t));
    if constexpr (kLogits) slope = slope * p * (T(1) - p);
    return share * (weight * loss);
  }
};

// -- entries ----------------------------------------------------------------------------------------------------------

template <class T>
void binary_crossentropy(const LossArgs<T>& a) {  // from_logits, label_smoothing, epsilon
  const double* o = a.options;
  if (o[0] != 0) {
    run_elements<true>(a, BinaryOfLogits<T>{SmoothBinary<T>(o[1])});
  } else {
    run_elements<true>(a, BinaryOfProbabilities<T>{SmoothBinary<T>(o[1]), Clip<T>(o[2], 1.0 - o[2])});
  }
}

template <class T>
void binary_focal_crossentropy(const LossArgs<T>& a) {
  const double* o = a.options;  // apply_class_balancing, alpha, gamma, from_logits, label_smoothing, epsilon
  const BinaryOfProbabilities<T> plain{SmoothBinary<T>(o[4]), Clip<T>(o[5], 1.0 - o[5])};
  const Power<T> power{T(o[2])};
  const bool balance = o[0] != 0;
  if (o[3] != 0) {
    run_elements<true>(a, BinaryFocal<T, true>{plain, power, balance, T(o[1]), T(1.0 - o[1])});
  } else {
    run_elements<true>(a, BinaryFocal<T, false>{plain, power, balance, T(o[1]), T(1.0 - o[1])});
  }
}

}  // namespace
}  // namespace chainrule::CHAINRULE_ISA::losses
