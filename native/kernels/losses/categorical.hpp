// Losses of the probabilities of several classes: crossentropies of one-hot rows and of class numbers, categorical
// hinge.
#pragma once

#include "kernels/losses/rows.hpp"

namespace chainrule::CHAINRULE_ISA::losses {
namespace {

// -- targets: the shares of the classes of step k ---------------------------------------------------------------------

template <class T, class R>
struct SharesGiven {
  const R& rows;
  T factor, offset;

  SharesGiven(const R& rows, double smoothing)
      : rows(rows), factor(T(1.0 - smoothing)), offset(T(smoothing / double(rows.a.width))) {}
  CHAINRULE_INLINE Vec<T> operator()(int64_t k) const { return rows.y(k) * factor + offset; }
  CHAINRULE_INLINE Vec<T> counted(Vec<T> v) const { return v; }
};

// Class numbers. A row whose number is no class, or the class to ignore, counts for nothing.
template <class T, class R>
struct ClassNumbers {
  const R& rows;
  Vec<T> number;
  Vec<Int<T>> valid;

  ClassNumbers(const R& rows, Vec<T> number, double ignored = __builtin_nan("")) : rows(rows), number(number) {
    valid = (number >= T(0)) & (number < T(rows.a.width)) & (number != T(ignored));
  }
  CHAINRULE_INLINE Vec<T> operator()(int64_t k) const { return only(k, set<T>(1)); }
  // v where the row's class is that of the lane (numbers are cut to whole ones, as a cast does), else 0
  CHAINRULE_INLINE Vec<T> only(int64_t k, Vec<T> v) const {
    const Vec<T> column = rows.column(k);
    return select((number >= column) & (number < column + T(1)), v, set<T>(0));
  }
  CHAINRULE_INLINE Vec<T> counted(Vec<T> v) const { return select(valid, v, set<T>(0)); }
};

// -- probabilities ----------------------------------------------------------------------------------------------------

template <class T, class R>
struct Softmax {
  const R& rows;
  Vec<T> top, total;

  explicit Softmax(const R& rows) : rows(rows) {
    top = row_largest<T>(rows, [&](int64_t k) { return rows.p(k); });
    total = row_total<T>(rows, [&](int64_t k) { return exp<T>(rows.p(k) - top); });
  }
  CHAINRULE_INLINE Vec<T> operator()(int64_t k) const { return exp<T>(rows.p(k) - top) / total; }
};

template <class T, class R>
struct Given {
  const R& rows;

  explicit Given(const R& rows) : rows(rows) {}
  CHAINRULE_INLINE Vec<T> operator()(int64_t k) const { return rows.p(k); }
};

// -- crossentropy -----------------------------------------------------------------------------------------------------

// -sum(t log(softmax(h)))
template <class T, class R, class Targets>
void crossentropy_of_logits(const R& rows, const Targets& t) {
  Vec<T> total{}, logits{}, shares{};
  const Vec<T> top = row_largest<T>(rows, [&](int64_t k) { return rows.p(k); });
  for (int64_t k = 0; k < rows.steps(); ++k) {
    const Vec<T> h = rows.p(k) - top, share = t(k);
    total += rows.within(k, exp<T>(h), T(0));
    logits += rows.within(k, share * h, T(0));
    shares += rows.within(k, share, T(0));
  }
  total = rows.total(total), logits = rows.total(logits), shares = rows.total(shares);
  rows.loss(t.counted(shares * log<T>(total) - logits));
  if (!rows.a.gradient) return;
  const Vec<T> factor = shares / total;
  for (int64_t k = 0; k < rows.steps(); ++k) rows.gradient(k, t.counted(exp<T>(rows.p(k) - top) * factor - t(k)));
}

// -sum(t log(q)), q = p / sum(p), kept between epsilon and 1 - epsilon.
template <class T, class R>
void crossentropy_of_shares(const R& rows, const SharesGiven<T, R>& t, const Clip<T>& clip) {
  const Vec<T> sum_p = row_total<T>(rows, [&](int64_t k) { return rows.p(k); });
  const auto slope = [&](Vec<T> share, Vec<T> q, Vec<T> inside) { return -share / inside * clip.slope(q); };
  Vec<T> loss{}, common{};
  for (int64_t k = 0; k < rows.steps(); ++k) {
    const Vec<T> q = rows.p(k) / sum_p, inside = clip(q), share = t(k);
    loss -= rows.within(k, share * log<T>(inside), T(0));
    common += rows.within(k, slope(share, q, inside) * q, T(0));
  }
  rows.loss(rows.total(loss));
  if (!rows.a.gradient) return;
  common = rows.total(common);
  for (int64_t k = 0; k < rows.steps(); ++k) {
    const Vec<T> q = rows.p(k) / sum_p;
    rows.gradient(k, (slope(t(k), q, clip(q)) - common) / sum_p);
  }
}

// The same of class numbers: only the probability of the class itself needs a logarithm.
template <class T, class R>
void crossentropy_of_class(const R& rows, const ClassNumbers<T, R>& t, const Clip<T>& clip) {
  Vec<T> sum_p{}, own{};
  for (int64_t k = 0; k < rows.steps(); ++k) {
    const Vec<T> p = rows.within(k, rows.p(k), T(0));
    sum_p += p;
    own += t.only(k, p);
  }
  sum_p = rows.total(sum_p), own = rows.total(own);
  const Vec<T> q = own / sum_p, inside = clip(q), slope = -clip.slope(q) / inside;
  rows.loss(t.counted(-log<T>(inside)));
  if (!rows.a.gradient) return;
  const Vec<T> others = t.counted(-(slope * q) / sum_p), at_class = t.counted(slope / sum_p);
  for (int64_t k = 0; k < rows.steps(); ++k) rows.gradient(k, others + t.only(k, at_class));
}

// alpha * sum((1 - q)^gamma * -t log(q)); of logits too, as the derivative of the softmax takes nothing away: sum(q)
// = 1.
template <class T, class P, bool kLogits, class R>
void focal_crossentropy(const R& rows, const SharesGiven<T, R>& t, const Clip<T>& clip, Power<T> power, T alpha) {
  const P p(rows);
  const Vec<T> sum_p = row_total<T>(rows, p);
  const auto term = [&](int64_t k, Vec<T> q, Vec<T>& slope) {
    const Vec<T> inside = clip(q), wrong = T(1) - inside, share = t(k), surprise = -share * log<T>(inside);
    const Vec<T> weight = power(wrong) * alpha;
    slope = -(power.slope(wrong) * alpha * surprise + weight * share / inside) * clip.slope(q);
    return weight * surprise;
  };
  Vec<T> loss{}, common{}, slope;
  for (int64_t k = 0; k < rows.steps(); ++k) {
    const Vec<T> q = p(k) / sum_p;
    loss += rows.within(k, term(k, q, slope), T(0));
    common += rows.within(k, slope * q, T(0));
  }
  rows.loss(rows.total(loss));
  if (!rows.a.gradient) return;
  common = rows.total(common);
  for (int64_t k = 0; k < rows.steps(); ++k) {
    const Vec<T> own = p(k);
    term(k, own / sum_p, slope);
    const Vec<T> by_p = (slope - common) / sum_p;
    rows.gradient(k, kLogits ? by_p * own : by_p);
  }
}

// -- entries ----------------------------------------------------------------------------------------------------------

template <class T>
void categorical_crossentropy(const LossArgs<T>& a) {  // from_logits, label_smoothing, epsilon
  const double* o = a.options;
  const Clip<T> clip(o[2], 1.0 - o[2]);
  run_rows<T>(a, a.width, [&](const auto& rows) {
    const SharesGiven<T, Plain<decltype(rows)>> t(rows, o[1]);
    o[0] != 0 ? crossentropy_of_logits<T>(rows, t) : crossentropy_of_shares<T>(rows, t, clip);
  });
}

template <class T>
void sparse_categorical_crossentropy(const LossArgs<T>& a) {  // from_logits, ignore_class or NaN, epsilon
  const double* o = a.options;
  const Clip<T> clip(o[2], 1.0 - o[2]);
  run_rows<T>(a, 1, [&](const auto& rows) {
    const ClassNumbers<T, Plain<decltype(rows)>> t(rows, rows.class_number(), o[1]);
    o[0] != 0 ? crossentropy_of_logits<T>(rows, t) : crossentropy_of_class<T>(rows, t, clip);
  });
}

template <class T>
void categorical_focal_crossentropy(const LossArgs<T>& a) {  // alpha, gamma, from_logits, label_smoothing, epsilon
  const double* o = a.options;
  const Clip<T> clip(o[4], 1.0 - o[4]);
  const Power<T> power{T(o[1])};
  run_rows<T>(a, a.width, [&](const auto& rows) {
    using R = Plain<decltype(rows)>;
    const SharesGiven<T, R> t(rows, o[3]);
    if (o[2] != 0) {
      focal_crossentropy<T, Softmax<T, R>, true>(rows, t, clip, power, T(o[0]));
    } else {
      focal_crossentropy<T, Given<T, R>, false>(rows, t, clip, power, T(o[0]));
    }
  });
}

// (1 - p_c^q) / q
template <class T>
void categorical_generalized_cross_entropy(const LossArgs<T>& a) {  // q
  const T q = T(a.options[0]);
  const Power<T> power{q};
  run_rows<T>(a, 1, [&](const auto& rows) {
    const ClassNumbers<T, Plain<decltype(rows)>> t(rows, rows.class_number());
    const Vec<T> own = row_total<T>(rows, [&](int64_t k) { return t.only(k, rows.p(k)); });
    rows.loss(t.counted((T(1) - power(own)) / q));
    if (!a.gradient) return;
    const Vec<T> slope = -power.slope(own) / q;
    for (int64_t k = 0; k < rows.steps(); ++k) rows.gradient(k, t.only(k, slope));
  });
}

// max(m - s + 1, 0): s = sum(y p), m the largest of (1 - y) p; equal ones share its derivative.
template <class T>
void categorical_hinge(const LossArgs<T>& a) {
  run_rows<T>(a, a.width, [&](const auto& rows) {
    const Vec<T> zero = set<T>(0), one = set<T>(1);
    const auto wrong = [&](int64_t k) { return (T(1) - rows.y(k)) * rows.p(k); };
    const Vec<T> right = row_total<T>(rows, [&](int64_t k) { return rows.y(k) * rows.p(k); });
    const Vec<T> largest = row_largest<T>(rows, wrong), margin = largest - right + T(1);
    rows.loss(max(margin, zero));
    if (!a.gradient) return;
    const Vec<T> equals = row_total<T>(rows, [&](int64_t k) { return select(wrong(k) == largest, one, zero); });
    const Vec<T> part = T(1) / max(equals, one), slope = wins<T>(margin, zero);
    for (int64_t k = 0; k < rows.steps(); ++k) {
      const Vec<T> y = rows.y(k);
      rows.gradient(k, slope * (select(wrong(k) == largest, part, zero) * (T(1) - y) - y));
    }
  });
}

}  // namespace
}  // namespace chainrule::CHAINRULE_ISA::losses
