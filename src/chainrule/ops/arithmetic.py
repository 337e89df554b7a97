"""Arithmetic: `+ - * / // % **`, roots, and the larger or smaller of two numbers.

One row each: the derivative rules (sentence, rule) above, the forward pass below; `g` is the gradient of the result.
"""

from __future__ import annotations

import numpy as np

from chainrule._typing import Value
from chainrule.autodiff.op import op
from chainrule.ops.comparison import equal, where
from chainrule.ops.elementwise import exp, log

__all__ = [
    "abs",
    "absolute",
    "add",
    "arctan2",
    "clip",
    "divide",
    "floor_divide",
    "fmod",
    "hypot",
    "logaddexp",
    "maximum",
    "minimum",
    "mod",
    "multiply",
    "negative",
    "power",
    "reciprocal",
    "rsqrt",
    "sign",
    "sqrt",
    "square",
    "subtract",
    "true_divide",
    "wins",
]


@op(x1=("g", lambda g, y, x1, x2: g), x2=("g", lambda g, y, x1, x2: g), broadcasts=True)
def add(x1: Value, x2: Value) -> Value:
    """`x1 + x2`"""
    return np.add(x1, x2)


@op(x1=("g", lambda g, y, x1, x2: g), x2=("-g", lambda g, y, x1, x2: -g), broadcasts=True)
def subtract(x1: Value, x2: Value) -> Value:
    """`x1 - x2`"""
    return np.subtract(x1, x2)


@op(
    x1=("g * x2", lambda g, y, x1, x2: g * x2),
    x2=("g * x1", lambda g, y, x1, x2: g * x1),
    broadcasts=True,
)
def multiply(x1: Value, x2: Value) -> Value:
    """`x1 * x2`"""
    return np.multiply(x1, x2)


@op(
    x1=("g / x2", lambda g, y, x1, x2: g / x2),
    x2=("-g * y / x2", lambda g, y, x1, x2: -g * y / x2),
    broadcasts=True,
    floats=True,
)
def divide(x1: Value, x2: Value) -> Value:
    """`x1 / x2`; integers are divided as floats."""
    return np.divide(x1, x2)


def true_divide(x1: Value, x2: Value) -> Value:
    """The same as `divide`."""
    return divide(x1, x2)


@op("x1", "x2", broadcasts=True)
def floor_divide(x1: Value, x2: Value) -> Value:
    """`x1 // x2`, rounded down."""
    return np.floor_divide(*_numbers(x1, x2))


@op(
    x1=("g", lambda g, y, x1, x2: g),
    x2=("-g * floor(x1 / x2)", lambda g, y, x1, x2: -g * floor_divide(x1, x2)),
    broadcasts=True,
)
def mod(x1: Value, x2: Value) -> Value:
    """The remainder of `x1 / x2` with the sign of `x2`."""
    return np.mod(*_numbers(x1, x2))


@op(
    x1=("g", lambda g, y, x1, x2: g),
    x2=("-g * (x1 - y) / x2", lambda g, y, x1, x2: -g * (x1 - y) / x2),
    broadcasts=True,
)
def fmod(x1: Value, x2: Value) -> Value:
    """The remainder of `x1 / x2` with the sign of `x1`."""
    return np.fmod(*_numbers(x1, x2))


@op(
    x1=(
        "g * x2 * power(x1, where(equal(x2, 0), 1, x2 - 1))",
        lambda g, y, x1, x2: g * x2 * power(x1, _exponent_less_one(x2)),
    ),
    x2=(
        "g * y * log(where(equal(x1, 0), 1, x1))",
        lambda g, y, x1, x2: g * y * log(where(equal(x1, 0), 1, x1)),
    ),
    broadcasts=True,
)
def power(x1: Value, x2: Value) -> Value:
    """`x1 ** x2`"""
    if isinstance(x1, np.ndarray) and not isinstance(x2, np.ndarray) and x1.dtype.kind != "b":
        return x1**x2  # NumPy squares and takes roots where it can
    return np.power(*_numbers(x1, x2))


def _numbers(*values: Value) -> list[Value]:
    """Return integers in place of booleans, if there is nothing else."""
    if all(isinstance(v, bool) or getattr(v, "dtype", None) == np.bool_ for v in values):
        return [np.asarray(v, np.int32) for v in values]
    return list(values)


def _exponent_less_one(x2: Value) -> Value:
    if isinstance(x2, int | float):
        return x2 - 1 if x2 else 1
    return where(equal(x2, 0), 1, x2 - 1)


@op(x=("-g", lambda g, y, x: -g))
def negative(x: Value) -> Value:
    """`-x`"""
    return np.negative(x)


@op(x=("2 * g * x", lambda g, y, x: 2 * g * x))
def square(x: Value) -> Value:
    """`x²`"""
    return np.multiply(x, x) if x.dtype.kind != "b" else x.astype(np.int32)


@op(x=("g / (2 * y)", lambda g, y, x: g / (2 * y)), floats=True)
def sqrt(x: Value) -> Value:
    """`√x`"""
    return np.sqrt(x)


@op(x=("-g * y * y * y / 2", lambda g, y, x: -g * y * y * y / 2), floats=True)
def rsqrt(x: Value) -> Value:
    """`1 / √x`"""
    return 1 / np.sqrt(x)


@op(x=("-g * y * y", lambda g, y, x: -g * y * y), floats=True)
def reciprocal(x: Value) -> Value:
    """`1 / x`"""
    return np.reciprocal(x)


@op(x=("g * sign(x)", lambda g, y, x: g * sign(x)))
def abs(x: Value) -> Value:
    """`|x|`; its derivative at 0 is 0."""
    return np.abs(x)


def absolute(x: Value) -> Value:
    """The same as `abs`."""
    return abs(x)


@op("x")
def sign(x: Value) -> Value:
    """-1, 0 or 1."""
    return np.sign(x)


@op(
    x1=("g * wins(x1, x2)", lambda g, y, x1, x2: g * wins(x1, x2)),
    x2=("g * wins(x2, x1)", lambda g, y, x1, x2: g * wins(x2, x1)),
    broadcasts=True,
)
def maximum(x1: Value, x2: Value) -> Value:
    """The larger of two numbers; equal ones share the derivative, half each."""
    return np.maximum(x1, x2)


@op(
    x1=("g * wins(x2, x1)", lambda g, y, x1, x2: g * wins(x2, x1)),
    x2=("g * wins(x1, x2)", lambda g, y, x1, x2: g * wins(x1, x2)),
    broadcasts=True,
)
def minimum(x1: Value, x2: Value) -> Value:
    """The smaller of two numbers; equal ones share the derivative, half each."""
    return np.minimum(x1, x2)


@op("x1", "x2", broadcasts=True, floats=True)
def wins(x1: Value, x2: Value) -> Value:
    """1 where `x1 > x2`, a half where they are equal, else 0: the derivative of `maximum`."""
    return np.add(np.greater(x1, x2), np.greater_equal(x1, x2), dtype=np.result_type(x1, x2)) * 0.5


@op(
    x=(
        "g * wins(x, x_min) * wins(x_max, maximum(x, x_min))",
        lambda g, y, x, x_min, x_max: g * _inside(x, x_min, x_max),
    ),
    x_min=(
        "g * wins(x_min, x) * wins(x_max, maximum(x, x_min))",
        lambda g, y, x, x_min, x_max: g * wins(x_min, x) * wins(x_max, maximum(x, x_min)),
    ),
    x_max=("g * wins(maximum(x, x_min), x_max)", lambda g, y, x, x_min, x_max: g * wins(maximum(x, x_min), x_max)),
    broadcasts=True,
)
def clip(x: Value, x_min: Value, x_max: Value) -> Value:
    """`minimum(maximum(x, x_min), x_max)`: derivative 1 inside, 0 outside, a half on the bounds (as Keras on JAX)."""
    return np.minimum(np.maximum(x, x_min), x_max)


def _inside(x: Value, x_min: Value, x_max: Value) -> Value:
    return wins(x, x_min) * wins(x_max, maximum(x, x_min))


@op(
    x1=("g * exp(x1 - y)", lambda g, y, x1, x2: g * exp(x1 - y)),
    x2=("g * exp(x2 - y)", lambda g, y, x1, x2: g * exp(x2 - y)),
    broadcasts=True,
    floats=True,
)
def logaddexp(x1: Value, x2: Value) -> Value:
    """`log(exp(x1) + exp(x2))` without overflow."""
    return np.logaddexp(x1, x2)


@op(
    x1=("g * x1 / y", lambda g, y, x1, x2: g * x1 / y),
    x2=("g * x2 / y", lambda g, y, x1, x2: g * x2 / y),
    broadcasts=True,
    floats=True,
)
def hypot(x1: Value, x2: Value) -> Value:
    """`√(x1² + x2²)`"""
    return np.hypot(x1, x2)


@op(
    x1=("g * x2 / (x1 * x1 + x2 * x2)", lambda g, y, x1, x2: g * x2 / (x1 * x1 + x2 * x2)),
    x2=("-g * x1 / (x1 * x1 + x2 * x2)", lambda g, y, x1, x2: -g * x1 / (x1 * x1 + x2 * x2)),
    broadcasts=True,
    floats=True,
)
def arctan2(x1: Value, x2: Value) -> Value:
    """The angle of the point `(x2, x1)`."""
    return np.arctan2(x1, x2)
