"""Scores of parts of the test rows: by the values of a column, by threshold, by class, by tenths of the prediction."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from chainrule._typing import Array
from chainrule.report.columns import values_of
from chainrule.tabular import parse
from chainrule.tabular.encoders import BooleanEncoder, CategoryEncoder

if TYPE_CHECKING:
    from chainrule.report.facts import Facts
    from chainrule.tabular.train import Prepared

THRESHOLDS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
_MOST_VALUES = 10
_Z = 1.959964


@dataclass(frozen=True)
class Group:
    """Some of the rows: what they share, and which (numbers among the held-out rows); whether they are a quarter."""

    name: str
    rows: Array
    quarter: bool = False


def by_column(facts: Facts, prepared: Prepared, name: str) -> list[Group]:
    """Return the held-out rows by the values of a column: categories, truth values, or quarters of a number."""
    encoder = next(e for e in prepared.preprocessor.encoders if e.name == name)
    series = prepared.table.get_column(name)[prepared.split.test.tolist()]
    if isinstance(encoder, CategoryEncoder):
        cells = parse.categories(series)
        found = {n: [i for i, c in enumerate(cells) if c == n] for n in encoder.names[:_MOST_VALUES]}
        groups = [Group(facts.names.category(encoder, n), np.array(rows, int)) for n, rows in found.items()]
        rest = [i for i, c in enumerate(cells) if c is not None and c not in found]
        groups.append(Group("others", np.array(rest, int)))
        missing = np.array([i for i, c in enumerate(cells) if c is None], int)
    else:
        kind = "boolean" if isinstance(encoder, BooleanEncoder) else "numeric"
        values = parse.dates(series) if encoder.to_dict()["kind"] == "date" else values_of(series, kind)
        groups = _of_truths(values) if kind == "boolean" else _quarters(values)
        missing = np.flatnonzero(~np.isfinite(values))
    return [g for g in [*groups, Group("missing", missing)] if len(g.rows)]


def _of_truths(values: Array) -> list[Group]:
    return [Group(name, np.flatnonzero(values == truth)) for name, truth in (("no", 0.0), ("yes", 1.0))]


def _quarters(values: Array) -> list[Group]:
    good = values[np.isfinite(values)]
    if not len(good):
        return []
    edges = np.unique(np.quantile(good, [0.25, 0.5, 0.75]))
    code = np.where(np.isfinite(values), np.searchsorted(edges, values, side="right"), -1)
    names = ["lowest quarter", "second quarter", "third quarter", "highest quarter"]
    if len(edges) < 3:
        names = [f"part {i + 1}" for i in range(len(edges) + 1)]
    return [Group(names[i], np.flatnonzero(code == i), quarter=True) for i in range(len(edges) + 1)]


def uneven(groups: Sequence[Group]) -> bool:
    """Return whether quarters hold different numbers of rows, by more than their number leaves no choice.

    >>> uneven([Group("lowest quarter", np.arange(35), True), Group("highest quarter", np.arange(60), True)])
    True
    """
    sizes = [len(g.rows) for g in groups if g.quarter]
    return bool(sizes) and max(sizes) - min(sizes) > 1


def wilson(right: int, n: int) -> tuple[float, float]:
    """Return the 95 % interval of a share (Wilson 1927).

    >>> tuple(round(v, 3) for v in wilson(9, 10))
    (0.596, 0.982)
    """
    if not n:
        return 0.0, 1.0
    p, z = right / n, _Z
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return middle - half, middle + half


@dataclass(frozen=True)
class AtThreshold:
    """What two classes are told apart with, at one threshold of the probability of the second."""

    threshold: float
    flagged: int
    hits: int
    precision: float | None
    recall: float | None
    accuracy: float


def by_threshold(y: Array, p: Array, thresholds: Sequence[float] = THRESHOLDS) -> list[AtThreshold]:
    """Return what each threshold would give.

    >>> by_threshold(np.array([0, 1, 1]), np.array([0.2, 0.6, 0.3]), (0.5,))
    [AtThreshold(threshold=0.5, flagged=1, hits=1, precision=1.0, recall=0.5, accuracy=0.6666666666666666)]
    """
    found = []
    for t in thresholds:
        flag = p > t
        hits, flagged, positive = int((flag & (y == 1)).sum()), int(flag.sum()), int((y == 1).sum())
        precision = hits / flagged if flagged else None
        recall = hits / positive if positive else None
        found.append(AtThreshold(t, flagged, hits, precision, recall, float((flag == (y == 1)).mean())))
    return found


@dataclass(frozen=True)
class PerClass:
    """How one class fares: rows of it, rows named so, precision, recall and F1 (None where there is nothing)."""

    rows: int
    named: int
    precision: float | None
    recall: float | None
    f1: float | None


def by_class(y: Array, predicted: Array, classes: int) -> list[PerClass]:
    """Return how each class fares.

    >>> by_class(np.array([0, 1, 1]), np.array([0, 1, 0]), 2)[1]
    PerClass(rows=2, named=1, precision=1.0, recall=0.5, f1=0.6666666666666666)
    """
    counts = np.bincount(y * classes + predicted, minlength=classes * classes).reshape(classes, classes)
    found = []
    for i in range(classes):
        hits, rows, named = int(counts[i, i]), int(counts[i].sum()), int(counts[:, i].sum())
        precision, recall = hits / named if named else None, hits / rows if rows else None
        f1 = 2 * hits / (rows + named) if rows + named else None
        found.append(PerClass(rows, named, precision, recall, f1))
    return found


@dataclass(frozen=True)
class Tenth:
    """A tenth of the rows by their prediction: its ends, mean of prediction and truth, and typical error."""

    low: float
    high: float
    predicted: float
    actual: float
    rmse: float
    rows: int


def by_tenth(y: Array, predicted: Array) -> list[Tenth]:
    """Return the rows in ten equal parts, from the lowest prediction to the highest; of few rows fewer parts."""
    order = np.argsort(predicted, kind="stable")
    found = []
    for rows in np.array_split(order, min(10, max(len(order) // 5, 1))):
        p, t = predicted[rows], y[rows]
        rmse = float(np.sqrt(((p - t) ** 2).mean()))
        found.append(Tenth(float(p.min()), float(p.max()), float(p.mean()), float(t.mean()), rmse, len(rows)))
    return found


def conformal(errors: Array, level: float = 0.9) -> float:
    """Return the half-width that holds a new row's error with probability `level` (split conformal prediction).

    Args:
        errors: sizes of the errors on rows that training did not use (n,).

    Source: Lei et al. (2018), "Distribution-Free Predictive Inference for Regression".

    >>> conformal(np.arange(1.0, 20.0))
    18.0
    """
    rank = min(math.ceil((len(errors) + 1) * level), len(errors))
    return float(np.sort(errors)[rank - 1])
