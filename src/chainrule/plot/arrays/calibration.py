"""Calibration: whether of the rows given 70 % some 70 % are right; with Brier score and expected calibration error.

Source: Brier (1950); Naeini, Cooper, Hauskrecht (2015), "Obtaining Well Calibrated Probabilities Using Bayesian
Binning".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule._typing import Array
from chainrule.errors import DataError, unknown_name, within
from chainrule.plot.arrays.outcome import classified
from chainrule.records import Record

_STRATEGIES = ("uniform", "quantile")
_Z = 1.959964  # 95 %


class Calibration(Record):
    """Rows in bins of their probability; only bins with rows in them.

    Attributes:
        predicted: mean probability in each bin.
        observed: share of rows in each bin that are of the class.
        low, high: 95 % interval of `observed` (Wilson 1927).
        counts: rows in each bin.
        edges: of all bins.
        brier: mean squared difference between probability and what happened, over all classes; for two classes, of
            class 1 alone. 0 is perfect.
        ece: mean of `|observed - predicted|`, weighted by the counts.
        of: what the probability is of: the name of class 1, or `'the predicted class'`.
    """

    predicted: Array
    observed: Array
    low: Array
    high: Array
    counts: Array
    edges: Array
    brier: float
    ece: float
    of: str


@within("plot.numbers.calibration")
def calibration(
    *what: Any, bins: int = 10, strategy: str = "uniform", classes: Sequence[str] | None = None
) -> Calibration:
    """Return how well probabilities are calibrated; of more than two classes, that of the predicted class.

    Args:
        what: a model, its inputs and targets; or targets and probabilities.
        bins: how many.
        strategy: `'uniform'` makes bins of equal width, `'quantile'` of equally many rows.
        classes: names of the classes in order.

    Raises:
        DataError: the outputs are no probabilities.
        UnknownNameError: there is no such strategy.

    >>> found = calibration([0, 1, 1, 1], [0.2, 0.4, 0.9, 0.8], bins=2)
    >>> found.predicted, found.observed, round(found.ece, 4)
    (array([0.3 , 0.85]), array([0.5, 1. ]), 0.175)
    """
    if len(what) == 1 and isinstance(what[0], Calibration):
        return what[0]
    if strategy not in _STRATEGIES:
        raise unknown_name("strategy", strategy, _STRATEGIES)
    rows = classified(*what, classes=classes)
    if rows.scores.min() < 0 or rows.scores.max() > 1 + 1e-6:
        raise DataError(
            f"calibration: expected probabilities, but the outputs range from {rows.scores.min():.4g} to "
            f"{rows.scores.max():.4g}. If they are logits, pass the model and its data."
        )
    if rows.binary:
        p, right, of = rows.scores, rows.y == 1, rows.names[1]
        brier = float(np.mean((p - right) ** 2))
    else:
        p, right, of = rows.scores.max(axis=1), rows.predicted == rows.y, "the predicted class"
        brier = float(np.mean(((rows.scores - np.eye(len(rows.names))[rows.y]) ** 2).sum(axis=1)))
    shares = np.linspace(0, 1, bins + 1)
    edges = shares if strategy == "uniform" else np.quantile(p, shares)
    return _binned(p, right.astype(np.float64), edges, brier, of)


def _binned(p: Array, right: Array, edges: Array, brier: float, of: str) -> Calibration:
    place = np.searchsorted(edges[1:-1], p)
    counts = np.bincount(place, minlength=len(edges) - 1)
    used = counts > 0
    n = counts[used]
    predicted = np.bincount(place, p, len(edges) - 1)[used] / n
    observed = np.bincount(place, right, len(edges) - 1)[used] / n
    middle = (observed + _Z**2 / (2 * n)) / (1 + _Z**2 / n)
    half = _Z / (1 + _Z**2 / n) * np.sqrt(observed * (1 - observed) / n + _Z**2 / (4 * n**2))
    ece = float(np.sum(n * np.abs(observed - predicted)) / n.sum())
    return Calibration(predicted, observed, middle - half, middle + half, n, edges, brier, ece, of)
