"""Losses of margins: the prediction's sign is the class, its size the confidence."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule import ops
from chainrule._typing import TensorLike, Value
from chainrule.formulas import Facts, Formula, with_facts
from chainrule.losses.base import BuiltinLoss, pair
from chainrule.saving.serialization import public

__all__ = ["CategoricalHinge", "Hinge", "SquaredHinge", "categorical_hinge", "hinge", "squared_hinge"]

_NOTE = "y is −1 or 1; targets 0 and 1 are turned into these"


def signed_labels(y_true: Any) -> Any:
    """Return targets of -1 and 1; all 0 and 1 are turned into these, anything else is kept (as Keras does)."""
    values = np.asarray(y_true)
    return 2.0 * y_true - 1.0 if np.all((values == 0) | (values == 1)) else y_true


@public("keras.losses")
@with_facts(
    Facts(
        Formula("max(0, 1 - y * p)"),
        Formula("-y if 1 - y * p > 0 else 0"),
        title="hinge loss",
        argument="p",
        combine="mean",
        note=_NOTE,
    )
)
def hinge(y_true: TensorLike, y_pred: TensorLike) -> Value:
    """`mean(max(1 - y p, 0))` over the last axis, y -1 or 1 (0 and 1 are turned into these).

    >>> hinge([[1.0], [0.0]], [[0.2], [-3.0]])
    Tensor([0.8, 0. ], dtype=float32)
    """
    y, p = pair(y_true, y_pred, "hinge")
    return ops.mean(ops.maximum(1.0 - signed_labels(y) * p, 0.0), axis=-1)


@public("keras.losses")
@with_facts(
    Facts(
        Formula("max(0, 1 - y * p)**2"),
        Formula("-2 * y * (1 - y * p) if 1 - y * p > 0 else 0"),
        title="squared hinge loss",
        argument="p",
        combine="mean",
        note=_NOTE,
    )
)
def squared_hinge(y_true: TensorLike, y_pred: TensorLike) -> Value:
    """`mean(max(1 - y p, 0)²)` over the last axis, y -1 or 1 (0 and 1 are turned into these)."""
    y, p = pair(y_true, y_pred, "squared_hinge")
    return ops.mean(ops.square(ops.maximum(1.0 - signed_labels(y) * p, 0.0)), axis=-1)


@public("keras.losses")
@with_facts(
    Facts(
        Formula("max(0, m - s + 1)"),
        Formula("(i == w) * (1 - y[i]) - y[i] if m - s + 1 > 0 else 0"),
        title="categorical hinge loss",
        argument="p",
        vector=True,
        where={
            "s": Formula("sum(y[k] * p[k] for k in K)"),
            "m": Formula("max((1 - y[k]) * p[k] for k in K)"),
            "w": Formula("max(K, key=lambda k: (1 - y[k]) * p[k])"),
        },
        note="s is the prediction for the true class, m the largest of (1 − yₖ)pₖ, at class w",
    )
)
def categorical_hinge(y_true: TensorLike, y_pred: TensorLike) -> Value:
    """`max(m - s + 1, 0)`: s the prediction for the true class, m the largest of the others."""
    y, p = pair(y_true, y_pred, "categorical_hinge")
    right = ops.sum(y * p, axis=-1)
    wrong = ops.max((1.0 - y) * p, axis=-1)
    return ops.maximum(wrong - right + 1.0, 0.0)


# -- classes ----------------------------------------------------------------------------------------------------------


@public("keras.losses")
class Hinge(BuiltinLoss):
    """`mean(max(1 - y p, 0))`, y -1 or 1."""

    function = hinge

    def __init__(self, reduction: str | None = "sum_over_batch_size", name: str = "hinge", dtype: Any = None) -> None:
        super().__init__(name, reduction, dtype)


@public("keras.losses")
class SquaredHinge(BuiltinLoss):
    """`mean(max(1 - y p, 0)²)`, y -1 or 1."""

    function = squared_hinge

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str = "squared_hinge", dtype: Any = None
    ) -> None:
        super().__init__(name, reduction, dtype)


@public("keras.losses")
class CategoricalHinge(BuiltinLoss):
    """`max(m - s + 1, 0)`: s the prediction for the true class, m the largest of the others."""

    function = categorical_hinge

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str = "categorical_hinge", dtype: Any = None
    ) -> None:
        super().__init__(name, reduction, dtype)
