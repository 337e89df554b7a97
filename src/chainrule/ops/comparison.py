"""Comparisons and logic. Their results are true or false, so only `where`'s choices have a derivative."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule._typing import Value
from chainrule.autodiff.op import op

__all__ = [
    "equal",
    "greater",
    "greater_equal",
    "isclose",
    "isfinite",
    "isinf",
    "isnan",
    "less",
    "less_equal",
    "logical_and",
    "logical_not",
    "logical_or",
    "logical_xor",
    "nonzero",
    "not_equal",
    "where",
]


@op(
    "condition",
    "x1",
    "x2",
    x1=("where(condition, g, 0)", lambda g, y, condition, x1, x2: select(condition, g, 0)),
    x2=("where(condition, 0, g)", lambda g, y, condition, x1, x2: select(condition, 0, g)),
    broadcasts=True,
)
def select(condition: Value, x1: Value, x2: Value) -> Value:
    """`x1` where the condition holds, else `x2`."""
    return np.where(condition, x1, x2)


def where(condition: Value, x1: Value = None, x2: Value = None) -> Value:
    """Return `x1` where the condition holds, else `x2`; with the condition alone, the indices where it holds.

    >>> import chainrule as cr
    >>> cr.ops.where([True, False], [1.0, 2.0], 0.0)
    array([1., 0.], dtype=float32)
    """
    if x1 is None and x2 is None:
        return nonzero(condition)
    if x1 is None or x2 is None:
        raise ValueError("ops.where needs both x1 and x2, or neither.")
    return select(condition, x1, x2)


def nonzero(x: Value) -> tuple[Any, ...]:
    """Return the indices of the elements that are not zero, one int32 array for each axis."""
    from chainrule.ops.creation import convert_to_numpy

    return tuple(i.astype(np.int32) for i in np.nonzero(np.atleast_1d(convert_to_numpy(x))))


@op("x1", "x2", broadcasts=True)
def equal(x1: Value, x2: Value) -> Value:
    """`x1 == x2`, element by element."""
    return np.equal(x1, x2)


@op("x1", "x2", broadcasts=True)
def not_equal(x1: Value, x2: Value) -> Value:
    """`x1 != x2`, element by element."""
    return np.not_equal(x1, x2)


@op("x1", "x2", broadcasts=True)
def greater(x1: Value, x2: Value) -> Value:
    """`x1 > x2`, element by element."""
    return np.greater(x1, x2)


@op("x1", "x2", broadcasts=True)
def greater_equal(x1: Value, x2: Value) -> Value:
    """`x1 >= x2`, element by element."""
    return np.greater_equal(x1, x2)


@op("x1", "x2", broadcasts=True)
def less(x1: Value, x2: Value) -> Value:
    """`x1 < x2`, element by element."""
    return np.less(x1, x2)


@op("x1", "x2", broadcasts=True)
def less_equal(x1: Value, x2: Value) -> Value:
    """`x1 <= x2`, element by element."""
    return np.less_equal(x1, x2)


@op("x1", "x2", broadcasts=True)
def logical_and(x1: Value, x2: Value) -> Value:
    """Whether both are true (not zero)."""
    return np.logical_and(x1, x2)


@op("x1", "x2", broadcasts=True)
def logical_or(x1: Value, x2: Value) -> Value:
    """Whether one or both are true (not zero)."""
    return np.logical_or(x1, x2)


@op("x1", "x2", broadcasts=True)
def logical_xor(x1: Value, x2: Value) -> Value:
    """Whether exactly one is true (not zero)."""
    return np.logical_xor(x1, x2)


@op("x")
def logical_not(x: Value) -> Value:
    """Whether it is false (zero)."""
    return np.logical_not(x)


@op("x")
def isnan(x: Value) -> Value:
    """Whether it is not a number."""
    return np.isnan(x)


@op("x")
def isfinite(x: Value) -> Value:
    """Whether it is a number and not infinite."""
    return np.isfinite(x)


@op("x")
def isinf(x: Value) -> Value:
    """Whether it is plus or minus infinity."""
    return np.isinf(x)


@op("x1", "x2", broadcasts=True)
def isclose(x1: Value, x2: Value, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> Value:
    """Whether `|x1 - x2| <= atol + rtol * |x2|`."""
    return np.isclose(x1, x2, rtol, atol, equal_nan)
