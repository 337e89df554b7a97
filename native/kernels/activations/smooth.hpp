// Activations with exponentials, logarithms or roots.
#pragma once

#include "kernels/activations/elements.hpp"

namespace chainrule::CHAINRULE_ISA {
namespace {

template <class T>
struct Sigmoid : FromOutput<T> {
  using V = Vec<T>;
  using FromOutput<T>::FromOutput;
  CHAINRULE_INLINE V forward(V h) const { return sigmoid<T>(h); }
  CHAINRULE_INLINE V backward(V, V y, V g) const { return g * y * (set<T>(1) - y); }
};

template <class T>
struct Tanh : FromOutput<T> {
  using V = Vec<T>;
  using FromOutput<T>::FromOutput;
  CHAINRULE_INLINE V forward(V h) const { return tanh<T>(h); }
  CHAINRULE_INLINE V backward(V, V y, V g) const { return g * (set<T>(1) - y * y); }
};

template <class T>
struct Exponential : FromOutput<T> {
  using V = Vec<T>;
  using FromOutput<T>::FromOutput;
  CHAINRULE_INLINE V forward(V h) const { return exp<T>(h); }
  CHAINRULE_INLINE V backward(V, V y, V g) const { return g * y; }
};

// sigmoid(h) = 1 - exp(-y)
template <class T>
struct Softplus : FromOutput<T> {
  using V = Vec<T>;
  using FromOutput<T>::FromOutput;
  CHAINRULE_INLINE V forward(V h) const { return softplus<T>(h); }
  CHAINRULE_INLINE V backward(V, V y, V g) const { return g * -expm1<T>(-y); }
};

// sigmoid(-h) = 1 - exp(y)
template <class T>
struct LogSigmoid : FromOutput<T> {
  using V = Vec<T>;
  using FromOutput<T>::FromOutput;
  CHAINRULE_INLINE V forward(V h) const { return log_sigmoid<T>(h); }
  CHAINRULE_INLINE V backward(V, V y, V g) const { return g * -expm1<T>(y); }
};

template <class T>
struct Softsign : FromInput<T> {
  using V = Vec<T>;
  using FromInput<T>::FromInput;
  CHAINRULE_INLINE V forward(V h) const { return h / (set<T>(1) + abs<T>(h)); }
  CHAINRULE_INLINE V backward(V h, V, V g) const {
    const V d = set<T>(1) + abs<T>(h);
    return g / (d * d);
  }
};

template <class T>
struct TanhShrink : FromInput<T> {
  using V = Vec<T>;
  using FromInput<T>::FromInput;
  CHAINRULE_INLINE V forward(V h) const { return h - tanh<T>(h); }
  CHAINRULE_INLINE V backward(V h, V, V g) const {
    const V t = tanh<T>(h);
    return g * (t * t);
  }
};

// Options: alpha.
template <class T>
struct Elu : FromInput<T> {
  using V = Vec<T>;
  explicit Elu(const double* o) : FromInput<T>(o), alpha(T(o[0])) {}
  CHAINRULE_INLINE V forward(V h) const { return select(h > set<T>(0), h, set<T>(alpha) * expm1<T>(at_most<T>(h, 0))); }
  CHAINRULE_INLINE V backward(V h, V y, V g) const { return g * select(h > set<T>(0), set<T>(1), y + set<T>(alpha)); }
  T alpha;
};

template <class T>
struct Selu : FromInput<T> {
  using V = Vec<T>;
  static constexpr T alpha = T(1.6732632423543772848170429916717), scale = T(1.0507009873554804934193349852946);
  using FromInput<T>::FromInput;
  CHAINRULE_INLINE V below(V h) const { return set<T>(alpha) * expm1<T>(at_most<T>(h, 0)); }
  CHAINRULE_INLINE V forward(V h) const { return select(h > set<T>(0), h, below(h)) * set<T>(scale); }
  CHAINRULE_INLINE V backward(V h, V, V g) const {
    return g * set<T>(scale) * select(h > set<T>(0), set<T>(1), below(h) + set<T>(alpha));
  }
};

// Options: alpha.
template <class T>
struct Celu : FromInput<T> {
  using V = Vec<T>;
  explicit Celu(const double* o) : FromInput<T>(o), alpha(T(o[0])) {}
  CHAINRULE_INLINE V forward(V h) const {
    return select(h > set<T>(0), h, set<T>(alpha) * expm1<T>(at_most<T>(h, 0) / set<T>(alpha)));
  }
  CHAINRULE_INLINE V backward(V h, V, V g) const {
    return g * select(h > set<T>(0), set<T>(1), exp<T>(at_most<T>(h, 0) / set<T>(alpha)));
  }
  T alpha;
};

// h times the normal distribution function of h.
template <class T>
struct GeluExact : FromInput<T> {
  using V = Vec<T>;
  static constexpr T root_half = T(0.70710678118654752440), factor = T(1.12837916709551257390);  // 2 / sqrt(pi)
  using FromInput<T>::FromInput;
  CHAINRULE_INLINE V forward(V h) const { return set<T>(T(0.5)) * h * erfc<T>(set<T>(-root_half) * h); }
  CHAINRULE_INLINE V backward(V h, V, V g) const {
    const V v = set<T>(root_half) * h, half = set<T>(T(0.5));
    const V density = set<T>(factor) * exp<T>(-v * v) * set<T>(root_half);
    return g * (half * erfc<T>(-v) + half * h * density);
  }
};

template <class T>
struct GeluTanh : FromInput<T> {
  using V = Vec<T>;
  static constexpr T factor = T(0.79788456080286535588), cubic = T(0.044715);  // sqrt(2 / pi)
  using FromInput<T>::FromInput;
  CHAINRULE_INLINE V inner(V h) const { return tanh<T>(set<T>(factor) * (h + set<T>(cubic) * h * h * h)); }
  CHAINRULE_INLINE V forward(V h) const { return set<T>(T(0.5)) * h * (set<T>(1) + inner(h)); }
  CHAINRULE_INLINE V backward(V h, V, V g) const {
    const V one = set<T>(1), half = set<T>(T(0.5)), t = inner(h);
    const V steep = set<T>(factor) * (one + set<T>(3) * set<T>(cubic) * h * h);
    return g * (half * (one + t) + half * h * ((one - t * t) * steep));
  }
};

template <class T>
struct Silu : FromInput<T> {
  using V = Vec<T>;
  using FromInput<T>::FromInput;
  CHAINRULE_INLINE V forward(V h) const { return h * sigmoid<T>(h); }
  CHAINRULE_INLINE V backward(V h, V y, V g) const {
    const V s = sigmoid<T>(h);
    return g * (s + y * (set<T>(1) - s));
  }
};

template <class T>
struct Mish : FromInput<T> {
  using V = Vec<T>;
  using FromInput<T>::FromInput;
  // tanh(log(1 + e)) = e (e + 2) / (e (e + 2) + 2) with e = exp(h), without overflow.
  CHAINRULE_INLINE V inner(V h) const {
    const V e = exp<T>(at_most<T>(h, 20)), two = set<T>(2), n = e * (e + two);
    return n / (n + two);
  }
  CHAINRULE_INLINE V forward(V h) const { return h * inner(h); }
  CHAINRULE_INLINE V backward(V h, V, V g) const {
    const V t = inner(h);
    return g * (t + h * (set<T>(1) - t * t) * sigmoid<T>(h));
  }
};

// Options: b.
template <class T>
struct Squareplus : FromInput<T> {
  using V = Vec<T>;
  explicit Squareplus(const double* o) : FromInput<T>(o), b(T(o[0])) {}
  CHAINRULE_INLINE V root(V h) const { return sqrt(h * h + set<T>(b)); }
  CHAINRULE_INLINE V forward(V h) const {
    const V r = root(h), two = set<T>(2);
    return select(h >= set<T>(0), (h + r) / two, set<T>(b) / (two * (r - h)));
  }
  CHAINRULE_INLINE V backward(V h, V y, V g) const { return g * (y / root(h)); }
  T b;
};

// Options: approximate (0 or 1), whether with tanh.
template <class T>
void gelu_forward(const T* h, T* y, int64_t rows, int64_t width, const double* options) {
  const auto run = options[0] != 0 ? forward_elements<GeluTanh<T>, T> : forward_elements<GeluExact<T>, T>;
  run(h, y, rows, width, options);
}

template <class T>
void gelu_backward(const T* h, const T* y, const T* gy, T* gh, int64_t rows, int64_t width, const double* options) {
  const auto run = options[0] != 0 ? backward_elements<GeluTanh<T>, T> : backward_elements<GeluExact<T>, T>;
  run(h, y, gy, gh, rows, width, options);
}

}  // namespace
}  // namespace chainrule::CHAINRULE_ISA
