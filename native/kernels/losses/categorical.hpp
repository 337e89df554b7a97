// Losses of the probabilities of several classes: crossentropies of one-hot rows and of class numbers, categorical
// hinge.
#pragma once

#include "kernels/losses/rows.hpp"

namespace chainrule::CHAINRULE_ISA::losses {
namespace {

// -- targets: the share of class k in each row ------------------------------------------------------------------------

template <class T>
struct SharesGiven {
  const Rows<T>& rows;
  T factor, offset;

  SharesGiven(const Rows<T>& rows, double smoothing)
      : rows(rows), factor(T(1.0 - smoothing)), offset(T(smoothing / double(rows.a.width))) {}
  CHAINRULE_INLINE Vec<T> operator()(int64_t k) const { return rows.y(k) * factor + offset; }
  CHAINRULE_INLINE Vec<T> counted(Vec<T> v) const { return v; }
};

// Class numbers. A row whose number is no class, or the class to ignore, counts for nothing.
template <class T>
struct ClassNumbers {
  Vec<T> number;
  Vec<Int<T>> valid;

  ClassNumbers(const Rows<T>& rows, double ignored) : number(rows.y(0)) {
    valid = (number >= T(0)) & (number < T(rows.a.width)) & (number != T(ignored));
  }
  CHAINRULE_INLINE Vec<T> operator()(int64_t k) const { return counted_if(k, set<T>(1)); }
  // v where the row's class is k (numbers are cut to whole ones, as a cast does), else 0
  CHAINRULE_INLINE Vec<T> counted_if(int64_t k, Vec<T> v) const {
    return select((number >= T(k)) & (number < T(k + 1)), v, set<T>(0));
  }
  CHAINRULE_INLINE Vec<T> counted(Vec<T> v) const { return select(valid, v, set<T>(0)); }
};

// -- softmax ----------------------------------------------------------------------------------------------------------

template <class T>
struct Softmax {
  const Rows<T>& rows;
  Vec<T> top, total;

  explicit Softmax(const Rows<T>& rows) : rows(rows), top(rows.p(0)), total{} {
    for (int64_t k = 1; k < rows.a.width; ++k) top = max(top, rows.p(k));
    for (int64_t k = 0; k < rows.a.width; ++k) total += exp<T>(rows.p(k) - top);
  }
  CHAINRULE_INLINE Vec<T> operator()(int64_t k) const { return exp<T>(rows.p(k) - top) / total; }
};

template <class T>
struct Given {
  const Rows<T>& rows;

  explicit Given(const Rows<T>& rows) : rows(rows) {}
  CHAINRULE_INLINE Vec<T> operator()(int64_t k) const { return rows.p(k); }
};

template <class T, class P>
CHAINRULE_INLINE Vec<T> sum_of(const P& p, int64_t width) {
  Vec<T> total{};
  for (int64_t k = 0; k < width; ++k) total += p(k);
  return total;
}

// -- crossentropy -----------------------------------------------------------------------------------------------------

// -sum(t log(softmax(h)))
template <class T, class Targets>
void crossentropy_of_logits(const Rows<T>& rows, const Targets& t) {
  const int64_t width = rows.a.width;
  Vec<T> top = rows.p(0), total{}, logits{}, shares{};
  for (int64_t k = 1; k < width; ++k) top = max(top, rows.p(k));
  for (int64_t k = 0; k < width; ++k) {
    const Vec<T> h = rows.p(k) - top, share = t(k);
    total += exp<T>(h);
    logits += share * h;
    shares += share;
  }
  rows.loss(t.counted(shares * log<T>(total) - logits));
  if (!rows.a.gradient) return;
  const Vec<T> factor = shares / total;
  for (int64_t k = 0; k < width; ++k) rows.gradient(k, t.counted(exp<T>(rows.p(k) - top) * factor - t(k)));
}

// -sum(t log(q)), q = p / sum(p), kept between epsilon and 1 - epsilon.
template <class T>
void crossentropy_of_shares(const Rows<T>& rows, const SharesGiven<T>& t, const Clip<T>& clip) {
  const int64_t width = rows.a.width;
  const Vec<T> total = sum_of<T>(Given<T>(rows), width);
  Vec<T> loss{}, common{};
  for (int64_t k = 0; k < width; ++k) {
    const Vec<T> q = rows.p(k) / total, inside = clip(q), share = t(k);
    loss -= share * log<T>(inside);
    common -= share / inside * clip.slope(q) * q;
  }
  rows.loss(loss);
  for (int64_t k = 0; rows.a.gradient && k < width; ++k) {
    const Vec<T> q = rows.p(k) / total;
    rows.gradient(k, (-t(k) / clip(q) * clip.slope(q) - common) / total);
  }
}

// The same of class numbers: only the probability of the class itself needs a logarithm.
template <class T>
void crossentropy_of_class(const Rows<T>& rows, const ClassNumbers<T>& t, const Clip<T>& clip) {
  const int64_t width = rows.a.width;
  Vec<T> total{}, own{};
  for (int64_t k = 0; k < width; ++k) {
    const Vec<T> p = rows.p(k);
    total += p;
    own += t.counted_if(k, p);
  }
  const Vec<T> q = own / total, inside = clip(q), slope = -clip.slope(q) / inside;
  rows.loss(t.counted(-log<T>(inside)));
  for (int64_t k = 0; rows.a.gradient && k < width; ++k) {
    rows.gradient(k, t.counted((t.counted_if(k, slope) - slope * q) / total));
  }
}

// alpha * sum((1 - q)^gamma * -t log(q)); of logits too, as the derivative of the softmax takes nothing away: sum(q)
// = 1.
template <class T, class P, bool kLogits>
void focal_crossentropy(const Rows<T>& rows, const SharesGiven<T>& t, const Clip<T>& clip, Power<T> power, T alpha) {
  const int64_t width = rows.a.width;
  const P p(rows);
  const Vec<T> total = sum_of<T>(p, width);
  const auto term = [&](int64_t k, Vec<T> q, Vec<T>& slope) {
    const Vec<T> inside = clip(q), wrong = T(1) - inside, share = t(k), surprise = -share * log<T>(inside);
    const Vec<T> weight = power(wrong) * alpha;
    slope = -(power.slope(wrong) * alpha * surprise + weight * share / inside) * clip.slope(q);
    return weight * surprise;
  };
  Vec<T> loss{}, common{}, slope;
  for (int64_t k = 0; k < width; ++k) {
    const Vec<T> q = p(k) / total;
    loss += term(k, q, slope);
    common += slope * q;
  }
  rows.loss(loss);
  for (int64_t k = 0; rows.a.gradient && k < width; ++k) {
    const Vec<T> own = p(k);
    term(k, own / total, slope);
    const Vec<T> by_p = (slope - common) / total;
    rows.gradient(k, kLogits ? by_p * own : by_p);
  }
}

// -- entries ----------------------------------------------------------------------------------------------------------

template <class T>
void categorical_crossentropy(const LossArgs<T>& a) {  // from_logits, label_smoothing, epsilon
  const double* o = a.options;
  const Clip<T> clip(o[2], 1.0 - o[2]);
  run_rows<T>(a, a.width, [&](const Rows<T>& rows) {
    const SharesGiven<T> t(rows, o[1]);
    o[0] != 0 ? crossentropy_of_logits<T>(rows, t) : crossentropy_of_shares<T>(rows, t, clip);
  });
}

template <class T>
void sparse_categorical_crossentropy(const LossArgs<T>& a) {  // from_logits, ignore_class or NaN, epsilon
  const double* o = a.options;
  const Clip<T> clip(o[2], 1.0 - o[2]);
  run_rows<T>(a, 1, [&](const Rows<T>& rows) {
    const ClassNumbers<T> t(rows, o[1]);
    o[0] != 0 ? crossentropy_of_logits<T>(rows, t) : crossentropy_of_class<T>(rows, t, clip);
  });
}

template <class T>
void categorical_focal_crossentropy(const LossArgs<T>& a) {  // alpha, gamma, from_logits, label_smoothing, epsilon
  const double* o = a.options;
  const Clip<T> clip(o[4], 1.0 - o[4]);
  const Power<T> power{T(o[1])};
  run_rows<T>(a, a.width, [&](const Rows<T>& rows) {
    const SharesGiven<T> t(rows, o[3]);
    if (o[2] != 0) {
      focal_crossentropy<T, Softmax<T>, true>(rows, t, clip, power, T(o[0]));
    } else {
      focal_crossentropy<T, Given<T>, false>(rows, t, clip, power, T(o[0]));
    }
  });
}

// (1 - p_c^q) / q
template <class T>
void categorical_generalized_cross_entropy(const LossArgs<T>& a) {  // q
  const T q = T(a.options[0]);
  const Power<T> power{q};
  run_rows<T>(a, 1, [&](const Rows<T>& rows) {
    const ClassNumbers<T> t(rows, __builtin_nan(""));
    Vec<T> own{};
    for (int64_t k = 0; k < a.width; ++k) own += t.counted_if(k, rows.p(k));
    rows.loss(t.counted((T(1) - power(own)) / q));
    const Vec<T> slope = -power.slope(own) / q;
    for (int64_t k = 0; a.gradient && k < a.width; ++k) rows.gradient(k, t.counted_if(k, slope));
  });
}

// max(m - s + 1, 0): s = sum(y p), m the largest of (1 - y) p; equal ones share its derivative.
template <class T>
void categorical_hinge(const LossArgs<T>& a) {
  run_rows<T>(a, a.width, [&](const Rows<T>& rows) {
    const auto wrong = [&](int64_t k) { return (T(1) - rows.y(k)) * rows.p(k); };
    Vec<T> right{}, largest = wrong(0), equals{};
    for (int64_t k = 0; k < a.width; ++k) {
      right += rows.y(k) * rows.p(k);
      largest = max(largest, wrong(k));
    }
    const Vec<T> margin = largest - right + T(1), zero = set<T>(0), one = set<T>(1);
    rows.loss(max(margin, zero));
    if (!a.gradient) return;
    for (int64_t k = 0; k < a.width; ++k) equals += select(wrong(k) == largest, one, zero);
    const Vec<T> part = T(1) / max(equals, one), slope = wins<T>(margin, zero);
    for (int64_t k = 0; k < a.width; ++k) {
      const Vec<T> y = rows.y(k);
      rows.gradient(k, slope * (select(wrong(k) == largest, part, zero) * (T(1) - y) - y));
    }
  });
}

}  // namespace
}  // namespace chainrule::CHAINRULE_ISA::losses
