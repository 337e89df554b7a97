"""FarmHash64 (the `Fingerprint64` of Google's FarmHash), which Keras spreads values over bins with.

All texts of one length are hashed together: row i of a matrix of bytes is text i. Source: the FarmHash library of Geoff
Pike, `farmhashna::Hash64`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule._typing import Array

_K0, _K1, _K2 = (np.uint64(k) for k in (0xC3A5C85C97CB3127, 0xB492B66FBE98F273, 0x9AE16A3B2F90404F))
_FAR = np.uint64(0xC6A4A7935BD1E995)
_MASK = (1 << 64) - 1


def fingerprints(rows: Array) -> Array:
    """Return the fingerprints of texts of one length.

    Args:
        rows: their bytes, (texts, length) of uint8.

    Returns:
        (texts,) of uint64.

    >>> fingerprints(np.frombuffer(b"a", np.uint8)[None]).tolist()
    [12917804110809363939]
    """
    rows = np.ascontiguousarray(rows, np.uint8)
    length = rows.shape[1]
    for longest, of_length in ((16, _up_to_16), (32, _up_to_32), (64, _up_to_64)):
        if length <= longest:
            return of_length(rows, length)
    return _longer(rows, length)


def joined(first: Array, second: Array) -> Array:
    """Return the fingerprint of two fingerprints, in this order (TensorFlow's `FingerprintCat64`)."""
    result = first ^ _FAR
    result ^= _shift(second * _FAR) * _FAR
    result *= _FAR
    return _shift(_shift(result) * _FAR)


# -- pieces -----------------------------------------------------------------------------------------------------------


def _word(rows: Array, at: int) -> Array:
    """Return the eight bytes of each row from `at` on, as a number (the first byte is the smallest part)."""
    words: Array = np.ascontiguousarray(rows[:, at : at + 8]).view("<u8")[:, 0]
    return words.astype(np.uint64, copy=False)


def _half(rows: Array, at: int) -> Array:
    return np.ascontiguousarray(rows[:, at : at + 4]).view("<u4")[:, 0].astype(np.uint64)


def _turn(v: Array, by: int) -> Array:
    return (v >> np.uint64(by)) | (v << np.uint64(64 - by))


def _shift(v: Array) -> Array:
    shifted: Array = v ^ (v >> np.uint64(47))
    return shifted


def _mix(u: Array, v: Array, factor: Any) -> Array:
    a = _shift((u ^ v) * factor)
    return np.asarray(_shift((v ^ a) * factor) * factor)


def _factor(length: int) -> Any:
    return np.uint64((int(_K2) + 2 * length) & _MASK)


# -- by length --------------------------------------------------------------------------------------------------------


def _up_to_16(rows: Array, length: int) -> Array:
    factor = _factor(length)
    if length >= 8:
        a, b = _word(rows, 0) + _K2, _word(rows, length - 8)
        return _mix(_turn(b, 37) * factor + a, (_turn(a, 25) + b) * factor, factor)
    if length >= 4:
        return _mix(np.uint64(length) + (_half(rows, 0) << np.uint64(3)), _half(rows, length - 4), factor)
    if length:
        first, middle, last = (rows[:, i].astype(np.uint64) for i in (0, length >> 1, length - 1))
        y, z = first + (middle << np.uint64(8)), np.uint64(length) + (last << np.uint64(2))
        return _shift(y * _K2 ^ z * _K0) * _K2
    return np.full(len(rows), _K2)


def _up_to_32(rows: Array, length: int) -> Array:
    factor = _factor(length)
    a, b = _word(rows, 0) * _K1, _word(rows, 8)
    c, d = _word(rows, length - 8) * factor, _word(rows, length - 16) * _K2
    return _mix(_turn(a + b, 43) + _turn(c, 30) + d, a + _turn(b + _K2, 18) + c, factor)


def _up_to_64(rows: Array, length: int) -> Array:
    factor = _factor(length)
    a, b = _word(rows, 0) * _K2, _word(rows, 8)
    c, d = _word(rows, length - 8) * factor, _word(rows, length - 16) * _K2
    y = _turn(a + b, 43) + _turn(c, 30) + d
    z = _mix(y, a + _turn(b + _K2, 18) + c, factor)
    e, f = _word(rows, 16) * factor, _word(rows, 24)
    g, h = (y + _word(rows, length - 32)) * factor, (z + _word(rows, length - 24)) * factor
    return _mix(_turn(e + f, 43) + _turn(g, 30) + h, e + _turn(f + a, 18) + g, factor)


def _longer(rows: Array, length: int) -> Array:
    """Blocks of 64 bytes one after another, then the last 64 bytes once more."""
    x = np.full(len(rows), 81, np.uint64)
    y = x * _K1 + np.uint64(113)
    z = _shift(y * _K2 + np.uint64(113)) * _K2
    v, w = (np.zeros_like(x), np.zeros_like(x)), (np.zeros_like(x), np.zeros_like(x))
    x = x * _K2 + _word(rows, 0)
    for at in range(0, (length - 1) // 64 * 64, 64):
        x = _turn(x + y + v[0] + _word(rows, at + 8), 37) * _K1
        y = _turn(y + v[1] + _word(rows, at + 48), 42) * _K1
        x, y, z = x ^ w[1], y + v[0] + _word(rows, at + 40), _turn(z + w[0], 33) * _K1
        v = _half_block(rows, at, v[1] * _K1, x + w[0])
        w = _half_block(rows, at + 32, z + w[1], y + _word(rows, at + 16))
        x, z = z, x
    at, nine = length - 64, np.uint64(9)
    factor = _K1 + ((z & np.uint64(0xFF)) << np.uint64(1))
    w = w[0] + np.uint64((length - 1) & 63), w[1]
    v = v[0] + w[0], v[1]
    w = w[0] + v[0], w[1]
    x = _turn(x + y + v[0] + _word(rows, at + 8), 37) * factor
    y = _turn(y + v[1] + _word(rows, at + 48), 42) * factor
    x, y, z = x ^ w[1] * nine, y + v[0] * nine + _word(rows, at + 40), _turn(z + w[0], 33) * factor
    v = _half_block(rows, at, v[1] * factor, x + w[0])
    w = _half_block(rows, at + 32, z + w[1], y + _word(rows, at + 16))
    x, z = z, x
    return _mix(_mix(v[0], w[0], factor) + _shift(y) * _K0 + z, _mix(v[1], w[1], factor) + x, factor)


def _half_block(rows: Array, at: int, a: Array, b: Array) -> tuple[Array, Array]:
    """Mix 32 bytes into two seeds."""
    first, second, third, fourth = (_word(rows, at + i) for i in (0, 8, 16, 24))
    a = a + first
    b = _turn(b + a + fourth, 21)
    c = a
    a = a + second + third
    return a + fourth, b + _turn(a, 44) + c
