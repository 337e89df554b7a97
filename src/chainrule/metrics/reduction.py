"""`Mean`, `Sum`, and `MeanMetricWrapper`, which makes a metric of any function of `(y_true, y_pred)`."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule._typing import Array
from chainrule.autodiff.masks import mask_of
from chainrule.errors import ChainruleError, ShapeError
from chainrule.metrics.base import Metric, Scalar, align_ranks, shapes_differ
from chainrule.saving.serialization import Configurable, names_of, public, serialize_keras_object

__all__ = ["Mean", "MeanMetricWrapper", "Sum"]


def weighted_sums(values: Array, sample_weight: Any, mean: bool) -> tuple[float, float]:
    """Return `(Σ w v, Σ w)` over a batch, by Keras's rule for weights.

    Args:
        values: (batch, ...).
        sample_weight: (batch,), or any shape that fits the first axes of `values`.
        mean: axes after the batch are averaged, so that each sample counts once; otherwise they are summed.
    """
    values, weights = align_ranks(values, np.asarray(sample_weight, dtype=np.float64))
    if values.ndim > weights.ndim:
        inner = values.shape[weights.ndim :]
        values = np.add.reduce(values, axis=tuple(range(weights.ndim, values.ndim)), dtype=np.float64)
        if mean:
            values = values / math.prod(inner)
    if weights.shape != values.shape:
        weights = broadcast_weights(weights, values.shape)
    total, count = float(np.add.reduce(values * weights, axis=None)), float(np.add.reduce(weights, axis=None))
    per_sample = math.prod(values.shape[1:]) if mean else 1
    return (total, count) if per_sample == 1 else (total / per_sample, count / per_sample)


def broadcast_weights(weights: Array, shape: tuple[int, ...]) -> Array:
    """Return the weights broadcast to `shape`, or say that they do not fit."""
    try:
        return np.broadcast_to(weights, shape)
    except ValueError:
        raise ShapeError(
            f"sample_weight of shape {weights.shape} does not fit values of shape {shape}. Give one weight per sample."
        ) from None


def masked_weight(sample_weight: Any, mask: Any) -> Any:
    """Return the weights of a batch with 0 where its mask is False."""
    if mask is None:
        return sample_weight
    counts = np.asarray(mask, dtype=np.float64)
    if sample_weight is None:
        return counts
    counts, weights = align_ranks(counts, np.asarray(sample_weight, dtype=np.float64))
    return counts * broadcast_weights(weights, counts.shape)


def as_values(values: Any, dtype: str) -> Array:
    array = np.asarray(values)
    return array if array.dtype.kind == "f" else array.astype(dtype)


def describe_function(described: Any) -> Any:
    """Return Keras's long form of a function that is described by its name alone; anything else as it is."""
    if not isinstance(described, str):
        return described
    return {"module": "builtins", "class_name": "function", "config": described, "registered_name": "function"}


@public("keras.metrics")
class Sum(Metric):
    """`Σ wᵢ vᵢ` over all batches.

    >>> import chainrule as cr
    >>> cr.metrics.Sum()([1, 3, 5, 7], sample_weight=[1, 1, 0, 0])
    4.0
    """

    def __init__(self, name: str = "sum", dtype: Any = None) -> None:
        super().__init__(name=name, dtype=dtype)
        self.total = self.add_variable((), "zeros", np.float64, name="total")

    def update_state(self, values: Any, sample_weight: Any = None) -> None:
        """Add up the values, (batch, ...), each multiplied by its weight."""
        values = as_values(values, self._dtype)
        if sample_weight is not None:
            self.total.add(weighted_sums(values, sample_weight, mean=False)[0])
        else:
            self.total.add(np.add.reduce(values, axis=None))

    def reset_state(self) -> None:
        self.total.reset()

    def result(self) -> Scalar:
        return Scalar(self.total.value)


@public("keras.metrics")
class Mean(Metric):
    """`Σ wᵢ vᵢ / Σ wᵢ` over all batches; 0 before the first.

    As in Keras, values with several axes count once per sample (their mean), and a single number as `sample_weight`
    weighs the batch as a whole, whatever its size.

    >>> import chainrule as cr
    >>> mean = cr.metrics.Mean()
    >>> mean.update_state([1, 3])
    >>> mean([5, 7])
    4.0
    """

    def __init__(self, name: str = "mean", dtype: Any = None) -> None:
        super().__init__(name=name, dtype=dtype)
        self.total = self.add_variable((), "zeros", np.float64, name="total")
        self.count = self.add_variable((), "zeros", np.float64, name="count")

    def update_state(self, values: Any, sample_weight: Any = None) -> None:
        """Take in values, (batch, ...), with optional weights."""
        self._add(values, sample_weight)

    def _add(self, values: Any, sample_weight: Any) -> None:
        values = as_values(values, self._dtype)
        if sample_weight is None:
            self._add_batch(np.add.reduce(values, axis=None), values)
            return
        total, count = weighted_sums(values, sample_weight, mean=True)
        self.total.add(total)
        self.count.add(count)

    def _add_batch(self, total: float, values: Array) -> None:
        """Add a batch whose elements, of the shape of `values`, sum to `total`: each sample counts once."""
        if values.ndim <= 1:
            self.total.add(total)
            self.count.add(values.size)
        elif values.size:
            samples = values.shape[0]
            self.total.add(float(total) * samples / values.size)
            self.count.add(samples)

    def reset_state(self) -> None:
        self.total.reset()
        self.count.reset()

    def result(self) -> Scalar:
        count = self.count.value.item()
        return Scalar(self.total.value.item() / count if count else 0.0)


@public("keras.metrics")
class MeanMetricWrapper(Mean):
    """The mean of a function `fn(y_true, y_pred, **kwargs)` that gives one value per sample.

    >>> import numpy as np
    >>> import chainrule as cr
    >>> largest_error = lambda y_true, y_pred: np.max(np.abs(y_true - y_pred), axis=-1)
    >>> cr.metrics.MeanMetricWrapper(largest_error)(np.zeros((2, 2)), np.array([[1.0, 2.0], [3.0, 0.0]]))
    2.5

    Args:
        fn: receives `y_true` and `y_pred` as arrays.
        name: the key in `history`.
        kwargs: passed on to `fn`.
    """

    def __init__(self, fn: Callable[..., Any], name: str | None = None, dtype: Any = None, **kwargs: Any) -> None:
        super().__init__(name=name, dtype=dtype)  # type: ignore[arg-type]
        self._fn = fn
        self._ignored_by_loss: int | None = None
        self._fn_kwargs = kwargs
        losses = names_of("keras.losses").values()
        if any(fn is loss or type(fn) is loss for loss in losses):
            self._direction = "down"

    def update_state(  # type: ignore[override]
        self, y_true: Any, y_pred: Any, sample_weight: Any = None
    ) -> None:
        """Take in a batch: targets, predictions, and optional weights (batch,).

        Where the predictions have a mask, what is masked has weight 0.
        """
        self._take_batch(y_true, y_pred, masked_weight(sample_weight, mask_of(y_pred)))

    def _take_batch(self, y_true: Any, y_pred: Any, sample_weight: Any) -> None:
        y_true, y_pred = np.asarray(y_true), as_values(y_pred, self._dtype)
        try:
            values = self._fn(y_true, y_pred, **self._fn_kwargs)
        except ChainruleError:
            raise
        except ValueError as error:
            raise shapes_differ(self.name, y_true, y_pred, f"({error})") from error
        self._add(values, sample_weight)

    def get_config(self) -> dict[str, Any]:
        """Return name, dtype, function and its arguments; for a class with a constructor of its own, its arguments."""
        if type(self).__init__ is not MeanMetricWrapper.__init__:
            return Configurable.get_config(self)
        config = {**self._base_config(), "fn": describe_function(serialize_keras_object(self._fn))}
        return {**config, **{k: serialize_keras_object(v) for k, v in self._fn_kwargs.items()}}
