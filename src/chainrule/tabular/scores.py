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
"""Name to `{"value", "low", "high"}`; None where a score is not defined, or its interval is not asked for."""
Interval: TypeAlias = dict[str, float | None]
"""`{"value", "low", "high"}`."""
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
    return _with_intervals(_of_classes(y, probabilities), len(y), key)


def regression_scores(y: Array, predicted: Array, key: Key | None = None) -> Scores:
    """Return RMSE, MAE (both in units of y) and R2.

    Args:
        y, predicted: (n,).
        key: of the bootstrap; None leaves the intervals out.
    """
    return _with_intervals(_of_numbers(y, predicted), len(y), key)


def margin(name: str, y: Array, ours: Array, theirs: Array, key: Key) -> Interval:
    """Return by how much predictions are better than others in a score, with a 95 % interval over samples of the rows.

    Both are scored on the same samples, so the interval is narrower than those of the two scores would suggest. Zero
    within it: on other rows the others might be the better ones.

    Args:
        name: of the score.
        y: class numbers, or values (n,).
        ours, theirs: probabilities (n, classes), or values (n,).
        key: of the bootstrap.

    >>> y, a, b = np.arange(40) % 2, np.eye(2)[np.arange(40) % 2], np.eye(2)[np.zeros(40, int)]
    >>> found = margin("accuracy", y, a, b, (0, 1))
    >>> found["value"], found["low"] > 0.3, found["high"] < 0.7
    (0.5, True, True)
    """
    of = _of_classes if ours.ndim == 2 else _of_numbers
    mine, its = of(y, ours)[name], of(y, theirs)[name]
    sign = -1 if name in LOWER_IS_BETTER else 1
    return _with_intervals({name: lambda w: sign * (mine(w) - its(w))}, len(y), key)[name]


def _of_classes(y: Array, probabilities: Array) -> dict[str, Score]:
    predicted = probabilities.argmax(axis=1)
    right = (predicted == y).astype(np.float64)
    losses = -np.log(np.clip(probabilities[np.arange(len(y)), y], _SMALLEST, 1))
    scores: dict[str, Score] = {"accuracy": lambda w: w @ right / w.sum(), "log_loss": lambda w: w @ losses / w.sum()}
    if probabilities.shape[1] == 2:
        scores["roc_auc"] = roc_auc(y, probabilities[:, 1])
    scores["macro_f1"] = _macro_f1(y, predicted, probabilities.shape[1])
    return scores


def _of_numbers(y: Array, predicted: Array) -> dict[str, Score]:
    errors = predicted - y
    squares, sizes = errors**2, np.abs(errors)

    def r2(w: Array) -> float:
        mean = w @ y / w.sum()
        total = w @ (y - mean) ** 2
        return float(1 - (w @ squares) / total) if total > 0 else float("nan")

    return {
        "rmse": lambda w: float(np.sqrt(w @ squares / w.sum())),
        "mae": lambda w: w @ sizes / w.sum(),
        "r2": r2,
    }


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
