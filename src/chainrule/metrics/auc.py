"""`AUC`: the area under the ROC, precision-recall or gain curve, from counts at many thresholds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule import config
from chainrule._typing import Array
from chainrule.errors import DataError, ShapeError, unknown_name
from chainrule.metrics.base import Accumulator, Metric, Scalar, divide_no_nan
from chainrule.metrics.counting import Counts, Thresholds, count, evenly_spaced
from chainrule.saving.serialization import public

__all__ = ["AUC"]

_CURVES = ("ROC", "PR", "PRGAIN")
_SUMMATIONS = ("interpolation", "majoring", "minoring")


@public("keras.metrics")
class AUC(Metric):
    """The area under a curve, by the trapezoids or rectangles between `num_thresholds` thresholds.

    >>> import chainrule as cr
    >>> cr.metrics.AUC(num_thresholds=3)([0, 0, 1, 1], [0, 0.5, 0.3, 0.9])
    0.75

    Args:
        num_thresholds: how finely the curve is sampled, at thresholds evenly spaced in [0, 1].
        curve: `'ROC'` (true over false positive rate), `'PR'` (precision over recall), or `'PRGAIN'`.
        summation_method: `'interpolation'` (trapezoids; for PR, Davis and Goadrich 2006), or the lower (`'minoring'`)
            or upper (`'majoring'`) rectangles.
        thresholds: own thresholds in [0, 1] instead of the evenly spaced ones.
        multi_label: labels and predictions are (batch, labels), and the areas of the labels are averaged; otherwise
            everything is one long list.
        num_labels: the number of labels, if the state should exist before the first batch.
        label_weights: (labels,), for that average; without `multi_label` they weigh the columns.
        from_logits: predictions are values before the sigmoid.

    Raises:
        UnknownNameError: a curve or summation method we do not know.
    """

    _direction = "up"

    def __init__(
        self,
        num_thresholds: int = 200,
        curve: str = "ROC",
        summation_method: str = "interpolation",
        name: str | None = None,
        dtype: Any = None,
        thresholds: Sequence[float] | None = None,
        multi_label: bool = False,
        num_labels: int | None = None,
        label_weights: Any = None,
        from_logits: bool = False,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        self.curve = _known(curve, "AUC curve", _CURVES)
        self.summation_method = _known(summation_method, "AUC summation method", _SUMMATIONS)
        if num_labels and not multi_label:
            raise DataError("AUC: num_labels needs multi_label=True.")
        self.multi_label = multi_label
        self.num_labels = num_labels
        self.label_weights = None if label_weights is None else np.asarray(label_weights, self.dtype)
        self.from_logits = from_logits
        self._init_from_thresholds = thresholds is not None
        inner, even = _inner_thresholds(num_thresholds, thresholds)
        self.num_thresholds = len(inner) + 2
        margin = config.epsilon()  # so that predictions of exactly 0 and 1 lie between the first and the last
        self._thresholds = Thresholds([-margin, *inner, 1 + margin], self.dtype, even)
        self._counts: list[Accumulator] = []
        if not multi_label:
            self._build((self.num_thresholds,))
        elif num_labels:
            self._build((self.num_thresholds, num_labels))

    @property
    def thresholds(self) -> list[float]:
        """All thresholds, with the one below 0 and the one above 1."""
        return list(self._thresholds.values)

    def _build(self, shape: tuple[int, ...]) -> None:
        self.true_positives = self.add_variable(shape, "zeros", np.float64, name="true_positives")
        self.false_positives = self.add_variable(shape, "zeros", np.float64, name="false_positives")
        self.true_negatives = self.add_variable(shape, "zeros", np.float64, name="true_negatives")
        self.false_negatives = self.add_variable(shape, "zeros", np.float64, name="false_negatives")
        self._counts = [self.true_positives, self.false_positives, self.true_negatives, self.false_negatives]

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Take in a batch: labels 0 or 1 and predictions, (batch,) or (batch, labels), and weights (batch,)."""
        y_pred = np.asarray(y_pred, self._dtype)
        if not self._counts:
            if y_pred.ndim != 2:
                raise ShapeError(
                    f"{self.name}: with multi_label=True expected predictions of shape (batch, labels), "
                    f"received shape {y_pred.shape}."
                )
            self._build((self.num_thresholds, y_pred.shape[1]))
        if self.from_logits:
            with np.errstate(over="ignore"):  # exp(100) is infinite in float32, and the sigmoid 0, as it should be
                y_pred = 1 / (1 + np.exp(-y_pred))
        weights = None if self.multi_label else self.label_weights
        counts = count(
            self.name,
            y_true,
            y_pred,
            self._thresholds,
            sample_weight,
            multi_label=self.multi_label,
            label_weights=weights,
        )
        for accumulator, amount in zip(self._counts, counts, strict=True):
            accumulator.add(amount)

    def result(self) -> Scalar:
        if not self._counts:
            return Scalar(0.0)
        counts = Counts(*(accumulator.value for accumulator in self._counts))
        if self.curve == "PR" and self.summation_method == "interpolation":
            areas = _interpolated_precision(counts)
        else:
            areas = _areas(*_curve(self.curve, counts), self.summation_method)
        if not self.multi_label:
            return Scalar(areas)
        if self.label_weights is None:
            return Scalar(areas.mean())
        return Scalar(divide_no_nan((areas * self.label_weights).sum(), self.label_weights.sum()))

    def get_config(self) -> dict[str, Any]:
        """Return the arguments; thresholds only if they were given."""
        settings = super().get_config()
        settings["label_weights"] = None if self.label_weights is None else self.label_weights.tolist()
        if self._init_from_thresholds:
            settings["thresholds"] = self.thresholds[1:-1]
        else:
            del settings["thresholds"]
        return settings


def _known(value: Any, kind: str, names: tuple[str, ...]) -> str:
    """Return the name as it is written in `names`, whatever its case."""
    found = next((n for n in names if n.lower() == str(value).lower()), None)
    if found is None:
        raise unknown_name(kind, value, names)
    return found


def _inner_thresholds(number: int, given: Sequence[float] | None) -> tuple[list[float], bool]:
    """Return the thresholds between the first and the last, and whether all are evenly spaced."""
    if given is not None:
        inner = sorted(float(t) for t in given)
        return inner, evenly_spaced([0.0, *inner, 1.0])
    if number <= 1:
        raise DataError(f"AUC: num_thresholds must be at least 2, received {number}.")
    return [i / (number - 1) for i in range(1, number - 1)], True


def _curve(name: str, counts: Counts) -> tuple[Array, Array]:
    """Return the points of the curve, from the lowest threshold to the highest."""
    tp, fp, tn, fn = counts
    recall = divide_no_nan(tp, tp + fn)
    if name == "ROC":
        return divide_no_nan(fp, fp + tn), recall
    if name == "PR":
        return recall, divide_no_nan(tp, tp + fp)
    # Precision and recall gain (Flach and Kull 2015), with Keras's choice where there are no true positives.
    ratio = divide_no_nan(tp + fn, tn + fp)
    recall_gain = np.where(tp == 0, 0.0, 1 - ratio * divide_no_nan(fn, tp))
    precision_gain = np.where(tp == 0, 1.0, 1 - ratio * divide_no_nan(fp, tp))
    return np.maximum(recall_gain, 0), precision_gain


def _areas(x: Array, y: Array, method: str) -> Array:
    """Return the sum of widths times heights along the thresholds (axis 0)."""
    if method == "interpolation":
        heights = (y[:-1] + y[1:]) / 2
    else:
        heights = (np.minimum if method == "minoring" else np.maximum)(y[:-1], y[1:])
    return np.asarray(((x[:-1] - x[1:]) * heights).sum(0))


def _interpolated_precision(counts: Counts) -> Array:
    """Return the area under precision-recall; counts, not precision, are interpolated (Davis and Goadrich 2006)."""
    tp, predicted = counts.true_positives, counts.true_positives + counts.false_positives
    gained = tp[:-1] - tp[1:]
    slope = divide_no_nan(gained, np.maximum(predicted[:-1] - predicted[1:], 0))
    intercept = tp[1:] - slope * predicted[1:]
    both = (predicted[:-1] > 0) & (predicted[1:] > 0)
    ratio = np.where(both, divide_no_nan(predicted[:-1], predicted[1:]), 1.0)
    steps = slope * (gained + intercept * np.log(ratio))
    return np.asarray(divide_no_nan(steps, tp[1:] + counts.false_negatives[1:]).sum(0))
