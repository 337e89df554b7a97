// `Kernels<T>`: every loop that runs over many numbers, as tables of function pointers, one sub-table per family.
//
// Each instruction set fills a table of its own (isa.cpp); `kernels<T>()` gives the one chosen for this machine. Rows
// are observations: a matrix of (rows, width) lies row by row without gaps, unless a stride says otherwise. Results
// never depend on how rows are cut into tiles, except where a kernel says "of the whole batch".
#pragma once

#include <cstdint>

namespace chainrule {

// -- matmul.hpp -------------------------------------------------------------------------------------------------------

// c[i, j] = (accumulate ? c[i, j] : 0) + sum_p a[i * a_row + p * a_col] * b[p * b_row + j] + bias[j], then relu.
template <class T>
struct MatmulArgs {
  int64_t rows, columns, inner;  // of c, of c, of the sum
  const T* a;
  int64_t a_row, a_col;
  const T* b;
  int64_t b_row;
  T* c;
  int64_t c_row;
  const T* bias = nullptr;  // (columns), or none
  bool accumulate = false;
  bool relu = false;
};

template <class T>
struct MatmulKernels {
  void (*multiply)(const MatmulArgs<T>& args);
  // out[j, i] = a[i, j]
  void (*transpose)(const T* a, int64_t rows, int64_t columns, int64_t a_row, T* out, int64_t out_row);
};

// -- activations.hpp --------------------------------------------------------------------------------------------------

// y = f(h) on (rows, width); `options` as numbers in the order that `names.hpp` of the family states. y may be h.
template <class T>
using ActivationForward = void (*)(const T* h, T* y, int64_t rows, int64_t width, const double* options);

// gh = f'(h) * gy. gh may be gy. `h` is null unless the activation `needs_input`.
template <class T>
using ActivationBackward = void (*)(const T* h, const T* y, const T* gy, T* gh, int64_t rows, int64_t width,
                                    const double* options);

template <class T>
struct ActivationKernel {
  const char* name;  // as in chainrule.activations
  ActivationForward<T> forward;
  ActivationBackward<T> backward;
  bool needs_input;  // whether the derivative is computed from h; else y is enough, and y may overwrite h
};

// -- losses.hpp -------------------------------------------------------------------------------------------------------

template <class T>
struct LossArgs {
  const T* y;  // (rows, y_width): targets; class numbers for sparse losses (y_width 1)
  const T* p;  // (rows, width): predictions
  int64_t rows, width, y_width;
  const T* scale;  // (rows): what each row's gradient is multiplied by (weight of the row, of the output, 1 / divisor)
  T* losses;       // (rows): the loss of each row, unscaled; of the whole batch: losses[0]
  T* gradient;     // (rows, width): scale[row] * d losses[row] / d p, or null if nobody wants it
  const double* options;
};

template <class T>
struct LossKernel {
  const char* name;  // as the function in chainrule.losses
  void (*run)(const LossArgs<T>& args);
  bool whole_batch;  // one loss for all rows together (dice, ...): `scale[0]` is its factor
  bool needs_all_rows =
      false;  // rows depend on one another: all rows of a batch in one call (hinge, circle, dice, ...)
};

// -- metrics.hpp ------------------------------------------------------------------------------------------------------

// values[row]: what a metric takes the mean of.
template <class T>
struct MetricKernel {
  const char* name;  // as the function in chainrule.metrics
  void (*run)(const T* y, const T* p, int64_t rows, int64_t width, int64_t y_width, T* values, const double* options);
  bool needs_all_rows = false;  // as in LossKernel
};

// -- updates.hpp (optimizers) -----------------------------------------------------------------------------------------

constexpr int kMaxMoments = 4;
constexpr int kMaxScalars = 12;

template <class T>
struct UpdateArgs {
  T* p;               // (n) parameters
  const T* g;         // (n) gradients
  T* m[kMaxMoments];  // moments, each (n), in the order of the optimizer's `moments`
  int64_t n;
  const T* scalars;  // what `prepare` made
};

template <class T>
struct UpdateKernel {
  const char* name;      // class name in chainrule.optimizers
  const char* settings;  // the names of the settings that `prepare` takes, in order, with spaces between
  // Turns the settings, the learning rate and the number of the step (from 1) into what `run` needs, once per step.
  // `state` are the optimizer's own variables that belong to no parameter (Nadam's u_product), which it changes.
  void (*prepare)(const double* settings, double rate, int64_t step, T* scalars, T* state);
  void (*run)(const UpdateArgs<T>& args);  // element by element: any range of the parameters gives the same bits
};

template <class T>
struct GradientKernels {
  void (*scale)(T* g, int64_t n, T factor);                        // g *= factor
  void (*divide)(T* g, int64_t n, T divisor);                      // g /= divisor
  void (*clip)(T* g, int64_t n, T limit);                          // g = min(max(g, -limit), limit)
  T (*sum_squares)(const T* g, int64_t n);                         // sum of g^2
  void (*decay)(T* p, int64_t n, T share, T rate);                 // p -= p * share * rate
  void (*add)(T* sum, const T* g, int64_t n);                      // sum += g
  void (*average)(T* average, const T* p, int64_t n, T momentum);  // average = momentum * average + (1 - momentum) * p
  void (*l1_l2)(const T* p, T* g, int64_t n, T l1, T l2);          // g += l1 * sign(p) + 2 * l2 * p
  T (*sum_abs)(const T* p, int64_t n);                             // sum of |p|
  bool (*finite)(const T* p, int64_t n);                           // whether no number is NaN or infinite
};

// -- elementwise.hpp --------------------------------------------------------------------------------------------------

template <class T>
struct ElementKernels {
  void (*add)(const T* a, T* b, int64_t n);                         // b += a
  void (*multiply)(const T* a, const T* b, T* c, int64_t n);        // c = a * b
  void (*maximum)(const T* a, const T* b, T* c, int64_t n);         // c = max(a, b)
  void (*minimum)(const T* a, const T* b, T* c, int64_t n);         // c = min(a, b)
  void (*affine)(const T* a, T* b, int64_t n, T factor, T offset);  // b = a * factor + offset
  void (*scale_columns)(const T* a, T* b, int64_t rows, int64_t width, const T* factor, const T* offset);
  void (*sum_columns)(const T* a, int64_t rows, int64_t width, T* out, bool accumulate);  // in the order of the rows
  // Row i of `out` (width) is row order[i] of `from`, whose rows begin `from_row` numbers apart; without an order, row
  // i.
  void (*gather)(const T* from, int64_t from_row, const int64_t* order, int64_t rows, int64_t width, T* out);
  // b = (a - mean) / deviation, column by column.
  void (*standardize)(const T* a, T* b, int64_t rows, int64_t width, const T* mean, const T* deviation);
};

// -- normalize.hpp ----------------------------------------------------------------------------------------------------

template <class T>
struct NormalizeKernels {
  // Mean and (biased) variance of each column of the whole batch: rows in order, columns [first, last) only.
  void (*column_moments)(const T* x, int64_t rows, int64_t width, int64_t first, int64_t last, T* mean, T* variance);
  // Layer normalisation of each row: y = (x - mean) * rstd * gamma + beta; gamma, beta (width) may be null.
  void (*rows_forward)(const T* x, T* y, int64_t rows, int64_t width, T epsilon, const T* gamma, const T* beta, T* mean,
                       T* rstd);
  void (*rows_backward)(const T* x, const T* gy, T* gx, int64_t rows, int64_t width, const T* gamma, const T* mean,
                        const T* rstd);
  // Batch normalisation, once mean and rstd of each column are known.
  void (*columns_forward)(const T* x, T* y, int64_t rows, int64_t width, const T* mean, const T* rstd, const T* gamma,
                          const T* beta);
  // Sums of gy and gy * (x - mean) * rstd over the whole batch, columns [first, last) only.
  void (*column_sums)(const T* x, const T* gy, int64_t rows, int64_t width, int64_t first, int64_t last, const T* mean,
                      const T* rstd, T* sum_gy, T* sum_gy_xhat);
  // gx = gamma * rstd * (gy - sum_gy / n - xhat * sum_gy_xhat / n), n = rows.
  void (*columns_backward)(const T* x, const T* gy, T* gx, int64_t rows, int64_t width, const T* mean, const T* rstd,
                           const T* gamma, const T* sum_gy, const T* sum_gy_xhat, int64_t n);
};

// -- random.hpp (kernels) ---------------------------------------------------------------------------------------------

struct Key {
  uint32_t a, b;
};

template <class T>
struct RandomKernels {
  // mask[i] = word[first + i] of `key` >= threshold ? scale : 0 (see random/threefry.py: keep_mask).
  void (*keep)(Key key, uint64_t first, int64_t n, uint32_t threshold, T scale, T* mask);
  // Words first, ..., first + n of `key` (random/threefry.py: bits).
  void (*bits)(Key key, uint64_t first, int64_t n, uint32_t* words);
};

// -- math_table.hpp
// ----------------------------------------------------------------------------------------------------

// y = f(x), or f(x, second): the functions of math.hpp, for tests.
template <class T>
struct MathKernel {
  const char* name;
  void (*run)(const T* x, const T* second, T* y, int64_t n);
};

// -- the whole --------------------------------------------------------------------------------------------------------

template <class K>
struct Family {
  const K* entries;
  int count;

  const K* find(const char* name) const {
    for (int i = 0; i < count; ++i) {
      const char *a = entries[i].name, *b = name;
      while (*a && *a == *b) ++a, ++b;
      if (*a == *b) return entries + i;
    }
    return nullptr;
  }
};

template <class T>
struct Kernels {
  const MatmulKernels<T>& matmul;
  const Family<ActivationKernel<T>>& activations;
  const Family<LossKernel<T>>& losses;
  const Family<MetricKernel<T>>& metrics;
  const Family<UpdateKernel<T>>& updates;
  const GradientKernels<T>& gradients;
  const ElementKernels<T>& elements;
  const NormalizeKernels<T>& normalize;
  const RandomKernels<T>& random;
  const Family<MathKernel<T>>& math;
};

struct InstructionSet {
  const char* name;  // "baseline", "avx2", "avx512", "neon"
  const Kernels<float>* f32;
  const Kernels<double>* f64;
};

// Those this machine can run, the best first; `chosen()` is the first, or what CHAINRULE_ISA names.
const InstructionSet* available(int* count);
const InstructionSet& chosen();
bool choose(const char* name);  // false if there is none of that name here

template <class T>
const Kernels<T>& kernels_of(const InstructionSet& isa);
template <>
inline const Kernels<float>& kernels_of<float>(const InstructionSet& isa) {
  return *isa.f32;
}
template <>
inline const Kernels<double>& kernels_of<double>(const InstructionSet& isa) {
  return *isa.f64;
}
template <class T>
const Kernels<T>& kernels() {
  return kernels_of<T>(chosen());
}

}  // namespace chainrule
