// The circle loss: every embedding is compared with those of all rows, so it needs all rows in one call.
#pragma once

#include "kernels/losses/rows.hpp"

namespace chainrule::CHAINRULE_ISA::losses {
namespace {

template <class T>
class Circle {
 public:
  explicit Circle(const LossArgs<T>& a)
      : a_(a),
        skip_self_(a.options[0] != 0),
        gamma_(T(a.options[1])),
        margin_(T(a.options[2])),
        far_margin_(T(1.0 + a.options[2])),
        rest_(T(1.0 - a.options[2])),
        dots_(new T[2 * static_cast<size_t>(a.rows)]),
        labels_(dots_ + a.rows) {
    for (int64_t i = 0; i < a.rows; ++i) labels_[i] = T(__builtin_trunc(double(a.y[i])));
  }
  Circle(const Circle&) = delete;
  ~Circle() { delete[] dots_; }

  void run() const {
    for (int64_t i = 0; a_.gradient && i < a_.rows * a_.width; ++i) a_.gradient[i] = 0;
    for (int64_t row = 0; row < a_.rows; ++row) one(row);
  }

 private:
  // The other rows of one vector: how far they are, and which are of the same class (and not the row itself).
  struct Others {
    Vec<T> dot, distance;
    Vec<Int<T>> same, different;
  };

  void one(int64_t row) const {
    const Vec<T> zero{};
    for (int64_t j = 0; j < a_.rows; ++j) dots_[j] = dot(a_.p + row * a_.width, a_.p + j * a_.width);
    Vec<T> near_top = set<T>(T(-1e30)), far_top = near_top, near_sum{}, far_sum{}, near_count{}, far_count{};
    each_vector(row, [&](const Others& o, auto, int64_t) {
      near_top = max(near_top, select(o.same, near(o.distance), near_top));
      far_top = max(far_top, select(o.different, far(o.distance), far_top));
      near_count += select(o.same, set<T>(1), zero);
      far_count += select(o.different, set<T>(1), zero);
    });
    a_.losses[row] = 0;
    if (sum<T>(near_count) == T(0) || sum<T>(far_count) == T(0)) return;
    near_top = largest(near_top), far_top = largest(far_top);
    each_vector(row, [&](const Others& o, auto, int64_t) {
      near_sum += select(o.same, exp<T>(near(o.distance) - near_top), zero);
      far_sum += select(o.different, exp<T>(far(o.distance) - far_top), zero);
    });
    near_sum = set<T>(sum<T>(near_sum)), far_sum = set<T>(sum<T>(far_sum));
    const Vec<T> x = near_top + log<T>(near_sum) + far_top + log<T>(far_sum);
    a_.losses[row] = softplus<T>(x)[0];
    if (!a_.gradient) return;
    const T scale = sigmoid<T>(x)[0] * a_.scale[row];
    each_vector(row, [&](const Others& o, auto io, int64_t j) {
      const Vec<T> of_near = exp<T>(near(o.distance) - near_top) / near_sum * near_slope(o.distance);
      const Vec<T> of_far = exp<T>(far(o.distance) - far_top) / far_sum * far_slope(o.distance);
      const Vec<T> by_distance = select(o.same, of_near, zero) + select(o.different, of_far, zero);
      io.store(dots_ + j, by_distance * -wins<T>(T(1) - o.dot, zero) * scale);  // now the derivatives by the products
    });
    for (int64_t j = 0; j < a_.rows; ++j) {
      add(a_.gradient + row * a_.width, dots_[j], a_.p + j * a_.width);
      add(a_.gradient + j * a_.width, dots_[j], a_.p + row * a_.width);
    }
  }

  template <class F>
  void each_vector(int64_t row, F&& f) const {
    for_each_vector<T>(a_.rows, [&](int64_t j, auto io) {
      Vec<Int<T>> number;
      for (int l = 0; l < kLanes<T>; ++l) number[l] = l;
      const Vec<Int<T>> place = number + static_cast<Int<T>>(j), there = number < static_cast<Int<T>>(io.count());
      const auto equal = io.load(labels_ + j) == labels_[row];
      Others o;
      o.dot = io.load(dots_ + j);
      o.distance = max(T(1) - o.dot, Vec<T>{});
      o.same = equal & there;
      o.different = ~equal & there;
      if (skip_self_) o.same &= place != static_cast<Int<T>>(row);
      f(o, io, j);
    });
  }

  T dot(const T* x, const T* y) const {
    Vec<T> total{};
    for_each_vector<T>(a_.width, [&](int64_t k, auto io) { total += io.load(x + k) * io.load(y + k); });
    return sum<T>(total);
  }

  void add(T* to, T factor, const T* x) const {
    for_each_vector<T>(a_.width,
                       [&](int64_t k, auto io) { io.store(to + k, io.load(to + k) + io.load(x + k) * factor); });
  }

  CHAINRULE_INLINE Vec<T> near(Vec<T> d) const { return max(d + margin_, Vec<T>{}) * (margin_ - d) * -gamma_; }
  CHAINRULE_INLINE Vec<T> far(Vec<T> d) const { return max(far_margin_ - d, Vec<T>{}) * (rest_ - d) * gamma_; }
  CHAINRULE_INLINE Vec<T> near_slope(Vec<T> d) const {
    return (max(d + margin_, Vec<T>{}) - wins<T>(d + margin_, Vec<T>{}) * (margin_ - d)) * gamma_;
  }
  CHAINRULE_INLINE Vec<T> far_slope(Vec<T> d) const {
    return (wins<T>(far_margin_ - d, Vec<T>{}) * (rest_ - d) + max(far_margin_ - d, Vec<T>{})) * -gamma_;
  }
  static Vec<T> largest(Vec<T> v) {
    T top = v[0];
    for (int l = 1; l < kLanes<T>; ++l) top = v[l] > top || v[l] != v[l] ? v[l] : top;
    return set<T>(top);
  }

  const LossArgs<T>& a_;
  bool skip_self_;
  T gamma_, margin_, far_margin_, rest_;
  T *dots_, *labels_;  // (rows) each: the products of one row with all, and the class numbers
};

template <class T>
void circle(const LossArgs<T>& a) {  // remove_diagonal, gamma, margin
  if (!unfit(a, 1)) Circle<T>(a).run();
}

}  // namespace
}  // namespace chainrule::CHAINRULE_ISA::losses
