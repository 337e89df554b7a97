"""Sequences of different lengths to one array."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule._typing import Array
from chainrule.errors import DataError, ShapeError, unknown_name

_SIDES = ("pre", "post")


def pad_sequences(
    sequences: Sequence[Any],
    maxlen: int | None = None,
    dtype: Any = "int32",
    padding: str = "pre",
    truncating: str = "pre",
    value: Any = 0.0,
) -> Array:
    """Return sequences as one array, shorter ones filled with `value`, longer ones cut.

    Args:
        sequences: each a list or array, whose items have the same shape everywhere.
        maxlen: length of all; by default that of the longest.
        padding: `'pre'` fills in front, `'post'` behind.
        truncating: `'pre'` cuts the front off, `'post'` the end.

    Returns:
        (sequences, maxlen, ...).

    Raises:
        DataError: something is not a sequence, or `value` does not fit `dtype`.
        ShapeError: items of different shapes.

    >>> pad_sequences([[1], [2, 3], [4, 5, 6]], maxlen=2)
    array([[0, 1],
           [2, 3],
           [5, 6]], dtype=int32)
    """
    for name, side in (("padding", padding), ("truncating", truncating)):
        if side not in _SIDES:
            raise unknown_name(f"value of {name}", side, _SIDES)
    kind = np.dtype(dtype)
    if isinstance(value, str) and kind.kind not in "OUS":
        raise DataError(f"pad_sequences: the value {value!r} is text, but dtype is {kind.name}; pass dtype=object.")
    for i, s in enumerate(sequences):
        if not hasattr(s, "__len__") or isinstance(s, str):
            raise DataError(f"pad_sequences: expected a list of sequences, but item {i} is {s!r}.")
    length = max((len(s) for s in sequences), default=0) if maxlen is None else maxlen
    item = next((np.asarray(s).shape[1:] for s in sequences if len(s)), ())
    result = np.full((len(sequences), length, *item), value, kind)
    for i, s in enumerate(sequences):
        kept = np.asarray(s[max(len(s) - length, 0) :] if truncating == "pre" else s[:length], kind)
        if not len(kept):
            continue
        if kept.shape[1:] != item:
            raise ShapeError(
                f"pad_sequences: the items of sequence {i} have shape {kept.shape[1:]}, those before {item}."
            )
        start = length - len(kept) if padding == "pre" else 0
        result[i, start : start + len(kept)] = kept
    return result
