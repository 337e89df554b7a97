// Losses of directions and of overlaps.
#pragma once

#include "kernels/losses/rows.hpp"

namespace chainrule::CHAINRULE_ISA::losses {
namespace {

// The factor that gives a vector of this squared length the length 1, at most 1 / epsilon; and its derivative by the
// squared length times `g`.
template <class T>
struct Normalizer {
  Vec<T> inverse, limit;

  Normalizer(Vec<T> squares, double epsilon) : inverse(T(1) / sqrt(squares)), limit(set<T>(T(1.0 / epsilon))) {}
  CHAINRULE_INLINE Vec<T> factor() const { return min(inverse, limit); }
  CHAINRULE_INLINE Vec<T> slope(Vec<T> g) const {
    return -(g * wins<T>(limit, inverse)) * inverse * inverse * inverse * T(0.5);
  }
};

// -sum(y p) / (|y| |p|)
template <class T>
void cosine_similarity(const LossArgs<T>& a) {  // epsilon
  run_rows<T>(a, a.width, [&](const auto& rows) {
    Vec<T> yy{}, pp{}, yp{};
    for (int64_t k = 0; k < rows.steps(); ++k) {  // behind the end of a row there are zeros
      const Vec<T> y = rows.y(k), p = rows.p(k);
      yy += y * y;
      pp += p * p;
      yp += y * p;
    }
    yp = rows.total(yp);
    const Vec<T> of_y = Normalizer<T>(rows.total(yy), a.options[0]).factor();
    const Normalizer<T> normal(rows.total(pp), a.options[0]);
    const Vec<T> of_p = normal.factor();
    rows.loss(-(yp * of_y * of_p));
    if (!a.gradient) return;
    const Vec<T> common = normal.slope(-(of_y * yp)) * T(2), factor = of_y * of_p;
    for (int64_t k = 0; k < rows.steps(); ++k) rows.gradient(k, common * rows.p(k) - rows.y(k) * factor);
  });
}

// -- of the whole batch -----------------------------------------------------------------------------------------------

template <class T>
struct Overlap {
  T y = 0, p = 0, both = 0, missed = 0, wrong = 0;

  explicit Overlap(const LossArgs<T>& a) {
    Vec<T> sums[5]{};
    for_each_vector<T>(a.rows * a.width, [&](int64_t i, auto io) {
      const Vec<T> t = io.load(a.y + i), q = io.load(a.p + i);
      sums[0] += t;
      sums[1] += q;
      sums[2] += t * q;
      sums[3] += (T(1) - q) * t;
      sums[4] += q * (T(1) - t);
    });
    y = sum<T>(sums[0]), p = sum<T>(sums[1]), both = sum<T>(sums[2]);
    missed = sum<T>(sums[3]), wrong = sum<T>(sums[4]);
  }
};

// gradient = factor * y + offset
template <class T>
void linear_in_targets(const LossArgs<T>& a, T factor, T offset) {
  if (!a.gradient) return;
  for_each_vector<T>(a.rows * a.width, [&](int64_t i, auto io) {
    io.store(a.gradient + i, (io.load(a.y + i) * factor + offset) * a.scale[0]);
  });
}

// 1 - 2 sum(y p) / (sum(y) + sum(p) + epsilon)
template <class T>
void dice(const LossArgs<T>& a) {  // epsilon
  if (unfit(a, a.width, true)) return;
  const Overlap<T> of(a);
  const T whole = of.y + of.p + T(a.options[0]), share = T(2) * of.both / whole;
  a.losses[0] = T(1) - share;
  linear_in_targets<T>(a, T(-2) / whole, share / whole);
}

// 1 - tp / (tp + alpha fn + beta fp + epsilon)
template <class T>
void tversky(const LossArgs<T>& a) {  // alpha, beta, epsilon
  if (unfit(a, a.width, true)) return;
  const T alpha = T(a.options[0]), beta = T(a.options[1]);
  const Overlap<T> of(a);
  const T whole = of.both + of.missed * alpha + of.wrong * beta + T(a.options[2]), share = of.both / whole;
  a.losses[0] = T(1) - share;
  // whole changes with p by y - alpha y + beta (1 - y), tp by y
  const T by_whole = share / whole;
  linear_in_targets<T>(a, by_whole * (T(1) - alpha - beta) - T(1) / whole, by_whole * beta);
}

}  // namespace
}  // namespace chainrule::CHAINRULE_ISA::losses
