"""The best of one rate among all thresholds at which another rate is high enough."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule._typing import Array
from chainrule.errors import DataError
from chainrule.metrics.base import Metric, Scalar, divide_no_nan
from chainrule.metrics.counting import Counts, Thresholds, count
from chainrule.saving.serialization import public

__all__ = ["PrecisionAtRecall", "RecallAtPrecision", "SensitivityAtSpecificity", "SpecificityAtSensitivity"]


def _precision(c: Counts) -> Array:
    return divide_no_nan(c.true_positives, c.true_positives + c.false_positives)


def _recall(c: Counts) -> Array:
    return divide_no_nan(c.true_positives, c.true_positives + c.false_negatives)


def _specificity(c: Counts) -> Array:
    return divide_no_nan(c.true_negatives, c.true_negatives + c.false_positives)


class _OperatingPoint(Metric):
    """The largest value of one rate among the thresholds at which another is at least `value`; 0 if there is none."""

    _direction = "up"

    def __init__(
        self, what: str, value: float, num_thresholds: int, class_id: int | None, name: str | None, dtype: Any
    ):
        super().__init__(name=name, dtype=dtype)
        if not 0 <= value <= 1:
            raise DataError(f"{type(self).__name__}: {what} must lie in [0, 1], received {value}.")
        if num_thresholds <= 0:
            raise DataError(f"{type(self).__name__}: num_thresholds must be at least 1, received {num_thresholds}.")
        self.value = value
        self.num_thresholds = num_thresholds
        self.class_id = class_id
        even = num_thresholds > 1
        self.thresholds = [i / (num_thresholds - 1) for i in range(num_thresholds)] if even else [0.5]
        self._thresholds = Thresholds(self.thresholds, self._dtype, even)
        shape = (num_thresholds,)
        self.true_positives = self.add_variable(shape, "zeros", np.float64, name="true_positives")
        self.false_positives = self.add_variable(shape, "zeros", np.float64, name="false_positives")
        self.true_negatives = self.add_variable(shape, "zeros", np.float64, name="true_negatives")
        self.false_negatives = self.add_variable(shape, "zeros", np.float64, name="false_negatives")

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Take in a batch: labels, predictions in [0, 1], and optional weights (batch,)."""
        counts = count(self.name, y_true, y_pred, self._thresholds, sample_weight, class_id=self.class_id)
        self.true_positives.add(counts.true_positives)
        self.false_positives.add(counts.false_positives)
        self.true_negatives.add(counts.true_negatives)
        self.false_negatives.add(counts.false_negatives)

    def _counts(self) -> Counts:
        return Counts(
            self.true_positives.value, self.false_positives.value, self.true_negatives.value, self.false_negatives.value
        )

    def _best(self, best: Array, constrained: Array) -> Scalar:
        return Scalar(np.max(best, where=constrained >= self.value, initial=0))


@public("keras.metrics")
class SensitivityAtSpecificity(_OperatingPoint):
    """The highest sensitivity `TP / (TP + FN)` at a threshold where the specificity `TN / (TN + FP)` is high enough.

    >>> import chainrule as cr
    >>> cr.metrics.SensitivityAtSpecificity(0.5)([0, 0, 0, 1, 1], [0, 0.3, 0.8, 0.3, 0.8])
    0.5

    Args:
        specificity: what is high enough, in [0, 1].
        num_thresholds: how many thresholds, evenly spaced in [0, 1], are tried.
        class_id: look at this column of (batch, classes) only.
    """

    def __init__(
        self,
        specificity: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__("specificity", specificity, num_thresholds, class_id, name, dtype)
        self.specificity = specificity

    def result(self) -> Scalar:
        counts = self._counts()
        return self._best(_recall(counts), _specificity(counts))


@public("keras.metrics")
class SpecificityAtSensitivity(_OperatingPoint):
    """The highest specificity `TN / (TN + FP)` at a threshold where the sensitivity `TP / (TP + FN)` is high enough.

    >>> import chainrule as cr
    >>> round(cr.metrics.SpecificityAtSensitivity(0.5)([0, 0, 0, 1, 1], [0, 0.3, 0.8, 0.3, 0.8]), 4)
    0.6667
    """

    def __init__(
        self,
        sensitivity: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__("sensitivity", sensitivity, num_thresholds, class_id, name, dtype)
        self.sensitivity = sensitivity

    def result(self) -> Scalar:
        counts = self._counts()
        return self._best(_specificity(counts), _recall(counts))


@public("keras.metrics")
class PrecisionAtRecall(_OperatingPoint):
    """The highest precision `TP / (TP + FP)` at a threshold where the recall `TP / (TP + FN)` is high enough.

    >>> import chainrule as cr
    >>> cr.metrics.PrecisionAtRecall(0.5)([0, 0, 0, 1, 1], [0, 0.3, 0.8, 0.3, 0.8])
    0.5
    """

    def __init__(
        self,
        recall: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__("recall", recall, num_thresholds, class_id, name, dtype)
        self.recall = recall

    def result(self) -> Scalar:
        counts = self._counts()
        return self._best(_precision(counts), _recall(counts))


@public("keras.metrics")
class RecallAtPrecision(_OperatingPoint):
    """The highest recall `TP / (TP + FN)` at a threshold where the precision `TP / (TP + FP)` is high enough.

    >>> import chainrule as cr
    >>> cr.metrics.RecallAtPrecision(0.8)([0, 0, 1, 1], [0, 0.5, 0.3, 0.9])
    0.5
    """

    def __init__(
        self,
        precision: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__("precision", precision, num_thresholds, class_id, name, dtype)
        self.precision = precision

    def result(self) -> Scalar:
        counts = self._counts()
        return self._best(_recall(counts), _precision(counts))
