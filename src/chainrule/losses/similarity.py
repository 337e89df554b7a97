"""Losses of directions and overlaps: cosine, Dice, Tversky, circle."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule import config, ops
from chainrule._typing import TensorLike, Value
from chainrule.formulas import Facts, Formula, with_facts
from chainrule.losses.base import BuiltinLoss, as_float, pair
from chainrule.saving.serialization import public

__all__ = ["Circle", "CosineSimilarity", "Dice", "Tversky", "circle", "cosine_similarity", "dice", "tversky"]

Axis = int | tuple[int, ...] | list[int] | None


@public("keras.losses")
@with_facts(
    Facts(
        Formula("-sum(y[k] * p[k] for k in K) / (n * m)"),
        Formula("(p[i] * sum(y[k] * p[k] for k in K) / m**2 - y[i]) / (n * m)"),
        title="cosine similarity",
        argument="p",
        vector=True,
        where={"n": Formula("sqrt(sum(y[k]**2 for k in K))"), "m": Formula("sqrt(sum(p[k]**2 for k in K))")},
        note="n and m are the lengths of y and p",
    )
)
def cosine_similarity(y_true: TensorLike, y_pred: TensorLike, axis: int = -1) -> Value:
    """Minus the cosine of the angle between y and p along `axis`: -1 for the same direction.

    >>> cosine_similarity([[3.0, 4.0]], [[6.0, 8.0]])
    Tensor([-1.], dtype=float32)
    """
    y, p = pair(y_true, y_pred, "cosine_similarity")
    return -ops.sum(ops.normalize(y, axis=axis) * ops.normalize(p, axis=axis), axis=axis)


@public("keras.losses")
def dice(y_true: TensorLike, y_pred: TensorLike, axis: Axis = None) -> Value:
    """`1 - 2 sum(y p) / (sum(y) + sum(p) + epsilon)` over `axis`, by default over everything (Dice 1945)."""
    y, p = pair(y_true, y_pred, "dice")
    both = ops.sum(y * p, axis=axis)
    return 1.0 - 2.0 * both / (ops.sum(y, axis=axis) + ops.sum(p, axis=axis) + config.epsilon())


@public("keras.losses")
def tversky(y_true: TensorLike, y_pred: TensorLike, alpha: float = 0.5, beta: float = 0.5, axis: Axis = None) -> Value:
    """`1 - tp / (tp + alpha fn + beta fp + epsilon)` over `axis`.

    tp = sum(y p), fn = sum(y (1 - p)), fp = sum((1 - y) p). (Keras's source swaps the last two names, not the numbers.)
    """
    y, p = pair(y_true, y_pred, "tversky")
    both = ops.sum(y * p, axis=axis)
    missed = ops.sum((1.0 - p) * y, axis=axis)
    wrong = ops.sum(p * (1.0 - y), axis=axis)
    return 1.0 - both / (both + missed * alpha + wrong * beta + config.epsilon())


@public("keras.losses")
def circle(
    y_true: TensorLike,
    y_pred: TensorLike,
    ref_labels: TensorLike | None = None,
    ref_embeddings: TensorLike | None = None,
    remove_diagonal: bool = True,
    gamma: float = 80,
    margin: float = 0.4,
) -> Value:
    """Circle loss of embeddings: those of one class near each other, others far apart (Sun et al. 2020).

    Args:
        y_true: class numbers, shape `(n,)`.
        y_pred: embeddings of length 1, shape `(n, d)`.
        ref_labels: class numbers of the embeddings to compare with; by default `y_true`.
        ref_embeddings: embeddings to compare with; by default `y_pred`.
        remove_diagonal: do not compare an embedding with itself.
        gamma: scale.
        margin: how far apart the classes should be.
    """
    p = as_float(y_pred, None, "circle: y_pred")
    reference = p if ref_embeddings is None else as_float(ref_embeddings, p.dtype, "circle: ref_embeddings")
    labels = np.asarray(y_true).astype(np.int64).reshape(-1)
    others = labels if ref_labels is None else np.asarray(ref_labels).astype(np.int64).reshape(-1)
    same = np.equal.outer(labels, others)
    different = np.logical_not(same)
    if remove_diagonal:
        np.fill_diagonal(same, False)
    distance = ops.maximum(1.0 - ops.matmul(p, ops.transpose(reference)), 0.0)
    near = -gamma * ops.maximum(margin + distance, 0.0) * (margin - distance)
    far = gamma * ops.maximum(1.0 + margin - distance, 0.0) * (1.0 - margin - distance)
    return ops.softplus(_logsumexp(near, same) + _logsumexp(far, different))


def _logsumexp(values: Any, where: Any) -> Any:
    """Return log(sum(exp)) of each row over the marked columns, -inf where there are none."""
    marked = ops.where(where, values, ops.zeros_like(values) - 1e30)
    any_marked = where.any(axis=1)
    sums = ops.logsumexp(marked, axis=1)
    return ops.where(any_marked, sums, ops.zeros_like(sums) - np.inf)


# -- classes ----------------------------------------------------------------------------------------------------------


@public("keras.losses")
class CosineSimilarity(BuiltinLoss):
    """Minus the cosine of the angle between y and p. (Keras does not save `axis`; here it is saved.)"""

    function = cosine_similarity

    def __init__(
        self,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str = "cosine_similarity",
        dtype: Any = None,
    ) -> None:
        super().__init__(name, reduction, dtype, axis=axis)


@public("keras.losses")
class Dice(BuiltinLoss):
    """`1 - 2 sum(y p) / (sum(y) + sum(p))`, see `dice`."""

    function = dice

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "dice",
        axis: Axis = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(name, reduction, dtype, axis=axis)


@public("keras.losses")
class Tversky(BuiltinLoss):
    """`1 - tp / (tp + alpha fn + beta fp)`, see `tversky`."""

    function = tversky

    def __init__(
        self,
        alpha: float = 0.5,
        beta: float = 0.5,
        reduction: str | None = "sum_over_batch_size",
        name: str = "tversky",
        axis: Axis = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(name, reduction, dtype, alpha=alpha, beta=beta, axis=axis)


@public("keras.losses")
class Circle(BuiltinLoss):
    """Circle loss of embeddings, see `circle`; a mean is over the observations whose loss is not 0."""

    function = circle

    def __init__(
        self,
        gamma: float = 80.0,
        margin: float = 0.4,
        remove_diagonal: bool = True,
        reduction: str | None = "sum_over_batch_size",
        name: str = "circle",
        dtype: Any = None,
    ) -> None:
        super().__init__(name, reduction, dtype, gamma=gamma, margin=margin, remove_diagonal=remove_diagonal)

    def mask(self, y_true: Any, y_pred: Any, losses: Any) -> Any:
        return np.asarray(losses) > 0
