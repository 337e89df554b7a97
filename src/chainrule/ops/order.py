"""Order statistics: the median and other quantiles, histograms, distinct values."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule._typing import Value
from chainrule.autodiff.operators import Operators
from chainrule.autodiff.tape import follows
from chainrule.autodiff.tensor import Tensor
from chainrule.ops.creation import as_floats, dtype
from chainrule.ops.creation import shape as shape_of
from chainrule.ops.indexing import sort, take_along_axis
from chainrule.ops.reductions import Axis, axes_of
from chainrule.ops.shapes import reshape, transpose

__all__ = [
    "histogram",
    "median",
    "quantile",
    "unique",
]

METHODS = ("linear", "lower", "higher", "midpoint", "nearest")


def quantile(x: Value, q: Any, axis: Axis = None, method: str = "linear", keepdims: bool = False) -> Value:
    """The value below which the part `q` of the elements lies.

    Args:
        x: the array.
        q: a part between 0 and 1, or several, which become the first axis of the result.
        axis: an axis, several, or None for all.
        method: between two elements: `"linear"` interpolation, the `"lower"`, the `"higher"`, the `"nearest"`, or their
            `"midpoint"`.
        keepdims: leave axes of length 1.

    Raises:
        ValueError: another method was asked for.

    >>> quantile([1.0, 2.0, 3.0, 4.0], 0.5)
    array(2.5, dtype=float32)
    """
    rows, shape = rows_along(x, axis, keepdims)
    return quantile_of_rows(rows, shape_of(rows)[0], q, method, shape)


def rows_along(x: Value, axis: Axis, keepdims: bool) -> tuple[Value, tuple[int, ...]]:
    """Return floats sorted along a first axis that all of `axis` are joined in, and the shape of what is left."""
    x = as_floats(x)
    lengths = shape_of(x)
    axes = axes_of(axis, len(lengths))
    free = [a for a in range(len(lengths)) if a not in axes]
    left = tuple(1 if a in axes else n for a, n in enumerate(lengths) if keepdims or a not in axes)
    return sort(reshape(transpose(x, [*axes, *free]), (-1, *(lengths[a] for a in free))), 0), left


def quantile_of_rows(rows: Value, count: Any, q: Any, method: str, shape: tuple[int, ...]) -> Value:
    """Return quantiles along the first axis of sorted rows, of which the first `count` matter, in another shape."""
    if method not in METHODS:
        raise ValueError(f"ops.quantile: method is one of {', '.join(METHODS)}, not {method!r}.")
    parts = np.asarray(q, np.float64)
    free = shape_of(rows)[1:]
    spread = parts.reshape(-1, *[1] * len(free))
    low, high, weight = (np.broadcast_to(v, (parts.size, *free)) for v in _places(spread, count, method))
    weight = weight.astype(dtype(rows))
    result = take_along_axis(rows, low, 0) * (1 - weight) + take_along_axis(rows, high, 0) * weight
    return reshape(result, parts.shape + shape)


def _places(parts: Any, count: Any, method: str) -> tuple[Any, Any, Any]:
    """Return the indices of the two sorted elements around each part, and the weight of the second."""
    exact = parts * np.maximum(count - 1, 0)
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


def unique(
    x: Value,
    sorted: bool = True,
    return_index: bool = False,
    return_inverse: bool = False,
    return_counts: bool = False,
    axis: int | None = None,
    size: int | None = None,
    fill_value: Any = None,
) -> Any:
    """The values that occur, in rising order, each once (a constant: no gradient passes).

    Args:
        x: the array.
        sorted: accepted as in Keras; the result is always sorted.
        return_index: also return where each value occurs first.
        return_inverse: also return for each element the place of its value in the result.
        return_counts: also return how often each value occurs.
        axis: compare the slices along this axis; by default single elements.
        size: cut or fill the result to this length.
        fill_value: what it is filled with; by default the smallest value.
    """
    array = np.asarray(x)
    found = np.unique(array, True, True, True, axis)
    values, others = found[0], [part.astype(np.int32) for part in found[1:]]
    others[1] = others[1].reshape(array.shape if axis is None else -1)
    if size is not None:
        along = 0 if axis is None else axis
        lacking = max(size - values.shape[along], 0)
        values = np.take(values, range(min(size, values.shape[along])), along)
        if lacking:
            filler = np.take(values, [0] * lacking, along)
            values = np.concatenate([values, filler if fill_value is None else np.full_like(filler, fill_value)], along)
    wanted = (return_index, return_inverse, return_counts)
    parts = [part for part, want in zip(others, wanted, strict=True) if want]
    return (constant(values, x, "unique"), *parts) if parts else constant(values, x, "unique")


def histogram(x: Value, bins: int = 10, range: tuple[float, float] | None = None) -> tuple[Any, ...]:
    """How many elements fall into each of `bins` equal intervals, and the intervals' ends (constants)."""
    array = np.asarray(x)
    if array.ndim != 1:
        raise ValueError(f"ops.histogram takes a vector, not an array of shape {array.shape}.")
    counts, edges = np.histogram(array, bins, range)
    kind = dtype(as_floats(array))
    return tuple(constant(part.astype(kind), x, "histogram") for part in (counts, edges))


def constant(array: Any, x: Value, name: str) -> Any:
    """Return what has no derivative; a tensor, if `x` was one, that knows what cut its history."""
    if not isinstance(x, Operators):
        return array
    result = Tensor(array, name)
    result.severed = name if follows(x) else ""
    return result
