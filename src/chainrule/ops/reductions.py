"""Reductions: one number from many. `axis` is an axis, several, or None for all; `keepdims` leaves axes of length 1.

The rules see `g` and `y` with the reduced axes put back (length 1), so that they broadcast against `x`;
what a rule returns is repeated to the shape of `x`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule._typing import Value
from chainrule.autodiff.op import op
from chainrule.errors import ShapeError
from chainrule.ops.arithmetic import sqrt
from chainrule.ops.comparison import select
from chainrule.ops.elementwise import exp
from chainrule.ops.shapes import expand_dims, reshape, transpose

__all__ = [
    "all",
    "amax",
    "amin",
    "any",
    "argmax",
    "argmin",
    "count_nonzero",
    "logsumexp",
    "max",
    "mean",
    "min",
    "prod",
    "std",
    "sum",
    "var",
]

Axis = int | tuple[int, ...] | list[int] | None
_add: Any = np.add.reduce
_multiply: Any = np.multiply.reduce
_maximum: Any = np.maximum.reduce
_minimum: Any = np.minimum.reduce
_logical_or: Any = np.logical_or.reduce
_logical_and: Any = np.logical_and.reduce


def keep_axes(g: Value, y: Value, inputs: list[Any], axis: Axis = None, keepdims: bool = False, **static: Any) -> Any:
    """Put the reduced axes back into `g` and `y`, with length 1: the `align` of every reduction."""
    if keepdims:
        return g, y, inputs
    shape = list(inputs[0].shape)
    for a in axes_of(axis, len(shape)):
        shape[a] = 1
    return reshape(g, shape), reshape(y, shape), inputs


def axes_of(axis: Axis, ndim: int) -> tuple[int, ...]:
    """Return the axes as a tuple of numbers that are not negative.

    >>> axes_of(None, 3), axes_of(-1, 3), axes_of((0, -1), 3)
    ((0, 1, 2), (2,), (0, 2))
    """
    if axis is None:
        return tuple(range(ndim))
    axes = [int(a) for a in ((axis,) if isinstance(axis, int | np.integer) else axis)]
    for a in axes:
        if not -ndim <= a < ndim:
            raise ShapeError(f"axis {a} is out of bounds for an array of {ndim} axes")
    return tuple([a % ndim for a in axes])


def _axis(axis: Axis) -> Any:
    return tuple(axis) if isinstance(axis, list) else axis


def _sum_type(x: Value) -> Any:
    """Return the type of sums: int32 for booleans and small integers, as in Keras; otherwise the array's own."""
    if x.dtype.kind in "fc" or x.dtype.itemsize >= 4:
        return x.dtype
    return np.dtype(np.uint32 if x.dtype.kind == "u" else np.int32)


@op(x=("g", lambda g, y, x, axis, keepdims: g), align=keep_axes)
def sum(x: Value, axis: Axis = None, keepdims: bool = False) -> Value:
    """The sum."""
    return _add(x, axis=_axis(axis), dtype=_sum_type(x), keepdims=keepdims)


@op(x=("g * y.size / x.size", lambda g, y, x, axis, keepdims: g * (y.size / x.size)), align=keep_axes, floats=True)
def mean(x: Value, axis: Axis = None, keepdims: bool = False) -> Value:
    """The mean; NaN of nothing."""
    total = _add(x, axis=_axis(axis), keepdims=keepdims)
    count = x.size // total.size if total.size else 1
    return total / count if count else total * np.nan


@op(x=("g * y / x", lambda g, y, x, axis, keepdims, dtype: g * _others(x, y, axis)), align=keep_axes)
def prod(x: Value, axis: Axis = None, keepdims: bool = False, dtype: Any = None) -> Value:
    """The product. (Its rule also holds where a factor is 0: `y / x` is the product of the other factors.)"""
    return _multiply(x, axis=_axis(axis), dtype=dtype or _sum_type(x), keepdims=keepdims)


def _others(x: Value, y: Value, axis: Axis) -> Value:
    """Return for each factor the product of the others: `y / x`, worked out one by one if a factor is 0."""
    if np.all(np.asarray(x) != 0):
        return y / x
    axes = axes_of(axis, x.ndim)
    order = (*(a for a in range(x.ndim) if a not in axes), *axes)
    moved = transpose(x, order)
    shape = moved.shape
    rows = reshape(moved, (*shape[: x.ndim - len(axes)], -1))
    one_left_out = select(np.eye(rows.shape[-1], dtype=bool), 1, expand_dims(rows, -2))
    return transpose(reshape(prod(one_left_out, -1), shape), tuple(np.argsort(order)))


@op(
    x=(
        "g * equal(x, y) / maximum(sum(equal(x, y), axis, True), 1)",
        lambda g, y, x, axis, keepdims, initial: g * _share(x, y, axis),
    ),
    align=keep_axes,
)
def max(x: Value, axis: Axis = None, keepdims: bool = False, initial: Any = None) -> Value:
    """The largest; equal ones share the derivative."""
    start = {} if initial is None else {"initial": initial}
    return _maximum(x, axis=_axis(axis), keepdims=keepdims, **start)


@op(
    x=(
        "g * equal(x, y) / maximum(sum(equal(x, y), axis, True), 1)",
        lambda g, y, x, axis, keepdims, initial: g * _share(x, y, axis),
    ),
    align=keep_axes,
)
def min(x: Value, axis: Axis = None, keepdims: bool = False, initial: Any = None) -> Value:
    """The smallest; equal ones share the derivative."""
    start = {} if initial is None else {"initial": initial}
    return _minimum(x, axis=_axis(axis), keepdims=keepdims, **start)


def _share(x: Value, y: Value, axis: Axis) -> Value:
    """Return each element's part in the extreme value `y`: 1, or 1/n where n elements are equal."""
    hits = np.equal(np.asarray(x), np.asarray(y)).astype(x.dtype)
    return hits / np.maximum(_add(hits, axis=_axis(axis), keepdims=True), 1)


@op(
    x=(
        "2 * g * (x - mean(x, axis, True)) * y.size / x.size",
        lambda g, y, x, axis, keepdims: g * (x - mean(x, axis, True)) * (2 * y.size / x.size),
    ),
    align=keep_axes,
    floats=True,
)
def var(x: Value, axis: Axis = None, keepdims: bool = False) -> Value:
    """The mean squared distance from the mean."""
    centred = x - mean.forward(x, axis, True)  # type: ignore[attr-defined]
    return mean.forward(centred * centred, axis, keepdims)  # type: ignore[attr-defined]


def std(x: Value, axis: Axis = None, keepdims: bool = False) -> Value:
    """The standard deviation: the root of `var`."""
    return sqrt(var(x, axis, keepdims))


@op(x=("g * exp(x - y)", lambda g, y, x, axis, keepdims: g * exp(x - y)), align=keep_axes, floats=True)
def logsumexp(x: Value, axis: Axis = None, keepdims: bool = False) -> Value:
    """`log(sum(exp(x)))` without overflow."""
    top = _maximum(x, axis=_axis(axis), keepdims=True)
    top = np.where(np.isfinite(top), top, 0)
    with np.errstate(divide="ignore"):  # where all are -inf
        total = np.log(_add(np.exp(x - top), axis=_axis(axis), keepdims=True)) + top
    return total if keepdims else total.reshape([n for a, n in enumerate(x.shape) if a not in axes_of(axis, x.ndim)])


@op("x")
def any(x: Value, axis: Axis = None, keepdims: bool = False) -> Value:
    """Whether one or more are true (not zero)."""
    return _logical_or(x, axis=_axis(axis), keepdims=keepdims)


@op("x")
def all(x: Value, axis: Axis = None, keepdims: bool = False) -> Value:
    """Whether all are true (not zero)."""
    return _logical_and(x, axis=_axis(axis), keepdims=keepdims)


@op("x")
def argmax(x: Value, axis: int | None = None, keepdims: bool = False) -> Value:
    """The index of the largest; the first of equal ones."""
    return np.asarray(np.argmax(x, axis, keepdims=keepdims), np.int32)


@op("x")
def argmin(x: Value, axis: int | None = None, keepdims: bool = False) -> Value:
    """The index of the smallest; the first of equal ones."""
    return np.asarray(np.argmin(x, axis, keepdims=keepdims), np.int32)


@op("x")
def count_nonzero(x: Value, axis: Axis = None) -> Value:
    """How many are not zero."""
    return np.asarray(np.count_nonzero(x, _axis(axis)), np.int32)


def amax(x: Value, axis: Axis = None, keepdims: bool = False) -> Value:
    """The same as `max`."""
    return max(x, axis, keepdims)


def amin(x: Value, axis: Axis = None, keepdims: bool = False) -> Value:
    """The same as `min`."""
    return min(x, axis, keepdims)
