// The circle loss: every embedding is compared with those of all rows, so it needs all rows in one call.
#pragma once

#include "kernels/losses/rows.hpp"

namespace chainrule::CHAINRULE_ISA::losses {
namespace {

// One row against up to as many others as a vector has lanes.
template <class T>
struct Pairs {
  Vec<T> distance, dot;
  Vec<Int<T>> same, different;
};

template <class T>
class Circle {
 public:
  explicit Circle(const LossArgs<T>& a)
      : a_(a),
        skip_self_(a.options[0] != 0),
        gamma_(T(a.options[1])),
        margin_(T(a.options[2])),
        far_margin_(T(1.0 + a.options[2])),
        rest_(T(1.0 - a.options[2])) {}

  void run() const {
    for (int64_t i = 0; a_.gradient && i < a_.rows * a_.width; ++i) a_.gradient[i] = 0;
    for (int64_t row = 0; row < a_.rows; ++row) one(row);
  }

 private:
  void one(int64_t row) const {
    Vec<T> top_near = set<T>(T(-1e30)), top_far = top_near, near_sum{}, far_sum{};
    Vec<Int<T>> any_near{}, any_far{};
    each_block(row, [&](int64_t, const Column<T>&, const Pairs<T>& pair) {
      top_near = max(top_near, select(pair.same, near(pair.distance), top_near));
      top_far = max(top_far, select(pair.different, far(pair.distance), top_far));
      any_near |= pair.same;
      any_far |= pair.different;
    });
    a_.losses[row] = 0;
    if (!any(any_near) || !any(any_far)) return;
    const T near_top = largest(top_near), far_top = largest(top_far);
    each_block(row, [&](int64_t, const Column<T>&, const Pairs<T>& pair) {
      near_sum += select(pair.same, exp<T>(near(pair.distance) - near_top), Vec<T>{});
      far_sum += select(pair.different, exp<T>(far(pair.distance) - far_top), Vec<T>{});
    });
    const T near_total = sum<T>(near_sum), far_total = sum<T>(far_sum);
    const Vec<T> x = set<T>(near_top) + log<T>(set<T>(near_total)) + far_top + log<T>(set<T>(far_total));
    a_.losses[row] = softplus<T>(x)[0];
    if (!a_.gradient) return;
    const T slope = sigmoid<T>(x)[0] * a_.scale[row];
    each_block(row, [&](int64_t first, const Column<T>& others, const Pairs<T>& pair) {
      const Vec<T> of_near = exp<T>(near(pair.distance) - near_top) * near_slope(pair.distance) / near_total;
      const Vec<T> of_far = exp<T>(far(pair.distance) - far_top) * far_slope(pair.distance) / far_total;
      const Vec<T> by_distance = select(pair.same, of_near, Vec<T>{}) + select(pair.different, of_far, Vec<T>{});
      pull(row, first, others, by_distance * -wins<T>(T(1) - pair.dot, Vec<T>{}) * slope);
    });
  }

  // gradient of the dot products of `row` with the rows from `first` on
  void pull(int64_t row, int64_t first, const Column<T>& others, Vec<T> g) const {
    for (int64_t k = 0; k < a_.width; ++k) {
      T* const to = a_.gradient + first * a_.width + k;
      others.store(to, others.load(to) + g * a_.p[row * a_.width + k]);
      a_.gradient[row * a_.width + k] += sum<T>(g * others.load(a_.p + first * a_.width + k));
    }
  }

  template <class F>
  void each_block(int64_t row, F&& f) const {
    for (int64_t first = 0; first < a_.rows; first += kLanes<T>) {
      const int64_t count = a_.rows - first < kLanes<T> ? a_.rows - first : kLanes<T>;
      const Column<T> others(a_.width, count);
      Pairs<T> pair{};
      for (int64_t k = 0; k < a_.width; ++k) {
        pair.dot += others.load(a_.p + first * a_.width + k) * a_.p[row * a_.width + k];
      }
      pair.distance = max(T(1) - pair.dot, Vec<T>{});
      const T own = whole(a_.y[row * a_.y_width]);
      for (int64_t l = 0; l < count; ++l) {
        const bool same = whole(a_.y[(first + l) * a_.y_width]) == own;
        pair.same[l] = same && !(skip_self_ && first + l == row) ? -1 : 0;
        pair.different[l] = same ? 0 : -1;
      }
      f(first, others, pair);
    }
  }

  CHAINRULE_INLINE Vec<T> near(Vec<T> d) const { return max(d + margin_, Vec<T>{}) * (margin_ - d) * -gamma_; }
  CHAINRULE_INLINE Vec<T> far(Vec<T> d) const { return max(far_margin_ - d, Vec<T>{}) * (rest_ - d) * gamma_; }
  CHAINRULE_INLINE Vec<T> near_slope(Vec<T> d) const {
    return (max(d + margin_, Vec<T>{}) - wins<T>(d + margin_, Vec<T>{}) * (margin_ - d)) * gamma_;
  }
  CHAINRULE_INLINE Vec<T> far_slope(Vec<T> d) const {
    return (wins<T>(far_margin_ - d, Vec<T>{}) * (rest_ - d) + max(far_margin_ - d, Vec<T>{})) * -gamma_;
  }

  static T whole(T label) { return T(__builtin_trunc(double(label))); }
  static bool any(Vec<Int<T>> mask) {
    bool found = false;
    for (int l = 0; l < kLanes<T>; ++l) found |= mask[l] != 0;
    return found;
  }
  static T largest(Vec<T> v) {
    T top = v[0];
    for (int l = 1; l < kLanes<T>; ++l) top = v[l] > top || v[l] != v[l] ? v[l] : top;
    return top;
  }

  const LossArgs<T>& a_;
  bool skip_self_;
  T gamma_, margin_, far_margin_, rest_;
};

template <class T>
void circle(const LossArgs<T>& a) {  // remove_diagonal, gamma, margin
  if (!unfit(a, 1)) Circle<T>(a).run();
}

}  // namespace
}  // namespace chainrule::CHAINRULE_ISA::losses
