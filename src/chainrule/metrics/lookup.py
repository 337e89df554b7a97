"""Strings, classes and configurations to metrics, and metrics to configurations."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from chainrule._typing import Array
from chainrule.errors import DataError
from chainrule.losses.classification import sparse_categorical_crossentropy
from chainrule.metrics.accuracy import (
    BinaryAccuracy,
    CategoricalAccuracy,
    SparseCategoricalAccuracy,
    SparseTopKCategoricalAccuracy,
)
from chainrule.metrics.base import Metric
from chainrule.metrics.matches import sparse_categorical_accuracy, sparse_top_k_categorical_accuracy
from chainrule.metrics.probabilistic import BinaryCrossentropy, CategoricalCrossentropy, SparseCategoricalCrossentropy
from chainrule.metrics.reduction import MeanMetricWrapper, describe_function
from chainrule.saving import serialization
from chainrule.saving.serialization import get_object, names_of, snake_case

__all__ = ["deserialize", "get", "serialize"]

_SHORT = {
    "acc": "Accuracy",
    "bce": "BinaryCrossentropy",
    "kld": "KLDivergence",
    "logcosh": "LogCoshError",
    "mae": "MeanAbsoluteError",
    "mape": "MeanAbsolutePercentageError",
    "mse": "MeanSquaredError",
    "msle": "MeanSquaredLogarithmicError",
    "rmse": "RootMeanSquaredError",
}


@cache
def aliases() -> dict[str, Any]:
    """Return the strings that stand for a metric besides its own name.

    They are the snake case of each class (which wins over a function of that name, as in Keras), the short names in
    lower and upper case, and the loss functions, which Keras does not accept as strings here.
    """
    classes = names_of("keras.metrics", Metric)
    losses = {name: loss for name, loss in names_of("keras.losses").items() if not isinstance(loss, type)}
    short = {name: classes[full] for name, full in _SHORT.items()}
    upper = {name.upper(): metric for name, metric in short.items()}
    return {**losses, **short, **upper, **{snake_case(name): metric for name, metric in classes.items()}}


def get(identifier: Any) -> Any:
    """Return the metric or the metric function for a string, configuration, class, instance, function or None.

    >>> import chainrule as cr
    >>> cr.metrics.get("mae"), cr.metrics.get("RootMeanSquaredError").name
    (<MeanAbsoluteError name=mean_absolute_error>, 'root_mean_squared_error')

    Raises:
        UnknownNameError: a string we do not know, with the nearest known ones.
    """
    metric = get_object(identifier, "metric", "keras.metrics", aliases(), Metric)
    return metric() if isinstance(metric, type) else metric


def serialize(metric: Any) -> Any:
    """Return the configuration of a metric or a metric function."""
    return describe_function(serialization.serialize_keras_object(metric))


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """Return the metric that `serialize` described."""
    return serialization.deserialize_keras_object(config, custom_objects)


# -- what a string means to `compile`, where the shapes are known -----------------------------------------------------

_BY_SHAPE: dict[str, tuple[type[Metric], type[Metric], type[Metric]]] = {
    "accuracy": (BinaryAccuracy, SparseCategoricalAccuracy, CategoricalAccuracy),
    "crossentropy": (BinaryCrossentropy, SparseCategoricalCrossentropy, CategoricalCrossentropy),
}
_BY_SHAPE["acc"], _BY_SHAPE["ce"] = _BY_SHAPE["accuracy"], _BY_SHAPE["crossentropy"]


def choose_by_shape(y_true: Array, y_pred: Array) -> int:
    """Return 0 for binary, 1 for sparse categorical, 2 for categorical: Keras's rule, which never sees the loss.

    One output column is binary; targets with an axis less than the predictions, or a last axis of 1, are class numbers;
    anything else is one-hot. So several sigmoid outputs ("multi-label") count as categorical: name
    `'binary_accuracy'` there.

    >>> import numpy as np
    >>> choose_by_shape(np.zeros(8), np.zeros((8, 1))), choose_by_shape(np.zeros(8), np.zeros((8, 3)))
    (0, 1)
    >>> choose_by_shape(np.zeros((8, 3)), np.zeros((8, 3)))
    2
    """
    if y_pred.shape[-1] == 1:
        return 0
    return 1 if y_true.ndim < y_pred.ndim or y_true.shape[-1] == 1 else 2


_OF_CLASS_NUMBERS: tuple[tuple[Any, type[Metric]], ...] = (
    (sparse_categorical_accuracy, SparseCategoricalAccuracy),
    (sparse_top_k_categorical_accuracy, SparseTopKCategoricalAccuracy),
    (sparse_categorical_crossentropy, SparseCategoricalCrossentropy),
)
"""Functions, and the metrics that are the same but know of labels which the loss ignores."""


def make_metric(identifier: Any, y_true: Array, y_pred: Array) -> Metric:
    """Return the metric that an entry of `metrics=[...]` means for these targets and predictions.

    A string keeps its spelling as the name; a function gives its own, in snake case.
    """
    if identifier is None:
        raise DataError("metrics: expected the name of a metric, a Metric or a function, received None.")
    kinds = _BY_SHAPE.get(identifier.lower()) if isinstance(identifier, str) else None
    if kinds is not None:
        return kinds[choose_by_shape(y_true, y_pred)](name=identifier)
    metric = get(identifier)
    name = identifier if isinstance(identifier, str) else _name_of(metric)
    if not isinstance(metric, Metric):
        for function, cls in _OF_CLASS_NUMBERS:
            if metric is function:
                return cls(name=name)
        return MeanMetricWrapper(metric, name=name)
    metric.name = name
    return metric


def _name_of(thing: Any) -> str:
    if hasattr(thing, "name"):
        return str(thing.name)
    return snake_case(getattr(thing, "__name__", type(thing).__name__))
