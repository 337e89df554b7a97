"""True and false, positives and negatives: counted at one or many thresholds, a batch at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from chainrule import config
from chainrule._typing import Array
from chainrule.errors import DataError, ShapeError
from chainrule.metrics.base import align_ranks, shapes_differ
from chainrule.metrics.reduction import broadcast_weights

BELOW_EVERYTHING = -1e10
"""Keras's threshold for `top_k` alone: every prediction that was kept lies above it."""


class Counts(NamedTuple):
    """Sums of weights for each threshold, (thresholds,) or (thresholds, labels)."""

    true_positives: Array
    false_positives: Array
    true_negatives: Array
    false_negatives: Array


class Thresholds:
    """The values above which a prediction counts as positive, and how many of them each prediction exceeds.

    Args:
        values: in [0, 1]; the first and last may stand a little outside, so that every prediction lies between.
        dtype: predictions and thresholds are compared in this type.
        even: whether they are evenly spaced from 0 to 1; found out by default.
    """

    def __init__(self, values: Sequence[float], dtype: str, even: bool | None = None) -> None:
        self.values = [float(v) for v in values]
        self.dtype = dtype
        self.order = np.argsort(self.values, kind="stable")
        self.in_order = self.values == sorted(self.values)
        self.sorted = np.asarray(self.values, dtype)[self.order]
        self.padded = len(values) > 1 and (self.values[0] < 0 or self.values[-1] > 1)
        self.even = evenly_spaced(self.values) if even is None else even

    def __len__(self) -> int:
        return len(self.values)

    def exceeded_by(self, y_pred: Array) -> Array:
        """Return for each prediction how many of the sorted thresholds lie below it.

        Evenly spaced thresholds take one multiplication, rounded as Keras rounds it (so that ties fall alike).
        """
        if not self.even:  # `fmax` leaves NaN aside: it exceeds nothing
            return np.asarray(np.searchsorted(self.sorted, np.fmax(y_pred, -np.inf), side="left"))
        steps = y_pred.dtype.type(len(self) - 1)
        exceeded: Array = np.ceil(np.minimum(np.fmax(y_pred, 0), 1) * steps)
        return (np.maximum(exceeded, 1) if self.padded else exceeded).astype(np.int64)

    def unsort(self, counts: Array) -> Array:
        """Return rows in the order of `values` instead of the sorted one."""
        if self.in_order:
            return counts
        result = np.empty_like(counts)
        result[self.order] = counts
        return result


def evenly_spaced(values: Sequence[float]) -> bool:
    n = len(values)
    return n >= 3 and bool(np.allclose(values, np.arange(n, dtype=np.float32) / (n - 1), atol=config.epsilon()))


def check_thresholds(thresholds: Any, default: float) -> list[float]:
    """Return the thresholds as a list, after checking that they lie in [0, 1].

    Raises:
        DataError: one does not.
    """
    if thresholds is None:
        return [default]
    values = list(thresholds) if isinstance(thresholds, list | tuple | np.ndarray) else [thresholds]
    outside = [t for t in values if t is None or not 0 <= t <= 1]
    if outside:
        raise DataError(f"thresholds must lie in [0, 1], received {outside}.")
    return values


def count(
    where: str,
    y_true: Any,
    y_pred: Any,
    thresholds: Thresholds,
    sample_weight: Any = None,
    top_k: int | None = None,
    class_id: int | None = None,
    multi_label: bool = False,
    label_weights: Array | None = None,
) -> Counts:
    """Count a batch at each threshold: a prediction above the threshold is positive.

    Args:
        where: the metric's name, for messages.
        y_true: (batch,) or (batch, labels); true where it is not 0.
        y_pred: of the same shape, or with a last axis of 1 more or less.
        sample_weight: (batch,) or (batch, labels).
        top_k: only the `top_k` highest predictions of each row can be positive.
        class_id: look at this column only.
        multi_label: count each label by itself.
        label_weights: (labels,).
    """
    scores, truth = align_ranks(np.asarray(y_pred, thresholds.dtype), np.asarray(y_true))
    if truth.shape != scores.shape:
        raise shapes_differ(where, y_true, y_pred, "Expected one label, 0 or 1, for each prediction (classes one-hot).")
    labels = truth.astype(bool, copy=False)
    if top_k is not None:
        scores = _keep_top(scores, top_k)
    if class_id is not None:
        labels, scores = _column(where, labels, class_id), _column(where, scores, class_id)
    weights = None if sample_weight is None else _weights(sample_weight, scores)
    if label_weights is not None:
        column_weights = broadcast_weights(label_weights, scores.shape)
        weights = column_weights if weights is None else weights * column_weights
    if len(thresholds) == 1 and weights is None:
        return _count_at_one(thresholds.sorted[0], labels, scores)
    return _count_at_all(thresholds, labels, scores, weights, scores.shape[-1] if multi_label else None)


def _count_at_one(threshold: Any, labels: Array, scores: Array) -> Counts:
    """The common case, in a handful of NumPy calls."""
    positive = scores > threshold
    n, predicted, true = labels.size, np.count_nonzero(positive), np.count_nonzero(labels)
    right = np.count_nonzero(positive & labels)
    return Counts(*np.array([[right], [predicted - right], [n - predicted - true + right], [true - right]]))


def _count_at_all(
    thresholds: Thresholds, labels: Array, scores: Array, weights: Array | None, label_columns: int | None
) -> Counts:
    """Sort the predictions into buckets by the thresholds they exceed, with one bincount, and add up from the top."""
    buckets = len(thresholds) + 1
    columns = label_columns or 1
    index = thresholds.exceeded_by(scores) + buckets * labels
    if label_columns:
        index = index + 2 * buckets * np.arange(columns)
    flat = None if weights is None else weights.ravel()
    sums = np.bincount(index.ravel(), flat, minlength=2 * buckets * columns).reshape(columns, 2, buckets)
    above = sums[..., ::-1].cumsum(-1)[..., ::-1]  # (columns, label, bucket): everything in this bucket or higher
    positives = above[..., 1:].transpose(2, 0, 1)  # (thresholds, columns, label)
    negatives = above[..., 0] - positives
    if not label_columns:
        positives, negatives = positives[:, 0], negatives[:, 0]
    parts = (positives[..., 1], positives[..., 0], negatives[..., 0], negatives[..., 1])
    return Counts(*(thresholds.unsort(part) for part in parts))


def _keep_top(scores: Array, k: int) -> Array:
    """Return the scores with all but the `k` highest of each row put below everything; the first of equals stays."""
    top = np.argsort(-scores, axis=-1, kind="stable")[..., :k]
    kept = np.full_like(scores, BELOW_EVERYTHING)
    np.put_along_axis(kept, top, np.take_along_axis(scores, top, -1), -1)
    return kept


def _column(where: str, values: Array, class_id: int) -> Array:
    if values.ndim < 2 or not -values.shape[-1] <= class_id < values.shape[-1]:
        raise ShapeError(
            f"{where}: class_id={class_id} needs predictions of shape (batch, classes) with that column, "
            f"received shape {values.shape}."
        )
    return values[..., class_id, None]


def _weights(sample_weight: Any, scores: Array) -> Array:
    weights = np.asarray(sample_weight, dtype=np.float64)[..., None]
    _, weights = align_ranks(scores, weights, expand_rank_1=False)
    return broadcast_weights(weights, scores.shape)
