"""F scores: precision and recall in one number."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule import config
from chainrule._typing import Array
from chainrule.errors import DataError, ShapeError, unknown_name
from chainrule.metrics.base import Metric, Scalar, scalar, shapes_differ
from chainrule.saving.serialization import public

__all__ = ["F1Score", "FBetaScore"]


@public("keras.metrics")
class FBetaScore(Metric):
    """`(1 + β²) P R / (β² P + R)` with precision P and recall R, per class or averaged.

    >>> import chainrule as cr
    >>> cr.metrics.FBetaScore(beta=2.0, threshold=0.5)([[1, 1], [1, 0]], [[0.2, 0.6], [0.6, 0.6]])
    array([0.5555555 , 0.83333325], dtype=float32)

    Args:
        average: None for one value per class, `'micro'` (all counts together), `'macro'` (plain mean of the classes),
            or `'weighted'` (by how often a class occurs).
        beta: how much more recall matters than precision; a float above 0.
        threshold: in (0, 1]: predictions above it are positive. None: the largest of each row is.

    Raises:
        UnknownNameError: another `average`.
        DataError: `beta` or `threshold` out of range, or not a float (Keras insists on one).
    """

    _direction = "up"

    def __init__(
        self,
        average: str | None = None,
        beta: float = 1.0,
        threshold: float | None = None,
        name: str = "fbeta_score",
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        if average not in (None, "micro", "macro", "weighted"):
            raise unknown_name("average", average, ("micro", "macro", "weighted", "None"))
        if not isinstance(beta, float) or beta <= 0:
            raise DataError(f"{type(self).__name__}: beta must be a float above 0, received {beta!r}.")
        if threshold is not None and (not isinstance(threshold, float) or not 0 < threshold <= 1):
            raise DataError(f"{type(self).__name__}: threshold must be a float in (0, 1], received {threshold!r}.")
        self.average = average
        self.beta = beta
        self.threshold = threshold
        self._built = False

    def _build(self, y_true: Array, y_pred: Array) -> None:
        if y_pred.ndim != 2 or y_true.ndim != 2:
            raise ShapeError(
                f"{type(self).__name__}: expected labels and predictions of shape (batch, classes), received y_true of "
                f"shape {y_true.shape} and y_pred of shape {y_pred.shape}. Write the labels one-hot (to_categorical), "
                "or give both a last axis of 1."
            )
        shape = () if self.average == "micro" else y_pred.shape[1:]
        self.true_positives = self.add_variable(shape, "zeros", np.float64, name="true_positives")
        self.false_positives = self.add_variable(shape, "zeros", np.float64, name="false_positives")
        self.false_negatives = self.add_variable(shape, "zeros", np.float64, name="false_negatives")
        self.intermediate_weights = self.add_variable(shape, "zeros", np.float64, name="intermediate_weights")
        self._built = True

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Take in a batch: labels and predictions, (batch, classes), and optional weights (batch,)."""
        y_true, y_pred = np.asarray(y_true, self._dtype), np.asarray(y_pred, self._dtype)
        if not self._built:
            self._build(y_true, y_pred)
        if y_true.shape != y_pred.shape:
            raise shapes_differ(self.name, y_true, y_pred, "Both need one column per class.")
        if self.threshold is None:  # a row of zeros predicts nothing
            predicted = (y_pred >= y_pred.max(-1, keepdims=True)) & (np.abs(y_pred) > 1e-9)
        else:
            predicted = y_pred > self.threshold
        weights = 1.0 if sample_weight is None else np.asarray(sample_weight, np.float64)[:, None]
        axis = None if self.average == "micro" else 0
        support = (y_true * weights).sum(axis)
        right = (predicted * y_true * weights).sum(axis)
        self.true_positives.add(right)
        self.false_positives.add((predicted * (1 - y_true) * weights).sum(axis))
        self.false_negatives.add(support - right)
        self.intermediate_weights.add(support)

    def result(self) -> Any:
        if not self._built:
            return Scalar(0.0)
        tp, support = self.true_positives.value, self.intermediate_weights.value
        small = config.epsilon()
        precision = tp / (tp + self.false_positives.value + small)
        recall = tp / (tp + self.false_negatives.value + small)
        squared = self.beta**2
        score = (1 + squared) * precision * recall / (squared * precision + recall + small)
        if self.average == "weighted":
            score = (score * support / (support.sum() + small)).sum()
        elif self.average is not None:
            score = score.mean()
        return scalar(score if np.ndim(score) == 0 else score.astype(self.dtype))


@public("keras.metrics")
class F1Score(FBetaScore):
    """`2 P R / (P + R)` with precision P and recall R, per class or averaged.

    >>> import chainrule as cr
    >>> cr.metrics.F1Score(average="macro", threshold=0.5)([[1, 1], [1, 0]], [[0.2, 0.6], [0.6, 0.6]])
    0.66666...
    """

    def __init__(
        self, average: str | None = None, threshold: float | None = None, name: str = "f1_score", dtype: Any = None
    ) -> None:
        super().__init__(average=average, beta=1.0, threshold=threshold, name=name, dtype=dtype)
