// Activations made of straight lines and parabolas.
#pragma once

#include "kernels/activations/elements.hpp"

namespace chainrule::CHAINRULE_ISA {
namespace {

template <class T>
struct Linear : FromOutput<T> {
  using V = Vec<T>;
  using FromOutput<T>::FromOutput;
  CHAINRULE_INLINE V forward(V h) const { return h; }
  CHAINRULE_INLINE V backward(V, V, V g) const { return g; }
};

template <class T>
struct Relu : FromOutput<T> {
  using V = Vec<T>;
  using FromOutput<T>::FromOutput;
  CHAINRULE_INLINE V forward(V h) const { return at_least<T>(h, 0); }
  CHAINRULE_INLINE V backward(V, V y, V g) const { return g * one_where<T>(y > set<T>(0)); }
};

// relu with any options: negative_slope, max_value (infinite: none), threshold.
template <class T>
struct ReluWithOptions : FromInput<T> {
  using V = Vec<T>;
  explicit ReluWithOptions(const double* o)
      : FromInput<T>(o),
        slope(T(o[0])),
        most(T(o[1])),
        threshold(T(o[2])),
        bounded(o[1] < __builtin_inf()),
        plain(o[0] == 0 && o[2] == 0) {}

  CHAINRULE_INLINE V above(V h) const {
    return threshold == 0 ? at_least<T>(h, 0) : select(h > set<T>(threshold), h, set<T>(0));
  }
  CHAINRULE_INLINE V forward(V h) const {
    V y = above(h);
    if (bounded) y = at_most<T>(at_least<T>(y, 0), most);
    if (slope != 0) y = y - set<T>(slope) * at_least<T>(set<T>(threshold) - h, 0);
    return y;
  }
  CHAINRULE_INLINE V backward(V h, V, V g) const {
    const V zero = set<T>(0);
    const V clipped = plain ? h : above(h);
    V factor = plain ? set<T>(1) : one_where<T>(h > set<T>(threshold));
    if (bounded) {
      factor = factor * (wins<T>(clipped, zero) * wins<T>(set<T>(most), at_least<T>(clipped, 0)));
    } else if (plain) {
      factor = one_where<T>(h > zero);
    }
    if (slope != 0) factor = factor + set<T>(slope) * one_where<T>(set<T>(threshold) > h);
    return g * factor;
  }

  T slope, most, threshold;
  bool bounded, plain;
};

// Options: negative_slope.
template <class T>
struct LeakyRelu : FromInput<T> {
  using V = Vec<T>;
  explicit LeakyRelu(const double* o) : FromInput<T>(o), slope(T(o[0])) {}
  CHAINRULE_INLINE V forward(V h) const { return select(h >= set<T>(0), h, h * set<T>(slope)); }
  CHAINRULE_INLINE V backward(V h, V, V g) const { return select(h >= set<T>(0), g, g * set<T>(slope)); }
  T slope;
};

template <class T>
struct Relu6 : FromOutput<T> {
  using V = Vec<T>;
  using FromOutput<T>::FromOutput;
  CHAINRULE_INLINE V forward(V h) const { return at_most<T>(at_least<T>(h, 0), 6); }
  CHAINRULE_INLINE V backward(V, V y, V g) const { return g * one_where<T>((y > set<T>(0)) & (y < set<T>(6))); }
};

template <class T>
struct HardSigmoid : FromOutput<T> {
  using V = Vec<T>;
  using FromOutput<T>::FromOutput;
  CHAINRULE_INLINE V forward(V h) const { return at_most<T>(at_least<T>(h + set<T>(3), 0), 6) / set<T>(6); }
  CHAINRULE_INLINE V backward(V, V y, V g) const {
    return g / set<T>(6) * one_where<T>((y > set<T>(0)) & (y < set<T>(1)));
  }
};

template <class T>
struct HardSilu : FromInput<T> {
  using V = Vec<T>;
  using FromInput<T>::FromInput;
  CHAINRULE_INLINE V forward(V h) const { return h * (at_most<T>(at_least<T>(h + set<T>(3), 0), 6) / set<T>(6)); }
  CHAINRULE_INLINE V backward(V h, V, V g) const {
    const V slope = (set<T>(2) * h + set<T>(3)) / set<T>(6);
    return g * select(h <= set<T>(-3), set<T>(0), select(h >= set<T>(3), set<T>(1), slope));
  }
};

template <class T>
struct HardTanh : FromOutput<T> {
  using V = Vec<T>;
  using FromOutput<T>::FromOutput;
  CHAINRULE_INLINE V forward(V h) const { return at_most<T>(at_least<T>(h, -1), 1); }
  CHAINRULE_INLINE V backward(V, V y, V g) const { return g * one_where<T>((y > set<T>(-1)) & (y < set<T>(1))); }
};

// Options: threshold. A result of 0 is not beyond it, unless everything is.
template <class T>
struct HardShrink : FromOutput<T> {
  using V = Vec<T>;
  explicit HardShrink(const double* o) : FromOutput<T>(o), threshold(T(o[0])) {}
  CHAINRULE_INLINE V forward(V h) const { return select(abs<T>(h) > set<T>(threshold), h, set<T>(0)); }
  CHAINRULE_INLINE V backward(V, V y, V g) const { return g * one_where<T>(abs<T>(y) > set<T>(threshold)); }
  T threshold;
};

// Options: threshold.
template <class T>
struct SoftShrink : FromInput<T> {
  using V = Vec<T>;
  explicit SoftShrink(const double* o) : FromInput<T>(o), threshold(T(o[0])) {}
  CHAINRULE_INLINE V forward(V h) const {
    const V t = set<T>(threshold);
    return select(h > t, h - t, select(h < -t, h + t, set<T>(0)));
  }
  CHAINRULE_INLINE V backward(V h, V, V g) const { return g * one_where<T>(abs<T>(h) > set<T>(threshold)); }
  T threshold;
};

// Options: threshold, default_value.
template <class T>
struct Threshold : FromInput<T> {
  using V = Vec<T>;
  explicit Threshold(const double* o) : FromInput<T>(o), threshold(T(o[0])), otherwise(T(o[1])) {}
  CHAINRULE_INLINE V forward(V h) const { return select(h > set<T>(threshold), h, set<T>(otherwise)); }
  CHAINRULE_INLINE V backward(V h, V, V g) const { return g * one_where<T>(h > set<T>(threshold)); }
  T threshold, otherwise;
};

template <class T>
struct SparsePlus : FromInput<T> {
  using V = Vec<T>;
  using FromInput<T>::FromInput;
  CHAINRULE_INLINE V forward(V h) const {
    const V one = set<T>(1), moved = h + one;
    return select(h <= -one, set<T>(0), select(h >= one, h, moved * moved / set<T>(4)));
  }
  CHAINRULE_INLINE V backward(V h, V, V g) const {
    const V one = set<T>(1);
    return g * select(h <= -one, set<T>(0), select(h >= one, one, (h + one) / set<T>(2)));
  }
};

template <class T>
struct SparseSigmoid : FromInput<T> {
  using V = Vec<T>;
  using FromInput<T>::FromInput;
  CHAINRULE_INLINE V forward(V h) const { return at_most<T>(at_least<T>((h + set<T>(1)) / set<T>(2), 0), 1); }
  CHAINRULE_INLINE V backward(V h, V, V g) const {
    return g * one_where<T>((h > set<T>(-1)) & (h < set<T>(1))) / set<T>(2);
  }
};

}  // namespace
}  // namespace chainrule::CHAINRULE_ISA
