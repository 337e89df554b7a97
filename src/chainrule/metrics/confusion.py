"""Counts of true and false positives and negatives; and precision and recall, which are made of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule._typing import Array
from chainrule.metrics.base import Metric, divide_no_nan, scalar
from chainrule.metrics.counting import BELOW_EVERYTHING, Thresholds, check_thresholds, count
from chainrule.saving.serialization import public

__all__ = ["FalseNegatives", "FalsePositives", "Precision", "Recall", "TrueNegatives", "TruePositives"]


class _CountMetric(Metric):
    """Sums of weights of one of the four kinds, at each threshold."""

    kind: str

    def __init__(self, thresholds: Any = None, name: str | None = None, dtype: Any = None) -> None:
        super().__init__(name=name, dtype=dtype)
        self.init_thresholds = thresholds
        self.thresholds = check_thresholds(thresholds, 0.5)
        self._thresholds = Thresholds(self.thresholds, self._dtype)
        self.accumulator = self.add_variable((len(self.thresholds),), "zeros", np.float64, name="accumulator")

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Take in a batch: labels, predictions in [0, 1], and optional weights (batch,)."""
        self.accumulator.add(getattr(count(self.name, y_true, y_pred, self._thresholds, sample_weight), self.kind))

    def result(self) -> Any:
        return _per_threshold(self.accumulator.value, self._dtype)

    def get_config(self) -> dict[str, Any]:
        return {**self._base_config(), "thresholds": self.init_thresholds}


def _per_threshold(values: Array, dtype: str) -> Any:
    """Return a number for one threshold, an array for several."""
    return scalar(values[0]) if len(values) == 1 else values.astype(dtype)


@public("keras.metrics")
class TruePositives(_CountMetric):
    """How many positives were predicted positive (`p > threshold`), or the sum of their weights.

    >>> import chainrule as cr
    >>> cr.metrics.TruePositives()([0, 1, 1, 1], [1, 0, 1, 1])
    2.0

    Args:
        thresholds: one or several numbers in [0, 1]; 0.5 by default. Several give an array of results.
    """

    kind = "true_positives"


@public("keras.metrics")
class TrueNegatives(_CountMetric):
    """How many negatives were predicted negative, or the sum of their weights.

    >>> import chainrule as cr
    >>> cr.metrics.TrueNegatives()([0, 1, 0, 0], [1, 1, 0, 0])
    2.0
    """

    kind = "true_negatives"


@public("keras.metrics")
class FalsePositives(_CountMetric):
    """How many negatives were predicted positive, or the sum of their weights.

    >>> import chainrule as cr
    >>> cr.metrics.FalsePositives()([0, 1, 0, 0], [0, 0, 1, 1])
    2.0
    """

    kind = "false_positives"


@public("keras.metrics")
class FalseNegatives(_CountMetric):
    """How many positives were predicted negative, or the sum of their weights.

    >>> import chainrule as cr
    >>> cr.metrics.FalseNegatives()([0, 1, 1, 1], [0, 1, 0, 0])
    2.0
    """

    kind = "false_negatives"


class _PositiveRate(Metric):
    """True positives as a share of what `other` adds to them, at each threshold."""

    _direction = "up"
    other: str

    def __init__(
        self,
        thresholds: Any = None,
        top_k: int | None = None,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        self.init_thresholds = thresholds
        self.top_k = top_k
        self.class_id = class_id
        self.thresholds = check_thresholds(thresholds, 0.5 if top_k is None else BELOW_EVERYTHING)
        self._thresholds = Thresholds(self.thresholds, self._dtype)
        shape = (len(self.thresholds),)
        self.true_positives = self.add_variable(shape, "zeros", np.float64, name="true_positives")
        setattr(self, self.other, self.add_variable(shape, "zeros", np.float64, name=self.other))

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Take in a batch: labels, predictions in [0, 1], and optional weights (batch,)."""
        counts = count(self.name, y_true, y_pred, self._thresholds, sample_weight, self.top_k, self.class_id)
        self.true_positives.add(counts.true_positives)
        getattr(self, self.other).add(getattr(counts, self.other))

    def result(self) -> Any:
        right = self.true_positives.value
        return _per_threshold(divide_no_nan(right, right + getattr(self, self.other).value), self._dtype)

    def get_config(self) -> dict[str, Any]:
        own = {"thresholds": self.init_thresholds, "top_k": self.top_k, "class_id": self.class_id}
        return {**self._base_config(), **own}


@public("keras.metrics")
class Precision(_PositiveRate):
    """The share of predicted positives that are positive: `TP / (TP + FP)`, 0 where nothing was predicted positive.

    >>> import chainrule as cr
    >>> cr.metrics.Precision()([0, 1, 1, 1], [1, 0, 1, 1])
    0.6666666666666666

    Args:
        thresholds: one or several numbers in [0, 1]; 0.5 by default. Several give an array of results.
        top_k: only the `top_k` highest predictions of a row can be positive, however low unless `thresholds` is given.
        class_id: look at this column of (batch, classes) only.
    """

    other = "false_positives"


@public("keras.metrics")
class Recall(_PositiveRate):
    """The share of positives that were predicted positive: `TP / (TP + FN)`, 0 where there are none.

    >>> import chainrule as cr
    >>> cr.metrics.Recall()([0, 1, 1, 1], [1, 0, 1, 1])
    0.6666666666666666

    Args:
        thresholds: one or several numbers in [0, 1]; 0.5 by default. Several give an array of results.
        top_k: only the `top_k` highest predictions of a row can be positive, however low unless `thresholds` is given.
        class_id: look at this column of (batch, classes) only.
    """

    other = "false_negatives"
