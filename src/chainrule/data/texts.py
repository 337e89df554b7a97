"""Text as arrays: NumPy arrays of type object that hold Python strings, whatever it came as."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule._typing import Array
from chainrule.errors import DataError


def is_text(value: Any) -> bool:
    """Whether an array holds text: NumPy's text or bytes, or objects of which the first is a string.

    >>> is_text(np.array(["a"])), is_text(np.array(["a", None], object)), is_text(np.array([1.0]))
    (True, True, False)
    """
    kind = value.dtype.kind
    if kind in "UST":
        return True
    return bool(kind == "O" and value.size and isinstance(next(value.flat), str | bytes))


def is_all_text(array: Array) -> bool:
    """Whether everything in an array is text, or missing beside text.

    >>> is_all_text(np.array(["a", None], object)), is_all_text(np.array(["a", 1], object))
    (True, False)
    """
    if array.dtype.kind != "O":
        return is_text(array)
    return is_text(array) and all(isinstance(v, str | bytes) or v is None or v != v for v in array.flat)


def to_text(array: Array, name: str = "the input", encoding: str = "utf-8") -> Array:
    """Return an array of Python strings; bytes are decoded.

    Args:
        array: NumPy's text or bytes, or objects; not changed.
        name: what to call it in messages.

    Raises:
        DataError: something in it is no text, with its place.

    >>> to_text(np.array([b"caf\\xc3\\xa9"])).tolist()
    ['café']
    """
    if array.dtype.kind in "UT":
        return array.astype(object)
    values = array.ravel().tolist()
    if set(map(type, values)) <= {str}:
        return array
    for i, v in enumerate(values):
        if type(v) is str:
            continue
        if isinstance(v, bytes):
            values[i] = v.decode(encoding, "surrogateescape")
        elif isinstance(v, str):
            values[i] = str(v)
        else:
            raise DataError(_no_text(array, i, v, name))
    result = np.empty(len(values), object)
    result[:] = values
    return result.reshape(array.shape)


def _no_text(array: Array, at: int, value: Any, name: str) -> str:
    place = ", ".join(map(str, np.unravel_index(at, array.shape))) if array.ndim else ""
    missing = value is None or value != value
    what = f"{value!r} (missing)" if missing else f"{value!r:.60}, a {type(value).__name__}"
    advice = "Fill missing values first, for example with ''." if missing else "Turn all values into strings first."
    return f"{name}[{place}] is {what}, but text is expected. {advice}"
