#include "engine/random.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

namespace chainrule {

namespace {

constexpr uint32_t kParity = 0x1BD11BDA;
constexpr uint64_t kFold = uint64_t{1} << 63;
constexpr int64_t kInsertion = 64;  // up to here sorting by insertion wins
constexpr int64_t kPiece = 512;     // numbers drawn at a time

Key encrypt(Key key, uint32_t x0, uint32_t x1) {
  constexpr int kRotations[2][4] = {{13, 15, 26, 6}, {17, 29, 16, 24}};
  const uint32_t schedule[3] = {key.a, key.b, key.a ^ key.b ^ kParity};
  x0 += key.a;
  x1 += key.b;
  for (uint32_t group = 0; group < 5; ++group) {
    for (const int r : kRotations[group % 2]) {
      x0 += x1;
      x1 = std::rotl(x1, r) ^ x0;
    }
    x0 += schedule[(group + 1) % 3];
    x1 += schedule[(group + 2) % 3] + group + 1;
  }
  return {x0, x1};
}

// Words of 64 bits: x0 * 2^32 + x1 of the blocks first, ..., first + n - 1.
void long_words(Key key, uint64_t first, int64_t n, uint64_t* words) {
  kernels<float>().random.bits(key, 2 * first, 2 * n, reinterpret_cast<uint32_t*>(words));
  for (int64_t i = 0; i < n; ++i) {
    uint32_t pair[2];
    std::memcpy(pair, words + i, sizeof pair);
    words[i] = uint64_t{pair[0]} << 32 | pair[1];
  }
}

// -- permutation ------------------------------------------------------------------------------------------------------

// Sorts what is nearly in order.
void insertion_sort(uint64_t* words, int64_t n) {
  for (int64_t i = 1; i < n; ++i) {
    const uint64_t word = words[i];
    int64_t at = i;
    for (; at > 0 && words[at - 1] > word; --at) words[at] = words[at - 1];
    words[at] = word;
  }
}

// Sorts by the `bits` bits from `shift` on, keeping the order of equal ones.
void sort_by_digit(const uint64_t* from, uint64_t* to, int64_t n, int shift, int bits, std::vector<uint32_t>& places) {
  const uint64_t mask = (uint64_t{1} << bits) - 1;
  places.assign(mask + 1, 0);
  for (int64_t i = 0; i < n; ++i) ++places[from[i] >> shift & mask];
  uint32_t place = 0;
  for (uint32_t& p : places) {
    const uint32_t count = p;
    p = place;
    place += count;
  }
  for (int64_t i = 0; i < n; ++i) to[places[from[i] >> shift & mask]++] = from[i];
}

// Sorts evenly spread words: by about as many leading bits as there are words, in two digits, then by insertion.
const uint64_t* sort_words(int64_t n, int index_bits, PermutationScratch& scratch) {
  uint64_t *words = scratch.words.data(), *sorted = scratch.sorted.data();
  const int low = index_bits / 2, high = index_bits - low;
  sort_by_digit(words, sorted, n, 64 - index_bits, low, scratch.places);
  sort_by_digit(sorted, words, n, 64 - high, high, scratch.places);
  insertion_sort(words, n);
  return words;
}

}  // namespace

Key key_from_seed(uint64_t seed) { return {static_cast<uint32_t>(seed >> 32), static_cast<uint32_t>(seed)}; }

Key fold_in(Key key, uint64_t data) {
  data += kFold;
  return encrypt(key, static_cast<uint32_t>(data >> 32), static_cast<uint32_t>(data));
}

KeepRule keep_rule(double rate) {
  const double threshold = std::nearbyint(rate * 0x1p32);
  return {threshold < 0x1p32, threshold < 0x1p32 ? static_cast<uint32_t>(threshold) : 0};
}

void permutation(Key key, int64_t n, int64_t* out, PermutationScratch& scratch) {
  if (n < 1) return;
  const int index_bits = static_cast<int>(std::bit_width(static_cast<uint64_t>(n - 1)));
  const uint64_t mask = (uint64_t{1} << index_bits) - 1;
  uint64_t few[kInsertion];
  uint64_t* words = few;
  if (n > kInsertion) {
    if (static_cast<int64_t>(scratch.words.size()) < n) {
      scratch.words.resize(static_cast<size_t>(n));
      scratch.sorted.resize(static_cast<size_t>(n));
    }
    words = scratch.words.data();
  }
  long_words(key, 0, n, words);
  for (int64_t i = 0; i < n; ++i) words[i] = (words[i] & ~mask) | static_cast<uint64_t>(i);
  const uint64_t* order = words;
  if (n > kInsertion) {
    order = sort_words(n, index_bits, scratch);
  } else {
    insertion_sort(words, n);
  }
  for (int64_t i = 0; i < n; ++i) out[i] = static_cast<int64_t>(order[i] & mask);
}

// -- numbers ----------------------------------------------------------------------------------------------------------

namespace {

constexpr double kCentre = 0.425, kLn2 = 0.6931471805599453, kSqrtHalf = 0.7071067811865476;

// Numerators and denominators, highest power first, as in random/quantile.py.
constexpr double kCentral[2][8] = {
    {2509.0809287301226727, 33430.575583588128105, 67265.770927008700853, 45921.953931549871457, 13731.693765509461125,
     1971.5909503065514427, 133.14166789178437745, 3.387132872796366608},
    {5226.495278852854561, 28729.085735721942674, 39307.89580009271061, 21213.794301586595867, 5394.1960214247511077,
     687.1870074920579083, 42.313330701600911252, 1.0}};
constexpr double kNear[2][8] = {
    {7.7454501427834140764e-4, 0.0227238449892691845833, 0.24178072517745061177, 1.27045825245236838258,
     3.64784832476320460504, 5.7694972214606914055, 4.6303378461565452959, 1.42343711074968357734},
    {1.05075007164441684324e-9, 5.475938084995344946e-4, 0.0151986665636164571966, 0.14810397642748007459,
     0.68976733498510000455, 1.6763848301838038494, 2.05319162663775882187, 1.0}};
constexpr double kFar[2][8] = {
    {2.01033439929228813265e-7, 2.71155556874348757815e-5, 0.0012426609473880784386, 0.026532189526576123093,
     0.29656057182850489123, 1.7848265399172913358, 5.4637849111641143699, 6.6579046435011037772},
    {2.04426310338993978564e-15, 1.4215117583164458887e-7, 1.8463183175100546818e-5, 7.868691311456132591e-4,
     0.0148753612908506148525, 0.13692988092273580531, 0.59983220655588793769, 1.0}};
constexpr double kAtanh[12] = {1.0 / 23, 1.0 / 21, 1.0 / 19, 1.0 / 17, 1.0 / 15, 1.0 / 13,
                               1.0 / 11, 1.0 / 9,  1.0 / 7,  1.0 / 5,  1.0 / 3,  1.0};

template <int N>
inline double polynomial(const double (&coefficients)[N], double x) {
  double value = coefficients[0];
  for (int i = 1; i < N; ++i) value = value * x + coefficients[i];
  return value;
}

double logarithm(double x) {
  int e;
  double m = std::frexp(x, &e);
  if (m < kSqrtHalf) {
    m = 2.0 * m;
    --e;
  }
  const double s = (m - 1.0) / (m + 1.0);
  return e * kLn2 + 2.0 * s * polynomial(kAtanh, s * s);
}

double tail(double q) {
  const double r = std::sqrt(-logarithm(0.5 - std::fabs(q)));
  const double z = r > 5.0 ? polynomial(kFar[0], r - 5.0) / polynomial(kFar[1], r - 5.0)
                           : polynomial(kNear[0], r - 1.6) / polynomial(kNear[1], r - 1.6);
  return std::copysign(z, q);
}

}  // namespace

void normal_quantile(double* q, int64_t n) {
  double central[kPiece];
  for (int64_t first = 0; first < n; first += kPiece, q += kPiece) {
    const int64_t count = std::min(kPiece, n - first);
    for (int64_t i = 0; i < count; ++i) {
      const double c = std::min(std::max(q[i], -kCentre), kCentre), r = 0.180625 - c * c;
      central[i] = c * polynomial(kCentral[0], r) / polynomial(kCentral[1], r);
    }
    for (int64_t i = 0; i < count; ++i) q[i] = std::fabs(q[i]) > kCentre ? tail(q[i]) : central[i];
  }
}

template <class T>
void uniform(Key key, uint64_t first, int64_t n, T* out) {
  uint64_t words[kPiece];
  uint32_t short_words[kPiece];
  for (int64_t from = 0; from < n; from += kPiece, first += kPiece, out += kPiece) {
    const int64_t count = std::min(kPiece, n - from);
    if constexpr (sizeof(T) == 8) {
      long_words(key, first, count, words);
      for (int64_t i = 0; i < count; ++i) out[i] = static_cast<T>(words[i] >> 11) * 0x1p-53;
    } else {
      kernels<float>().random.bits(key, first, count, short_words);
      for (int64_t i = 0; i < count; ++i) out[i] = static_cast<T>(short_words[i] >> 8) * 0x1p-24f;
    }
  }
}

template <class T>
void normal(Key key, uint64_t first, int64_t n, T* out, T stddev, T mean) {
  uint64_t words[kPiece];
  uint32_t short_words[kPiece];
  double q[kPiece];
  for (int64_t from = 0; from < n; from += kPiece, first += kPiece, out += kPiece) {
    const int64_t count = std::min(kPiece, n - from);
    if constexpr (sizeof(T) == 8) {
      long_words(key, first, count, words);
      for (int64_t i = 0; i < count; ++i) {
        q[i] = (static_cast<double>(words[i] >> 12) - (0x1p51 - 0.5)) * 0x1p-52;
      }
    } else {
      kernels<float>().random.bits(key, first, count, short_words);
      for (int64_t i = 0; i < count; ++i) q[i] = (static_cast<double>(short_words[i]) - (0x1p31 - 0.5)) * 0x1p-32;
    }
    normal_quantile(q, count);
    for (int64_t i = 0; i < count; ++i) out[i] = static_cast<T>(q[i]) * stddev + mean;
  }
}

template void uniform<float>(Key, uint64_t, int64_t, float*);
template void uniform<double>(Key, uint64_t, int64_t, double*);
template void normal<float>(Key, uint64_t, int64_t, float*, float, float);
template void normal<double>(Key, uint64_t, int64_t, double*, double, double);

}  // namespace chainrule
