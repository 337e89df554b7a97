"""The checksums of HDF5: Jenkins's lookup3 for its own structures, Fletcher's for chunks of data."""

from __future__ import annotations

import struct

import numpy as np

_MASK = 0xFFFFFFFF


def lookup3(data: bytes) -> int:
    """Return the 32-bit hash of Bob Jenkins's lookup3 (`hashlittle` with the initial value 0).

    >>> hex(lookup3(b"Four score and seven years ago"))
    '0x17770551'
    """
    a = b = c = (0xDEADBEEF + len(data)) & _MASK
    if not data:
        return c
    padded = data + bytes(-len(data) % 12)
    words = struct.unpack(f"<{len(padded) // 4}I", padded)
    for i in range(0, len(words) - 3, 3):
        a, b, c = _mix(a + words[i], b + words[i + 1], c + words[i + 2])
    return _final(a + words[-3], b + words[-2], c + words[-1])


def _mix(a: int, b: int, c: int) -> tuple[int, int, int]:
    a = (a - c & _MASK) ^ _turn(c, 4)
    c = c + b
    b = (b - a & _MASK) ^ _turn(a, 6)
    a = a + c
    c = (c - b & _MASK) ^ _turn(b, 8)
    b = b + a
    a = (a - c & _MASK) ^ _turn(c, 16)
    c = c + b
    b = (b - a & _MASK) ^ _turn(a, 19)
    a = a + c
    c = (c - b & _MASK) ^ _turn(b, 4)
    return a, b + a, c


def _final(a: int, b: int, c: int) -> int:
    for first, second, turn in ((2, 1, 14), (0, 2, 11), (1, 0, 25), (2, 1, 16), (0, 2, 4), (1, 0, 14), (2, 1, 24)):
        values = [a, b, c]
        values[first] = (values[first] ^ values[second]) - _turn(values[second], turn) & _MASK
        a, b, c = values
    return c & _MASK


def _turn(number: int, bits: int) -> int:
    number &= _MASK
    return (number << bits | number >> (32 - bits)) & _MASK


def fletcher32(data: bytes) -> int:
    """Return Fletcher's checksum of 16-bit words, the higher byte first, as HDF5 has it.

    >>> hex(fletcher32(b"abcdef"))
    '0x50562a2d'
    """
    words = np.frombuffer(data + bytes(len(data) % 2), ">u2").astype(np.uint64)
    weights = np.arange(len(words), 0, -1, dtype=np.uint64) % np.uint64(65535)
    sums = int(words.sum()), int((words * weights).sum())
    if not sums[0]:
        return 0
    low, high = (s % 65535 or 65535 for s in sums)
    return high << 16 | low
