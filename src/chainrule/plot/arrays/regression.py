"""Predictions of numbers: errors, and how large they are."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule._typing import Array
from chainrule.errors import within
from chainrule.plot.arrays.outcome import values
from chainrule.records import Record


class Residuals(Record):
    """Targets `y`, predictions, and what remains: `y - predicted`.

    Attributes:
        rmse, mae: root of the mean squared, and mean absolute error, in units of y.
        bias: mean of the residuals.
        r2: share of the variance that is explained: `1 - Σ(y - p)² / Σ(y - ȳ)²` (NaN: y is constant).
    """

    y: Array
    predicted: Array
    rmse: float
    mae: float
    bias: float
    r2: float

    @property
    def residuals(self) -> Array:
        found: Array = self.y - self.predicted
        return found

    def by_prediction(self, bins: int = 10) -> tuple[Array, Array, Array]:
        """Return, for equally large groups of rows by prediction, the mean prediction, mean and spread of residuals."""
        order = np.argsort(self.predicted, kind="stable")
        groups = [g for g in np.array_split(order, min(bins, len(order))) if len(g)]
        left = self.residuals
        return (
            np.array([self.predicted[g].mean() for g in groups]),
            np.array([left[g].mean() for g in groups]),
            np.array([left[g].std() for g in groups]),
        )


@within("plot.numbers.residuals")
def residuals(*what: Any, output: int | None = None) -> Residuals:
    """Return targets, predictions and errors.

    Args:
        what: a model, its inputs and targets; or targets and outputs.
        output: which of several outputs.

    >>> found = residuals([1.0, 2.0, 3.0], [1.5, 2.0, 2.5])
    >>> found.residuals, found.r2
    (array([-0.5,  0. ,  0.5]), 0.75)
    """
    if len(what) == 1 and isinstance(what[0], Residuals):
        return what[0]
    y, p = values(*what, output=output)
    left = y - p
    total = float(np.sum((y - y.mean()) ** 2))
    return Residuals(
        y, p, float(np.sqrt(np.mean(left**2))), float(np.mean(np.abs(left))), float(left.mean()),
        1 - float(np.sum(left**2)) / total if total > 0 else float("nan"),
    )  # fmt: skip
