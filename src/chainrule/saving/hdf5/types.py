"""The types of numbers and strings, and the shapes of arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule._typing import Array
from chainrule.saving.hdf5.source import Cursor, Source

FIXED, FLOATING, STRING, OPAQUE, ENUM, VARIABLE = 0, 1, 3, 5, 8, 9
_NAMES = (
    *("integers", "floats", "times", "text", "bit fields", "opaque data", "records", "references"),
    *("enumerations", "data of variable length", "arrays"),
)
_FLOATS = {  # size: sign, exponent, its size, mantissa, its size, bias
    2: (15, 10, 5, 0, 10, 15),
    4: (31, 23, 8, 0, 23, 127),
    8: (63, 52, 11, 0, 52, 1023),
}
_BFLOAT16 = (15, 7, 8, 0, 7, 127)
_BOOLEANS = b"FALSE\0TRUE\0\0\1"
_MOST_AXES = 32


@dataclass(frozen=True)
class Type:
    """A type of elements: numbers have a NumPy type, others only a name.

    Attributes:
        text: strings of fixed length, or of variable length, which stand in a heap.
        opaque: two bytes that mean nothing by themselves, as Keras stores bfloat16.
    """

    size: int
    name: str
    dtype: str | None = None
    text: str | None = None
    opaque: bool = False
    bfloat16: bool = False

    @property
    def stored(self) -> np.dtype[Any]:
        """The type of the numbers as they stand in the file; booleans are bytes."""
        return np.dtype(np.uint8 if self.dtype == "|b1" else self.dtype)


def read_type(source: Source, data: memoryview) -> Type:
    """Return what a message says of the type of the elements."""
    cursor = Cursor(source, data)
    head = cursor.number(1)
    kind, version = head & 15, head >> 4
    bits = cursor.number(3)
    size = cursor.number(4)
    name = _NAMES[kind] if kind < len(_NAMES) else f"data of kind {kind}"
    if not 1 <= version <= 5 or size == 0:
        raise source.damaged("a type of data is malformed.")
    if kind == FIXED:
        return _integers(cursor, bits, size, name)
    if kind == FLOATING:
        return _floats(cursor, bits, size, name)
    if kind == STRING:
        return Type(size, name, text="fixed")
    if kind == VARIABLE and bits & 15 == 1 and size == 16:
        return Type(size, name, text="variable")
    if kind == ENUM:
        return _enumeration(source, cursor, bits, size, version, name)
    return Type(size, name, opaque=kind == OPAQUE and size == 2)


def _integers(cursor: Cursor, bits: int, size: int, name: str) -> Type:
    offset, precision = cursor.number(2), cursor.number(2)
    if size not in (1, 2, 4, 8) or (offset, precision) != (0, 8 * size):
        return Type(size, f"{name} of {precision} bits in {size} bytes")
    return Type(size, name, f"{'>' if bits & 1 else '<'}{'i' if bits & 8 else 'u'}{size}")


def _floats(cursor: Cursor, bits: int, size: int, name: str) -> Type:
    offset, precision = cursor.number(2), cursor.number(2)
    parts = (bits >> 8 & 0xFF, *(cursor.number(1) for _ in range(4)), cursor.number(4))
    order = bits & 0x41
    usual = (offset, precision) == (0, 8 * size) and order in (0, 1) and bits >> 4 & 3 == 2
    prefix = ">" if order else "<"
    if usual and _FLOATS.get(size) == parts:
        return Type(size, name, f"{prefix}f{size}")
    if usual and size == 2 and parts == _BFLOAT16:
        return Type(size, name, f"{prefix}u2", bfloat16=True)
    return Type(size, f"{name} of {size} bytes in an unknown format")


def _enumeration(source: Source, cursor: Cursor, bits: int, size: int, version: int, name: str) -> Type:
    """Return booleans, which h5py stores as the two names FALSE and TRUE of one byte."""
    if bits & 0xFFFF != 2 or size != 1:
        return Type(size, name)
    base = read_type(source, cursor.take(12))
    said = bytes(cursor.rest()[:18])
    padded = b"FALSE\0\0\0TRUE\0\0\0\0\0\1"
    if base.dtype is None or not (said[: len(_BOOLEANS)] == _BOOLEANS or (version < 3 and said == padded)):
        return Type(size, name)
    return Type(size, name, "|b1")


def read_shape(source: Source, data: memoryview) -> tuple[int, ...] | None:
    """Return a shape, or None for what has no elements at all."""
    cursor = Cursor(source, data)
    version, rank, flags = (cursor.number(1) for _ in range(3))
    if version not in (1, 2) or rank > _MOST_AXES:
        raise source.damaged("the shape of an array is malformed.")
    if version == 1:
        cursor.skip(5)
    elif cursor.number(1) == 2:
        return None
    del flags  # whether largest sizes follow, which are of no interest
    return tuple(cursor.number() for _ in range(rank))


def count(shape: tuple[int, ...]) -> int:
    """Return the number of elements, however large."""
    result = 1
    for length in shape:
        result *= length
    return result


def numbers(data: memoryview | bytes, kind: Type, shape: tuple[int, ...]) -> Array:
    """Return an array of our own from stored bytes."""
    return native(np.frombuffer(data, kind.stored, count(shape)).reshape(shape), kind)


def native(array: Array, kind: Type) -> Array:
    """Return stored numbers as ones that the processor knows."""
    if kind.dtype == "|b1":
        return array.astype(np.bool_)
    if kind.bfloat16:
        return (array.astype(np.uint32) << 16).view(np.float32)
    return array.astype(array.dtype.newbyteorder("="))
