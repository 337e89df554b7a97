"""SipHash-2-4, which Keras spreads values over bins with where a `salt` is given.

All texts of one length are hashed together. Source: Aumasson and Bernstein, "SipHash: a fast short-input PRF" (2012).
"""

from __future__ import annotations

import numpy as np

from chainrule._typing import Array

_START = (0x736F6D6570736575, 0x646F72616E646F6D, 0x6C7967656E657261, 0x7465646279746573)
_MASK = (1 << 64) - 1


def siphash(rows: Array, key: tuple[int, int]) -> Array:
    """Return the keyed hashes of texts of one length.

    Args:
        rows: their bytes, (texts, length) of uint8.
        key: two numbers of 64 bits; negative ones count from the top.

    Returns:
        (texts,) of uint64.

    >>> rows = np.arange(15, dtype=np.uint8)[None]  # the example of the paper
    >>> hex(siphash(rows, (0x0706050403020100, 0x0F0E0D0C0B0A0908))[0])
    '0xa129ca6149be45e5'
    """
    n, length = rows.shape
    keys = [np.uint64(k & _MASK) for k in (*key, *key)]
    v = [np.full(n, np.uint64(s) ^ k) for s, k in zip(_START, keys, strict=True)]
    padded = np.zeros((n, length // 8 * 8 + 8), np.uint8)
    padded[:, :length] = rows
    padded[:, -1] = length & 0xFF
    for word in np.ascontiguousarray(padded).view("<u8").astype(np.uint64, copy=False).T:
        v[3] = v[3] ^ word
        _rounds(v, 2)
        v[0] = v[0] ^ word
    v[2] = v[2] ^ np.uint64(0xFF)
    _rounds(v, 4)
    result: Array = v[0] ^ v[1] ^ v[2] ^ v[3]
    return result


def _rounds(v: list[Array], count: int) -> None:
    a, b, c, d = v
    for _ in range(count):
        a, c = a + b, c + d
        b, d = _turn(b, 13) ^ a, _turn(d, 16) ^ c
        a = _turn(a, 32)
        a, c = a + d, c + b
        b, d = _turn(b, 17) ^ c, _turn(d, 21) ^ a
        c = _turn(c, 32)
    v[:] = a, b, c, d


def _turn(v: Array, by: int) -> Array:
    return (v << np.uint64(by)) | (v >> np.uint64(64 - by))
