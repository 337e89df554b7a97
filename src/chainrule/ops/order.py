"""Order statistics: the median and other quantiles."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule import config
from chainrule._typing import Value
from chainrule.autodiff.promotion import as_array
from chainrule.ops.creation import cast, dtype, shape
from chainrule.ops.indexing import sort, take
from chainrule.ops.reductions import Axis, axes_of
from chainrule.ops.shapes import reshape, transpose

__all__ = [
    "median",
    "quantile",
]

METHODS = ("linear", "lower", "higher", "midpoint", "nearest")


def quantile(x: Value, q: Any, axis: Axis = None, method: str = "linear", keepdims: bool = False) -> Value:
    """The value below which the part `q` of the elements lies.

    Args:
        x: the array.
        q: a part between 0 and 1, or several, which become the first axis of the result.
        axis: an axis, several, or None for all.
        method: between two elements: `"linear"` interpolation, the `"lower"`, the `"higher"`, the `"nearest"`, or their `"midpoint"`.
        keepdims: leave axes of length 1.

    Raises:
        ValueError: another method was asked for.

    >>> quantile([1.0, 2.0, 3.0, 4.0], 0.5)
    array(2.5, dtype=float32)
    """
    if method not in METHODS:
        raise ValueError(f"ops.quantile: method is one of {', '.join(METHODS)}, not {method!r}.")
    if np.dtype(dtype(x)).kind != "f":
        x = cast(x, config.floatx())
    lengths = shape(x)
    axes = axes_of(axis, len(lengths))
    free = [a for a in range(len(lengths)) if a not in axes]
    rows = sort(reshape(transpose(x, [*axes, *free]), (-1, *(lengths[a] for a in free))), 0)
    parts = np.asarray(as_array(q), np.float64)
    low, high, weight = _places(parts, rows.shape[0], method)
    weight = weight.astype(dtype(x)).reshape(parts.shape + (1,) * len(free))
    result = take(rows, low, 0) * (1 - weight) + take(rows, high, 0) * weight
    if keepdims:
        result = reshape(result, parts.shape + tuple(1 if a in axes else n for a, n in enumerate(lengths)))
    return result


def _places(parts: Any, count: int, method: str) -> tuple[Any, Any, Any]:
    """Return the indices of the two sorted elements around each part, and the weight of the second."""
    exact = parts * (count - 1)
    low, high = np.floor(exact).astype(np.int64), np.ceil(exact).astype(np.int64)
    weights = {
        "linear": exact - low,
        "lower": exact * 0,
        "higher": exact * 0 + 1,
        "midpoint": np.where(low == high, 0.0, 0.5),
        "nearest": np.round(exact) - low,
    }
    return low, high, weights[method]


def median(x: Value, axis: Axis = None, keepdims: bool = False) -> Value:
    """The middle one in order, or the mean of the two in the middle."""
    return quantile(x, 0.5, axis, "midpoint", keepdims)
