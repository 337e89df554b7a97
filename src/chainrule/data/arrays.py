"""One array-like thing to one plain NumPy array: what is taken, which dtype comes out, what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule import config, tree
from chainrule._typing import Array
from chainrule.data.frames import frame_to_array, is_frame
from chainrule.data.texts import is_all_text, to_text
from chainrule.errors import DataError, ShapeError


def to_structure(value: Any, name: str, text: bool = False) -> Any:
    """Return `value` with every array-like leaf as a NumPy array; lists of plain numbers are one array.

    A list or tuple is several arrays when it holds at least one array, frame or tensor (Keras's rule), else it is one.

    Args:
        value: arrays, or a list, tuple or dict of them.
        name: what to call it in messages: `'x'`.
        text: let text pass, as arrays of Python strings.

    >>> to_structure([[0, 1], [1, 0]], "x").shape
    (2, 2)
    >>> [a.shape for a in to_structure([np.ones((3, 2)), np.ones(3)], "x")]
    [(3, 2), (3,)]
    """
    if value is None:
        return None
    if isinstance(value, dict):
        return {key: to_structure(part, f"{name}[{key!r}]", text) for key, part in value.items()}
    if isinstance(value, list | tuple) and is_structure(value):
        return tuple(to_structure(part, f"{name}[{i}]", text) for i, part in enumerate(value))
    return to_array(value, name, text)


def is_structure(value: Any) -> bool:
    """Whether `value` holds several arrays, rather than being one."""
    if isinstance(value, dict):
        return True
    return isinstance(value, list | tuple) and any(is_structure(v) or is_array_like(v) for v in value)


def is_array_like(value: Any) -> bool:
    """Whether `value` has rows of its own: an array of one dimension or more, a frame, a tensor."""
    if isinstance(value, np.ndarray):
        return value.ndim > 0
    if isinstance(value, list | tuple | dict | str | bytes | np.generic):
        return False
    return is_frame(value) or is_sparse(value) or hasattr(value, "__array__")


def is_sparse(value: Any) -> bool:
    """Whether `value` is one of SciPy's sparse matrices or arrays."""
    return type(value).__module__.startswith("scipy.sparse") and hasattr(value, "toarray")


def to_array(value: Any, name: str, text: bool = False) -> Array:
    """Return one array: floats in `floatx`, integers and booleans as they are, C-contiguous and read-only.

    Args:
        value: an array, list, data frame or series, tensor of another library, or SciPy's sparse matrix (made dense).
        name: what to call it in messages: `'x'`.
        text: return text as an array of Python strings instead of refusing it.

    Raises:
        DataError: text, dates, complex numbers, other objects, or rows of different lengths.
        ShapeError: a single number where rows are expected.
    """
    if type(value) is np.ndarray:
        array = value
    elif is_frame(value):
        array = frame_to_array(value, name, text)
    elif is_sparse(value):
        array = value.toarray()
    else:
        array = _as_numpy(value, name)
    if array.ndim == 0:
        raise ShapeError(
            f"{name}: expected an array with one row per observation, but received the single value {array}."
        )
    array = to_text(array, name) if text and is_all_text(array) else _as_numbers(array, name)
    array = np.ascontiguousarray(array).view()
    array.flags.writeable = False
    return array


def _as_numpy(value: Any, name: str) -> Array:
    if hasattr(value, "detach") and hasattr(value, "cpu"):  # a torch tensor, perhaps on a GPU, perhaps with a gradient
        value = value.detach().cpu().numpy()
    try:
        return np.asarray(value)
    except ValueError:
        raise DataError(_ragged(value, name)) from None


def _ragged(value: Any, name: str) -> str:
    """Say which row of a nested list has another length than the first."""
    lengths = [len(row) if isinstance(row, list | tuple | np.ndarray) else None for row in value]
    odd = next((i for i, n in enumerate(lengths) if n != lengths[0]), None)
    if odd is None:
        return f"{name}: the nested lists do not make a rectangular array. Every row needs the same number of values."
    first, other = (
        f"{n} value{'s' * (n != 1)}" if n is not None else "a single value" for n in (lengths[0], lengths[odd])
    )
    return f"{name}: the rows have different lengths: row 0 has {first}, row {odd} has {other}."


def _as_numbers(array: Array, name: str) -> Array:
    kind = array.dtype.kind
    if kind == "f":
        return array.astype(config.floatx(), copy=False)
    if kind in "iub":
        return array.astype(array.dtype.newbyteorder("="), copy=False)
    if kind == "O":
        return _objects_to_numbers(array, name)
    what = {"U": "text", "S": "bytes", "M": "dates", "m": "time spans", "c": "complex numbers"}.get(
        kind, f"dtype {array.dtype}"
    )
    raise DataError(_not_numbers(what, array, kind, name))


def text_in_numbers(array: Array, name: str) -> str:
    """Return the message for text where a model takes numbers.

    >>> text_in_numbers(np.array(["red"], object), "y")[:68]
    "y holds text, such as 'red', but a network computes with numbers. En"
    """
    return _not_numbers("text", array, "U", name)


def _not_numbers(what: str, array: Array, kind: str, name: str) -> str:
    return f"{name} holds {what}{_example(array)}, but a network computes with numbers. {_advice(kind, name)}"


def _objects_to_numbers(array: Array, name: str) -> Array:
    try:
        floats = np.array([np.nan if v is None else v for v in array.ravel().tolist()], np.float64)
    except (TypeError, ValueError):
        lengths = {np.shape(v) for v in array.ravel().tolist() if not isinstance(v, str)}
        if len(lengths) > 1:
            raise DataError(f"{name}: the entries have different shapes: {sorted(map(str, lengths))[:3]}.") from None
        text = next((v for v in array.ravel().tolist() if not isinstance(v, int | float)), None)
        raise DataError(
            f"{name} has dtype object and holds {text!r}, but a network computes with numbers. {_advice('U', name)}"
        ) from None
    return floats.astype(config.floatx()).reshape(array.shape)


def _example(array: Array) -> str:
    return f", such as {array.ravel()[:1].tolist()[0]!r}" if array.size else ""


def _advice(kind: str, name: str) -> str:
    if kind in "US" and name.startswith("y"):
        return f"Encode the classes as 0, 1, 2, ...: `names, codes = numpy.unique({name}, return_inverse=True)`."
    if kind in "US":
        return (
            "Encode categories as numbers first, for example one column of 0 and 1 per value "
            "(layers.StringLookup does so within a model)."
        )
    if kind in "Mm":
        return "Turn them into numbers first, for example days since a fixed date."
    return "Pass real numbers."


def rows(structure: Any) -> int | None:
    """Return the number of rows of the first array in `structure`, or None if there is no array."""
    return next((len(leaf) for leaf in tree.flatten(structure) if leaf is not None), None)


def add_last_axis(x: Any) -> Any:
    """Return a single array (n,) as (n, 1): one feature; structures and other ranks stay as they are.

    >>> add_last_axis(np.arange(3.0)).shape
    (3, 1)
    """
    return x[:, None] if isinstance(x, np.ndarray) and x.ndim == 1 else x
