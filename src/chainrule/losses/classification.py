"""Losses of probabilities and class numbers: the crossentropies and the Kullback-Leibler divergence.

Probabilities are clipped to [epsilon, 1 - epsilon] with Keras's epsilon 1e-7, so no loss is infinite; where one is
clipped its derivative is 0. `from_logits=True` takes h instead of p = sigmoid(h) or softmax(h): exact for large |h|.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from chainrule import config, ops
from chainrule._typing import TensorLike, Value
from chainrule.errors import DataError, ShapeError
from chainrule.formulas import with_facts
from chainrule.losses import classification_facts as facts
from chainrule.losses.base import BuiltinLoss, as_float, pair
from chainrule.saving.serialization import public

__all__ = [
    "BinaryCrossentropy",
    "CategoricalCrossentropy",
    "CategoricalGeneralizedCrossEntropy",
    "KLDivergence",
    "SparseCategoricalCrossentropy",
    "binary_crossentropy",
    "categorical_crossentropy",
    "categorical_generalized_cross_entropy",
    "kl_divergence",
    "sparse_categorical_crossentropy",
]


@public("keras.losses")
@with_facts(facts.binary_crossentropy)
def binary_crossentropy(
    y_true: TensorLike, y_pred: TensorLike, from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1
) -> Value:
    """`mean(-(y log(p) + (1 - y) log(1 - p)))` over `axis`.

    Args:
        y_true: 0, 1, or between.
        y_pred: probabilities; with `from_logits` any number h, and p = sigmoid(h).
        label_smoothing: moves the targets towards 0.5 by this part.
        axis: over which the mean is taken.

    >>> binary_crossentropy([[1.0], [0.0]], [[0.5], [1.0]])
    Tensor([ 0.6931472, 15.942385 ], dtype=float32)
    """
    y, p = pair(y_true, y_pred, "binary_crossentropy")
    y = smooth_binary(y, label_smoothing)
    return ops.mean(ops.binary_crossentropy(y, p, from_logits=from_logits), axis=axis)


def smooth_binary(y_true: Any, label_smoothing: float) -> Any:
    """Return targets moved towards 0.5."""
    return y_true * (1.0 - label_smoothing) + 0.5 * label_smoothing if label_smoothing else y_true


def smooth_categorical(y_true: Any, label_smoothing: float) -> Any:
    """Return one-hot targets moved towards equal shares of all classes."""
    if not label_smoothing:
        return y_true
    return y_true * (1.0 - label_smoothing) + label_smoothing / y_true.shape[-1]


def check_classes(y_pred: Any, axis: Any, name: str) -> None:
    """Refuse an `axis` that is no number; warn of a single class, for which the loss is always 0 (as Keras does)."""
    if isinstance(axis, bool):
        raise TypeError(f"{name}: axis must be an int, but is {axis}. Was it meant as from_logits={axis}?")
    if y_pred.shape[-1] == 1:
        warnings.warn(
            f"In loss {name}, expected y_pred of shape (batch, classes) with at least 2 classes, received "
            f"{tuple(y_pred.shape)}. For 2 classes and one unit use 'binary_crossentropy' with a sigmoid.",
            SyntaxWarning,
            stacklevel=3,
        )


@public("keras.losses")
@with_facts(facts.categorical_crossentropy)
def categorical_crossentropy(
    y_true: TensorLike, y_pred: TensorLike, from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1
) -> Value:
    """`-sum_k y_k log(p_k / sum p)`: of one-hot targets. Rows of `y_pred` that do not add up to 1 are scaled so.

    Args:
        y_true: one-hot rows, of the shape of `y_pred`.
        y_pred: probabilities; with `from_logits` any numbers h, and p = softmax(h).
        label_smoothing: this part of the targets is spread evenly over all classes.
        axis: of the classes.

    >>> categorical_crossentropy([[0.0, 1.0]], [[2.0, 2.0]])
    Tensor([0.6931472], dtype=float32)
    """
    y, p = pair(y_true, y_pred, "categorical_crossentropy")
    check_classes(p, axis, "categorical_crossentropy")
    y = smooth_categorical(y, label_smoothing)
    return ops.categorical_crossentropy(y, p, from_logits=from_logits, axis=axis)


@public("keras.losses")
@with_facts(facts.sparse_categorical_crossentropy)
def sparse_categorical_crossentropy(
    y_true: TensorLike,
    y_pred: TensorLike,
    from_logits: bool = False,
    ignore_class: int | None = None,
    axis: int = -1,
) -> Value:
    """`-log(p_c / sum p)`, c the class number in `y_true`.

    Args:
        y_true: class numbers 0, 1, ..., of the shape of `y_pred` without the axis of the classes (or length 1 there).
        y_pred: probabilities; with `from_logits` any numbers h, and p = softmax(h).
        ignore_class: observations of this class number get the loss 0.
        axis: of the classes.

    Raises:
        DataError: a class number is not one of 0 ... classes - 1.
        ShapeError: the shapes do not fit.

    >>> sparse_categorical_crossentropy([1], [[0.2, 0.8]])
    Tensor([0.22314353], dtype=float32)
    """
    name = "sparse_categorical_crossentropy"
    p = as_float(y_pred, None, f"{name}: y_pred")
    labels = class_numbers(y_true, p, ignore_class, axis, name)
    if axis % len(p.shape) != len(p.shape) - 1:
        p = ops.moveaxis(p, axis, -1)
    if ignore_class is None:
        return ops.sparse_categorical_crossentropy(labels, p, from_logits=from_logits)
    valid = labels != ignore_class
    # rows that do not count get numbers whose loss and derivative are finite
    p = ops.where(valid[..., None], p, ops.ones_like(p))
    losses = ops.sparse_categorical_crossentropy(np.where(valid, labels, 0), p, from_logits=from_logits)
    return ops.where(valid, losses, ops.zeros_like(losses))


def class_numbers(y_true: Any, y_pred: Any, ignore_class: int | None, axis: int, name: str) -> Any:
    """Return the class numbers as integers, without an axis of length 1 in place of the classes.

    Raises:
        DataError: a number is not one of the classes.
        ShapeError: the shapes do not fit.
    """
    labels = np.asarray(y_true)
    if labels.dtype.kind not in "fiub":
        raise DataError(
            f"{name}: y_true must hold class numbers, but holds {labels.dtype}. Turn labels into numbers first: "
            "numpy.unique(labels, return_inverse=True)."
        )
    shape = tuple(y_pred.shape)
    classes = shape[axis]
    expected = tuple(n for i, n in enumerate(shape) if i != axis % len(shape))
    if labels.ndim == len(shape) and labels.shape[axis] == 1:
        labels = np.squeeze(labels, axis=axis)
    if labels.shape != expected:
        if labels.shape == shape:
            raise ShapeError(
                f"{name}: y_true must hold one class number for each row of y_pred, but has its shape {shape}. One-hot "
                "rows as targets need loss='categorical_crossentropy', or class numbers: y_true.argmax(-1)."
            )
        hint = f"y_true must have shape {expected}."
        raise ShapeError(f"{name}: y_true has shape {labels.shape}, but y_pred has shape {shape}. {hint}")
    wrong = ~((labels >= 0) & (labels < classes) & (labels == np.floor(labels)))
    if ignore_class is not None:
        wrong &= labels != ignore_class
    if wrong.any():
        raise DataError(_outside(labels, wrong, classes, name))
    return labels.astype(np.int64)


def _outside(labels: Any, wrong: Any, classes: int, name: str) -> str:
    where = tuple(int(i) for i in np.argwhere(wrong)[0])
    label = labels[where].item()
    shown = int(label) if float(label).is_integer() else label
    row = where[0] if len(where) == 1 else where
    count = int(wrong.sum())
    text = f"{name}: label {shown} in row {row} is outside the {classes} classes 0 to {classes - 1} that the model "
    text += f"predicts ({count} such labels). " if count > 1 else "predicts. "
    if classes == 1:
        return text + "Give the last layer a unit for each class and a softmax; for one unit use 'binary_crossentropy'."
    if label == classes:
        return text + f"If the labels start at 1, subtract 1; else the last layer needs {classes + 1} units or more."
    return text + "Number the classes 0, 1, 2, ... and give the last layer one unit for each."


@public("keras.losses")
@with_facts(facts.kl_divergence)
def kl_divergence(y_true: TensorLike, y_pred: TensorLike) -> Value:
    """`sum(y log(y / p))` over the last axis; y and p are clipped to [epsilon, 1] (Kullback, Leibler 1951).

    >>> kl_divergence([[0.5, 0.5]], [[0.25, 0.75]])
    Tensor([0.143841...], dtype=float32)
    """
    y, p = pair(y_true, y_pred, "kl_divergence")
    y = ops.clip(y, config.epsilon(), 1.0)
    p = ops.clip(p, config.epsilon(), 1.0)
    return ops.sum(y * ops.log(y / p), axis=-1)


@public("keras.losses")
@with_facts(facts.categorical_generalized_cross_entropy)
def categorical_generalized_cross_entropy(y_true: TensorLike, y_pred: TensorLike, q: float) -> Value:
    """`(1 - p_c**q) / q`, c the class number in `y_true`: bears wrong labels better (Zhang, Sabuncu 2018)."""
    name = "categorical_generalized_cross_entropy"
    y_pred = as_float(y_pred, None, f"{name}: y_pred")
    labels = class_numbers(y_true, y_pred, None, -1, name)
    of_class = ops.squeeze(ops.take_along_axis(y_pred, labels[..., None], axis=-1), axis=-1)
    return (1.0 - ops.power(of_class, q)) / q


# -- classes ----------------------------------------------------------------------------------------------------------


@public("keras.losses")
class BinaryCrossentropy(BuiltinLoss):
    """`-(y log(p) + (1 - y) log(1 - p))`, see `binary_crossentropy`."""

    function = binary_crossentropy

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str = "binary_crossentropy",
        dtype: Any = None,
    ) -> None:
        super().__init__(name, reduction, dtype, from_logits=from_logits, label_smoothing=label_smoothing, axis=axis)


@public("keras.losses")
class CategoricalCrossentropy(BuiltinLoss):
    """`-sum_k y_k log(p_k)` of one-hot targets, see `categorical_crossentropy`."""

    function = categorical_crossentropy

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str = "categorical_crossentropy",
        dtype: Any = None,
    ) -> None:
        super().__init__(name, reduction, dtype, from_logits=from_logits, label_smoothing=label_smoothing, axis=axis)


@public("keras.losses")
class SparseCategoricalCrossentropy(BuiltinLoss):
    """`-log(p_c)` of class numbers c, see `sparse_categorical_crossentropy`.

    With `ignore_class` a mean is over the observations of the other classes.
    """

    function = sparse_categorical_crossentropy

    def __init__(
        self,
        from_logits: bool = False,
        ignore_class: int | None = None,
        reduction: str | None = "sum_over_batch_size",
        axis: int = -1,
        name: str = "sparse_categorical_crossentropy",
        dtype: Any = None,
    ) -> None:
        super().__init__(name, reduction, dtype, from_logits=from_logits, ignore_class=ignore_class, axis=axis)

    def mask(self, y_true: Any, y_pred: Any, losses: Any) -> Any:
        ignored = self.parameters["ignore_class"]
        return None if ignored is None else np.reshape(np.asarray(y_true) != ignored, tuple(losses.shape))


@public("keras.losses")
class KLDivergence(BuiltinLoss):
    """`sum(y log(y / p))`."""

    function = kl_divergence

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str = "kl_divergence", dtype: Any = None
    ) -> None:
        super().__init__(name, reduction, dtype)


@public("keras.losses")
class CategoricalGeneralizedCrossEntropy(BuiltinLoss):
    """`(1 - p_c**q) / q` of class numbers c, 0 < q < 1."""

    function = categorical_generalized_cross_entropy

    def __init__(
        self,
        q: float = 0.5,
        reduction: str | None = "sum_over_batch_size",
        name: str = "categorical_generalized_cross_entropy",
        dtype: Any = None,
    ) -> None:
        if not 0 < q < 1:
            raise ValueError(f"CategoricalGeneralizedCrossEntropy: q must lie between 0 and 1, but is {q}.")
        super().__init__(name, reduction, dtype, q=q)
