"""The wire format of protocol buffers, as far as ONNX needs it: a message is a sequence of (field number, value).

A value is a whole number (a varint), 4 or 8 bytes, or a length and that many bytes, which are text, raw numbers,
packed numbers or a message again. Reading copies nothing: bytes stay slices of the file, and a message inside is
taken apart when somebody asks for it, so that what a file claims costs nothing before it is checked.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from chainrule.errors import ModelFileError

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5

Field = tuple[int, int, "int | memoryview"]


def fields(data: memoryview, source: str) -> Iterator[Field]:
    """Yield `(number, kind, value)` of each field of a message; the value is an int for varints, else bytes.

    Raises:
        ModelFileError: the message ends in the middle of a field, or is no message.

    >>> [(n, bytes(v) if k else v) for n, k, v in fields(memoryview(number(1, 300) + text(2, "hi")), "m")]
    [(1, 300), (2, b'hi')]
    """
    at, end = 0, len(data)
    while at < end:
        tag, at = _varint(data, at, source)
        where, kind = tag >> 3, tag & 7
        if where == 0:
            raise ModelFileError(f"'{source}' is damaged: a field has the number 0.")
        if kind == VARINT:
            whole, at = _varint(data, at, source)
            yield where, kind, whole
            continue
        if kind == BYTES:
            size, at = _varint(data, at, source)
        elif kind in (FIXED64, FIXED32):
            size = 8 if kind == FIXED64 else 4
        else:
            raise ModelFileError(f"'{source}' is damaged: a field has the kind {kind}, which no ONNX file has.")
        if size > end - at:
            raise ModelFileError(f"'{source}' is truncated: a field claims {size} bytes where {end - at} are left.")
        yield where, kind, data[at : at + size]
        at += size


def _varint(data: memoryview, at: int, source: str) -> tuple[int, int]:
    value = 0
    for i, byte in enumerate(data[at : at + 10]):
        value |= (byte & 0x7F) << (7 * i)
        if byte < 0x80:
            return value & 0xFFFF_FFFF_FFFF_FFFF, at + i + 1
    raise ModelFileError(f"'{source}' is damaged or truncated: a whole number has no end.")


def packed(data: memoryview, source: str) -> Iterator[int]:
    """Yield the whole numbers of a packed field."""
    at = 0
    while at < len(data):
        value, at = _varint(data, at, source)
        yield value


def signed(value: int) -> int:
    """Return a 64-bit number with its sign.

    >>> signed(2**64 - 1)
    -1
    """
    return value - (1 << 64) if value >> 63 else value


# -- writing ----------------------------------------------------------------------------------------------------------


def _encode(value: int) -> bytes:
    value &= 0xFFFF_FFFF_FFFF_FFFF
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def number(where: int, value: int) -> bytes:
    """Return a field with a whole number."""
    return _encode(where << 3 | VARINT) + _encode(value)


def numbers(where: int, values: list[int]) -> bytes:
    """Return a field with whole numbers, packed."""
    return block(where, b"".join(_encode(v) for v in values))


def real(where: int, value: float) -> bytes:
    """Return a field with a float32 number."""
    return _encode(where << 3 | FIXED32) + struct.pack("<f", value)


def block(where: int, data: bytes) -> bytes:
    """Return a field with bytes, or a message."""
    return _encode(where << 3 | BYTES) + _encode(len(data)) + data


def text(where: int, value: str) -> bytes:
    """Return a field with text."""
    return block(where, value.encode())
