// Threefry-2x32 with 20 rounds (random/threefry.py says what is drawn): many blocks side by side, one per lane.
#pragma once

#include <cstdint>
#include <cstring>

#include "kernels/table.hpp"
#include "simd/vec.hpp"

namespace chainrule::CHAINRULE_ISA {
namespace {
namespace random {

using Words = Vec<uint32_t>;

constexpr int64_t kBlocks = kLanes<uint32_t>;  // of one vector
constexpr int kMany = 4;                       // vectors drawn together, as a round waits for the one before

template <int kBits>
CHAINRULE_INLINE Words rotate(Words x) {
  return (x << kBits) | (x >> (32 - kBits));
}

template <int kBits, int N>
CHAINRULE_INLINE void round(Words (&x0)[N], Words (&x1)[N]) {
#pragma GCC unroll 4
  for (int k = 0; k < N; ++k) {
    x0[k] += x1[k];
    x1[k] = rotate<kBits>(x1[k]) ^ x0[k];
  }
}

template <int N>
CHAINRULE_INLINE void inject(Words (&x0)[N], Words (&x1)[N], uint32_t a, uint32_t b) {
#pragma GCC unroll 4
  for (int k = 0; k < N; ++k) {
    x0[k] += a;
    x1[k] += b;
  }
}

template <int N>
CHAINRULE_INLINE void encrypt(Key key, Words (&x0)[N], Words (&x1)[N]) {
  const uint32_t schedule[3] = {key.a, key.b, key.a ^ key.b ^ 0x1BD11BDAu};
  inject(x0, x1, key.a, key.b);
#pragma GCC unroll 5
  for (uint32_t group = 0; group < 5; ++group) {
    if (group % 2 == 0) {
      round<13>(x0, x1), round<15>(x0, x1), round<26>(x0, x1), round<6>(x0, x1);
    } else {
      round<17>(x0, x1), round<29>(x0, x1), round<16>(x0, x1), round<24>(x0, x1);
    }
    inject(x0, x1, schedule[(group + 1) % 3], schedule[(group + 2) % 3] + group + 1);
  }
}

// x0 and x1 of each block one after the other, in the order of the blocks.
CHAINRULE_INLINE void store_pairs(uint32_t* to, Words x0, Words x1) {
#if defined(__AVX512F__)
  const Words low = __builtin_shufflevector(x0, x1, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
  const Words high = __builtin_shufflevector(x0, x1, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
#elif defined(__AVX2__)
  const Words low = __builtin_shufflevector(x0, x1, 0, 8, 1, 9, 2, 10, 3, 11);
  const Words high = __builtin_shufflevector(x0, x1, 4, 12, 5, 13, 6, 14, 7, 15);
#else
  const Words low = __builtin_shufflevector(x0, x1, 0, 4, 1, 5);
  const Words high = __builtin_shufflevector(x0, x1, 2, 6, 3, 7);
#endif
  store<uint32_t>(to, low);
  store<uint32_t>(to + kBlocks, high);
}

// The words of the N * kBlocks blocks from `block` on.
template <int N>
CHAINRULE_INLINE void draw(Key key, uint64_t block, uint32_t* words) {
  Words x0[N], x1[N], lane;
  for (int64_t k = 0; k < kBlocks; ++k) lane[k] = static_cast<uint32_t>(k);
  for (int k = 0; k < N; ++k) {
    const uint64_t from = block + static_cast<uint64_t>(k * kBlocks);
    x1[k] = lane + static_cast<uint32_t>(from);
    x0[k] = static_cast<uint32_t>(from >> 32) - (Words)(x1[k] < lane);  // -1 where x1 has wrapped: a carry
  }
  encrypt(key, x0, x1);
  for (int k = 0; k < N; ++k) store_pairs(words + 2 * kBlocks * k, x0[k], x1[k]);
}

constexpr int64_t kFewWords = 2 * kBlocks, kManyWords = 2 * kBlocks * kMany;

// Calls `f(i, words, count)` for the words first, ..., first + n - 1, piece by piece; `i` counts from 0.
template <class F>
CHAINRULE_INLINE void for_each_piece(Key key, uint64_t first, int64_t n, F&& f) {
  uint32_t words[kManyWords];
  uint64_t block = first / 2;
  int64_t skip = static_cast<int64_t>(first % 2);
  for (int64_t i = 0; i < n;) {
    const bool few = n - i + skip <= kFewWords;
    few ? draw<1>(key, block, words) : draw<kMany>(key, block, words);
    const int64_t drawn = (few ? kFewWords : kManyWords) - skip, count = n - i < drawn ? n - i : drawn;
    f(i, words + skip, count);
    i += count;
    block += kManyWords / 2;
    skip = 0;
  }
}

inline void bits(Key key, uint64_t first, int64_t n, uint32_t* words) {
  int64_t i = 0;
  if (first % 2 == 0) {
    for (; i + kManyWords <= n; i += kManyWords) draw<kMany>(key, (first + static_cast<uint64_t>(i)) / 2, words + i);
  }
  for_each_piece(key, first + static_cast<uint64_t>(i), n - i, [&](int64_t at, const uint32_t* from, int64_t count) {
    std::memcpy(words + i + at, from, static_cast<size_t>(count) * sizeof(uint32_t));
  });
}

template <class T>
void keep(Key key, uint64_t first, int64_t n, uint32_t threshold, T scale, T* mask) {
  for_each_piece(key, first, n, [&](int64_t i, const uint32_t* words, int64_t count) {
    for (int64_t k = 0; k < count; ++k) mask[i + k] = words[k] >= threshold ? scale : T{0};
  });
}

}  // namespace random

template <class T>
constexpr RandomKernels<T> random_kernels() {
  return {random::keep<T>, random::bits};
}

}  // namespace
}  // namespace chainrule::CHAINRULE_ISA
