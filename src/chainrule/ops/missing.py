"""Reductions that leave out missing values (NaN). The result is NaN where all values are missing."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule._typing import Value
from chainrule.ops.arithmetic import divide, sqrt, square
from chainrule.ops.comparison import isnan, logical_not, select
from chainrule.ops.creation import as_floats, cast
from chainrule.ops.creation import dtype as dtype_of
from chainrule.ops.cumulative import cumprod, cumsum
from chainrule.ops.order import quantile_of_rows, rows_along
from chainrule.ops.reductions import Axis, all, argmax, argmin, max, min, prod, sum

__all__ = [
    "nanargmax",
    "nanargmin",
    "nancumprod",
    "nancumsum",
    "nanmax",
    "nanmean",
    "nanmedian",
    "nanmin",
    "nanpercentile",
    "nanprod",
    "nanquantile",
    "nanstd",
    "nansum",
    "nanvar",
]


def nansum(x: Value, axis: Axis = None, keepdims: bool = False) -> Value:
    """The sum; 0 if all are missing."""
    return sum(select(isnan(x), 0, x), axis, keepdims)


def nanmean(x: Value, axis: Axis = None, keepdims: bool = False) -> Value:
    """The mean."""
    x = as_floats(x)
    return divide(nansum(x, axis, keepdims), _count(x, axis, keepdims))


def nanvar(x: Value, axis: Axis = None, keepdims: bool = False) -> Value:
    """The mean squared distance from the mean."""
    x = as_floats(x)
    squares = square(select(isnan(x), 0, x - nanmean(x, axis, True)))
    return divide(sum(squares, axis, keepdims), _count(x, axis, keepdims))


def nanstd(x: Value, axis: Axis = None, keepdims: bool = False) -> Value:
    """The standard deviation."""
    return sqrt(nanvar(x, axis, keepdims))


def nanmax(x: Value, axis: Axis = None, keepdims: bool = False) -> Value:
    """The largest."""
    x = as_floats(x)
    return select(all(isnan(x), axis, keepdims), np.nan, max(select(isnan(x), -np.inf, x), axis, keepdims))


def nanmin(x: Value, axis: Axis = None, keepdims: bool = False) -> Value:
    """The smallest."""
    x = as_floats(x)
    return select(all(isnan(x), axis, keepdims), np.nan, min(select(isnan(x), np.inf, x), axis, keepdims))


def nanprod(x: Value, axis: Axis = None, keepdims: bool = False) -> Value:
    """The product; 1 if all are missing."""
    return prod(select(isnan(x), 1, x), axis, keepdims)


def nancumsum(x: Value, axis: int | None = None, dtype: Any = None) -> Value:
    """The running sum, missing values counting as 0."""
    return cumsum(select(isnan(x), 0, x), axis, dtype)


def nancumprod(x: Value, axis: int | None = None, dtype: Any = None) -> Value:
    """The running product, missing values counting as 1."""
    return cumprod(select(isnan(x), 1, x), axis, dtype)


def nanargmax(x: Value, axis: int | None = None, keepdims: bool = False) -> Value:
    """The index of the largest, -1 if all are missing."""
    x = as_floats(x)
    return select(all(isnan(x), axis, keepdims), -1, argmax(select(isnan(x), -np.inf, x), axis, keepdims))


def nanargmin(x: Value, axis: int | None = None, keepdims: bool = False) -> Value:
    """The index of the smallest, -1 if all are missing."""
    x = as_floats(x)
    return select(all(isnan(x), axis, keepdims), -1, argmin(select(isnan(x), np.inf, x), axis, keepdims))


def nanquantile(x: Value, q: Any, axis: Axis = None, method: str = "linear", keepdims: bool = False) -> Value:
    """The value below which the part `q` of those lies that are not missing: see `quantile`."""
    rows, shape = rows_along(x, axis, keepdims)
    counts = np.sum(~np.isnan(np.asarray(rows)), 0)
    return quantile_of_rows(rows, counts, q, method, shape)


def nanpercentile(x: Value, q: Any, axis: Axis = None, method: str = "linear", keepdims: bool = False) -> Value:
    """The value below which `q` percent of those lie that are not missing."""
    return nanquantile(x, np.asarray(q, np.float64) / 100, axis, method, keepdims)


def nanmedian(x: Value, axis: Axis = None, keepdims: bool = False) -> Value:
    """The middle one in order of those that are not missing, or the mean of the two in the middle."""
    return nanquantile(x, 0.5, axis, "midpoint", keepdims)


def _count(x: Value, axis: Axis, keepdims: bool) -> Value:
    """Return how many are not missing (NaN in place of 0, so that dividing by it is quiet)."""
    count = cast(sum(logical_not(isnan(x)), axis, keepdims), dtype_of(x))
    return select(count > 0, count, np.nan)
