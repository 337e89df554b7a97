"""The file of a backup: one state made of numbers, texts, lists, dicts and arrays, with a checksum over all of it.

    magic | SHA-256 of the rest | length of the JSON | JSON | bytes of the arrays, one after another

Arrays stand in the JSON as their number; their types and shapes are listed there. Nothing in the file is a name that
anybody looks up, so reading it cannot run anything.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from pathlib import Path
from typing import Any

import numpy as np

from chainrule._typing import Array
from chainrule.errors import ModelFileError
from chainrule.saving.archive import parse_json, write_atomically

MAGIC = b"chainrule backup 1\n"
_DIGEST = 32
_LENGTH = 8
_KIND = re.compile(r"[<|][biufcSU]\d{1,9}")
_EXACT = 1 << 53  # from here on, JSON readers may round integers
_SEVERAL = 4  # floats from which on a list is kept as an array


def write_backup(path: Path, state: Any) -> None:
    """Write the state so that at every moment either the old file or the new one is there, whole.

    Raises:
        TypeError: the state holds something else than numbers, texts, lists, tuples, dicts and arrays.
        ModelFileError: the disk refuses.
    """
    arrays: list[Array] = []
    packed = _pack(state, arrays)
    index = [[a.dtype.str, list(a.shape)] for a in arrays]
    head = json.dumps({"state": packed, "arrays": index}, allow_nan=False).encode()
    parts = [len(head).to_bytes(_LENGTH, "little"), head, *(a.tobytes() for a in arrays)]
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    write_atomically(path, lambda file: file.writelines([MAGIC, digest.digest(), *parts]))


def read_backup(path: Path) -> Any:
    """Return the state that a file holds.

    Raises:
        ModelFileError: it cannot be read, is no such file, or a single bit of it is not as it was written.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ModelFileError(f"Cannot read '{path}': {error.strerror or error}.") from None
    start = len(MAGIC) + _DIGEST
    if not data.startswith(MAGIC) or len(data) < start + _LENGTH:
        raise ModelFileError(f"'{path}' is not a backup of a training, or only its beginning.")
    body = memoryview(data)[start:]
    if hashlib.sha256(body).digest() != data[len(MAGIC) : start]:
        raise ModelFileError(f"'{path}' is damaged: its checksum does not fit.")
    end = _LENGTH + int.from_bytes(body[:_LENGTH], "little")
    content = parse_json(path, "its head", bytes(body[_LENGTH:end]))
    try:
        return _unpack(content["state"], _arrays(content["arrays"], body[end:]))
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, RecursionError) as error:
        raise ModelFileError(f"'{path}' is damaged: {type(error).__name__}: {error}"[:300]) from None


def _arrays(index: Any, data: memoryview) -> list[Array]:
    """Return the arrays that lie one after another in `data`, as copies."""
    found, position = [], 0
    for kind, shape in index:
        if not _KIND.fullmatch(kind) or not all(isinstance(n, int) and n >= 0 for n in shape):
            raise ValueError(f"an array of type {kind!r:.40} and shape {shape!r:.80}")
        dtype = np.dtype(kind)
        size = dtype.itemsize * math.prod(shape)
        if position + size > len(data):
            raise ValueError("the file ends before its arrays do")
        flat = np.frombuffer(data[position : position + size], dtype) if size else np.zeros(0, dtype)
        found.append(flat.reshape(shape).copy())
        position += size
    if position != len(data):
        raise ValueError("the file is longer than its arrays")
    return found


# -- values ------------------------------------------------------------------------------------------------------------
# JSON has no infinity, no tuples and no arrays: such values are a dict of one entry that says what it is.


def _pack(value: Any, arrays: list[Array]) -> Any:
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, int):
        return value if abs(value) < _EXACT else {"int": str(value)}
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else {"float": str(float(value))}
    if isinstance(value, np.ndarray | np.generic):
        array = np.asarray(value)
        if array.dtype.kind not in "biufcSU":
            raise TypeError(f"an array of type {array.dtype} cannot be backed up")
        arrays.append(array.astype(array.dtype.newbyteorder("<"), copy=False))
        return {"array": len(arrays) - 1}
    if isinstance(value, list | tuple):
        if len(value) >= _SEVERAL and all(type(v) is float for v in value):
            arrays.append(np.array(value, "<f8"))
            return {"floats" if isinstance(value, list) else "float tuple": len(arrays) - 1}
        members = [_pack(v, arrays) for v in value]
        return members if isinstance(value, list) else {"tuple": members}
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        return {"dict": {key: _pack(v, arrays) for key, v in value.items()}}
    raise TypeError(f"a value of type {type(value).__name__} cannot be backed up")


def _unpack(value: Any, arrays: list[Array]) -> Any:
    if isinstance(value, list):
        return [_unpack(v, arrays) for v in value]
    if not isinstance(value, dict):
        return value
    ((kind, content),) = value.items()
    match kind:
        case "int":
            return int(content)
        case "float":
            return float(content)
        case "array":
            return arrays[content]
        case "floats":
            return arrays[content].tolist()
        case "float tuple":
            return tuple(arrays[content].tolist())
        case "tuple":
            return tuple(_unpack(v, arrays) for v in content)
        case "dict":
            return {key: _unpack(v, arrays) for key, v in content.items()}
    raise ValueError(f"a value of the unknown kind {kind!r:.40}")
