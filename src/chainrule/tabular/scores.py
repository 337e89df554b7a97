"""Test scores with 95 % intervals: accuracy, log loss, ROC AUC, macro F1; RMSE, MAE, R2.

An interval comes from the bootstrap: the score of many samples of the rows, drawn with replacement, from the 2.5 % to
the 97.5 % quantile. Every score takes weights, so that a sample is a count per row.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from chainrule._typing import Array
from chainrule.random.threefry import Key, fold_in, randint

Scores: TypeAlias = dict[str, dict[str, float | None]]
"""Name to `{"value", "low", "high"}`; None where a score is not defined."""
Score: TypeAlias = Callable[[Array], float]

LOWER_IS_BETTER = frozenset({"log_loss", "rmse", "mae"})
MOST_SAMPLES = 500
_MOST_DRAWS = 20_000_000
_SMALLEST = 1e-15


def classification_scores(y: Array, probabilities: Array, key: Key | None = None) -> Scores:
    """Return accuracy, log loss, macro F1 and, for two classes, ROC AUC.

    Args:
        y: class numbers (n,).
        probabilities: (n, classes).
        key: of the bootstrap; None leaves the intervals out.
    """
    predicted = probabilities.argmax(axis=1)
    right = (predicted == y).astype(np.float64)
    losses = -np.log(np.clip(probabilities[np.arange(len(y)), y], _SMALLEST, 1))
    scores: dict[str, Score] = {"accuracy": lambda w: w @ right / w.sum(), "log_loss": lambda w: w @ losses / w.sum()}
    if probabilities.shape[1] == 2:
        scores["roc_auc"] = roc_auc(y, probabilities[:, 1])
    scores["macro_f1"] = _macro_f1(y, predicted, probabilities.shape[1])
    return _with_intervals(scores, len(y), key)


def regression_scores(y: Array, predicted: Array, key: Key | None = None) -> Scores:
    """Return RMSE, MAE (both in units of y) and R2.

    Args:
        y, predicted: (n,).
        key: of the bootstrap; None leaves the intervals out.
    """
    errors = predicted - y
    squares, sizes = errors**2, np.abs(errors)

    def r2(w: Array) -> float:
        mean = w @ y / w.sum()
        total = w @ (y - mean) ** 2
        return float(1 - (w @ squares) / total) if total > 0 else float("nan")

    scores: dict[str, Score] = {
        "rmse": lambda w: float(np.sqrt(w @ squares / w.sum())),
        "mae": lambda w: w @ sizes / w.sum(),
        "r2": r2,
    }
    return _with_intervals(scores, len(y), key)


def roc_auc(y: Array, score: Array) -> Score:
    """Area under the ROC curve: how often a random positive row scores above a random negative one; ties count half."""
    levels, level = np.unique(score, return_inverse=True)
    positive = y.astype(np.float64)

    def auc(w: Array) -> float:
        p = np.bincount(level, w * positive, len(levels))
        n = np.bincount(level, w * (1 - positive), len(levels))
        pairs = p.sum() * n.sum()
        return float((p * (np.cumsum(n) - n / 2)).sum() / pairs) if pairs > 0 else float("nan")

    return auc


def _macro_f1(y: Array, predicted: Array, classes: int) -> Score:
    """Unweighted mean of each class's F1, over the classes that occur or are predicted."""
    cell = y * classes + predicted

    def macro_f1(w: Array) -> float:
        table = np.bincount(cell, w, classes * classes).reshape(classes, classes)
        sums = table.sum(axis=0) + table.sum(axis=1)
        present = sums > 0
        return float(np.mean(2 * np.diag(table)[present] / sums[present]))

    return macro_f1


def _with_intervals(scores: dict[str, Score], n: int, key: Key | None) -> Scores:
    everyone = np.ones(n)
    found: Scores = {
        name: {"value": _number(score(everyone)), "low": None, "high": None} for name, score in scores.items()
    }
    if key is None or n < 2:
        return found
    samples: dict[str, list[float]] = {name: [] for name in scores}
    for i in range(max(100, min(MOST_SAMPLES, _MOST_DRAWS // n))):
        weights = np.bincount(randint(fold_in(key, i), (n,), 0, n), minlength=n).astype(np.float64)
        for name, score in scores.items():
            samples[name].append(score(weights))
    for name, values in samples.items():
        good = np.array(values)[np.isfinite(values)]
        if len(good):
            low, high = np.quantile(good, [0.025, 0.975])
            found[name].update(low=_number(low), high=_number(high))
    return found


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
