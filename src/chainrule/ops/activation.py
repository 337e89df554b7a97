"""Activation functions, and the softmax family, in forms that neither overflow nor lose digits."""

from __future__ import annotations

import numpy as np

from chainrule._typing import Value
from chainrule.autodiff.op import op
from chainrule.ops.comparison import greater, greater_equal, logical_and, select
from chainrule.ops.elementwise import erfc, exp, tanh
from chainrule.ops.reductions import Axis, sum

__all__ = [
    "elu",
    "gelu",
    "hard_sigmoid",
    "leaky_relu",
    "log_sigmoid",
    "log_softmax",
    "relu",
    "relu6",
    "selu",
    "sigmoid",
    "silu",
    "softmax",
    "softplus",
    "softsign",
    "swish",
]


@op(x=("g * greater(x, 0)", lambda g, y, x: g * greater(x, 0)))
def relu(x: Value) -> Value:
    """`max(x, 0)`; its derivative at 0 is 0."""
    return np.maximum(x, 0)


@op(x=("g * logical_and(greater(x, 0), less(x, 6))", lambda g, y, x: g * logical_and(greater(x, 0), greater(6, x))))
def relu6(x: Value) -> Value:
    """`min(max(x, 0), 6)`; its derivative at 0 and 6 is 0."""
    return np.minimum(np.maximum(x, 0), 6)


@op(
    x=(
        "where(greater_equal(x, 0), g, g * negative_slope)",
        lambda g, y, x, negative_slope: select(greater_equal(x, 0), g, g * negative_slope),
    )
)
def leaky_relu(x: Value, negative_slope: float = 0.2) -> Value:
    """`x` if it is positive, else `negative_slope * x`; the derivative at 0 is 1."""
    return np.where(x >= 0, x, x * negative_slope)


@op(x=("g * y * (1 - y)", lambda g, y, x: g * y * (1 - y)), floats=True)
def sigmoid(x: Value) -> Value:
    """`1 / (1 + exp(-x))`"""
    e = np.exp(-np.abs(x))
    return np.where(x >= 0, 1, e) / (1 + e)


@op(x=("g * sigmoid(-x)", lambda g, y, x: g * sigmoid(-x)), floats=True)
def log_sigmoid(x: Value) -> Value:
    """`log(sigmoid(x))`"""
    return np.minimum(x, 0) - np.log1p(np.exp(-np.abs(x)))


@op(x=("g * sigmoid(x)", lambda g, y, x: g * sigmoid(x)), floats=True)
def softplus(x: Value) -> Value:
    """`log(1 + exp(x))`"""
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


@op(x=("g / (1 + abs(x)) ** 2", lambda g, y, x: g / (1 + abs(x)) ** 2), floats=True)
def softsign(x: Value) -> Value:
    """`x / (1 + |x|)`"""
    return x / (1 + np.abs(x))


@op(
    x=("g * where(greater(x, 0), 1, y + alpha)", lambda g, y, x, alpha: g * select(greater(x, 0), 1, y + alpha)),
    floats=True,
)
def elu(x: Value, alpha: float = 1.0) -> Value:
    """`x` if it is positive, else `alpha * (exp(x) - 1)`."""
    return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0)))


def selu(x: Value) -> Value:
    """`1.0507 * elu(x, 1.67326)`: keeps mean 0 and variance 1 (Klambauer et al. 2017)."""
    return elu(x, _SELU_ALPHA) * _SELU_SCALE


@op(
    x=(
        "g * (sigmoid(x) + y * (1 - sigmoid(x)))",
        lambda g, y, x: g * _silu_slope(y, sigmoid(x)),
    ),
    floats=True,
)
def silu(x: Value) -> Value:
    """`x * sigmoid(x)`, also called swish."""
    return x * sigmoid.forward(x)  # type: ignore[attr-defined]


def swish(x: Value) -> Value:
    """The same as `silu`."""
    return silu(x)


def _silu_slope(y: Value, s: Value) -> Value:
    return s + y * (1 - s)


def gelu(x: Value, approximate: bool = True) -> Value:
    """`x Φ(x)`, Φ the normal distribution; by default an approximation with `tanh` (Hendrycks & Gimpel 2016)."""
    if approximate:
        return 0.5 * x * (1 + tanh(_SQRT_2_BY_PI * (x + 0.044715 * x * x * x)))
    return 0.5 * x * erfc(-_SQRT_HALF * x)


def hard_sigmoid(x: Value) -> Value:
    """`relu6(x + 3) / 6`"""
    return relu6(x + 3.0) / 6.0


@op(
    x=("y * (g - sum(g * y, axis, True))", lambda g, y, x, axis: y * (g - sum(g * y, axis, True))),
    floats=True,
)
def softmax(x: Value, axis: Axis = -1) -> Value:
    """`exp(x) / sum(exp(x))` along an axis: positive numbers that add up to 1."""
    e = np.exp(x - np.max(x, axis, keepdims=True))
    return e / np.sum(e, axis, keepdims=True)


@op(
    x=("g - exp(y) * sum(g, axis, True)", lambda g, y, x, axis: g - exp(y) * sum(g, axis, True)),
    floats=True,
)
def log_softmax(x: Value, axis: Axis = -1) -> Value:
    """`log(softmax(x))`"""
    shifted = x - np.max(x, axis, keepdims=True)
    return shifted - np.log(np.sum(np.exp(shifted), axis, keepdims=True))


_SELU_ALPHA = 1.6732632423543772848170429916717
_SELU_SCALE = 1.0507009873554804934193349852946
_SQRT_HALF = float(np.sqrt(0.5))
_SQRT_2_BY_PI = float(np.sqrt(2 / np.pi))
