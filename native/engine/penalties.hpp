// Penalties on parameters, which are added to the loss (chainrule/regularizers.py), and constraints, which change
// parameters after a step (chainrule/constraints.py).
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/table.hpp"

namespace chainrule {

// l1 * sum |x| + l2 * sum x^2 over parameters [begin, end).
struct NormPenalty {
  int64_t begin, end;
  double l1, l2;
};

// OrthogonalRegularizer on the matrix (rows, columns) at `begin`: `factor` times the mean |cos| of pairs of its rows.
struct OrthogonalPenalty {
  int64_t begin, rows, columns;
  double factor;
  bool of_columns;  // pairs of columns instead
  double epsilon;   // config.epsilon()
};

template <class T>
class Penalties {
 public:
  explicit Penalties(const Kernels<T>& kernels = chainrule::kernels<T>()) : kernels_(&kernels) {}

  void add(const NormPenalty& penalty) { norms_.push_back(penalty); }
  void add(const OrthogonalPenalty& penalty) { orthogonal_.push_back(penalty); }

  bool empty() const { return norms_.empty() && orthogonal_.empty(); }

  // Whether the gradient of a parameter depends on that parameter only.
  bool elementwise() const { return orthogonal_.empty(); }

  // g += scale * d penalties / d params[begin, end), where g[0] belongs to params[begin]. Reads the whole variable if
  // not `elementwise`.
  void add_gradient(const T* params, int64_t begin, int64_t end, T* g, T scale = 1) const;

  // The sum of all penalties.
  T value(const T* params) const;

 private:
  T orthogonal(const OrthogonalPenalty& penalty, const T* matrix, T* gradient, T scale) const;

  const Kernels<T>* kernels_;
  std::vector<NormPenalty> norms_;
  std::vector<OrthogonalPenalty> orthogonal_;
};

// What a variable of this shape at `begin` is mapped to. Norms are taken along the axes that are `reduced`.
struct Constraint {
  enum Kind { kNonNeg, kMaxNorm, kUnitNorm, kMinMaxNorm };
  Kind kind;
  int64_t begin;
  std::vector<int64_t> shape;
  std::vector<bool> reduced;
  double minimum = 0, maximum = 0, rate = 1;
  double epsilon = 0;  // config.epsilon()

  template <class T>
  void apply(T* params, const Kernels<T>& kernels) const;
};

}  // namespace chainrule
