"""Metrics of how far predictions move with the targets."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule import config
from chainrule._typing import Array
from chainrule.metrics.base import align_ranks, check_fit
from chainrule.metrics.reduction import MeanMetricWrapper, as_values
from chainrule.saving.serialization import public

__all__ = ["ConcordanceCorrelation", "PearsonCorrelation", "concordance_correlation", "pearson_correlation"]


def _aligned(where: str, y_true: Any, y_pred: Any) -> tuple[Array, Array]:
    y_pred = as_values(y_pred, config.floatx())
    y_true, y_pred = align_ranks(np.asarray(y_true, y_pred.dtype), y_pred)
    check_fit(where, y_true, y_pred)
    return y_true, y_pred


@public("keras.metrics")
def pearson_correlation(y_true: Any, y_pred: Any, axis: int = -1) -> Array:
    """Return `cov(y, p) / (σ(y) σ(p))` along an axis, NaN where one is constant.

    >>> pearson_correlation([[0.0, 1.0, 0.5]], [[0.1, 0.9, 1.0]]).round(4)
    array([0.8109])
    """
    y_true, y_pred = _aligned("pearson_correlation", y_true, y_pred)
    with np.errstate(divide="ignore", invalid="ignore"):
        standard = [(a - a.mean(axis, keepdims=True)) / a.std(axis, keepdims=True) for a in (y_true, y_pred)]
    return np.asarray((standard[0] * standard[1]).mean(axis))


@public("keras.metrics")
def concordance_correlation(y_true: Any, y_pred: Any, axis: int = -1) -> Array:
    """Return `2 cov(y, p) / (var(y) + var(p) + (mean(y) - mean(p))²)` along an axis (Lin 1989).

    >>> concordance_correlation([[0.0, 1.0, 0.5]], [[0.1, 0.9, 1.0]]).round(4)
    array([0.7477])
    """
    y_true, y_pred = _aligned("concordance_correlation", y_true, y_pred)
    true_mean, mean = y_true.mean(axis, keepdims=True), y_pred.mean(axis, keepdims=True)
    spread = y_true.var(axis, keepdims=True) + y_pred.var(axis, keepdims=True) + np.square(true_mean - mean)
    products = (y_true - mean) * (y_pred - mean)
    return np.asarray((2 * products / (spread + config.epsilon())).mean(axis))


@public("keras.metrics")
class PearsonCorrelation(MeanMetricWrapper):
    """The mean of Pearson's correlation of target and prediction along `axis`.

    >>> import chainrule as cr
    >>> round(cr.metrics.PearsonCorrelation(axis=0)([0.0, 1.0, 0.5], [0.1, 0.9, 1.0]), 4)
    0.8109
    """

    _direction = "up"

    def __init__(self, name: str = "pearson_correlation", dtype: Any = None, axis: int = -1) -> None:
        super().__init__(pearson_correlation, name=name, dtype=dtype, axis=axis)
        self.axis = axis


@public("keras.metrics")
class ConcordanceCorrelation(MeanMetricWrapper):
    """The mean of Lin's concordance of target and prediction along `axis`: 1 only where they are equal.

    >>> import chainrule as cr
    >>> round(cr.metrics.ConcordanceCorrelation(axis=0)([0.0, 1.0, 0.5], [0.1, 0.9, 1.0]), 4)
    0.7477
    """

    _direction = "up"

    def __init__(self, name: str = "concordance_correlation", dtype: Any = None, axis: int = -1) -> None:
        super().__init__(concordance_correlation, name=name, dtype=dtype, axis=axis)
        self.axis = axis
