// Random numbers of the engine: keys, permutations, uniform and normal numbers, bit for bit those of chainrule.random
// (random/threefry.py defines them, random/quantile.py the normal quantile).
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/table.hpp"

namespace chainrule {

Key key_from_seed(uint64_t seed);

// The key reached from `key` along `data` < 2^63.
Key fold_in(Key key, uint64_t data);

// Whether dropout keeps a word of its key: word >= round(rate * 2^32). `keeps` is false where that is out of reach.
struct KeepRule {
  bool keeps;
  uint32_t threshold;
};
KeepRule keep_rule(double rate);

// Memory that `permutation` works in; keep it between calls.
struct PermutationScratch {
  std::vector<uint64_t> words, sorted;
  std::vector<uint32_t> places;
};

// The numbers 0 to n - 1 in random order. Up to 64 of them need no scratch memory.
void permutation(Key key, int64_t n, int64_t* out, PermutationScratch& scratch);

// Numbers first, ..., first + n - 1 of a key: in [0, 1); normal, of this mean and standard deviation.
template <class T>
void uniform(Key key, uint64_t first, int64_t n, T* out);
template <class T>
void normal(Key key, uint64_t first, int64_t n, T* out, T stddev = 1, T mean = 0);

// z with P(Z <= z) = 1/2 + q, in place; |q| < 1/2.
void normal_quantile(double* q, int64_t n);

}  // namespace chainrule
