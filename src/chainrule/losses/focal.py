"""Focal crossentropies: observations that are right already count less (Lin et al. 2017)."""

from __future__ import annotations

from typing import Any

from chainrule import config, ops
from chainrule._typing import TensorLike, Value
from chainrule.formulas import with_facts
from chainrule.losses import classification_facts as facts
from chainrule.losses.base import BuiltinLoss, pair
from chainrule.losses.classification import check_classes, smooth_binary, smooth_categorical
from chainrule.saving.serialization import public

__all__ = [
    "BinaryFocalCrossentropy",
    "CategoricalFocalCrossentropy",
    "binary_focal_crossentropy",
    "categorical_focal_crossentropy",
]


@public("keras.losses")
@with_facts(facts.binary_focal_crossentropy)
def binary_focal_crossentropy(
    y_true: TensorLike,
    y_pred: TensorLike,
    apply_class_balancing: bool = False,
    alpha: float = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Value:
    """`mean((1 - p_t)**gamma * binary_crossentropy)` over `axis`, p_t the probability given to the true class.

    Args:
        y_true: 0, 1, or between.
        y_pred: probabilities, or h with `from_logits`.
        apply_class_balancing: weigh class 1 by `alpha` and class 0 by `1 - alpha`.
        alpha: see there.
        gamma: how much less easy observations count; 0 gives the plain crossentropy.
        from_logits, label_smoothing, axis: as in `binary_crossentropy`.
    """
    y, p = pair(y_true, y_pred, "binary_focal_crossentropy")
    y = smooth_binary(y, label_smoothing)
    if from_logits:
        p = ops.sigmoid(p)
    losses = ops.binary_crossentropy(y, p, from_logits=False)
    right = y * p + (1.0 - y) * (1.0 - p)
    losses = ops.power(1.0 - right, gamma) * losses
    if apply_class_balancing:
        losses = (y * alpha + (1.0 - y) * (1.0 - alpha)) * losses
    return ops.mean(losses, axis=axis)


@public("keras.losses")
@with_facts(facts.categorical_focal_crossentropy)
def categorical_focal_crossentropy(
    y_true: TensorLike,
    y_pred: TensorLike,
    alpha: float = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Value:
    """`-alpha * sum_k y_k (1 - p_k)**gamma log(p_k)`: of one-hot targets; arguments as above."""
    y, p = pair(y_true, y_pred, "categorical_focal_crossentropy")
    check_classes(p, axis, "categorical_focal_crossentropy")
    y = smooth_categorical(y, label_smoothing)
    if from_logits:
        p = ops.softmax(p, axis=axis)
    share = p / ops.sum(p, axis=axis, keepdims=True)
    share = ops.clip(share, config.epsilon(), 1.0 - config.epsilon())
    weight = ops.power(1.0 - share, gamma) * alpha
    return ops.sum(weight * (-y * ops.log(share)), axis=axis)


@public("keras.losses")
class BinaryFocalCrossentropy(BuiltinLoss):
    """`(1 - p_t)**gamma * binary_crossentropy`, see `binary_focal_crossentropy`."""

    function = binary_focal_crossentropy

    def __init__(
        self,
        apply_class_balancing: bool = False,
        alpha: float = 0.25,
        gamma: float = 2.0,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str = "binary_focal_crossentropy",
        dtype: Any = None,
    ) -> None:
        super().__init__(
            name,
            reduction,
            dtype,
            apply_class_balancing=apply_class_balancing,
            alpha=alpha,
            gamma=gamma,
            from_logits=from_logits,
            label_smoothing=label_smoothing,
            axis=axis,
        )


@public("keras.losses")
class CategoricalFocalCrossentropy(BuiltinLoss):
    """`-alpha * sum_k y_k (1 - p_k)**gamma log(p_k)`, see `categorical_focal_crossentropy`."""

    function = categorical_focal_crossentropy

    def __init__(
        self,
        alpha: float = 0.25,
        gamma: float = 2.0,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str = "categorical_focal_crossentropy",
        dtype: Any = None,
    ) -> None:
        super().__init__(
            name,
            reduction,
            dtype,
            alpha=alpha,
            gamma=gamma,
            from_logits=from_logits,
            label_smoothing=label_smoothing,
            axis=axis,
        )
