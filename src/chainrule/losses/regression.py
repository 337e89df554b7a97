"""Losses of numbers: squared, absolute, relative, logarithmic errors and their relatives."""

from __future__ import annotations

import math
from typing import Any

from chainrule import config, ops
from chainrule._typing import TensorLike, Value
from chainrule.formulas import Facts, Formula, with_facts
from chainrule.losses.base import BuiltinLoss, pair
from chainrule.saving.serialization import public

__all__ = [
    "Huber",
    "LogCosh",
    "MeanAbsoluteError",
    "MeanAbsolutePercentageError",
    "MeanSquaredError",
    "MeanSquaredLogarithmicError",
    "Poisson",
    "huber",
    "log_cosh",
    "mean_absolute_error",
    "mean_absolute_percentage_error",
    "mean_squared_error",
    "mean_squared_logarithmic_error",
    "poisson",
]


def _facts(title: str, formula: str, derivative: str, **more: Any) -> Facts:
    return Facts(Formula(formula), Formula(derivative), title=title, argument="p", combine="mean", **more)


@public("keras.losses")
@with_facts(_facts("squared error", "(y - p)**2", "-2 * (y - p)"))
def mean_squared_error(y_true: TensorLike, y_pred: TensorLike) -> Value:
    """`mean((y - p)²)` over the last axis.

    >>> mean_squared_error([[0.0, 1.0]], [[1.0, 3.0]])
    Tensor([2.5], dtype=float32)
    """
    y, p = pair(y_true, y_pred, "mean_squared_error")
    return ops.mean(ops.square(y - p), axis=-1)


@public("keras.losses")
@with_facts(_facts("absolute error", "abs(y - p)", "1 if p > y else -1 if p < y else 0"))
def mean_absolute_error(y_true: TensorLike, y_pred: TensorLike) -> Value:
    """`mean(|y - p|)` over the last axis."""
    y, p = pair(y_true, y_pred, "mean_absolute_error")
    return ops.mean(ops.abs(y - p), axis=-1)


@public("keras.losses")
@with_facts(
    lambda: _facts(
        "absolute percentage error",
        "100 * abs(y - p) / m",
        "100 / m if p > y else -100 / m if p < y else 0",
        where={"m": Formula("max(abs(y), epsilon)")},
        constants={"epsilon": config.epsilon()},
        display={"m": "|y|"},
        note="|y| is at least ε",
    )
)
def mean_absolute_percentage_error(y_true: TensorLike, y_pred: TensorLike) -> Value:
    """`100 * mean(|y - p| / |y|)` over the last axis; |y| counts as at least epsilon."""
    y, p = pair(y_true, y_pred, "mean_absolute_percentage_error")
    relative = ops.abs((y - p) / ops.maximum(ops.abs(y), config.epsilon()))
    return 100.0 * ops.mean(relative, axis=-1)


@public("keras.losses")
@with_facts(
    lambda: _facts(
        "squared logarithmic error",
        "(log(t + 1) - log(q + 1))**2",
        "-2 * (log(t + 1) - log(q + 1)) / (q + 1)",
        where={"t": Formula("max(y, epsilon)"), "q": Formula("max(p, epsilon)")},
        constants={"epsilon": config.epsilon()},
        inside=Formula("p > epsilon"),
        display={"t": "y", "q": "p"},
        note="y and p are at least ε",
    )
)
def mean_squared_logarithmic_error(y_true: TensorLike, y_pred: TensorLike) -> Value:
    """`mean((log(y + 1) - log(p + 1))²)` over the last axis; y and p count as at least epsilon."""
    y, p = pair(y_true, y_pred, "mean_squared_logarithmic_error")
    log_pred = ops.log(ops.maximum(p, config.epsilon()) + 1.0)
    log_true = ops.log(ops.maximum(y, config.epsilon()) + 1.0)
    return ops.mean(ops.square(log_pred - log_true), axis=-1)


@public("keras.losses")
@with_facts(
    _facts(
        "Huber loss",
        "0.5 * (y - p)**2 if abs(y - p) <= delta else delta * abs(y - p) - 0.5 * delta**2",
        "p - y if abs(y - p) <= delta else delta if p > y else -delta",
        constants={"delta": "delta"},
    )
)
def huber(y_true: TensorLike, y_pred: TensorLike, delta: float = 1.0) -> Value:
    """Half the squared error up to |y - p| = delta, linear beyond; mean over the last axis (Huber 1964)."""
    y, p = pair(y_true, y_pred, "huber")
    error = p - y
    size = ops.abs(error)
    near, far = 0.5 * ops.square(error), delta * size - 0.5 * delta * delta
    return ops.mean(ops.where(ops.less_equal(size, delta), near, far), axis=-1)


@public("keras.losses")
@with_facts(_facts("logarithm of the hyperbolic cosine", "log(cosh(p - y))", "tanh(p - y)"))
def log_cosh(y_true: TensorLike, y_pred: TensorLike) -> Value:
    """`mean(log(cosh(p - y)))` over the last axis: half the squared error near 0, the absolute error far off."""
    y, p = pair(y_true, y_pred, "log_cosh")
    error = p - y
    return ops.mean(error + ops.softplus(error * -2.0) - math.log(2.0), axis=-1)


@public("keras.losses")
@with_facts(
    lambda: _facts(
        "Poisson loss",
        "p - y * log(p + epsilon)",
        "1 - y / (p + epsilon)",
        constants={"epsilon": config.epsilon()},
    )
)
def poisson(y_true: TensorLike, y_pred: TensorLike) -> Value:
    """`mean(p - y log(p + epsilon))` over the last axis: of counts y with expected value p."""
    y, p = pair(y_true, y_pred, "poisson")
    return ops.mean(p - y * ops.log(p + config.epsilon()), axis=-1)


# -- classes ----------------------------------------------------------------------------------------------------------


@public("keras.losses")
class MeanSquaredError(BuiltinLoss):
    """`mean((y - p)²)`; without a half, so the derivative of one output is -2(y - p).

    >>> float(MeanSquaredError()([[0.0], [1.0]], [[1.0], [1.0]], sample_weight=[1.0, 3.0]))
    0.5
    """

    function = mean_squared_error

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str = "mean_squared_error", dtype: Any = None
    ) -> None:
        super().__init__(name, reduction, dtype)


@public("keras.losses")
class MeanAbsoluteError(BuiltinLoss):
    """`mean(|y - p|)`."""

    function = mean_absolute_error

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str = "mean_absolute_error", dtype: Any = None
    ) -> None:
        super().__init__(name, reduction, dtype)


@public("keras.losses")
class MeanAbsolutePercentageError(BuiltinLoss):
    """`100 * mean(|y - p| / |y|)`."""

    function = mean_absolute_percentage_error

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "mean_absolute_percentage_error",
        dtype: Any = None,
    ) -> None:
        super().__init__(name, reduction, dtype)


@public("keras.losses")
class MeanSquaredLogarithmicError(BuiltinLoss):
    """`mean((log(y + 1) - log(p + 1))²)`."""

    function = mean_squared_logarithmic_error

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "mean_squared_logarithmic_error",
        dtype: Any = None,
    ) -> None:
        super().__init__(name, reduction, dtype)


@public("keras.losses")
class Huber(BuiltinLoss):
    """Half the squared error near 0, linear beyond `delta`. (Keras does not save `delta`; here it is saved.)"""

    function = huber

    def __init__(
        self,
        delta: float = 1.0,
        reduction: str | None = "sum_over_batch_size",
        name: str = "huber_loss",
        dtype: Any = None,
    ) -> None:
        super().__init__(name, reduction, dtype, delta=delta)


@public("keras.losses")
class LogCosh(BuiltinLoss):
    """`mean(log(cosh(p - y)))`."""

    function = log_cosh

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str = "log_cosh", dtype: Any = None
    ) -> None:
        super().__init__(name, reduction, dtype)


@public("keras.losses")
class Poisson(BuiltinLoss):
    """`mean(p - y log(p + epsilon))`."""

    function = poisson

    def __init__(self, reduction: str | None = "sum_over_batch_size", name: str = "poisson", dtype: Any = None) -> None:
        super().__init__(name, reduction, dtype)
