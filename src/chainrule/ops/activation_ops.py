"""Further activation functions of `keras.ops`: piecewise ones, gates, and sparsemax."""

from __future__ import annotations

import numpy as np

from chainrule._typing import Value
from chainrule.autodiff.op import op
from chainrule.ops.activation import sigmoid, softplus
from chainrule.ops.arithmetic import abs, divide
from chainrule.ops.comparison import greater, greater_equal, less, less_equal, logical_and, select
from chainrule.ops.elementwise import exp, tanh
from chainrule.ops.reductions import sum
from chainrule.ops.shapes import split

__all__ = [
    "celu",
    "glu",
    "hard_shrink",
    "hard_silu",
    "hard_swish",
    "hard_tanh",
    "mish",
    "soft_shrink",
    "sparse_plus",
    "sparse_sigmoid",
    "sparsemax",
    "squareplus",
    "tanh_shrink",
    "threshold",
]


@op(
    x=(
        "g * where(greater(x, 0), 1, exp(x / alpha))",
        lambda g, y, x, alpha: g * select(greater(x, 0), 1, exp(select(greater(x, 0), 0, x) / alpha)),
    ),
    floats=True,
)
def celu(x: Value, alpha: float = 1.0) -> Value:
    """`x` if it is positive, else `alpha * (exp(x / alpha) - 1)`."""
    return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0) / alpha))


@op(
    x=(
        "g * (tanh(softplus(x)) + x * (1 - tanh(softplus(x)) ** 2) * sigmoid(x))",
        lambda g, y, x: g * _mish_slope(x),
    ),
    floats=True,
)
def mish(x: Value) -> Value:
    """`x * tanh(softplus(x))` (Misra 2019)."""
    return x * _tanh_softplus(x)


def _tanh_softplus(x: Value) -> Value:
    """`tanh(log(1 + e)) = e (e + 2) / (e (e + 2) + 2)` with `e = exp(x)`, without overflow."""
    e = np.exp(np.minimum(x, 20.0))
    return e * (e + 2) / (e * (e + 2) + 2)


def _mish_slope(x: Value) -> Value:
    t = tanh(softplus(x))
    return t + x * (1 - t * t) * sigmoid(x)


@op(
    x=("g * (1 + x / sqrt(x**2 + b)) / 2", lambda g, y, x, b: g * divide(y, (x * x + b) ** 0.5)),
    floats=True,
)
def squareplus(x: Value, b: float = 4) -> Value:
    """`(x + √(x² + b)) / 2`, a smooth relu without exponentials (Barron 2021)."""
    root = np.sqrt(x * x + b)
    return np.where(x >= 0, (x + root) / 2, b / (2 * (root - x)))


@op(x=("g * tanh(x)**2", lambda g, y, x: g * tanh(x) ** 2), floats=True)
def tanh_shrink(x: Value) -> Value:
    """`x - tanh(x)`"""
    return x - np.tanh(x)


@op(x=("g * logical_and(greater(x, -1), less(x, 1))", lambda g, y, x: g * _between(x, -1, 1)), floats=True)
def hard_tanh(x: Value) -> Value:
    """`max(-1, min(1, x))`; its derivative at -1 and 1 is 0."""
    return np.clip(x, -1, 1)


def _between(x: Value, low: float, high: float) -> Value:
    return logical_and(greater(x, low), less(x, high))


@op(
    x=(
        "g * where(less_equal(x, -3), 0, where(greater_equal(x, 3), 1, (2 * x + 3) / 6))",
        lambda g, y, x: g * select(less_equal(x, -3), 0, select(greater_equal(x, 3), 1, (2 * x + 3) / 6)),
    ),
    floats=True,
)
def hard_silu(x: Value) -> Value:
    """`x * relu6(x + 3) / 6`, also called hard swish (Howard et al. 2019)."""
    return x * (np.clip(x + 3, 0, 6) / 6)


hard_swish = hard_silu


@op(
    x=("g * greater(abs(x), threshold)", lambda g, y, x, threshold: g * greater(abs(x), threshold)),
    floats=True,
)
def hard_shrink(x: Value, threshold: float = 0.5) -> Value:
    """`x` where it is further than `threshold` from 0, else 0."""
    return np.where(np.abs(x) > threshold, x, 0)


@op(
    x=("g * greater(abs(x), threshold)", lambda g, y, x, threshold: g * greater(abs(x), threshold)),
    floats=True,
)
def soft_shrink(x: Value, threshold: float = 0.5) -> Value:
    """`x` moved towards 0 by `threshold`, and 0 if it would pass it."""
    return np.where(x > threshold, x - threshold, np.where(x < -threshold, x + threshold, 0))


@op(
    x=("g * greater(x, threshold)", lambda g, y, x, threshold, default_value: g * greater(x, threshold)),
    floats=True,
)
def threshold(x: Value, threshold: float, default_value: float) -> Value:
    """`x` where it is above `threshold`, else `default_value`."""
    return np.where(x > threshold, x, default_value)


@op(
    x=(
        "g * where(less_equal(x, -1), 0, where(greater_equal(x, 1), 1, (x + 1) / 2))",
        lambda g, y, x: g * select(less_equal(x, -1), 0, select(greater_equal(x, 1), 1, (x + 1) / 2)),
    ),
    floats=True,
)
def sparse_plus(x: Value) -> Value:
    """`(x + 1)² / 4` between -1 and 1, 0 below, `x` above."""
    return np.where(x <= -1, 0, np.where(x >= 1, x, (x + 1) ** 2 / 4))


@op(x=("g * logical_and(greater(x, -1), less(x, 1)) / 2", lambda g, y, x: g * _between(x, -1, 1) / 2), floats=True)
def sparse_sigmoid(x: Value) -> Value:
    """`(x + 1) / 2` between -1 and 1, 0 below, 1 above."""
    return np.clip((x + 1) / 2, 0, 1)


@op(
    x=(
        "greater(y, 0) * (g - sum(g * greater(y, 0), axis, True) / sum(greater(y, 0), axis, True))",
        lambda g, y, x, axis: _sparsemax_pull(g, y, axis),
    ),
    floats=True,
)
def sparsemax(x: Value, axis: int = -1) -> Value:
    """`max(x - tau, 0)` with the tau that makes them add up to 1 (Martins & Astudillo 2016)."""
    ordered = -np.sort(-x, axis=axis)
    count = np.arange(1, x.shape[axis] + 1, dtype=x.dtype).reshape(
        [-1 if i == axis % x.ndim else 1 for i in range(x.ndim)]
    )
    # tau is the largest of (sum of the n largest - 1) / n
    tau = np.max((np.cumsum(ordered, axis=axis) - 1) / count, axis=axis, keepdims=True)
    return np.maximum(x - tau, 0)


def _sparsemax_pull(g: Value, y: Value, axis: int) -> Value:
    support = greater(y, 0)
    return support * (g - divide(sum(g * support, axis, True), sum(support, axis, True)))


def glu(x: Value, axis: int = -1) -> Value:
    """`a * sigmoid(b)`, a and b the two halves along the axis (Dauphin et al. 2016)."""
    a, b = split(x, 2, axis)
    return a * sigmoid(b)
