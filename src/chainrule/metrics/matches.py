"""Which predictions are right, for each way of writing labels: the accuracy functions of `keras.metrics`."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule import config
from chainrule._typing import Array
from chainrule.errors import DataError
from chainrule.metrics.base import align_ranks, check_fit, shapes_differ
from chainrule.saving.serialization import public

__all__ = [
    "binary_accuracy",
    "categorical_accuracy",
    "sparse_categorical_accuracy",
    "sparse_top_k_categorical_accuracy",
    "top_k_categorical_accuracy",
]

# -- boolean arrays, for the metrics ----------------------------------------------------------------------------------


def equal_matches(y_true: Array, y_pred: Array) -> Array:
    """Return `y_true == y_pred`."""
    if y_true.shape != y_pred.shape:
        y_true, y_pred = align_ranks(y_true, y_pred)
        check_fit("accuracy", y_true, y_pred)
    return np.asarray(y_true.astype(y_pred.dtype, copy=False) == y_pred)


def binary_matches(y_true: Array, y_pred: Array, threshold: float = 0.5) -> Array:
    """Return `y_true == (y_pred > threshold)`."""
    if y_true.shape != y_pred.shape:
        y_true, y_pred = align_ranks(y_true, y_pred)
        check_fit("binary_accuracy", y_true, y_pred)
    return np.asarray((y_pred > threshold) == y_true)


def categorical_matches(y_true: Array, y_pred: Array) -> Array:
    """Return `argmax(y_true) == argmax(y_pred)` along the last axis."""
    if y_true.shape != y_pred.shape and (y_true.ndim == 0 or y_true.shape[-1] != y_pred.shape[-1]):
        raise shapes_differ("categorical_accuracy", y_true, y_pred, "Both need one column per class (one-hot targets).")
    labels = y_true.argmax(-1)
    if labels.ndim == y_pred.ndim:
        labels = labels[..., 0]
    return np.asarray(labels == y_pred.argmax(-1))


def sparse_matches(y_true: Array, y_pred: Array, ignored: int | None = None) -> Array:
    """Return `y_true == argmax(y_pred)`, where `y_true` holds class numbers, with or without a last axis of 1."""
    labels = class_numbers(y_true, y_pred, "sparse_categorical_accuracy", ignored)
    return np.asarray(labels == y_pred.argmax(-1))


def top_k_matches(y_true: Array, y_pred: Array, k: int = 5) -> Array:
    """Return whether fewer than `k` classes score higher than the true one."""
    own = np.take_along_axis(y_pred, y_true[..., None], -1)
    own = np.where(np.isnan(own), -np.inf, own)
    return np.asarray((y_pred > own).sum(-1) < k)


def class_numbers(y_true: Array, y_pred: Array, where: str, ignored: int | None = None) -> Array:
    """Return `y_true` with one axis less than the scores, after checking that each label names one of their columns.

    Args:
        ignored: a label that the loss ignores, and that may therefore be none of the classes.
    """
    if y_true.ndim == y_pred.ndim and y_true.ndim and y_true.shape[-1] == 1:
        y_true = y_true[..., 0]
    if y_true.shape != y_pred.shape[:-1] or not y_pred.ndim:
        hint = "Expected one class number per row of scores"
        if y_true.shape == y_pred.shape:
            hint += "; for one-hot targets use the metric without 'sparse'"
        raise shapes_differ(where, y_true, y_pred, hint + ".")
    if not _all_below(y_true, y_pred.shape[-1]):
        known = y_true if ignored is None else np.where(y_true == ignored, 0, y_true)
        if ignored is None or not _all_below(known, y_pred.shape[-1]):
            raise _label_outside(known, y_pred.shape[-1], where)
    return y_true


def _all_below(labels: Array, classes: int) -> bool:
    """Whether all labels lie in 0 to `classes - 1`: one pass, as a negative integer read as unsigned is a huge one."""
    if labels.dtype.kind == "i":
        labels = labels.view(f"u{labels.dtype.itemsize}")
    elif labels.dtype.kind == "f" and not np.minimum.reduce(labels, axis=None, initial=0) >= 0:
        return False
    return bool(np.maximum.reduce(labels, axis=None, initial=0) < classes)


def _label_outside(labels: Array, classes: int, where: str) -> DataError:
    place = int(np.flatnonzero(~((labels >= 0) & (labels < classes)))[0])
    return DataError(
        f"{where}: label {labels.flat[place].item()!r} at position {place} is none of the classes 0 to {classes - 1}, "
        f"as y_pred has {classes} columns. Number the classes from 0; give rows without a class the sample_weight 0."
    )


def sparse_top_k_matches(
    y_true: Array, y_pred: Array, k: int = 5, from_sorted_ids: bool = False, ignored: int | None = None
) -> Array:
    """Return whether the class that `y_true` numbers is among the `k` best; a label that is no class never is."""
    if from_sorted_ids:
        return np.asarray((y_true[..., None] == y_pred[..., :k]).any(-1))
    labels = class_numbers(y_true, y_pred, "sparse_top_k_categorical_accuracy", ignored).astype(np.int64)
    if ignored is None or 0 <= ignored < y_pred.shape[-1]:
        return top_k_matches(labels, y_pred, k)
    known = labels != ignored
    return np.asarray(top_k_matches(np.where(known, labels, 0), y_pred, k) & known)


# -- the public functions: 1.0 where right, 0.0 where wrong -----------------------------------------------------------


@public("keras.metrics")
def binary_accuracy(y_true: Any, y_pred: Any, threshold: float = 0.5) -> Array:
    """Return 1 where `y_true == (y_pred > threshold)`.

    >>> import chainrule as cr
    >>> cr.metrics.binary_accuracy([1, 1, 0, 0], [0.98, 0.4, 0.0, 0.6])
    array([1., 0., 1., 0.], dtype=float32)
    """
    return binary_matches(np.asarray(y_true), np.asarray(y_pred), threshold).astype(config.floatx())


@public("keras.metrics")
def categorical_accuracy(y_true: Any, y_pred: Any) -> Array:
    """Return 1 where the largest scores of targets and predictions, (..., classes), are of the same class.

    >>> import chainrule as cr
    >>> cr.metrics.categorical_accuracy([[0, 0, 1], [0, 1, 0]], [[0.1, 0.9, 0.8], [0.05, 0.95, 0]])
    array([0., 1.], dtype=float32)
    """
    return categorical_matches(np.asarray(y_true), np.asarray(y_pred)).astype(config.floatx())


@public("keras.metrics")
def sparse_categorical_accuracy(y_true: Any, y_pred: Any) -> Array:
    """Return 1 where the largest score of the prediction, (..., classes), is of the class that `y_true` numbers.

    >>> import chainrule as cr
    >>> cr.metrics.sparse_categorical_accuracy([2, 1], [[0.1, 0.9, 0.8], [0.05, 0.95, 0]])
    array([0., 1.], dtype=float32)
    """
    return sparse_matches(np.asarray(y_true), np.asarray(y_pred)).astype(config.floatx())


@public("keras.metrics")
def top_k_categorical_accuracy(y_true: Any, y_pred: Any, k: int = 5) -> Array:
    """Return 1 where fewer than `k` classes score higher than the true one; `y_true` is one-hot.

    >>> import chainrule as cr
    >>> cr.metrics.top_k_categorical_accuracy([[0, 0, 1], [0, 1, 0]], [[0.1, 0.9, 0.8], [0.05, 0.95, 0]], k=2)
    array([1., 1.], dtype=float32)
    """
    y_true, y_pred = np.asarray(y_true), np.asarray(y_pred)
    if y_true.shape != y_pred.shape:
        raise shapes_differ(
            "top_k_categorical_accuracy", y_true, y_pred, "Both need one column per class (one-hot targets)."
        )
    return top_k_matches(y_true.argmax(-1), y_pred, k).astype(config.floatx())


@public("keras.metrics")
def sparse_top_k_categorical_accuracy(y_true: Any, y_pred: Any, k: int = 5, from_sorted_ids: bool = False) -> Array:
    """Return 1 where the class that `y_true` numbers is among the `k` best.

    Args:
        y_pred: scores, (batch, classes); with `from_sorted_ids`, class numbers from the best down, (batch, n).

    >>> import chainrule as cr
    >>> cr.metrics.sparse_top_k_categorical_accuracy([2, 0], [[0.1, 0.9, 0.8], [0.05, 0.95, 0.06]], k=2)
    array([1., 0.], dtype=float32)
    """
    return sparse_top_k_matches(np.asarray(y_true), np.asarray(y_pred), k, from_sorted_ids).astype(config.floatx())
