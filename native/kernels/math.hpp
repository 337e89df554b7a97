// Exponentials, logarithms and their relatives on `Vec<T>`, for float and double.
//
// Accuracy, as tests/unit/native/test_math.py holds it against the C library's long double: exp, expm1, log, log1p,
// softplus, log_sigmoid, pow 2 ulp; tanh, sigmoid, erf 3 ulp; erfc 4 ulp. Zeros, subnormal numbers, infinities and NaN
// come out as in the C library. Polynomials interpolate at Chebyshev nodes, computed with 50 digits; the forms are
// those of fdlibm (log, log1p, expm1) and of ops/special.py (erf, erfc).
#pragma once

#include <cstdint>

#include "simd/vec.hpp"

namespace chainrule::CHAINRULE_ISA {
namespace {

// -- constants --------------------------------------------------------------------------------------------------------

template <class T>
struct Constants;

template <>
struct Constants<float> {
  static constexpr int mantissa = 23, bias = 127;
  static constexpr float whole = 0x1.8p23f;  // added to a small number, it leaves no bits behind the point
  static constexpr float exp_least = -104.0f, exp_most = 89.0f, expm1_least = -25.0f, tanh_most = 10.0f;
  static constexpr float log2_e = 1.44269504f, exp_ln2_high = 0.693359375f, exp_ln2_low = -2.12194440e-4f;
  static constexpr float log_ln2_high = 0x1.62e3p-1f, log_ln2_low = 9.05800061e-6f;
  static constexpr float least_normal = 0x1p-126f, into_normal = 0x1p25f, into_normal_log2 = 25.0f;
  static constexpr float infinity = __builtin_inff(), nan = __builtin_nanf("");
  static constexpr float tiny = 1e-9f;  // x below it: expm1(x) = log1p(x) = tanh(x) = x
  static constexpr float erfc_most = 11.0f;
  static constexpr int32_t erfc_head = static_cast<int32_t>(0xfffff000);  // keeps bits whose square is exact

  static constexpr float exp[] = {0.5f, 0.16666576266288757f, 0.04166655242443085f, 0.00836323294788599f,
                                  0.0013926250394433737f};
  static constexpr float log[] = {0.6666666865348816f, 0.4000012278556824f, 0.28550779819488525f, 0.23331613838672638f};
  static constexpr float erf[] = {1.128379225730896f,      -0.37612637877464294f,  0.11283782124519348f,
                                  -0.026865430176258087f,  0.005221031606197357f,  -0.0008484080317430198f,
                                  0.00011265958892181516f, -9.667044650996104e-06f};
  static constexpr float erfc[] = {0.6849972605705261f,     -0.17442651093006134f,  0.0678127259016037f,
                                   -0.01253130380064249f,   -0.005894471425563097f, 0.006652017589658499f,
                                   -0.0031246247235685587f, 0.0007082170341163874f, 7.543100946350023e-05f,
                                   -7.158131484175101e-05f};
};

template <>
struct Constants<double> {
  static constexpr int mantissa = 52, bias = 1023;
  static constexpr double whole = 0x1.8p52;
  static constexpr double exp_least = -746.0, exp_most = 710.0, expm1_least = -50.0, tanh_most = 20.0;
  static constexpr double log2_e = 1.4426950408889634074, exp_ln2_high = 0.693145751953125,
                          exp_ln2_low = 1.42860682030941723212e-6;
  static constexpr double log_ln2_high = 6.93147180369123816490e-01, log_ln2_low = 1.90821492927058770002e-10;
  static constexpr double least_normal = 0x1p-1022, into_normal = 0x1p54, into_normal_log2 = 54.0;
  static constexpr double infinity = __builtin_inf(), nan = __builtin_nan("");
  static constexpr double tiny = 1e-17;
  static constexpr double erfc_most = 28.0;
  static constexpr int64_t erfc_head = ~((int64_t{1} << 27) - 1);

  static constexpr double exp[] = {0.5,
                                   0.16666666666666669,
                                   0.041666666666623824,
                                   0.008333333333330039,
                                   0.0013888888917367081,
                                   0.00019841269863171557,
                                   2.4801521057868204e-05,
                                   2.7557268276905696e-06,
                                   2.7620201591031547e-07,
                                   2.5100472505694996e-08};
  static constexpr double log[] = {0.6666666666666666,  0.40000000000000885, 0.28571428570799784, 0.22222222392581045,
                                   0.18181795547521137, 0.15386244737621665, 0.13268638369266825, 0.13088034850927555};
  static constexpr double erf[] = {1.1283791670955126,      -0.37612638903183754,    0.1128379167095512,
                                   -0.02686617064512984,    0.0052239776254232985,   -0.000854832702193483,
                                   0.00012055332902888736,  -1.4925647567519332e-05, 1.6462045441468418e-06,
                                   -1.6364642158167616e-07, 1.4792401209404813e-08,  -1.216456005728345e-09,
                                   8.709045129053106e-11,   -4.230945824295338e-12};
  static constexpr double erfc[] = {
      0.6849972881253069,      -0.1744265099503212,     0.06781283641264231,    -0.012531475817357859,
      -0.005896222616089512,   0.006653009971578537,    -0.003114385594703357,  0.0007094473724765111,
      5.265605307723588e-05,   -8.421230930523656e-05,  1.2520192156028338e-05, 7.408182181996497e-06,
      -2.4666682950454813e-06, -7.100116010810774e-07,  3.7106167173262195e-07, 8.871345878633467e-08,
      -5.3526426304695296e-08, -1.5016092749553623e-08, 7.07028129758716e-09,   2.9101113474344687e-09,
      -5.396923825101611e-10,  -4.177341048805381e-10,  -5.314520101719091e-11};
};

// -- bits and pieces --------------------------------------------------------------------------------------------------

template <class T>
struct UnsignedOf;
template <>
struct UnsignedOf<float> {
  using type = uint32_t;
};
template <>
struct UnsignedOf<double> {
  using type = uint64_t;
};
template <class T>
using Bits = Vec<typename UnsignedOf<T>::type>;

template <class T>
CHAINRULE_INLINE Bits<T> bits_of(T value) {
  return (Bits<T>)set<T>(value);
}

// c[0] + c[1] x + c[2] x^2 + ...
template <class T, int N>
CHAINRULE_INLINE Vec<T> polynomial(const T (&c)[N], Vec<T> x) {
  Vec<T> y = set<T>(c[N - 1]);
#pragma GCC unroll 32
  for (int i = N - 2; i >= 0; --i) y = fma(y, x, set<T>(c[i]));
  return y;
}

// The smaller (larger) of x and a limit; NaN, the second operand, stays NaN. (Without a mask, GCC 12 warns for
// nothing.)
template <class T>
CHAINRULE_INLINE Vec<T> at_most(Vec<T> x, T limit) {
#if defined(__AVX512F__)
  if constexpr (sizeof(T) == 4) {
    return (Vec<T>)_mm512_maskz_min_ps(0xffff, (__m512)set<T>(limit), (__m512)x);
  } else {
    return (Vec<T>)_mm512_maskz_min_pd(0xff, (__m512d)set<T>(limit), (__m512d)x);
  }
#elif defined(__AVX2__)
  if constexpr (sizeof(T) == 4) {
    return (Vec<T>)_mm256_min_ps((__m256)set<T>(limit), (__m256)x);
  } else {
    return (Vec<T>)_mm256_min_pd((__m256d)set<T>(limit), (__m256d)x);
  }
#elif defined(__SSE2__)
  if constexpr (sizeof(T) == 4) {
    return (Vec<T>)_mm_min_ps((__m128)set<T>(limit), (__m128)x);
  } else {
    return (Vec<T>)_mm_min_pd((__m128d)set<T>(limit), (__m128d)x);
  }
#else
  return select(set<T>(limit) < x, set<T>(limit), x);
#endif
}

template <class T>
CHAINRULE_INLINE Vec<T> at_least(Vec<T> x, T limit) {
#if defined(__AVX512F__)
  if constexpr (sizeof(T) == 4) {
    return (Vec<T>)_mm512_maskz_max_ps(0xffff, (__m512)set<T>(limit), (__m512)x);
  } else {
    return (Vec<T>)_mm512_maskz_max_pd(0xff, (__m512d)set<T>(limit), (__m512d)x);
  }
#elif defined(__AVX2__)
  if constexpr (sizeof(T) == 4) {
    return (Vec<T>)_mm256_max_ps((__m256)set<T>(limit), (__m256)x);
  } else {
    return (Vec<T>)_mm256_max_pd((__m256d)set<T>(limit), (__m256d)x);
  }
#elif defined(__SSE2__)
  if constexpr (sizeof(T) == 4) {
    return (Vec<T>)_mm_max_ps((__m128)set<T>(limit), (__m128)x);
  } else {
    return (Vec<T>)_mm_max_pd((__m128d)set<T>(limit), (__m128d)x);
  }
#else
  return select(set<T>(limit) > x, set<T>(limit), x);
#endif
}

template <class T>
CHAINRULE_INLINE Vec<T> copy_sign(Vec<T> size, Vec<T> sign) {
  const Bits<T> mask = bits_of<T>(T(-0.0));
  return (Vec<T>)(((Bits<T>)size & ~mask) | ((Bits<T>)sign & mask));
}

// 2^n for whole n with a normal result.
template <class T>
CHAINRULE_INLINE Vec<T> power_of_two(Vec<T> n) {
  using C = Constants<T>;
  return (Vec<T>)((Bits<T>)(n + set<T>(C::whole + C::bias)) << C::mantissa);
}

// p * 2^n for whole n, rounded once, through the subnormal numbers and to infinity.
template <class T>
CHAINRULE_INLINE Vec<T> scale_by_power(Vec<T> p, Vec<T> n) {
#if defined(__AVX512F__)
  if constexpr (sizeof(T) == 4) {
    return (Vec<T>)_mm512_maskz_scalef_ps(0xffff, (__m512)p, (__m512)n);
  } else {
    return (Vec<T>)_mm512_maskz_scalef_pd(0xff, (__m512d)p, (__m512d)n);
  }
#else
  const Vec<T> whole = set<T>(Constants<T>::whole);
  const Vec<T> half = (n * set<T>(T(0.5)) + whole) - whole;
  return p * power_of_two<T>(half) * power_of_two<T>(n - half);
#endif
}

// high + low == a * b exactly, unless it overflows.
template <class T>
CHAINRULE_INLINE void multiply_exactly(Vec<T> a, Vec<T> b, Vec<T>& high, Vec<T>& low) {
  high = a * b;
#if defined(__FMA__) || defined(__AVX512F__) || defined(__ARM_NEON)
  low = fma(a, b, -high);
#else
  const Vec<T> splitter = set<T>(T((int64_t{1} << (Constants<T>::mantissa / 2 + 1)) + 1));
  const Vec<T> a_wide = splitter * a, a_high = a_wide - (a_wide - a), a_low = a - a_high;
  const Vec<T> b_wide = splitter * b, b_high = b_wide - (b_wide - b), b_low = b - b_high;
  low = ((a_high * b_high - high) + a_high * b_low + a_low * b_high) + a_low * b_low;
#endif
}

// high + low == a + b exactly.
template <class T>
CHAINRULE_INLINE void add_exactly(Vec<T> a, Vec<T> b, Vec<T>& high, Vec<T>& low) {
  high = a + b;
  const Vec<T> rest = high - a;
  low = (a - (high - rest)) + (b - rest);
}

// -- exponentials -----------------------------------------------------------------------------------------------------

// Takes x = n ln 2 + r apart and returns r.
template <class T>
CHAINRULE_INLINE Vec<T> reduce(Vec<T> x, Vec<T>& n) {
  using C = Constants<T>;
  const Vec<T> whole = set<T>(C::whole);
  n = fma(x, set<T>(C::log2_e), whole) - whole;
  return fma(n, set<T>(-C::exp_ln2_low), fma(n, set<T>(-C::exp_ln2_high), x));
}

// exp(r) - 1 for |r| <= ln 2 / 2.
template <class T>
CHAINRULE_INLINE Vec<T> expm1_near(Vec<T> r) {
  return fma(r * r, polynomial<T>(Constants<T>::exp, r), r);
}

template <class T>
CHAINRULE_INLINE Vec<T> clip_exponent(Vec<T> x, T least) {
  return at_least<T>(at_most<T>(x, Constants<T>::exp_most), least);
}

// exp(x + low), low being much smaller than x.
template <class T>
CHAINRULE_INLINE Vec<T> exp_of_sum(Vec<T> x, Vec<T> low) {
  Vec<T> n;
  const Vec<T> r = reduce<T>(clip_exponent<T>(x, Constants<T>::exp_least), n);
  return scale_by_power<T>(expm1_near<T>(r + low) + set<T>(1), n);
}

template <class T>
CHAINRULE_INLINE Vec<T> exp(Vec<T> x) {
  Vec<T> n;
  const Vec<T> r = reduce<T>(clip_exponent<T>(x, Constants<T>::exp_least), n);
  return scale_by_power<T>(expm1_near<T>(r) + set<T>(1), n);
}

template <class T>
CHAINRULE_INLINE Vec<T> expm1(Vec<T> x) {
  using C = Constants<T>;
  Vec<T> n;
  const Vec<T> p = expm1_near<T>(reduce<T>(clip_exponent<T>(x, C::expm1_least), n));
  const Vec<T> half = power_of_two<T>(n - set<T>(1));  // half of 2^n, which may itself overflow
  const Vec<T> large = (fma(half, p, half - set<T>(T(0.5)))) * set<T>(2);
  return select(abs<T>(x) < set<T>(C::tiny), x, select(n == set<T>(0), p, large));
}

// -e / (2 + e) with e = exp(-2 |x|) - 1, the sign put back.
template <class T>
CHAINRULE_INLINE Vec<T> tanh(Vec<T> x) {
  const Vec<T> one = set<T>(1);
  Vec<T> n;
  const Vec<T> p = expm1_near<T>(reduce<T>(set<T>(-2) * at_most<T>(abs<T>(x), Constants<T>::tanh_most), n));
  const Vec<T> power = power_of_two<T>(n), e = fma(power, p, power - one);
  return copy_sign<T>(e / (e + set<T>(2)), x);
}

// 1 / (1 + exp(-x)), as ops.sigmoid computes it.
template <class T>
CHAINRULE_INLINE Vec<T> sigmoid(Vec<T> x) {
  const Vec<T> e = exp<T>(-abs<T>(x)), one = set<T>(1);
  return select(x >= set<T>(0), one, e) / (one + e);
}

// -- logarithms -------------------------------------------------------------------------------------------------------

// Takes x = 2^k (1 + f) apart, sqrt(1/2) <= 1 + f < sqrt(2), for positive x.
template <class T>
CHAINRULE_INLINE void split_power(Vec<T> x, Vec<T>& k, Vec<T>& f) {
  using C = Constants<T>;
  const auto subnormal = x < set<T>(C::least_normal);
  x = select(subnormal, x * set<T>(C::into_normal), x);
  const Bits<T> root = bits_of<T>(T(0.70710678118654752440)), one = bits_of<T>(1);
  const Bits<T> moved = (Bits<T>)x + (one - root);
  const T offset = T(typename UnsignedOf<T>::type{1} << C::mantissa);  // a whole number below it stands in its bits
  k = (Vec<T>)((moved >> C::mantissa) + bits_of<T>(offset)) - set<T>(offset + C::bias);
  k = select(subnormal, k - set<T>(C::into_normal_log2), k);
  const Bits<T> kept = bits_of<T>(1) ^ bits_of<T>(T(2) - T(2) / T(typename UnsignedOf<T>::type{2} << C::mantissa));
  f = (Vec<T>)((moved & kept) + root) - set<T>(1);
}

// k ln 2 + log(1 + f) + low, after fdlibm: s = f / (2 + f), log(1 + f) = 2 s + 2/3 s^3 + 2/5 s^5 ...
template <class T>
CHAINRULE_INLINE Vec<T> log_of_parts(Vec<T> k, Vec<T> f, Vec<T> low) {
  using C = Constants<T>;
  const Vec<T> s = f / (f + set<T>(2)), z = s * s;
  const Vec<T> rest = z * polynomial<T>(C::log, z), half_square = set<T>(T(0.5)) * f * f;
  const Vec<T> small = s * (half_square + rest) + (fma(k, set<T>(C::log_ln2_low), low));
  return k * set<T>(C::log_ln2_high) - ((half_square - small) - f);
}

// log(x + low), low being much smaller than x.
template <class T>
CHAINRULE_INLINE Vec<T> log_of_sum(Vec<T> x, Vec<T> relative_low) {
  using C = Constants<T>;
  Vec<T> k, f;
  split_power<T>(x, k, f);
  Vec<T> y = log_of_parts<T>(k, f, relative_low);
  y = select(x < set<T>(C::infinity), y, x);  // infinity, NaN
  y = select(x < set<T>(0), set<T>(C::nan), y);
  return select(x == set<T>(0), set<T>(-C::infinity), y);
}

template <class T>
CHAINRULE_INLINE Vec<T> log(Vec<T> x) {
  return log_of_sum<T>(x, Vec<T>{});
}

template <class T>
CHAINRULE_INLINE Vec<T> log1p(Vec<T> x) {
  using C = Constants<T>;
  Vec<T> u, c;
  add_exactly<T>(set<T>(1), x, u, c);
  c = select((u > set<T>(0)) & (u < set<T>(C::infinity)), c / u, set<T>(0));
  return select(abs<T>(x) < set<T>(C::tiny), x, log_of_sum<T>(u, c));
}

// log(1 + x) for 0 <= x <= 1: what softplus and its relatives need.
template <class T>
CHAINRULE_INLINE Vec<T> log1p_of_share(Vec<T> x) {
  const auto small = x < set<T>(T(0.41421356237309504880));
  const Vec<T> f = select(small, x, set<T>(T(0.5)) * (x - set<T>(1)));
  return log_of_parts<T>(select(small, set<T>(0), set<T>(1)), f, Vec<T>{});
}

// log(1 + exp(x)), as ops.softplus computes it.
template <class T>
CHAINRULE_INLINE Vec<T> softplus(Vec<T> x) {
  return at_least<T>(x, 0) + log1p_of_share<T>(exp<T>(-abs<T>(x)));
}

// log(sigmoid(x)), as ops.log_sigmoid computes it.
template <class T>
CHAINRULE_INLINE Vec<T> log_sigmoid(Vec<T> x) {
  return at_most<T>(x, 0) - log1p_of_share<T>(exp<T>(-abs<T>(x)));
}

// -- the error function -----------------------------------------------------------------------------------------------

// erfc(x) for x >= 0.5: exp(-x^2) q(t) / (1 + x), t = (x - 4) / (x + 3).
template <class T>
CHAINRULE_INLINE Vec<T> erfc_tail(Vec<T> x) {
  using C = Constants<T>;
  x = at_most<T>(x, C::erfc_most);
  const Vec<T> t = (x - set<T>(4)) / (x + set<T>(3));
  const Vec<T> head = (Vec<T>)((Vec<Int<T>>)x & C::erfc_head);  // its square is exact
  const Vec<T> e = exp_of_sum<T>(-head * head, (head - x) * (head + x));
  return e * (polynomial<T>(C::erfc, t) / (x + set<T>(1)));
}

template <class T>
CHAINRULE_INLINE Vec<T> erf(Vec<T> x) {
  const Vec<T> size = abs<T>(x), one = set<T>(1);
  const Vec<T> near = x * polynomial<T>(Constants<T>::erf, x * x);
  return select(size < one, near, copy_sign<T>(one - erfc_tail<T>(size), x));
}

template <class T>
CHAINRULE_INLINE Vec<T> erfc(Vec<T> x) {
  const Vec<T> size = abs<T>(x);
  const Vec<T> near = set<T>(1) - x * polynomial<T>(Constants<T>::erf, x * x), tail = erfc_tail<T>(size);
  return select(size < set<T>(T(0.5)), near, select(x < set<T>(0), set<T>(2) - tail, tail));
}

// -- powers -----------------------------------------------------------------------------------------------------------

// log(x) of positive, finite x as an unrounded sum.
CHAINRULE_INLINE void log_in_two(Vec<double> x, Vec<double>& high, Vec<double>& low) {
  using C = Constants<double>;
  using V = Vec<double>;
  const V two = set<double>(2);
  V k, f;
  split_power<double>(x, k, f);
  const V d = f + two, d_low = f - (d - two);
  V a, b;
  const V s = f / d;
  multiply_exactly<double>(s, d, a, b);
  const V s_low = (((f - a) - b) - s * d_low) / d;
  V z, z_low, cube, cube_low, third, third_low;
  multiply_exactly<double>(s, s, z, z_low);
  z_low += two * s * s_low;
  multiply_exactly<double>(s, z, cube, cube_low);
  cube_low += s * z_low + s_low * z;
  const V ratio = set<double>(2.0 / 3.0), ratio_low = set<double>(3.70074341541718826e-17);
  multiply_exactly<double>(cube, ratio, third, third_low);
  third_low += cube * ratio_low + cube_low * ratio;
  V series = set<double>(C::log[7]);
  for (int i = 6; i > 0; --i) series = fma(series, z, set<double>(C::log[i]));
  V sum, rest, rest_2;
  add_exactly<double>(k * set<double>(C::log_ln2_high), two * s, sum, rest);
  add_exactly<double>(sum, third, a, rest_2);
  low = ((cube * z * series + third_low) + (two * s_low + k * set<double>(C::log_ln2_low))) + (rest + rest_2);
  high = a + low;
  low -= high - a;
}

CHAINRULE_INLINE Vec<double> pow_of_double(Vec<double> x, Vec<double> y) {
  using V = Vec<double>;
  const V zero = set<double>(0), one = set<double>(1), infinity = set<double>(__builtin_inf());
  const V size = abs<double>(x), exponent = abs<double>(y), far = set<double>(0x1p52);
  V log_high, log_low, p, p_low;
  log_in_two(size, log_high, log_low);
  log_high = select(size == zero, -infinity, select(size < infinity, log_high, size));
  multiply_exactly<double>(y, log_high, p, p_low);
  p_low = select(abs<double>(p) < set<double>(800), p_low + y * log_low, zero);
  p = select(log_high == zero, zero, p);  // also of infinite y
  V result = exp_of_sum<double>(p, p_low);
  const V half = exponent * set<double>(0.5);
  const auto is_whole = (exponent >= far) | (((exponent + far) - far) == exponent);
  const auto is_odd = is_whole & (exponent < far + far) & (((half + far) - far) != half);
  const V negative = select(
      is_odd, -result, select(is_whole | (size == zero) | (size == infinity), result, set<double>(__builtin_nan(""))));
  const auto has_sign = ((Vec<int64_t>)x) < 0;
  result = select(has_sign & (x == x), negative, result);
  return select((y == zero) | (x == one), one, result);
}

// x^y, with the special cases of the C library. In float it is computed in double.
template <class T>
CHAINRULE_INLINE Vec<T> pow(Vec<T> x, Vec<T> y) {
  if constexpr (sizeof(T) == 8) {
    return pow_of_double(x, y);
  } else {
    constexpr int half = kLanes<double>;
    float xs[2 * half], ys[2 * half];
    double x_wide[2 * half], y_wide[2 * half];
    store<float>(xs, x), store<float>(ys, y);
    for (int i = 0; i < 2 * half; ++i) x_wide[i] = xs[i], y_wide[i] = ys[i];
    for (int i = 0; i < 2; ++i) {
      const Vec<double> p = pow_of_double(load<double>(x_wide + i * half), load<double>(y_wide + i * half));
      store<double>(x_wide + i * half, p);
    }
    for (int i = 0; i < 2 * half; ++i) xs[i] = static_cast<float>(x_wide[i]);
    return load<float>(xs);
  }
}

}  // namespace
}  // namespace chainrule::CHAINRULE_ISA
