"""The smallest writer of PNG files: a matrix of colours, without any library."""

from __future__ import annotations

import struct
import zlib

import numpy as np

from chainrule._typing import Array
from chainrule.plot.colours import NEGATIVE, POSITIVE, rgb

_GREY = (128, 128, 128, 160)


def signed(numbers: Array) -> Array:
    """Return numbers from -1 to 1 as red, green, blue and opacity: 0 is transparent, so it suits every background.

    >>> signed(np.array([[1.0, 0.0, -1.0]]))[0].tolist()
    [[0, 114, 178, 255], [0, 114, 178, 0], [213, 94, 0, 255]]
    """
    made = np.zeros((*numbers.shape, 4), np.uint8)
    known = np.isfinite(numbers)
    values = np.clip(np.where(known, numbers, 0.0), -1, 1)
    made[..., :3] = np.where((values < 0)[..., None], rgb(NEGATIVE), rgb(POSITIVE))
    made[..., 3] = np.round(255 * np.abs(values))
    made[~known] = _GREY
    return made


def encode(pixels: Array) -> bytes:
    """Return rows of pixels (height, width, 4) as the bytes of a PNG file.

    Source: Portable Network Graphics, W3C, 2003: header, one chunk of data, end.
    """
    height, width, _ = pixels.shape
    rows = b"".join(b"\0" + row.tobytes() for row in pixels)
    parts = [
        _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)),
        _chunk(b"IDAT", zlib.compress(rows, 9)),
        _chunk(b"IEND", b""),
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
