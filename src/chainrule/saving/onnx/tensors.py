"""Tensors in ONNX files: what they claim, and their numbers when somebody asks for them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from chainrule._typing import Array
from chainrule.errors import ModelFileError
from chainrule.records import Record

_ELEMENTS = {1: "<f4", 2: "|u1", 3: "|i1", 4: "<u2", 5: "<i2", 6: "<i4", 7: "<i8", 9: "|b1", 10: "<f2", 11: "<f8",
             12: "<u4", 13: "<u8", 16: "<u2"}  # fmt: skip
_DATA = {1: "float_data", 11: "double_data", 7: "int64_data", 12: "uint64_data", 13: "uint64_data"}
_STRINGS = 8


class Tensor(Record):
    """A tensor in a file: its shape and kind, and its numbers, still as they lie there."""

    source: str
    name: str
    kind: int
    shape: tuple[int, ...]
    data: Mapping[str, Any]

    def array(self) -> Array:
        """Return the numbers.

        Raises:
            ModelFileError: they are text, lie elsewhere, or are not as many as the shape says.
        """
        where = f"'{self.source}': tensor {self.name!r:.80}"
        if self.kind not in _ELEMENTS:
            what = "text" if self.kind == _STRINGS else f"numbers of type {self.kind}"
            raise ModelFileError(f"{where} holds {what}, which is not read.")
        count, element = math.prod(self.shape), np.dtype(_ELEMENTS[self.kind])
        given = [n for n in self.data if n.endswith("_data")]
        if len(given) > 1:
            raise ModelFileError(f"{where} has its numbers twice: as {' and '.join(given)}.")
        array = self._numbers(given[0], element, where) if given else np.empty(0, element)
        if array.size != count:
            raise ModelFileError(f"{where} has {array.size} numbers, but its shape {self.shape} is for {count:.4g}.")
        if self.kind == 16:
            array = (array.astype(np.uint32) << 16).view(np.float32)
        return array.reshape(self.shape).astype(array.dtype.newbyteorder("="), copy=False)

    def _numbers(self, name: str, element: Any, where: str) -> Array:
        found = self.data[name]
        if name == "raw_data":
            if len(found) % element.itemsize:
                raise ModelFileError(f"{where} has {len(found)} bytes, which are no whole numbers of {element}.")
            array = np.frombuffer(found, element)
        elif name != _DATA.get(self.kind, "int32_data"):
            raise ModelFileError(f"{where} has {name}, which does not go with its type.")
        elif self.kind in (1, 11):
            array = np.concatenate(found)
        else:
            array = self._whole(found, element, where)
        if element.kind == "b" and array.size and array.view(np.uint8).max() > 1:
            raise ModelFileError(f"{where} has truth values other than 0 and 1.")
        return array

    def _whole(self, found: list[int], element: Any, where: str) -> Array:
        """Return whole numbers; those of half precision stand for bits."""
        bits = np.dtype("<u2") if self.kind == 10 else element
        most, least = (1, 0) if bits.kind == "b" else (np.iinfo(bits).max, np.iinfo(bits).min)
        if any(not least <= n <= most for n in found):
            raise ModelFileError(f"{where} has numbers that its type cannot hold.")
        return np.array(found, bits).view(element)
