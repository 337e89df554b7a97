"""Distances, correlations, areas; tests on whole arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule._typing import Value
from chainrule.autodiff.op import op
from chainrule.errors import ShapeError
from chainrule.ops.arithmetic import clip, divide, multiply, sqrt, square
from chainrule.ops.comparison import equal, isclose, select
from chainrule.ops.creation import as_floats
from chainrule.ops.creation import shape as shape_of
from chainrule.ops.cumulative import diff
from chainrule.ops.indexing import getitem, take
from chainrule.ops.linear import matmul
from chainrule.ops.matrices import diagonal
from chainrule.ops.order import quantile
from chainrule.ops.reductions import Axis, all, max, mean, min, sum
from chainrule.ops.shapes import expand_dims, moveaxis, pad, ravel, reshape, swapaxes

__all__ = [
    "allclose",
    "argpartition",
    "cdist",
    "corrcoef",
    "correlate",
    "isin",
    "percentile",
    "ptp",
    "trapezoid",
    "vdot",
]


def ptp(x: Value, axis: Axis = None, keepdims: bool = False) -> Value:
    """The largest less the smallest."""
    return max(x, axis, keepdims) - min(x, axis, keepdims)


def percentile(x: Value, q: Any, axis: Axis = None, method: str = "linear", keepdims: bool = False) -> Value:
    """The value below which `q` percent of the elements lie: see `quantile`."""
    return quantile(x, np.asarray(q, np.float64) / 100, axis, method, keepdims)


def vdot(x1: Value, x2: Value) -> Value:
    """The sum of all products."""
    return sum(multiply(ravel(x1), ravel(x2)))


def cdist(x: Value, y: Value) -> Value:
    """The Euclidean distance of each vector of `x` from each of `y`.

    Args:
        x: vectors (..., m, d).
        y: vectors (..., n, d).

    Returns:
        The distances (..., m, n).
    """
    if len(shape_of(x)) < 2 or len(shape_of(y)) < 2 or shape_of(x)[-1] != shape_of(y)[-1]:
        raise ShapeError(f"ops.cdist needs shapes (..., m, d) and (..., n, d), but got {shape_of(x)}, {shape_of(y)}.")
    squares = sum(square(expand_dims(as_floats(x), -2) - expand_dims(as_floats(y), -3)), -1)
    same = equal(squares, 0)  # where the root has no slope
    return select(same, 0, sqrt(select(same, 1, squares)))


def corrcoef(x: Value) -> Value:
    """Pearson's correlation coefficients of the rows; of a vector, 1."""
    x = as_floats(x)
    rows = reshape(x, (1, -1)) if len(shape_of(x)) == 1 else x
    centred = rows - mean(rows, 1, True)
    products = matmul(centred, swapaxes(centred, 0, 1))
    spread = sqrt(diagonal(products))
    result = clip(products / expand_dims(spread, 0) / expand_dims(spread, 1), -1.0, 1.0)
    return reshape(result, ()) if len(shape_of(x)) == 1 else result


def correlate(x1: Value, x2: Value, mode: str = "valid") -> Value:
    """The sums of products of a vector with another one moved along it.

    Args:
        x1, x2: vectors.
        mode: `"valid"`: where the shorter lies within the longer one; `"same"`: as many as the longer one has;
            `"full"`: wherever they overlap.

    Raises:
        ValueError: another mode was asked for.
    """
    if mode not in ("valid", "same", "full"):
        raise ValueError(f"ops.correlate: mode is 'valid', 'same' or 'full', not {mode!r}.")
    (n1,), (n2,) = shape_of(x1), shape_of(x2)
    windows = np.arange(n1 + n2 - 1)[:, None] + np.arange(n2)
    full = matmul(take(pad(x1, n2 - 1), windows, 0), x2)
    short, long = sorted((n1, n2))
    if mode == "full":
        return full
    start = short - 1 if mode == "valid" else (short - 1) // 2 if n1 >= n2 else short // 2
    return getitem(full, slice(start, start + (long - short + 1 if mode == "valid" else long)))


def trapezoid(y: Value, x: Value = None, dx: Any = 1.0, axis: int = -1) -> Value:
    """The area under straight lines between points.

    Args:
        y: the heights.
        x: where they are: an array of the shape of `y`, or a vector; by default at distances of `dx`.
        dx: their distance.
        axis: the axis along which they lie.
    """
    heights = moveaxis(as_floats(y), axis, -1)
    if x is None:
        widths = dx
    else:
        widths = diff(as_floats(x) if len(shape_of(x)) == 1 else moveaxis(as_floats(x), axis, -1))
    pairs = getitem(heights, (..., slice(1, None))) + getitem(heights, (..., slice(None, -1)))
    return sum(divide(multiply(widths, pairs), 2), -1)


# -- without a derivative ----------------------------------------------------------------------------------------------


def allclose(x1: Value, x2: Value, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> Value:
    """Whether all elements are close: see `isclose`."""
    return all(isclose(x1, x2, rtol, atol, equal_nan))


@op("x1", "x2")
def isin(x1: Value, x2: Value, assume_unique: bool = False, invert: bool = False) -> Value:
    """Whether each element of `x1` is among those of `x2`; with `invert`, whether it is not."""
    return np.isin(x1, x2, assume_unique, invert)


@op("x")
def argpartition(x: Value, kth: int, axis: int | None = -1) -> Value:
    """Indices in an order in which the `kth` element stands where sorting would put it, smaller ones before it."""
    return np.argpartition(x, kth, axis).astype(np.int32)
