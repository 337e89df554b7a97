"""Counter-based random numbers: Threefry-2x32 with 20 rounds, and how its bits become numbers.

A number depends only on its key and its index, not on what was drawn before, on threads or on engines. Another engine
that follows this page draws the same bits; and the same floats wherever it rounds each operation as IEEE 754 says (no
fused multiply-add).

- **Block** `i` of a key is `(x0, x1) = threefry2x32(key, (i >> 32, i mod 2^32))`. It equals the primitive of the same
  name in `jax.random`, and Random123's `threefry2x32_R(20, ...)`.
- **Words**: `bits(key, n)` is x0 of block 0, x1 of block 0, x0 of block 1, ...
  `bits64(key, n)[i]` is `x0 * 2^32 + x1` of block `i`.
- **Keys**: `key_from_seed(s) = (s >> 32, s mod 2^32)` with `s` taken modulo 2^64. `fold_in(key, d)` is the block at
  counter `(2^31 + (d >> 32), d mod 2^32)`. The top bit sets it apart from all draws, so a key may be drawn from and
  folded into.
- **uniform**: float32 element `i` is `(word_i >> 8) * 2^-24`; float64 is `(word64_i >> 11) * 2^-53`. Both are exact.
- **normal**: element `i` is the standard normal quantile of `1/2 + q`, computed in float64, then rounded to the type.
  float32: `q = (word_i - 2^31 + 1/2) * 2^-32`; float64: `q = ((word64_i >> 12) - 2^51 + 1/2) * 2^-52`. Both are exact.
  The quantile (`chainrule.random.quantile`) uses `+ - * / sqrt` only: its last bit is the same on every machine.
- **truncated_normal**: the same with `q` times `0.9544997361036416`, the probability of |z| <= 2, clipped to [-2, 2].
- **keep_mask** (dropout): element `i` is kept if `word_i >= round(rate * 2^32)`.
- **permutation**: take `bits64(key, n)`, replace the lowest `k` bits of word `i` by `i`, where `k` is the bit length of
  `n - 1`; sort ascending; the lowest `k` bits are the permutation. No two words are equal, so every way of sorting
  gives the same.
- **randint**: `minval + ((word64_i * (maxval - minval)) >> 64)`, with the product in full length.

Source: Salmon, Moraes, Dror, Shaw (2011), "Parallel random numbers: as easy as 1, 2, 3".
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from chainrule._typing import Array
from chainrule.random.quantile import normal_quantile

Key: TypeAlias = tuple[int, int]
"""Two unsigned 32-bit numbers."""
Words: TypeAlias = npt.NDArray[np.uint32]
LongWords: TypeAlias = npt.NDArray[np.uint64]

_MASK = 0xFFFFFFFF
_PARITY = 0x1BD11BDA
_ROTATIONS = ((13, 15, 26, 6), (17, 29, 16, 24))
_FOLD = 1 << 63
_CHUNK = 1 << 15
_FEW = 64
_WITHIN_TWO_SIGMA = 0.9544997361036416


def _word(value: int) -> Words:
    return np.array(value & _MASK, np.uint32)


_SHIFTS = tuple(tuple((_word(r), _word(32 - r)) for r in row) for row in _ROTATIONS)


def key_from_seed(seed: int) -> Key:
    """Return the key of a seed, taken modulo 2^64.

    >>> key_from_seed(7)
    (0, 7)
    """
    seed = int(seed)
    return (seed >> 32) & _MASK, seed & _MASK


def encrypt(key: Key, counter: tuple[int, int]) -> tuple[int, int]:
    """Return one block, `threefry2x32(key, counter)`.

    >>> [f"{word:08x}" for word in encrypt((0, 0), (0, 0))]
    ['6b200159', '99ba4efe']
    """
    k0, k1 = key
    schedule = (k0, k1, k0 ^ k1 ^ _PARITY)
    x0, x1 = (counter[0] + k0) & _MASK, (counter[1] + k1) & _MASK
    for group in range(5):
        for r in _ROTATIONS[group % 2]:
            x0 = (x0 + x1) & _MASK
            x1 = ((x1 << r | x1 >> (32 - r)) & _MASK) ^ x0
        x0 = (x0 + schedule[(group + 1) % 3]) & _MASK
        x1 = (x1 + schedule[(group + 2) % 3] + group + 1) & _MASK
    return x0, x1


@functools.lru_cache(maxsize=128)
def _fold_one(key: Key, data: int) -> Key:
    if not 0 <= data < _FOLD:
        raise ValueError(f"fold_in: expected an integer in [0, 2^63), received {data}.")
    return encrypt(key, divmod(data + _FOLD, 1 << 32))


def fold_in(key: Key, *data: int) -> Key:
    """Return the key reached from `key` along `data`, one number after the other.

    Args:
        data: integers in [0, 2^63).

    >>> fold_in((0, 7), 3, 5) == fold_in(fold_in((0, 7), 3), 5) != fold_in((0, 7), 5, 3)
    True
    """
    for d in data:
        key = _fold_one(key, int(d))
    return key


def _encrypt_in_place(key: Key, x0: Words, x1: Words, spare: Words) -> None:
    """Turn counters into blocks: 20 rounds over whole arrays, without temporaries."""
    add, left, right, either, differ = np.add, np.left_shift, np.right_shift, np.bitwise_or, np.bitwise_xor
    schedule = (key[0], key[1], key[0] ^ key[1] ^ _PARITY)
    add(x0, _word(key[0]), x0)
    add(x1, _word(key[1]), x1)
    for group in range(5):
        for forth, back in _SHIFTS[group % 2]:
            add(x0, x1, x0)
            left(x1, forth, spare)
            right(x1, back, x1)
            either(x1, spare, x1)
            differ(x1, x0, x1)
        add(x0, _word(schedule[(group + 1) % 3]), x0)
        add(x1, _word(schedule[(group + 2) % 3] + group + 1), x1)


def _few_blocks(key: Key, n: int, start: int) -> tuple[Words, Words]:
    """`blocks` for small n: the words lie 64 bits apart in two long integers, which costs less than NumPy's calls."""
    lanes, ones = (int.from_bytes(unit * n, "little") for unit in (b"\xff\xff\xff\xff\0\0\0\0", b"\1\0\0\0\0\0\0\0"))
    schedule = [k * ones for k in (key[0], key[1], key[0] ^ key[1] ^ _PARITY)]
    counters = np.arange(start, start + n, dtype="<u8")
    high, low = counters >> np.uint64(32), counters & np.uint64(_MASK)
    x0 = (int.from_bytes(high.tobytes(), "little") + schedule[0]) & lanes
    x1 = (int.from_bytes(low.tobytes(), "little") + schedule[1]) & lanes
    for group in range(5):
        for r in _ROTATIONS[group % 2]:
            x0 = (x0 + x1) & lanes
            x1 = ((x1 << r | x1 >> (32 - r)) & lanes) ^ x0
        x0 = (x0 + schedule[(group + 1) % 3]) & lanes
        x1 = (x1 + schedule[(group + 2) % 3] + (group + 1) * ones) & lanes
    first, second = (np.frombuffer(x.to_bytes(8 * n, "little"), "<u8").astype(np.uint32) for x in (x0, x1))
    return first, second


def blocks(key: Key, n: int, start: int = 0) -> tuple[Words, Words]:
    """Return `(x0, x1)` of the blocks `start` to `start + n - 1`, each of shape (n,)."""
    if n <= _FEW:
        return _few_blocks(key, n, start)
    x0, x1 = np.empty(n, np.uint32), np.empty(n, np.uint32)
    spare = np.empty(min(n, _CHUNK), np.uint32)
    for low in range(0, n, _CHUNK):
        a, b = x0[low : low + _CHUNK], x1[low : low + _CHUNK]
        counters = np.arange(start + low, start + low + len(a), dtype=np.uint64)
        a[...] = counters >> np.uint64(32)
        b[...] = counters & np.uint64(_MASK)
        _encrypt_in_place(key, a, b, spare[: len(a)])
    return x0, x1


def bits(key: Key, n: int) -> Words:
    """Return the first `n` words of a key.

    >>> [f"{word:08x}" for word in bits((0, 0), 3)]
    ['6b200159', '99ba4efe', '375f238f']
    """
    half = (n + 1) // 2
    words = np.empty((half, 2), np.uint32)
    words[:, 0], words[:, 1] = blocks(key, half)
    return words.reshape(-1)[:n]


def bits64(key: Key, n: int) -> LongWords:
    """Return the first `n` words of 64 bits of a key."""
    x0, x1 = blocks(key, n)
    words = x0.astype(np.uint64)
    words <<= np.uint64(32)
    words |= x1
    return words


def _size(shape: Sequence[int]) -> int:
    return math.prod(shape)


def _is_double(dtype: Any) -> bool:
    kind = np.dtype(dtype)
    if kind.kind != "f":
        raise ValueError(f"Random floats: expected a float type, received dtype={kind.name!r}.")
    return bool(kind.itemsize >= 8)


def uniform(key: Key, shape: Sequence[int], dtype: Any = "float32") -> Array:
    """Return floats in [0, 1).

    >>> uniform((0, 0), (2, 2)).tolist()
    [[0.41845709..., 0.60049903...], [0.21629542..., 0.80412417...]]
    """
    n = _size(shape)
    if _is_double(dtype):
        values: Array = (bits64(key, n) >> np.uint64(11)).astype(np.float64)
        values *= 2.0**-53
    else:
        values = (bits(key, n) >> np.uint32(8)).astype(np.float32)
        values *= np.float32(2.0**-24)
    return values.reshape(shape).astype(dtype, copy=False)


def _centred(key: Key, n: int, double: bool) -> Array:
    """Return `q` in (-1/2, 1/2), symmetric about 0, in float64."""
    if double:
        values: Array = (bits64(key, n) >> np.uint64(12)).astype(np.float64)
        values -= 2.0**51 - 0.5
        values *= 2.0**-52
    else:
        values = bits(key, n).astype(np.float64)
        values -= 2.0**31 - 0.5
        values *= 2.0**-32
    return values


def normal(key: Key, shape: Sequence[int], dtype: Any = "float32") -> Array:
    """Return standard normal numbers.

    >>> normal((0, 0), (3,)).round(3)
    array([-0.206,  0.255, -0.785], dtype=float32)
    """
    return normal_quantile(_centred(key, _size(shape), _is_double(dtype))).reshape(shape).astype(dtype)


def truncated_normal(key: Key, shape: Sequence[int], dtype: Any = "float32") -> Array:
    """Return standard normal numbers under the condition |z| <= 2."""
    q = _centred(key, _size(shape), _is_double(dtype))
    q *= _WITHIN_TWO_SIGMA
    z = normal_quantile(q)
    return np.clip(z, -2.0, 2.0, out=z).reshape(shape).astype(dtype)


def keep_mask(key: Key, shape: Sequence[int], rate: float) -> npt.NDArray[np.bool_]:
    """Return where dropout of the given rate keeps an element.

    >>> keep_mask((0, 0), (4,), 0.42).tolist()
    [False, True, False, True]
    """
    if not 0 <= rate <= 1:
        raise ValueError(f"keep_mask: expected a rate in [0, 1], received {rate}.")
    mask: npt.NDArray[np.bool_] = bits(key, _size(shape)) >= round(rate * 2.0**32)
    return mask.reshape(shape)


def permutation(key: Key, n: int) -> npt.NDArray[np.int64]:
    """Return the numbers 0 to `n - 1` in random order, each order equally likely.

    >>> permutation((0, 7), 6).tolist()
    [4, 1, 3, 2, 5, 0]
    """
    words = bits64(key, n)
    mask = np.uint64((1 << max(n - 1, 0).bit_length()) - 1)
    words &= ~mask
    words |= np.arange(n, dtype=np.uint64)
    words.sort()
    words &= mask
    return words.astype(np.int64)


def randint(key: Key, shape: Sequence[int], minval: int, maxval: int, dtype: Any = "int64") -> Array:
    """Return integers in [minval, maxval).

    >>> randint((0, 0), (6,), 1, 7).tolist()
    [3, 2, 6, 4, 4, 3]
    """
    span = maxval - minval
    if not 0 < span < 1 << 64:
        raise ValueError(f"randint: expected minval < maxval, received minval={minval}, maxval={maxval}.")
    x0, x1 = (x.astype(np.uint64) for x in blocks(key, _size(shape)))
    high, low, half, mask = np.uint64(span >> 32), np.uint64(span & _MASK), np.uint64(32), np.uint64(_MASK)
    middle = x0 * low + (x1 * low >> half)  # 64-bit product in four 32-bit parts, the upper half kept
    upper = x0 * high + (middle >> half) + ((x1 * high + (middle & mask)) >> half)
    values: Array = upper + np.uint64(minval % (1 << 64))
    return values.astype(np.int64).reshape(shape).astype(dtype)
