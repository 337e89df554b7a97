// `Vec<T>`: a vector as wide as the instruction set this file is compiled for, and the few things kernels do with it.
//
// CHAINRULE_ISA names the instruction set and is the namespace of everything compiled for it, so that code of one never
// stands in for code of another. Arithmetic is the compiler's vector extension; only what that lacks is spelled out.
#pragma once

#include <cstdint>
#include <cstring>

#if defined(__AVX2__)
#include <immintrin.h>
#elif defined(__SSE2__)
#include <emmintrin.h>
#elif defined(__ARM_NEON)
#include <arm_neon.h>
#endif

#define CHAINRULE_INLINE inline __attribute__((always_inline))

namespace chainrule::CHAINRULE_ISA {

#if defined(__AVX512F__)
constexpr int kVectorBytes = 64;
#elif defined(__AVX2__)
constexpr int kVectorBytes = 32;
#else
constexpr int kVectorBytes = 16;
#endif

template <class T>
struct IntOf;
template <>
struct IntOf<float> {
  using type = int32_t;
};
template <>
struct IntOf<double> {
  using type = int64_t;
};

// The integer of a float type's size: what comparisons give (0 or -1 per lane), and what its bits are read as.
template <class T>
using Int = typename IntOf<T>::type;

template <class T>
struct RawOf {
  typedef T type __attribute__((vector_size(kVectorBytes)));
};

// A vector of numbers: float, double, int32_t, uint32_t, int64_t, uint64_t. All operators work lane by lane.
template <class T>
using Vec = typename RawOf<T>::type;

template <class T>
constexpr int kLanes = kVectorBytes / static_cast<int>(sizeof(T));

template <class T>
CHAINRULE_INLINE Vec<T> set(T value) {
  return value - Vec<T>{};
}

template <class T>
CHAINRULE_INLINE Vec<T> load(const T* from) {
  Vec<T> v;
  std::memcpy(&v, from, kVectorBytes);
  return v;
}

template <class T>
CHAINRULE_INLINE void store(T* to, Vec<T> v) {
  std::memcpy(to, &v, kVectorBytes);
}

#if defined(__AVX2__) && !defined(__AVX512F__)
// All bits set in the first `n` lanes.
template <class T>
CHAINRULE_INLINE __m256i first_lanes(int64_t n) {
  if constexpr (sizeof(T) == 4) {
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(n)), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
  } else {
    return _mm256_cmpgt_epi64(_mm256_set1_epi64x(n), _mm256_setr_epi64x(0, 1, 2, 3));
  }
}
#endif

// Reads `n` lanes, 0 <= n < kLanes; the others are zero and their memory is not touched.
template <class T>
CHAINRULE_INLINE Vec<T> load_some(const T* from, int64_t n) {
#if defined(__AVX512F__)
  if constexpr (sizeof(T) == 4) {
    return (Vec<T>)_mm512_maskz_loadu_epi32(static_cast<__mmask16>((1u << n) - 1), from);
  } else {
    return (Vec<T>)_mm512_maskz_loadu_epi64(static_cast<__mmask8>((1u << n) - 1), from);
  }
#elif defined(__AVX2__)
  if constexpr (sizeof(T) == 4) {
    return (Vec<T>)_mm256_maskload_epi32(reinterpret_cast<const int*>(from), first_lanes<T>(n));
  } else {
    return (Vec<T>)_mm256_maskload_epi64(reinterpret_cast<const long long*>(from), first_lanes<T>(n));
  }
#else
  Vec<T> v{};
  std::memcpy(&v, from, static_cast<size_t>(n) * sizeof(T));
  return v;
#endif
}

// Writes the first `n` lanes, 0 <= n < kLanes.
template <class T>
CHAINRULE_INLINE void store_some(T* to, Vec<T> v, int64_t n) {
#if defined(__AVX512F__)
  if constexpr (sizeof(T) == 4) {
    _mm512_mask_storeu_epi32(to, static_cast<__mmask16>((1u << n) - 1), (__m512i)v);
  } else {
    _mm512_mask_storeu_epi64(to, static_cast<__mmask8>((1u << n) - 1), (__m512i)v);
  }
#elif defined(__AVX2__)  // in halves: masked stores take some 20 cycles on AMD's processors
  const __m256i bits = (__m256i)v;
  __m128i part = _mm256_castsi256_si128(bits);
  char* at = reinterpret_cast<char*>(to);
  const int64_t bytes = n * static_cast<int64_t>(sizeof(T));
  if (bytes & 16) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(at), part);
    part = _mm256_extracti128_si256(bits, 1);
    at += 16;
  }
  if (bytes & 8) {
    _mm_storel_epi64(reinterpret_cast<__m128i*>(at), part);
    part = _mm_unpackhi_epi64(part, part);
    at += 8;
  }
  if (bytes & 4) {
    const int last = _mm_cvtsi128_si32(part);
    std::memcpy(at, &last, 4);
  }
#else
  std::memcpy(to, &v, static_cast<size_t>(n) * sizeof(T));
#endif
}

// Returns `a` where `mask` is set (all bits of a lane), else `b`.
template <class V, class M>
CHAINRULE_INLINE V select(M mask, V a, V b) {
  return mask ? a : b;
}

// a * b + c, rounded once where the instruction set can.
template <class V>
CHAINRULE_INLINE V fma(V a, V b, V c) {
#if defined(__AVX512F__)
  if constexpr (sizeof(a[0]) == 4) {
    return (V)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c);
  } else {
    return (V)_mm512_fmadd_pd((__m512d)a, (__m512d)b, (__m512d)c);
  }
#elif defined(__AVX2__)
  if constexpr (sizeof(a[0]) == 4) {
    return (V)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c);
  } else {
    return (V)_mm256_fmadd_pd((__m256d)a, (__m256d)b, (__m256d)c);
  }
#elif defined(__ARM_NEON)
  if constexpr (sizeof(a[0]) == 4) {
    return (V)vfmaq_f32((float32x4_t)c, (float32x4_t)a, (float32x4_t)b);
  } else {
    return (V)vfmaq_f64((float64x2_t)c, (float64x2_t)a, (float64x2_t)b);
  }
#else
  return a * b + c;
#endif
}

template <class V>
CHAINRULE_INLINE V sqrt(V a) {
#if defined(__AVX512F__)
  if constexpr (sizeof(a[0]) == 4) {
    return (V)_mm512_maskz_sqrt_ps(static_cast<__mmask16>(-1), (__m512)a);
  } else {
    return (V)_mm512_maskz_sqrt_pd(static_cast<__mmask8>(-1), (__m512d)a);
  }
#elif defined(__AVX2__)
  if constexpr (sizeof(a[0]) == 4) {
    return (V)_mm256_sqrt_ps((__m256)a);
  } else {
    return (V)_mm256_sqrt_pd((__m256d)a);
  }
#elif defined(__SSE2__)
  if constexpr (sizeof(a[0]) == 4) {
    return (V)_mm_sqrt_ps((__m128)a);
  } else {
    return (V)_mm_sqrt_pd((__m128d)a);
  }
#elif defined(__ARM_NEON)
  if constexpr (sizeof(a[0]) == 4) {
    return (V)vsqrtq_f32((float32x4_t)a);
  } else {
    return (V)vsqrtq_f64((float64x2_t)a);
  }
#else
  for (int i = 0; i < static_cast<int>(sizeof(V) / sizeof(a[0])); ++i) a[i] = __builtin_sqrt(a[i]);
  return a;
#endif
}

// The larger (smaller) of two; NaN if either is, as NumPy's maximum and minimum.
template <class V>
CHAINRULE_INLINE V max(V a, V b) {
  return select((a > b) | (a != a), a, b);
}

template <class V>
CHAINRULE_INLINE V min(V a, V b) {
  return select((a < b) | (a != a), a, b);
}

template <class T>
CHAINRULE_INLINE Vec<T> abs(Vec<T> a) {
  constexpr Int<T> sign = static_cast<Int<T>>(uint64_t{1} << (8 * sizeof(T) - 1));
  return (Vec<T>)((Vec<Int<T>>)a & ~sign);
}

// The sum of all lanes, halves added to halves: the order is fixed by the width of the vector.
template <class T>
CHAINRULE_INLINE T sum(Vec<T> v) {
  T lane[kLanes<T>];
  std::memcpy(lane, &v, kVectorBytes);
  for (int half = kLanes<T> / 2; half > 0; half /= 2) {
    for (int i = 0; i < half; ++i) lane[i] += lane[i + half];
  }
  return lane[0];
}

// Calls `f(i, whole)` for each vector of 0..n: `whole` is how many of its lanes count.
//
//   for_each_vector<T>(n, [&](int64_t i, auto io) { io.store(y + i, io.load(x + i) * two); });
template <class T>
struct WholeLanes {
  static constexpr bool whole = true;
  CHAINRULE_INLINE Vec<T> load(const T* from) const { return CHAINRULE_ISA::load<T>(from); }
  CHAINRULE_INLINE void store(T* to, Vec<T> v) const { CHAINRULE_ISA::store<T>(to, v); }
  CHAINRULE_INLINE int64_t count() const { return kLanes<T>; }
};

template <class T>
struct SomeLanes {
  static constexpr bool whole = false;
  int64_t n;
  CHAINRULE_INLINE Vec<T> load(const T* from) const { return load_some<T>(from, n); }
  CHAINRULE_INLINE void store(T* to, Vec<T> v) const { store_some<T>(to, v, n); }
  CHAINRULE_INLINE int64_t count() const { return n; }
};

template <class T, class F>
CHAINRULE_INLINE void for_each_vector(int64_t n, F&& f) {
  int64_t i = 0;
  for (; i + kLanes<T> <= n; i += kLanes<T>) f(i, WholeLanes<T>{});
  if (i < n) f(i, SomeLanes<T>{n - i});
}

}  // namespace chainrule::CHAINRULE_ISA
