"""Metrics of predicted numbers. The less common errors reuse the loss functions of the same name."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from chainrule import losses
from chainrule._typing import Array
from chainrule.errors import ShapeError, UnknownNameError
from chainrule.metrics.base import Metric, Scalar, align_ranks, check_fit, scalar
from chainrule.metrics.reduction import Mean, MeanMetricWrapper, as_values, broadcast_weights
from chainrule.saving.serialization import public

__all__ = [
    "CosineSimilarity", "LogCoshError", "MeanAbsoluteError", "MeanAbsolutePercentageError", "MeanSquaredError",
    "MeanSquaredLogarithmicError", "R2Score", "RootMeanSquaredError",
]  # fmt: skip


def _errors(where: str, y_true: Any, y_pred: Any, dtype: str) -> Array:
    """Return `p - y`. The most common metrics take this short way, a few NumPy calls, instead of their loss's ops."""
    y_true, y_pred = align_ranks(np.asarray(y_true), as_values(y_pred, dtype))
    check_fit(where, y_true, y_pred)
    return np.asarray(y_pred - y_true.astype(y_pred.dtype, copy=False))


def _mean_per_row(errors: Array) -> Array:
    return np.add.reduce(errors, axis=-1) / max(errors.shape[-1], 1) if errors.ndim else errors


@public("keras.metrics")
class MeanSquaredError(MeanMetricWrapper):
    """The mean of `(y - p)²`.

    >>> import chainrule as cr
    >>> cr.metrics.MeanSquaredError()([[0.0, 1.0], [0.0, 0.0]], [[1.0, 1.0], [0.0, 0.0]])
    0.25
    """

    def __init__(self, name: str = "mean_squared_error", dtype: Any = None) -> None:
        super().__init__(losses.mean_squared_error, name=name, dtype=dtype)

    def _take_batch(self, y_true: Any, y_pred: Any, sample_weight: Any) -> None:
        self._add(_mean_per_row(np.square(_errors(self.name, y_true, y_pred, self._dtype))), sample_weight)


@public("keras.metrics")
class MeanAbsoluteError(MeanMetricWrapper):
    """The mean of `|y - p|`.

    >>> import chainrule as cr
    >>> cr.metrics.MeanAbsoluteError()([[0.0, 1.0], [0.0, 0.0]], [[1.0, 1.0], [0.0, 0.0]])
    0.25
    """

    def __init__(self, name: str = "mean_absolute_error", dtype: Any = None) -> None:
        super().__init__(losses.mean_absolute_error, name=name, dtype=dtype)

    def _take_batch(self, y_true: Any, y_pred: Any, sample_weight: Any) -> None:
        self._add(_mean_per_row(np.abs(_errors(self.name, y_true, y_pred, self._dtype))), sample_weight)


@public("keras.metrics")
class RootMeanSquaredError(Mean):
    """The root of the mean of `(y - p)²` over all batches.

    >>> import chainrule as cr
    >>> cr.metrics.RootMeanSquaredError()([[0.0, 1.0], [0.0, 0.0]], [[1.0, 1.0], [0.0, 0.0]])
    0.5
    """

    _direction = "down"

    def __init__(self, name: str = "root_mean_squared_error", dtype: Any = None) -> None:
        super().__init__(name=name, dtype=dtype)

    def update_state(  # type: ignore[override]
        self, y_true: Any, y_pred: Any, sample_weight: Any = None
    ) -> None:
        """Take in a batch: targets, predictions, and optional weights (batch,)."""
        self._add(np.square(_errors(self.name, y_true, y_pred, self._dtype)), sample_weight)

    def result(self) -> Scalar:
        return Scalar(float(super().result()) ** 0.5)


@public("keras.metrics")
class MeanAbsolutePercentageError(MeanMetricWrapper):
    """The mean of `100 |y - p| / max(|y|, 1e-7)`.

    >>> import chainrule as cr
    >>> cr.metrics.MeanAbsolutePercentageError()([[2.0], [4.0]], [[1.0], [4.0]])
    25.0
    """

    def __init__(self, name: str = "mean_absolute_percentage_error", dtype: Any = None) -> None:
        super().__init__(losses.mean_absolute_percentage_error, name=name, dtype=dtype)


@public("keras.metrics")
class MeanSquaredLogarithmicError(MeanMetricWrapper):
    """The mean of `(log(1 + y) - log(1 + p))²`, with `y` and `p` raised to at least 1e-7.

    >>> import chainrule as cr
    >>> round(cr.metrics.MeanSquaredLogarithmicError()([[0.0], [1.0]], [[1.0], [1.0]]), 4)
    0.2402
    """

    def __init__(self, name: str = "mean_squared_logarithmic_error", dtype: Any = None) -> None:
        super().__init__(losses.mean_squared_logarithmic_error, name=name, dtype=dtype)


@public("keras.metrics")
class LogCoshError(MeanMetricWrapper):
    """The mean of `log(cosh(p - y))`.

    >>> import chainrule as cr
    >>> round(cr.metrics.LogCoshError()([[0.0, 1.0], [0.0, 0.0]], [[1.0, 1.0], [0.0, 0.0]]), 4)
    0.1084
    """

    def __init__(self, name: str = "logcosh", dtype: Any = None) -> None:
        super().__init__(losses.log_cosh, name=name, dtype=dtype)


def cosine_similarity(y_true: Any, y_pred: Any, axis: int = -1) -> Any:
    """Return `Σ yᵢpᵢ / (|y| |p|)` along an axis: the loss of this name with its sign turned, so that 1 is best."""
    return -losses.cosine_similarity(y_true, y_pred, axis=axis)


@public("keras.metrics")
class CosineSimilarity(MeanMetricWrapper):
    """The mean cosine of the angle between target and prediction, each a vector along `axis`.

    >>> import chainrule as cr
    >>> round(cr.metrics.CosineSimilarity()([[0.0, 1.0], [1.0, 1.0]], [[1.0, 0.0], [1.0, 1.0]]), 6)
    0.5
    """

    _direction = "up"

    def __init__(self, name: str = "cosine_similarity", dtype: Any = None, axis: int = -1) -> None:
        super().__init__(cosine_similarity, name=name, dtype=dtype, axis=axis)
        self.axis = axis


@public("keras.metrics")
class R2Score(Metric):
    """`R² = 1 - Σ(y - p)² / Σ(y - ȳ)²`, per output, then averaged.

    >>> import chainrule as cr
    >>> cr.metrics.R2Score()([[1.0], [4.0], [3.0]], [[2.0], [4.0], [4.0]])
    0.57142857...

    Args:
        class_aggregation: `'uniform_average'`, `'variance_weighted_average'`, or None for one value per output.
        num_regressors: number of inputs of the model, for the adjusted R²; 0 for the plain one. As in Keras, the number
            of samples it is adjusted with counts every output of every sample.
    """

    _direction = "up"

    def __init__(
        self,
        class_aggregation: str | None = "uniform_average",
        num_regressors: int = 0,
        name: str = "r2_score",
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        if class_aggregation not in (None, "uniform_average", "variance_weighted_average"):
            raise UnknownNameError(
                "R2Score: class_aggregation must be 'uniform_average', 'variance_weighted_average' or None, "
                f"received {class_aggregation!r}."
            )
        if num_regressors < 0:
            raise ValueError(f"R2Score: num_regressors must be at least 0, received {num_regressors}.")
        self.class_aggregation = class_aggregation
        self.num_regressors = num_regressors
        self.num_samples = self.add_variable((), "zeros", np.float64, name="num_samples")
        self._built = False

    def _build(self, y_true: Array, y_pred: Array) -> None:
        if y_pred.ndim != 2 or y_true.ndim != 2:
            raise ShapeError(
                f"R2Score: expected targets and predictions of shape (batch, outputs), received y_true of shape "
                f"{y_true.shape} and y_pred of shape {y_pred.shape}. Add an axis: y[:, None]."
            )
        shape = y_pred.shape[1:]
        self.squared_sum = self.add_variable(shape, "zeros", np.float64, name="squared_sum")
        self.sum = self.add_variable(shape, "zeros", np.float64, name="sum")
        self.total_mse = self.add_variable(shape, "zeros", np.float64, name="residual")
        self.count = self.add_variable(shape, "zeros", np.float64, name="count")
        self._built = True

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Take in a batch: targets and predictions, (batch, outputs), and weights, (batch,) or (batch, outputs)."""
        y_true, y_pred = align_ranks(np.asarray(y_true, np.float64), np.asarray(y_pred, np.float64))
        check_fit(self.name, y_true, y_pred)
        if not self._built:
            self._build(y_true, y_pred)
        weights = np.asarray(1.0 if sample_weight is None else sample_weight, np.float64)
        weights = broadcast_weights(weights[:, None] if weights.ndim == 1 else weights, y_true.shape)
        weighted = y_true * weights
        self.sum.add(weighted.sum(0))
        self.squared_sum.add((y_true * weighted).sum(0))
        self.total_mse.add((np.square(y_true - y_pred) * weights).sum(0))
        self.count.add(weights.sum(0))
        self.num_samples.add(y_true.size)

    def result(self) -> Any:
        if not self._built:
            return Scalar(0.0)
        sums = self.sum.value
        with np.errstate(divide="ignore", invalid="ignore"):
            total = self.squared_sum.value - sums * (sums / self.count.value)
            scores = 1 - self.total_mse.value / total
            scores = np.where(np.isinf(scores), 0.0, scores)
            if self.class_aggregation == "uniform_average":
                score = scores.mean()
            elif self.class_aggregation == "variance_weighted_average":
                score = (total * scores).sum() / total.sum()
            else:
                score = scores.astype(self.dtype)
        return scalar(self._adjusted(score))

    def _adjusted(self, score: Any) -> Any:
        """Return `1 - (1 - R²)(n - 1)/(n - p - 1)` for p regressors."""
        n, p = self.num_samples.value.item(), self.num_regressors
        if p == 0:
            return score
        if p >= n - 1:
            warnings.warn(
                f"R2Score: the adjusted score needs more than num_regressors + 1 = {p + 1} samples, has {n:.0f}; "
                "giving the plain R2.",
                stacklevel=3,
            )
            return score
        return 1 - (1 - score) * (n - 1) / (n - p - 1)
