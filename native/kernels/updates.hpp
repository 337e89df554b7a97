// Optimizers: what a step makes of parameters, gradient and moments, by the formulas of chainrule/optimizers/.
//
// Every operation is rounded as NumPy rounds it there (no fused products), so that a step gives the bits of the
// reference on every instruction set. `prepare` works out the numbers that are the same for all parameters.
#pragma once

#include <cmath>
#include <cstdint>

#include "kernels/table.hpp"
#include "simd/vec.hpp"

namespace chainrule::CHAINRULE_ISA {
namespace {

// Calls `Rule::apply(p, g, m, s)` for each vector of parameters, with `M` moments; s are the scalars, in all lanes.
template <class Rule, class T, int M, int S>
CHAINRULE_INLINE void update_each(const UpdateArgs<T>& args) {
  Vec<T> s[S];
  for (int k = 0; k < S; ++k) s[k] = set<T>(args.scalars[k]);
  T* parameters = args.p;
  const T* gradient = args.g;
  T* moments[M + 1];
  for (int k = 0; k < M; ++k) moments[k] = args.m[k];
  for_each_vector<T>(args.n, [&](int64_t i, auto io) __attribute__((always_inline)) {
    Vec<T> p = io.load(parameters + i);
    const Vec<T> g = io.load(gradient + i);
    Vec<T> m[M + 1];
    for (int k = 0; k < M; ++k) m[k] = io.load(moments[k] + i);
    Rule::template apply<T>(p, g, m, s);
    for (int k = 0; k < M; ++k) io.store(moments[k] + i, m[k]);
    io.store(parameters + i, p);
  });
}

// base^step with base and result rounded to T: `power` of optimizers/base.py.
template <class T>
T power(double base, int64_t step) {
  return static_cast<T>(__builtin_pow(static_cast<double>(static_cast<T>(base)), static_cast<double>(step)));
}

template <class T>
T root(T x) {
  if constexpr (sizeof(T) == 4) {
    return __builtin_sqrtf(x);
  } else {
    return __builtin_sqrt(x);
  }
}

// -1, 0 or 1; NaN stays NaN.
template <class T>
CHAINRULE_INLINE Vec<T> sign(Vec<T> x) {
  const Vec<T> zero{};
  return select(x > zero, set<T>(1), select(x < zero, set<T>(-1), select(x == zero, zero, x)));
}

// -- SGD: momentum, nesterov ------------------------------------------------------------------------------------------

struct Sgd {
  template <class T>
  static void prepare(const double* settings, double rate, int64_t, T* scalars, T*) {
    scalars[0] = static_cast<T>(rate);
    scalars[1] = static_cast<T>(settings[0]);
    scalars[2] = static_cast<T>(settings[1] != 0);
  }

  struct Plain {
    template <class T>
    static CHAINRULE_INLINE void apply(Vec<T>& p, Vec<T> g, Vec<T>*, const Vec<T>* s) {
      p = p - g * s[0];
    }
  };

  struct Momentum {
    template <class T>
    static CHAINRULE_INLINE void apply(Vec<T>& p, Vec<T> g, Vec<T>* m, const Vec<T>* s) {
      m[0] = m[0] * s[1] - g * s[0];
      p = p + m[0];
    }
  };

  struct Nesterov {
    template <class T>
    static CHAINRULE_INLINE void apply(Vec<T>& p, Vec<T> g, Vec<T>* m, const Vec<T>* s) {
      const Vec<T> move = g * s[0];
      m[0] = m[0] * s[1] - move;
      p = p + (m[0] * s[1] - move);
    }
  };

  template <class T>
  static void run(const UpdateArgs<T>& args) {
    if (args.scalars[1] == 0) return update_each<Plain, T, 0, 1>(args);
    if (args.scalars[2] == 0) return update_each<Momentum, T, 1, 2>(args);
    update_each<Nesterov, T, 1, 2>(args);
  }
};

// -- RMSprop: rho, momentum, epsilon, centered; moments velocity [momentum] [average_gradient] ------------------------

struct RmsProp {
  template <class T>
  static void prepare(const double* settings, double rate, int64_t, T* scalars, T*) {
    scalars[0] = static_cast<T>(rate);
    scalars[1] = static_cast<T>(settings[0]);
    scalars[2] = static_cast<T>(1 - settings[0]);
    scalars[3] = static_cast<T>(settings[2]);
    scalars[4] = static_cast<T>(settings[1]);
    scalars[5] = static_cast<T>((settings[1] > 0 ? 1 : 0) + (settings[3] != 0 ? 2 : 0));
  }

  template <bool momentum, bool centered>
  struct Rule {
    template <class T>
    static CHAINRULE_INLINE void apply(Vec<T>& p, Vec<T> g, Vec<T>* m, const Vec<T>* s) {
      m[0] = m[0] * s[1] + g * g * s[2];
      Vec<T> square = m[0];
      if constexpr (centered) {
        Vec<T>& mean = m[momentum ? 2 : 1];
        mean = mean * s[1] + g * s[2];
        square = square - mean * mean;
      }
      const Vec<T> move = g * s[0] / sqrt(square + s[3]);
      if constexpr (momentum) {
        m[1] = m[1] * s[4] + move;
        p = p - m[1];
      } else {
        p = p - move;
      }
    }
  };

  template <class T>
  static void run(const UpdateArgs<T>& args) {
    switch (static_cast<int>(args.scalars[5])) {
      case 0:
        return update_each<Rule<false, false>, T, 1, 5>(args);
      case 1:
        return update_each<Rule<true, false>, T, 2, 5>(args);
      case 2:
        return update_each<Rule<false, true>, T, 2, 5>(args);
      default:
        return update_each<Rule<true, true>, T, 3, 5>(args);
    }
  }
};

// -- Adam, AdamW: beta_1, beta_2, epsilon, amsgrad; moments momentum velocity [velocity_hat] --------------------------

struct Adam {
  template <class T>
  static void prepare(const double* settings, double rate, int64_t step, T* scalars, T*) {
    scalars[0] = static_cast<T>(rate) * root<T>(1 - power<T>(settings[1], step)) / (1 - power<T>(settings[0], step));
    scalars[1] = static_cast<T>(1 - settings[0]);
    scalars[2] = static_cast<T>(1 - settings[1]);
    scalars[3] = static_cast<T>(settings[2]);
    scalars[4] = static_cast<T>(settings[3] != 0);
  }

  template <bool amsgrad>
  struct Rule {
    template <class T>
    static CHAINRULE_INLINE void apply(Vec<T>& p, Vec<T> g, Vec<T>* m, const Vec<T>* s) {
      m[0] = m[0] + (g - m[0]) * s[1];
      m[1] = m[1] + (g * g - m[1]) * s[2];
      Vec<T> square = m[1];
      if constexpr (amsgrad) square = m[2] = max(m[2], square);
      p = p - m[0] * s[0] / (sqrt(square) + s[3]);
    }
  };

  template <class T>
  static void run(const UpdateArgs<T>& args) {
    if (args.scalars[4] == 0) return update_each<Rule<false>, T, 2, 4>(args);
    update_each<Rule<true>, T, 3, 4>(args);
  }
};

// -- Adamax: beta_1, beta_2, epsilon; moments momentum norm -----------------------------------------------------------

struct Adamax {
  template <class T>
  static void prepare(const double* settings, double rate, int64_t step, T* scalars, T*) {
    scalars[0] = static_cast<T>(rate);
    scalars[1] = static_cast<T>(1 - settings[0]);
    scalars[2] = static_cast<T>(settings[1]);
    scalars[3] = static_cast<T>(settings[2]);
    scalars[4] = 1 - power<T>(settings[0], step);
  }

  template <class T>
  static CHAINRULE_INLINE void apply(Vec<T>& p, Vec<T> g, Vec<T>* m, const Vec<T>* s) {
    m[0] = m[0] + (g - m[0]) * s[1];
    m[1] = max(m[1] * s[2], abs<T>(g));
    p = p - m[0] * s[0] / ((m[1] + s[3]) * s[4]);
  }

  template <class T>
  static void run(const UpdateArgs<T>& args) {
    update_each<Adamax, T, 2, 5>(args);
  }
};

// -- Nadam: beta_1, beta_2, epsilon; moments momentum velocity; state u_product ---------------------------------------

struct Nadam {
  template <class T>
  static T schedule(T beta_1, int64_t step) {
    return beta_1 * (1 - static_cast<T>(0.5) * power<T>(0.96, step));
  }

  template <class T>
  static void prepare(const double* settings, double rate, int64_t step, T* scalars, T* state) {
    const T beta_1 = static_cast<T>(settings[0]), beta_2 = static_cast<T>(settings[1]);
    state[0] = state[0] * beta_1 * (1 - static_cast<T>(0.5) * power<T>(0.96, step));
    const T product = state[0], u = schedule(beta_1, step), u_next = schedule(beta_1, step + 1);
    scalars[0] = static_cast<T>(rate);
    scalars[1] = 1 - beta_1;
    scalars[2] = 1 - beta_2;
    scalars[3] = static_cast<T>(settings[2]);
    scalars[4] = u_next;
    scalars[5] = 1 - product * u_next;
    scalars[6] = 1 - u;
    scalars[7] = 1 - product;
    scalars[8] = 1 - power<T>(settings[1], step);
  }

  template <class T>
  static CHAINRULE_INLINE void apply(Vec<T>& p, Vec<T> g, Vec<T>* m, const Vec<T>* s) {
    m[0] = m[0] + (g - m[0]) * s[1];
    m[1] = m[1] + (g * g - m[1]) * s[2];
    const Vec<T> ahead = m[0] * s[4] / s[5] + g * s[6] / s[7];
    p = p - ahead * s[0] / (sqrt(m[1] / s[8]) + s[3]);
  }

  template <class T>
  static void run(const UpdateArgs<T>& args) {
    update_each<Nadam, T, 2, 9>(args);
  }
};

// -- Adagrad: epsilon; moment accumulator -----------------------------------------------------------------------------

struct Adagrad {
  template <class T>
  static void prepare(const double* settings, double rate, int64_t, T* scalars, T*) {
    scalars[0] = static_cast<T>(rate);
    scalars[1] = static_cast<T>(settings[0]);
  }

  template <class T>
  static CHAINRULE_INLINE void apply(Vec<T>& p, Vec<T> g, Vec<T>* m, const Vec<T>* s) {
    m[0] = m[0] + g * g;
    p = p - g * s[0] / sqrt(m[0] + s[1]);
  }

  template <class T>
  static void run(const UpdateArgs<T>& args) {
    update_each<Adagrad, T, 1, 2>(args);
  }
};

// -- Adadelta: rho, epsilon; moments accumulated_grad accumulated_delta_var -------------------------------------------

struct Adadelta {
  template <class T>
  static void prepare(const double* settings, double rate, int64_t, T* scalars, T*) {
    scalars[0] = static_cast<T>(rate);
    scalars[1] = static_cast<T>(settings[0]);
    scalars[2] = static_cast<T>(1 - settings[0]);
    scalars[3] = static_cast<T>(settings[1]);
  }

  template <class T>
  static CHAINRULE_INLINE void apply(Vec<T>& p, Vec<T> g, Vec<T>* m, const Vec<T>* s) {
    m[0] = m[0] * s[1] + g * g * s[2];
    const Vec<T> move = sqrt(m[1] + s[3]) * g / sqrt(m[0] + s[3]);
    m[1] = m[1] * s[1] + move * move * s[2];
    p = p - move * s[0];
  }

  template <class T>
  static void run(const UpdateArgs<T>& args) {
    update_each<Adadelta, T, 2, 4>(args);
  }
};

// -- Ftrl: learning_rate_power and strengths; moments accumulator linear ----------------------------------------------

struct Ftrl {
  template <class T>
  static void prepare(const double* settings, double rate, int64_t, T* scalars, T*) {
    const T rounded = static_cast<T>(rate);
    scalars[0] = rounded;
    scalars[1] = static_cast<T>(settings[1]);
    scalars[2] = 2 * (static_cast<T>(settings[2]) + static_cast<T>(settings[4]) / (2 * rounded));
    scalars[3] = static_cast<T>(2 * settings[3]);
    scalars[4] = static_cast<T>(-settings[0]);
    scalars[5] = static_cast<T>(settings[0] != -0.5);
  }

  template <bool any_power>
  struct Rule {
    // n^-learning_rate_power
    template <class T>
    static CHAINRULE_INLINE Vec<T> h(Vec<T> n, Vec<T> exponent) {
      if constexpr (!any_power) {
        return sqrt(n);
      } else {
        for (int k = 0; k < kLanes<T>; ++k) {
          n[k] = sizeof(T) == 4 ? __builtin_powf(n[k], exponent[k]) : __builtin_pow(n[k], exponent[k]);
        }
        return n;
      }
    }

    template <class T>
    static CHAINRULE_INLINE void apply(Vec<T>& p, Vec<T> g, Vec<T>* m, const Vec<T>* s) {
      const Vec<T> before = h<T>(m[0], s[4]);
      m[0] = m[0] + g * g;
      const Vec<T> after = h<T>(m[0], s[4]);
      m[1] = m[1] + (p * s[3] + g - (after - before) / s[0] * p);
      p = (min(max(m[1], -s[1]), s[1]) - m[1]) / (after / s[0] + s[2]);
    }
  };

  template <class T>
  static void run(const UpdateArgs<T>& args) {
    if (args.scalars[5] == 0) return update_each<Rule<false>, T, 2, 5>(args);
    update_each<Rule<true>, T, 2, 5>(args);
  }
};

// -- Lion: beta_1, beta_2; moment momentum ----------------------------------------------------------------------------

struct Lion {
  template <class T>
  static void prepare(const double* settings, double rate, int64_t, T* scalars, T*) {
    scalars[0] = static_cast<T>(rate);
    scalars[1] = static_cast<T>(settings[0]);
    scalars[2] = 1 - scalars[1];
    scalars[3] = static_cast<T>(settings[1]);
    scalars[4] = 1 - scalars[3];
  }

  template <class T>
  static CHAINRULE_INLINE void apply(Vec<T>& p, Vec<T> g, Vec<T>* m, const Vec<T>* s) {
    p = p - sign<T>(m[0] * s[1] + g * s[2]) * s[0];
    m[0] = m[0] * s[3] + g * s[4];
  }

  template <class T>
  static void run(const UpdateArgs<T>& args) {
    update_each<Lion, T, 1, 5>(args);
  }
};

// -- the table --------------------------------------------------------------------------------------------------------

template <class T>
constexpr UpdateKernel<T> kUpdates[] = {
    {"SGD", "momentum nesterov", Sgd::prepare<T>, Sgd::run<T>},
    {"RMSprop", "rho momentum epsilon centered", RmsProp::prepare<T>, RmsProp::run<T>},
    {"Adam", "beta_1 beta_2 epsilon amsgrad", Adam::prepare<T>, Adam::run<T>},
    {"AdamW", "beta_1 beta_2 epsilon amsgrad", Adam::prepare<T>, Adam::run<T>},
    {"Adamax", "beta_1 beta_2 epsilon", Adamax::prepare<T>, Adamax::run<T>},
    {"Nadam", "beta_1 beta_2 epsilon", Nadam::prepare<T>, Nadam::run<T>},
    {"Adagrad", "epsilon", Adagrad::prepare<T>, Adagrad::run<T>},
    {"Adadelta", "rho epsilon", Adadelta::prepare<T>, Adadelta::run<T>},
    {"Ftrl",
     "learning_rate_power l1_regularization_strength l2_regularization_strength "
     "l2_shrinkage_regularization_strength beta",
     Ftrl::prepare<T>, Ftrl::run<T>},
    {"Lion", "beta_1 beta_2", Lion::prepare<T>, Lion::run<T>},
};

template <class T>
constexpr Family<UpdateKernel<T>> update_kernels() {
  return {kUpdates<T>, static_cast<int>(sizeof(kUpdates<T>) / sizeof(kUpdates<T>[0]))};
}

}  // namespace
}  // namespace chainrule::CHAINRULE_ISA
