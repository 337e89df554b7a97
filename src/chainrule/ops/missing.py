"""Reductions that leave out missing values (NaN). The result is NaN where all values are missing."""

from __future__ import annotations

import numpy as np

from chainrule._typing import Value
from chainrule.ops.arithmetic import divide, sqrt, square
from chainrule.ops.comparison import isnan, logical_not, select
from chainrule.ops.creation import as_floats, cast
from chainrule.ops.creation import dtype as dtype_of
from chainrule.ops.reductions import Axis, all, max, min, sum

__all__ = ["nanmax", "nanmean", "nanmin", "nanstd", "nansum", "nanvar"]


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


def _count(x: Value, axis: Axis, keepdims: bool) -> Value:
    """Return how many are not missing (NaN in place of 0, so that dividing by it is quiet)."""
    count = cast(sum(logical_not(isnan(x)), axis, keepdims), dtype_of(x))
    return select(count > 0, count, np.nan)
