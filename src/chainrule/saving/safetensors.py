"""safetensors: weights as named arrays, in a format so small that reading it is safe.

A file is the length of its header (8 bytes), a JSON header that gives type, shape and place of each array, and the
arrays' bytes one after another, without a gap. Everything the header claims is checked before an array is read.

Arrays are named by the paths of variables (`'mlp/dense/kernel'`). Keras counts the names of layers it makes up, so the
same program gives `dense` the first time and `dense_1` the second; therefore our files also say where in the model
each variable stands, and a file fits a model whose names differ but whose structure does not.
"""

from __future__ import annotations

import json
import math
import os
import stat
import struct
import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from chainrule._typing import Array
from chainrule.errors import ModelFileError
from chainrule.records import Record
from chainrule.saving.archive import parse_json, write_atomically
from chainrule.saving.limits import check_stored
from chainrule.saving.state import owners
from chainrule.saving.weights import own_variables

_TYPES = {
    "F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<u2", "I64": "<i8", "I32": "<i4", "I16": "<i2", "I8": "|i1",
    "U64": "<u8", "U32": "<u4", "U16": "<u2", "U8": "|u1", "BOOL": "|b1",
}  # fmt: skip
_NAMES = {v: k for k, v in _TYPES.items() if k != "BF16"}
_LONGEST = 16 << 20  # of a header: the format allows 100 MB, 10,000 layers need 2
_MOST = {b'"': 2_000_000, b"[": 400_000, b"{": 200_000, b",": 4_000_000}  # what fills memory when JSON is parsed
_METADATA = "__metadata__"
_PLACES = "chainrule.places"
_FIELDS = {"dtype", "shape", "data_offsets"}


class Entry(Record):
    """One array in a file: its type there, its shape, and from where to where its bytes lie."""

    kind: str
    shape: tuple[int, ...]
    start: int
    end: int


class SafetensorsFile:
    """An open safetensors file whose header has been checked; arrays are read when asked for.

    Attributes:
        entries: the arrays by name.
        metadata: text by name.
    """

    def __init__(self, file: BinaryIO, source: Path | str, size: int) -> None:
        """Read and check the header.

        Raises:
            ModelFileError: it is no safetensors file, or claims what cannot be.
        """
        self.source = source
        self._file = file
        if size < 8:
            raise self._refusal(f"it has {size} bytes, expected 8 and more")
        (length,) = struct.unpack("<Q", self._bytes(0, 8))
        if length > min(_LONGEST, size - 8):
            most = f"at most {_LONGEST} are read" if length > _LONGEST else f"the file has {size - 8} left"
            raise self._refusal(f"its header claims {length} bytes, but {most}")
        header = self._bytes(8, length)
        if not header.startswith(b"{"):
            raise self._refusal("its header does not begin with '{'")
        for mark, most_often in _MOST.items():
            if header.count(mark) > most_often:
                raise self._refusal(f"its header holds more than {most_often} {mark.decode()!r}")
        found = parse_json(source, "the header", header)
        if not isinstance(found, dict):
            raise self._refusal("its header is no JSON object")
        self.metadata = self._texts(found.pop(_METADATA, {}))
        self._start = 8 + length
        self.entries = {name: self._entry(name, value) for name, value in found.items()}
        self._check_places(size - self._start)

    def _refusal(self, reason: str) -> ModelFileError:
        return ModelFileError(f"'{self.source}' is not a readable safetensors file: {reason}."[:500])

    def _bytes(self, start: int, size: int) -> bytes:
        self._file.seek(start)
        data = self._file.read(size)
        if len(data) != size:
            raise self._refusal("it ended while it was read")
        return data

    def _texts(self, metadata: Any) -> dict[str, str]:
        if not isinstance(metadata, dict) or not all(isinstance(v, str) for v in metadata.values()):
            raise self._refusal("its metadata is not text by name")
        return metadata

    def _entry(self, name: str, value: Any) -> Entry:
        where = f"array {name!r:.80}"
        if not isinstance(value, dict) or set(value) != _FIELDS:
            raise self._refusal(f"{where} has not the fields dtype, shape and data_offsets")
        kind, shape, offsets = value["dtype"], value["shape"], value["data_offsets"]
        if not isinstance(kind, str) or kind not in _TYPES:
            raise self._refusal(f"{where} has the type {kind!r:.40}, which is not read")
        if not _are_counts(shape) or len(shape) > 32:
            raise self._refusal(f"{where} has the shape {shape!s:.80}")
        if not _are_counts(offsets) or len(offsets) != 2 or offsets[0] > offsets[1]:
            raise self._refusal(f"{where} lies from and to {offsets!s:.80}")
        wanted = math.prod(shape) * np.dtype(_TYPES[kind]).itemsize
        if wanted != offsets[1] - offsets[0]:
            raise self._refusal(
                f"{where} of shape {tuple(shape)!s:.80} needs {wanted!s:.40} bytes, but has {offsets[1] - offsets[0]}"
            )
        return Entry(kind, tuple(shape), offsets[0], offsets[1])

    def _check_places(self, size: int) -> None:
        """Check that the arrays lie one behind another and fill the file."""
        at = 0
        for name, entry in sorted(self.entries.items(), key=lambda item: (item[1].start, item[1].end)):
            if entry.start != at:
                what = "overlaps another" if entry.start < at else f"begins {entry.start - at} bytes too late"
                raise self._refusal(f"array {name!r:.80} {what}")
            at = entry.end
        if at != size:
            raise self._refusal(f"the arrays have {at} bytes, but {size} follow the header")

    def read(self, name: str) -> Array:
        """Return an array; bfloat16 becomes float32."""
        entry = self.entries[name]
        data = self._bytes(self._start + entry.start, entry.end - entry.start)
        array = np.frombuffer(data, _TYPES[entry.kind]).reshape(entry.shape)
        if entry.kind == "BOOL" and array.size and array.view(np.uint8).max() > 1:
            raise self._refusal(f"array {name!r:.80} holds truth values other than 0 and 1")
        if entry.kind == "BF16":
            return (array.astype(np.uint32) << 16).view(np.float32)
        return array.astype(array.dtype.newbyteorder("="), copy=False)


def _are_counts(value: Any) -> bool:
    return isinstance(value, list) and all(type(n) is int and n >= 0 for n in value)


@contextmanager
def open_safetensors(path: Path) -> Iterator[SafetensorsFile]:
    """Open a safetensors file.

    Raises:
        ModelFileError: there is none, or it is damaged.
    """
    try:
        with open(path, "rb", opener=_regular) as file:
            size = os.fstat(file.fileno()).st_size
            check_stored(size, path)
            yield SafetensorsFile(file, path, size)
    except OSError as error:
        raise ModelFileError(f"Cannot read '{path}': {error.strerror or error}.") from None


def _regular(name: str, flags: int) -> int:
    """Open a plain file: others (a pipe, say) might not end."""
    handle = os.open(name, flags | getattr(os, "O_NONBLOCK", 0))
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError(0, "expected a plain file")
    return handle


def pack_safetensors(arrays: Mapping[str, Array], metadata: Mapping[str, str] | None = None) -> bytes:
    """Return a safetensors file with the given arrays.

    >>> len(pack_safetensors({"w": np.zeros((2, 2), np.float32)})) % 8
    0
    """
    header: dict[str, Any] = {_METADATA: dict(metadata)} if metadata else {}
    parts, at = [], 0
    for name, array in sorted(arrays.items(), key=lambda item: (-item[1].dtype.itemsize, item[0])):
        little = np.ascontiguousarray(array, array.dtype.newbyteorder("<"))
        kind = _NAMES.get(little.dtype.str)
        if kind is None or name == _METADATA:
            raise ModelFileError(f"safetensors: array {name!r} of type {array.dtype} cannot be written.")
        end = at + little.nbytes
        header[name] = {"dtype": kind, "shape": list(array.shape), "data_offsets": [at, end]}
        parts.append(little.tobytes())
        at = end
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return b"".join([struct.pack("<Q", len(text)), text, *parts])


# -- the weights of a model -------------------------------------------------------------------------------------------


def save_safetensors(model: Any, path: Path, skipped: Iterable[Any] = ()) -> None:
    """Write the weights of a model under the paths of its variables.

    Raises:
        ModelFileError: two variables have the same path, or the disk refuses.
    """
    variables = _named(model, skipped)
    places = json.dumps(_places(model, skipped))
    data = pack_safetensors({n: v.numpy() for n, v in variables.items()}, {"format": "chainrule", _PLACES: places})

    def write(file: BinaryIO) -> None:
        file.write(data)

    write_atomically(path, write)


def load_safetensors(model: Any, path: Path, skip_mismatch: bool = False, skipped: Iterable[Any] = ()) -> None:
    """Read weights into a built model; a failed load changes nothing.

    Args:
        skip_mismatch: leave variables out that do not fit, with a warning.

    Raises:
        ModelFileError: the file cannot be read, or does not fit the model.
    """
    with open_safetensors(path) as file:
        found = _matched(model, file, skipped)
        problems, values = [], []
        for name, (variable, stored) in found.items():
            problem = "it is not in the file" if stored is None else _misfit(variable, file.entries[stored])
            if problem is not None:
                problems.append(f"'{name}': {problem}")
            elif stored is not None:
                values.append((variable, stored))
        used = {stored for _, stored in found.values()}
        problems += [f"{n!r:.80}: the model has no such variable" for n in file.entries if n not in used][:3]
        if problems:
            more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
            text = f"'{path}' does not fit the model at {problems[0]}{more}."[:460]
            if not skip_mismatch:
                raise ModelFileError(text)
            warnings.warn(f"{text} What does not fit is left as it was.", stacklevel=4)
        arrays = [(variable, file.read(stored)) for variable, stored in values]
    for variable, array in arrays:
        variable.assign(array.astype(variable.dtype))


def _named(model: Any, skipped: Iterable[Any]) -> dict[str, Any]:
    left_out = {id(v) for layer in skipped for v in layer.weights}
    variables = [v for v in model.weights if id(v) not in left_out]
    named = {v.path: v for v in variables}
    if len(named) < len(variables):
        twice = next(p for p in named if sum(v.path == p for v in variables) > 1)
        raise ModelFileError(f"safetensors: two variables have the path '{twice}'. Give their layers different names.")
    return named


def _places(model: Any, skipped: Iterable[Any]) -> dict[str, str]:
    """Return where each variable stands in the structure of a model, by path."""
    places: dict[str, str] = {}
    for path, thing in owners(model, with_optimizer=False, skipped=skipped):
        for i, variable in enumerate(own_variables(thing) or ()):
            places.setdefault(variable.path, f"{path}/{i}")
    return places


def _matched(model: Any, file: SafetensorsFile, skipped: Iterable[Any]) -> dict[str, tuple[Any, str | None]]:
    """Return each variable by path, with the name of its array: that of its path, else that at its place."""
    variables = _named(model, skipped)
    if set(variables) <= set(file.entries) or _PLACES not in file.metadata:
        return {n: (v, n if n in file.entries else None) for n, v in variables.items()}
    stored = parse_json(file.source, "the list of places", file.metadata[_PLACES].encode())
    if not isinstance(stored, dict) or not all(isinstance(v, str) for v in stored.values()):
        raise ModelFileError(f"'{file.source}': its list of places is not text by name.")
    at = {place: name for name, place in stored.items() if name in file.entries}
    mine = _places(model, skipped)
    return {n: (v, at.get(mine.get(n, ""))) for n, v in variables.items()}


def _misfit(variable: Any, entry: Entry) -> str | None:
    if entry.shape != variable.shape:
        return f"its shape is {variable.shape}, in the file {entry.shape!s:.80}"
    floating = entry.kind in ("F64", "F32", "F16", "BF16")
    if floating != (variable.dtype.kind == "f"):
        return f"its type is {variable.dtype}, in the file {entry.kind}"
    return None
