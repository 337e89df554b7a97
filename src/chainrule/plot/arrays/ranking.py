"""How well scores rank: ROC and precision-recall curves, their areas, over all thresholds."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule._typing import Array
from chainrule.errors import DataError, ShapeError, within
from chainrule.plot.arrays.outcome import floats
from chainrule.records import Record


class Roc(Record):
    """False and true positive rates, from (0, 0) to (1, 1), for falling thresholds; and the area under the curve."""

    false_positive_rate: Array
    true_positive_rate: Array
    thresholds: Array
    area: float


class PrecisionRecall(Record):
    """Precision and recall for rising thresholds, up to (1, 0); and the average precision.

    Attributes:
        base: the share of positive rows, which is the precision of guessing.
    """

    precision: Array
    recall: Array
    thresholds: Array
    average: float
    base: float


@within("plot.numbers.roc")
def roc(y: Any, scores: Any) -> Roc:
    """Return the ROC curve of scores for rows that are positive or not.

    Args:
        y: (n,), true or 1 for positive rows.
        scores: (n,), larger for what is more likely positive.

    Raises:
        DataError: all rows are of one kind.

    >>> curve = roc([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])
    >>> curve.area, curve.false_positive_rate.tolist()
    (0.75, [0.0, 0.0, 0.5, 0.5, 1.0])
    """
    _, thresholds, true, false = _counts(y, scores)
    bent = (np.diff(true, 2) != 0) | (np.diff(false, 2) != 0)
    corner = np.r_[True, bent, True][-len(true) :]  # a point on a straight line adds nothing
    tpr, fpr = np.r_[0, true[corner]] / true[-1], np.r_[0, false[corner]] / false[-1]
    return Roc(fpr, tpr, np.r_[np.inf, thresholds[corner]], float(np.trapezoid(tpr, fpr)))


@within("plot.numbers.precision_recall")
def precision_recall(y: Any, scores: Any) -> PrecisionRecall:
    """Return the precision-recall curve of scores for rows that are positive or not.

    Args:
        y: (n,), true or 1 for positive rows.
        scores: (n,), larger for what is more likely positive.

    Raises:
        DataError: all rows are of one kind.

    >>> curve = precision_recall([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])
    >>> round(curve.average, 4), curve.recall.tolist()
    (0.8333, [1.0, 1.0, 0.5, 0.5, 0.0])
    """
    positive, thresholds, true, false = _counts(y, scores)
    precision, recall = true / (true + false), true / true[-1]
    average = float(np.sum(np.diff(np.r_[0, recall]) * precision))
    return PrecisionRecall(
        np.r_[precision[::-1], 1.0], np.r_[recall[::-1], 0.0], thresholds[::-1], average, float(positive.mean())
    )


def _counts(y: Any, scores: Any) -> tuple[Array, Array, Array, Array]:
    """Return which rows are positive, the distinct scores, falling, and how many of each kind are at or above each."""
    positive, s = np.asarray(y), floats(np.asarray(scores), "scores")
    if positive.shape != s.shape or s.ndim != 1:
        raise ShapeError(f"expected y and scores of shape (n,), but received {positive.shape} and {s.shape}.")
    positive = floats(positive, "targets") > 0.5
    if positive.all() or not positive.any():
        kind = "positive" if len(s) and positive.all() else "negative"
        raise DataError(f"all {len(s)} rows are {kind}; the curve needs rows of both kinds.")
    order = np.argsort(-s, kind="stable")
    ordered = s[order]
    last = np.r_[np.flatnonzero(np.diff(ordered)), len(ordered) - 1]
    true = np.cumsum(positive[order])[last]
    return positive, ordered[last], true.astype(np.float64), (last + 1 - true).astype(np.float64)
