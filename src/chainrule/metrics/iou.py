"""Intersection over union: `TP / (TP + FP + FN)` of classes, from a confusion matrix."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule import config
from chainrule._typing import Array
from chainrule.errors import DataError
from chainrule.metrics.base import Metric, Scalar, shapes_differ
from chainrule.metrics.reduction import broadcast_weights
from chainrule.saving.serialization import public

__all__ = ["BinaryIoU", "IoU", "MeanIoU", "OneHotIoU", "OneHotMeanIoU"]


@public("keras.metrics")
class IoU(Metric):
    """The mean over some classes of `TP / (TP + FP + FN)`; a class that occurs nowhere is left out.

    >>> import chainrule as cr
    >>> round(cr.metrics.IoU(num_classes=2, target_class_ids=[0])([0, 0, 1, 1], [0, 1, 0, 1]), 4)
    0.3333

    Args:
        num_classes: labels and predictions are class numbers below it; other numbers are left out.
        target_class_ids: the classes that are averaged.
        dtype: the type of the counts; whole numbers by default, so float weights need `dtype="float32"`.
        ignore_class: a label whose entries are left out.
        sparse_y_true: labels are class numbers; otherwise one-hot along `axis`.
        sparse_y_pred: predictions are class numbers; otherwise scores along `axis`.
        axis: the axis of the classes.
    """

    _direction = "up"

    def __init__(
        self,
        num_classes: int,
        target_class_ids: Sequence[int],
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_true: bool = True,
        sparse_y_pred: bool = True,
        axis: int = -1,
    ) -> None:
        super().__init__(name=name, dtype=dtype or "int")
        if max(target_class_ids) >= num_classes:
            raise DataError(
                f"{type(self).__name__}: target class {max(target_class_ids)} is not below num_classes={num_classes}."
            )
        self.num_classes = num_classes
        self.target_class_ids = list(target_class_ids)
        self.ignore_class = ignore_class
        self.sparse_y_true = sparse_y_true
        self.sparse_y_pred = sparse_y_pred
        self.axis = axis
        self.total_cm = self.add_variable(
            (num_classes, num_classes), "zeros", self.dtype, name="total_confusion_matrix"
        )

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Take in a batch of labels and predictions, and optional weights of the labels' shape, or one per row."""
        labels = _class_numbers(y_true, self.sparse_y_true, self.axis)
        true, predicted = labels.ravel(), _class_numbers(y_pred, self.sparse_y_pred, self.axis).ravel()
        if true.shape != predicted.shape:
            raise shapes_differ(self.name, y_true, y_pred, "Each prediction needs one label.")
        n = self.num_classes
        kept = (true >= 0) & (true < n) & (predicted >= 0) & (predicted < n)
        if self.ignore_class is not None:
            kept &= true != self.ignore_class
        weights = None if sample_weight is None else self._weights(sample_weight, labels.shape)[kept]
        cells = np.bincount(true[kept] * n + predicted[kept], weights, minlength=n * n)
        self.total_cm.add(cells.reshape(n, n).astype(self.dtype))

    def _weights(self, sample_weight: Any, shape: tuple[int, ...]) -> Array:
        weights = np.asarray(sample_weight)
        if weights.dtype.kind == "f" and "int" in self.dtype:
            warnings.warn(
                f"{self.name}: float weights are cut to whole numbers; construct the metric with dtype='float32'.",
                stacklevel=4,
            )
        weights = weights.astype(self.dtype)
        if weights.size == math.prod(shape):
            return weights.ravel()
        if weights.ndim < len(shape) and weights.shape == shape[: weights.ndim]:  # one for each row
            weights = weights.reshape(*weights.shape, *(1,) * (len(shape) - weights.ndim))
        return broadcast_weights(weights, shape).ravel()

    def result(self) -> Any:
        matrix = self.total_cm.value.astype(np.float64)
        true_positives = np.diag(matrix)
        union = matrix.sum(0) + matrix.sum(1) - true_positives
        true_positives, union = true_positives[self.target_class_ids], union[self.target_class_ids]
        occurs = union > 1e-9
        shares = np.where(occurs, true_positives / (union + config.epsilon()), 0.0)
        return Scalar(shares.sum() / (occurs.sum() + config.epsilon()))


def _class_numbers(values: Any, sparse: bool, axis: int) -> Array:
    numbers = np.asarray(values) if sparse else np.argmax(values, axis=axis)
    return numbers.astype(np.int64)


@public("keras.metrics")
class BinaryIoU(IoU):
    """The mean over the classes 0 and 1 of intersection over union, for predictions in [0, 1].

    >>> import chainrule as cr
    >>> round(cr.metrics.BinaryIoU(threshold=0.3)([0, 1, 0, 1], [0.1, 0.2, 0.4, 0.7]), 4)
    0.3333
    """

    def __init__(
        self,
        target_class_ids: Sequence[int] = (0, 1),
        threshold: float = 0.5,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(2, target_class_ids, name=name, dtype=dtype)
        self.threshold = threshold

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Take in a batch of labels 0 or 1 and predictions; one at or above the threshold is a 1."""
        super().update_state(y_true, np.asarray(y_pred, np.float32) >= self.threshold, sample_weight)


@public("keras.metrics")
class MeanIoU(IoU):
    """The mean over all classes of intersection over union.

    >>> import chainrule as cr
    >>> round(cr.metrics.MeanIoU(num_classes=2)([0, 0, 1, 1], [0, 1, 0, 1]), 4)
    0.3333
    """

    def __init__(
        self,
        num_classes: int,
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_true: bool = True,
        sparse_y_pred: bool = True,
        axis: int = -1,
    ) -> None:
        super().__init__(num_classes, range(num_classes), name, dtype, ignore_class, sparse_y_true, sparse_y_pred, axis)


@public("keras.metrics")
class OneHotIoU(IoU):
    """`IoU` for one-hot labels.

    >>> import chainrule as cr
    >>> round(cr.metrics.OneHotIoU(2, target_class_ids=[0])([[1, 0], [0, 1]], [[0.8, 0.2], [0.6, 0.4]]), 4)
    0.5
    """

    def __init__(
        self,
        num_classes: int,
        target_class_ids: Sequence[int],
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_pred: bool = False,
        axis: int = -1,
    ) -> None:
        super().__init__(num_classes, target_class_ids, name, dtype, ignore_class, False, sparse_y_pred, axis)


@public("keras.metrics")
class OneHotMeanIoU(MeanIoU):
    """`MeanIoU` for one-hot labels.

    >>> import chainrule as cr
    >>> round(cr.metrics.OneHotMeanIoU(2)([[1, 0], [0, 1]], [[0.8, 0.2], [0.4, 0.6]]), 4)
    1.0
    """

    def __init__(
        self,
        num_classes: int,
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_pred: bool = False,
        axis: int = -1,
    ) -> None:
        super().__init__(num_classes, name, dtype, ignore_class, False, sparse_y_pred, axis)
