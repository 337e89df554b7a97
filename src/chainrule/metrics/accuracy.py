"""How often predictions are right: one metric for each way of writing labels."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule._typing import Array
from chainrule.metrics.base import align_ranks
from chainrule.metrics.matches import (
    binary_matches,
    categorical_matches,
    equal_matches,
    sparse_matches,
    sparse_top_k_categorical_accuracy,
    sparse_top_k_matches,
    top_k_categorical_accuracy,
)
from chainrule.metrics.reduction import MeanMetricWrapper, as_values
from chainrule.saving.serialization import public

__all__ = [
    "Accuracy",
    "BinaryAccuracy",
    "CategoricalAccuracy",
    "SparseCategoricalAccuracy",
    "SparseTopKCategoricalAccuracy",
    "TopKCategoricalAccuracy",
]


def _without_unweighted(y_true: Any, sample_weight: Any) -> Array:
    """Return the labels with 0 in rows of weight 0, whose labels (a padding of -1, say) do not matter."""
    labels = np.asarray(y_true)
    if sample_weight is None:
        return labels
    labels, weights = align_ranks(labels, np.asarray(sample_weight))
    return np.where(weights == 0, 0, labels) if labels.shape == weights.shape else labels


class _MatchMetric(MeanMetricWrapper):
    """The share of matches, counted without turning them into numbers when there are no weights."""

    _direction = "up"

    def _take_batch(self, y_true: Any, y_pred: Any, sample_weight: Any) -> None:
        self._count(self._fn(np.asarray(y_true), np.asarray(y_pred), **self._fn_kwargs), sample_weight)

    def _count(self, matches: Array, sample_weight: Any) -> None:
        if sample_weight is None:
            self._add_batch(int(np.count_nonzero(matches)), matches)
        else:
            self._add(matches, sample_weight)


@public("keras.metrics")
class Accuracy(_MatchMetric):
    """How often `y_true == y_pred`.

    >>> import chainrule as cr
    >>> cr.metrics.Accuracy()([[1], [2], [3], [4]], [[0], [2], [3], [4]])
    0.75
    """

    def __init__(self, name: str = "accuracy", dtype: Any = None) -> None:
        super().__init__(equal_matches, name=name, dtype=dtype)


@public("keras.metrics")
class BinaryAccuracy(_MatchMetric):
    """How often `y_true == (y_pred > threshold)`.

    >>> import chainrule as cr
    >>> cr.metrics.BinaryAccuracy()([1, 1, 0, 0], [0.98, 1.0, 0.0, 0.6])
    0.75
    """

    def __init__(self, name: str = "binary_accuracy", dtype: Any = None, threshold: float = 0.5) -> None:
        super().__init__(binary_matches, name=name, dtype=dtype, threshold=threshold)
        self.threshold = threshold


@public("keras.metrics")
class CategoricalAccuracy(_MatchMetric):
    """How often the largest scores of one-hot targets and predictions are of the same class.

    >>> import chainrule as cr
    >>> cr.metrics.CategoricalAccuracy()([[0, 0, 1], [0, 1, 0]], [[0.1, 0.9, 0.8], [0.05, 0.95, 0]], [0.7, 0.3])
    0.3
    """

    def __init__(self, name: str = "categorical_accuracy", dtype: Any = None) -> None:
        super().__init__(categorical_matches, name=name, dtype=dtype)


@public("keras.metrics")
class SparseCategoricalAccuracy(_MatchMetric):
    """How often the largest score is of the class that `y_true` numbers.

    >>> import chainrule as cr
    >>> cr.metrics.SparseCategoricalAccuracy()([2, 1], [[0.1, 0.6, 0.3], [0.05, 0.95, 0]])
    0.5

    Raises:
        DataError: a label is negative or not below the number of classes (Keras counts it as wrong without a word;
            so do we, if it is the `ignore_class` of the model's loss).
    """

    def __init__(self, name: str = "sparse_categorical_accuracy", dtype: Any = None) -> None:
        super().__init__(sparse_matches, name=name, dtype=dtype)

    def _take_batch(self, y_true: Any, y_pred: Any, sample_weight: Any) -> None:
        labels = _without_unweighted(y_true, sample_weight)
        self._count(sparse_matches(labels, np.asarray(y_pred), self._ignored_by_loss), sample_weight)


@public("keras.metrics")
class TopKCategoricalAccuracy(MeanMetricWrapper):
    """How often the true class, written one-hot, is among the `k` best.

    >>> import chainrule as cr
    >>> cr.metrics.TopKCategoricalAccuracy(k=1)([[0, 0, 1], [0, 1, 0]], [[0.1, 0.9, 0.8], [0.05, 0.95, 0]])
    0.5
    """

    _direction = "up"

    def __init__(self, k: int = 5, name: str = "top_k_categorical_accuracy", dtype: Any = None) -> None:
        super().__init__(top_k_categorical_accuracy, name=name, dtype=dtype, k=k)
        self.k = k


@public("keras.metrics")
class SparseTopKCategoricalAccuracy(MeanMetricWrapper):
    """How often the class that `y_true` numbers is among the `k` best.

    >>> import chainrule as cr
    >>> cr.metrics.SparseTopKCategoricalAccuracy(k=1)([2, 1], [[0.1, 0.9, 0.8], [0.05, 0.95, 0]])
    0.5

    Args:
        from_sorted_ids: `y_pred` holds class numbers from the best down, not scores.
    """

    _direction = "up"

    def __init__(
        self,
        k: int = 5,
        name: str = "sparse_top_k_categorical_accuracy",
        dtype: Any = None,
        from_sorted_ids: bool = False,
    ) -> None:
        super().__init__(
            sparse_top_k_categorical_accuracy, name=name, dtype=dtype, k=k, from_sorted_ids=from_sorted_ids
        )
        self.k = k
        self.from_sorted_ids = from_sorted_ids

    def _take_batch(self, y_true: Any, y_pred: Any, sample_weight: Any) -> None:
        labels, scores = _without_unweighted(y_true, sample_weight), as_values(y_pred, self._dtype)
        matches = sparse_top_k_matches(labels, scores, self.k, self.from_sorted_ids, self._ignored_by_loss)
        self._add(matches, sample_weight)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments; `from_sorted_ids` only where it is set, as Keras writes it."""
        settings = super().get_config()
        if not self.from_sorted_ids:
            del settings["from_sorted_ids"]
        return settings
