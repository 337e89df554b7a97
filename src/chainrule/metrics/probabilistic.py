"""Metrics of predicted probabilities and rates. They reuse the loss functions of the same name."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule import losses
from chainrule.metrics.base import align_ranks
from chainrule.metrics.reduction import MeanMetricWrapper
from chainrule.saving.serialization import public

__all__ = ["BinaryCrossentropy", "CategoricalCrossentropy", "KLDivergence", "Poisson", "SparseCategoricalCrossentropy"]


@public("keras.metrics")
class KLDivergence(MeanMetricWrapper):
    """The mean of `Σ y log(y / p)`.

    >>> import chainrule as cr
    >>> round(cr.metrics.KLDivergence()([[0.5, 0.5]], [[0.25, 0.75]]), 4)
    0.1438
    """

    def __init__(self, name: str = "kl_divergence", dtype: Any = None) -> None:
        super().__init__(losses.kl_divergence, name=name, dtype=dtype)


@public("keras.metrics")
class Poisson(MeanMetricWrapper):
    """The mean of `p - y log(p)`.

    >>> import chainrule as cr
    >>> round(cr.metrics.Poisson()([[1.0]], [[2.0]]), 4)
    1.3069
    """

    def __init__(self, name: str = "poisson", dtype: Any = None) -> None:
        super().__init__(losses.poisson, name=name, dtype=dtype)


@public("keras.metrics")
class BinaryCrossentropy(MeanMetricWrapper):
    """The mean of `-(y log p + (1 - y) log(1 - p))`.

    >>> import chainrule as cr
    >>> round(cr.metrics.BinaryCrossentropy()([[1.0], [0.0]], [[0.5], [0.5]]), 4)
    0.6931

    Args:
        from_logits: predictions are values before the sigmoid.
        label_smoothing: `s` turns labels into `y (1 - s) + s/2`.
    """

    def __init__(
        self,
        name: str = "binary_crossentropy",
        dtype: Any = None,
        from_logits: bool = False,
        label_smoothing: float = 0,
    ) -> None:
        super().__init__(
            losses.binary_crossentropy,
            name=name,
            dtype=dtype,
            from_logits=from_logits,
            label_smoothing=label_smoothing,
        )
        self.from_logits = from_logits
        self.label_smoothing = label_smoothing


@public("keras.metrics")
class CategoricalCrossentropy(MeanMetricWrapper):
    """The mean of `-Σ yₖ log pₖ` for one-hot targets; probabilities are first divided by their sum.

    >>> import chainrule as cr
    >>> round(cr.metrics.CategoricalCrossentropy()([[0.0, 1.0]], [[0.75, 0.25]]), 4)
    1.3863

    Args:
        from_logits: predictions are values before the softmax.
        label_smoothing: `s` turns targets into `y (1 - s) + s / classes`.
        axis: the axis of the classes.
    """

    def __init__(
        self,
        name: str = "categorical_crossentropy",
        dtype: Any = None,
        from_logits: bool = False,
        label_smoothing: float = 0,
        axis: int = -1,
    ) -> None:
        super().__init__(
            losses.categorical_crossentropy,
            name=name,
            dtype=dtype,
            from_logits=from_logits,
            label_smoothing=label_smoothing,
            axis=axis,
        )
        self.from_logits = from_logits
        self.label_smoothing = label_smoothing
        self.axis = axis


@public("keras.metrics")
class SparseCategoricalCrossentropy(MeanMetricWrapper):
    """The mean of `-log p` of the true class, where `y_true` holds class numbers.

    >>> import chainrule as cr
    >>> round(cr.metrics.SparseCategoricalCrossentropy()([1], [[0.75, 0.25]]), 4)
    1.3863

    Args:
        from_logits: predictions are values before the softmax.
        ignore_class: a class number whose rows count with the value 0. As in Keras they still count as rows, unless
            there are sample weights: then their weight is 0.
        axis: the axis of the classes.
    """

    def __init__(
        self,
        name: str = "sparse_categorical_crossentropy",
        dtype: Any = None,
        from_logits: bool = False,
        ignore_class: int | None = None,
        axis: int = -1,
    ) -> None:
        super().__init__(
            losses.sparse_categorical_crossentropy,
            name=name,
            dtype=dtype,
            from_logits=from_logits,
            ignore_class=ignore_class,
            axis=axis,
        )
        self.from_logits = from_logits
        self.ignore_class = ignore_class
        self.axis = axis

    def _take_batch(self, y_true: Any, y_pred: Any, sample_weight: Any) -> None:
        if self.ignore_class is not None and sample_weight is not None:
            kept, sample_weight = align_ranks(np.asarray(y_true) != self.ignore_class, np.asarray(sample_weight))
            sample_weight = sample_weight * kept
        beside = self._ignored_by_loss
        if self.ignore_class is None and beside is not None and not 0 <= beside < np.shape(y_pred)[self.axis]:
            # a label that is no class has the loss 0, and its row counts
            values = self._fn(np.asarray(y_true), np.asarray(y_pred), **{**self._fn_kwargs, "ignore_class": beside})
            self._add(np.asarray(values), sample_weight)
        else:
            super()._take_batch(y_true, y_pred, sample_weight)
