#include "engine/penalties.hpp"

#include <algorithm>
#include <cmath>

namespace chainrule {

namespace {

// Calls `f(offset, group)` for each row of the last axis: where it begins, and the number of its (first) norm.
template <class F>
void for_each_row(const Constraint& c, F&& f) {
  const int last = static_cast<int>(c.shape.size()) - 1;
  std::vector<int64_t> stride(c.shape.size()), at(c.shape.size(), 0);
  int64_t groups = 1, rows = 1;
  for (int axis = last; axis >= 0; --axis) {
    stride[axis] = c.reduced[axis] ? 0 : groups;
    if (!c.reduced[axis]) groups *= c.shape[axis];
    if (axis < last) rows *= c.shape[axis];
  }
  int64_t group = 0;
  for (int64_t row = 0; row < rows; ++row) {
    f(row * c.shape[last], group);
    for (int axis = last - 1; axis >= 0; --axis) {
      group += stride[axis];
      if (++at[axis] < c.shape[axis]) break;
      group -= at[axis] * stride[axis];
      at[axis] = 0;
    }
  }
}

// NumPy's minimum and maximum: NaN if x is.
template <class T>
T clip(T x, T low, T high) {
  return x != x ? x : std::min(std::max(x, low), high);
}

}  // namespace

// -- penalties --------------------------------------------------------------------------------------------------------

template <class T>
void Penalties<T>::add_gradient(const T* params, int64_t begin, int64_t end, T* g, T scale) const {
  for (const NormPenalty& p : norms_) {
    const int64_t first = std::max(begin, p.begin), last = std::min(end, p.end);
    if (first >= last) continue;
    const T l1 = static_cast<T>(p.l1) * scale, l2 = static_cast<T>(p.l2) * scale;
    kernels_->gradients.l1_l2(params + first, g + (first - begin), last - first, l1, l2);
  }
  for (const OrthogonalPenalty& p : orthogonal_) {
    const int64_t first = std::max(begin, p.begin), last = std::min(end, p.begin + p.rows * p.columns);
    if (first >= last) continue;
    std::vector<T> gradient(p.rows * p.columns);
    orthogonal(p, params + p.begin, gradient.data(), scale);
    kernels_->gradients.add(g + (first - begin), gradient.data() + (first - p.begin), last - first);
  }
}

template <class T>
T Penalties<T>::value(const T* params) const {
  T total = 0;
  for (const NormPenalty& p : norms_) {
    const T* x = params + p.begin;
    const int64_t n = p.end - p.begin;
    T one = 0;
    if (p.l1 != 0) one += static_cast<T>(p.l1) * kernels_->gradients.sum_abs(x, n);
    if (p.l2 != 0) one += static_cast<T>(p.l2) * kernels_->gradients.sum_squares(x, n);
    total += one;
  }
  for (const OrthogonalPenalty& p : orthogonal_) total += orthogonal(p, params + p.begin, nullptr, 1);
  return total;
}

// Returns the penalty, and writes its gradient unless that is null. With x_i the rows, u_i = x_i * r_i their
// directions:
//
//   penalty = k * sum_{i != j} |u_i . u_j|     d penalty / d u_i = 2 k sum_{j != i} sign(u_i . u_j) u_j
template <class T>
T Penalties<T>::orthogonal(const OrthogonalPenalty& p, const T* matrix, T* gradient, T scale) const {
  const int64_t n = p.of_columns ? p.columns : p.rows, width = p.of_columns ? p.rows : p.columns;
  std::vector<T> x(matrix, matrix + n * width), unit(n * width), turned(n * width), cosine(n * n), inverse(n);
  if (p.of_columns) kernels_->matmul.transpose(matrix, width, n, n, x.data(), width);
  const T most = static_cast<T>(1 / p.epsilon);
  for (int64_t i = 0; i < n; ++i) {
    inverse[i] = 1 / std::sqrt(kernels_->gradients.sum_squares(&x[i * width], width));
    const T r = inverse[i] > most ? most : inverse[i];
    for (int64_t k = 0; k < width; ++k) unit[i * width + k] = x[i * width + k] * r;
  }
  kernels_->matmul.transpose(unit.data(), n, width, width, turned.data(), n);
  kernels_->matmul.multiply(MatmulArgs<T>{n, n, width, unit.data(), width, 1, turned.data(), n, cosine.data(), n});
  for (int64_t i = 0; i < n; ++i) cosine[i * n + i] *= 0;
  const double pairs = static_cast<double>(n * (n - 1) / 2);
  const T penalty =
      static_cast<T>(p.factor * 0.5) * kernels_->gradients.sum_abs(cosine.data(), n * n) / static_cast<T>(pairs);
  if (!gradient) return penalty;

  const T slope = 2 * scale * static_cast<T>(p.factor * 0.5) / static_cast<T>(pairs);
  for (T& c : cosine) c = c > 0 ? slope : c < 0 ? -slope : c;
  std::vector<T>& of_unit = turned;
  kernels_->matmul.multiply(MatmulArgs<T>{n, width, n, cosine.data(), n, 1, unit.data(), width, of_unit.data(), width});
  for (int64_t i = 0; i < n; ++i) {
    const T y = inverse[i], share = y < most ? T(1) : y == most ? T(0.5) : T(0), r = y > most ? most : y;
    T dot = 0;
    for (int64_t k = 0; k < width; ++k) dot += of_unit[i * width + k] * x[i * width + k];
    const T back = dot * share * y * y * y;
    for (int64_t k = 0; k < width; ++k) unit[i * width + k] = of_unit[i * width + k] * r - back * x[i * width + k];
  }
  if (p.of_columns) {
    kernels_->matmul.transpose(unit.data(), n, width, width, gradient, n);
  } else {
    std::copy(unit.begin(), unit.end(), gradient);
  }
  return penalty;
}

// -- constraints ------------------------------------------------------------------------------------------------------

template <class T>
void Constraint::apply(T* params, const Kernels<T>& kernels) const {
  int64_t size = 1, groups = 1;
  for (size_t axis = 0; axis < shape.size(); ++axis) {
    size *= shape[axis];
    if (!reduced[axis]) groups *= shape[axis];
  }
  T* w = params + begin;
  if (kind == kNonNeg) {
    for (int64_t i = 0; i < size; ++i) w[i] = w[i] < 0 ? T(0) : w[i];
    return;
  }
  const int64_t width = shape.back();
  const bool one_norm = reduced.back();  // per row of the last axis; else one for each of its elements
  std::vector<T> norms(groups, T(0));
  for_each_row(*this, [&](int64_t offset, int64_t group) {
    const T* row = w + offset;
    T* norm = norms.data() + group;
    if (one_norm) {
      *norm += kernels.gradients.sum_squares(row, width);
    } else {
      for (int64_t j = 0; j < width; ++j) norm[j] += row[j] * row[j];
    }
  });
  const T low = static_cast<T>(minimum), high = static_cast<T>(maximum), share = static_cast<T>(rate);
  const T rest = static_cast<T>(1 - rate), small = static_cast<T>(epsilon);
  for (T& norm : norms) {
    norm = std::sqrt(norm);
    if (kind == kUnitNorm) norm = small + norm;
    if (kind == kMaxNorm) norm = clip(norm, T(0), high) / (small + norm);
    if (kind == kMinMaxNorm) norm = (share * clip(norm, low, high) + rest * norm) / (small + norm);
  }
  for_each_row(*this, [&](int64_t offset, int64_t group) {
    T* row = w + offset;
    const T* factor = norms.data() + group;
    const int64_t step = one_norm ? 0 : 1;
    if (kind == kUnitNorm) {
      for (int64_t j = 0; j < width; ++j) row[j] /= factor[j * step];
    } else {
      for (int64_t j = 0; j < width; ++j) row[j] *= factor[j * step];
    }
  });
}

template class Penalties<float>;
template class Penalties<double>;
template void Constraint::apply(float*, const Kernels<float>&) const;
template void Constraint::apply(double*, const Kernels<double>&) const;

}  // namespace chainrule
