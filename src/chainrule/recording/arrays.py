"""Arrays as JSON: `{"dtype": "float32", "shape": [2, 3], "b64": "..."}`, little-endian, in C order.

Text is `{"dtype": "string", "shape": [...], "texts": [...]}`.
"""

from __future__ import annotations

import base64
import binascii
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from chainrule._typing import Array
from chainrule.errors import ModelFileError

DTYPES = (
    "float64",
    "float32",
    "float16",
    "int64",
    "int32",
    "int16",
    "int8",
    "uint64",
    "uint32",
    "uint16",
    "uint8",
    "bool",
)
_NAMES = {np.dtype(name).newbyteorder("<"): name for name in DTYPES}
MOST_AXES = 16
MOST_BYTES = 1 << 30


def array_to_json(array: Array) -> dict[str, Any]:
    """Return an array as JSON-like values.

    >>> array_to_json(np.array([[1.0, 2.0]], "float32"))
    {'dtype': 'float32', 'shape': [1, 2], 'b64': 'AACAPwAAAEA='}
    """
    if array.dtype.kind in "OUS":
        return {"dtype": "string", "shape": list(array.shape), "texts": [_text(v) for v in array.ravel().tolist()]}
    name = _NAMES.get(array.dtype)
    if name is None:
        name = array.dtype.name if array.dtype.name in DTYPES else "float32"  # of another byte order, or bfloat16
        array = array.astype(np.dtype(name).newbyteorder("<"))
    data = binascii.b2a_base64(array.tobytes(), newline=False).decode("ascii")
    return {"dtype": name, "shape": list(array.shape), "b64": data}


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def is_array(value: Any) -> bool:
    """Whether JSON-like values claim to be an array."""
    return isinstance(value, Mapping) and "dtype" in value and "shape" in value and ("b64" in value or "texts" in value)


def array_from_json(value: Mapping[str, Any]) -> Array:
    """Return the array that `array_to_json` wrote; a size that the data do not have is refused before it is made.

    Raises:
        ModelFileError: type, shape and data do not fit each other.

    >>> array_from_json({"dtype": "uint8", "shape": [3], "b64": "AQID"}).tolist()
    [1, 2, 3]
    """
    name, shape = value["dtype"], _shape(value["shape"])
    if name == "string":
        return _texts(value.get("texts"), shape)
    if name not in DTYPES:
        raise ModelFileError(f"an array has the dtype {name!r:.60}; expected one of {', '.join(DTYPES)} or string.")
    dtype, data = np.dtype(name).newbyteorder("<"), value.get("b64")
    size = math.prod(shape) * dtype.itemsize
    if size > MOST_BYTES:
        raise ModelFileError(f"an array of shape {list(shape)} is larger than {MOST_BYTES} bytes.")
    if not isinstance(data, str) or len(data) != 4 * math.ceil(size / 3):
        raise ModelFileError(f"an array claims the shape {list(shape)} of {name}, but its data have another length.")
    try:
        raw = base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError):
        raise ModelFileError("the data of an array are no base64.") from None
    if len(raw) != size:
        raise ModelFileError(f"an array claims the shape {list(shape)} of {name}, but has {len(raw)} bytes.")
    return np.frombuffer(raw, dtype).astype(np.dtype(name), copy=False).reshape(shape)


def _shape(value: Any) -> tuple[int, ...]:
    whole = isinstance(value, list) and all(isinstance(n, int) and not isinstance(n, bool) and n >= 0 for n in value)
    if not whole or len(value) > MOST_AXES or math.prod(n for n in value if n) > MOST_BYTES:
        raise ModelFileError(f"an array has no proper shape: {value!r:.80}.")
    return tuple(value)


def _texts(texts: Any, shape: tuple[int, ...]) -> Array:
    if not isinstance(texts, list) or len(texts) != math.prod(shape) or not all(isinstance(t, str) for t in texts):
        raise ModelFileError(f"an array of text claims the shape {list(shape)}, but does not hold as many texts.")
    found: Array = np.empty(len(texts), object)
    found[:] = texts
    return found.reshape(shape)
