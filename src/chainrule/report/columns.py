"""What a report says of each column: whether it alone predicts the target, and whether the test rows differ in it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from chainrule._typing import Array
from chainrule.tabular import parse
from chainrule.tabular.columns import Column

if TYPE_CHECKING:
    import polars as pl

    from chainrule.tabular.train import Prepared

_FEWEST_BINS, _MOST_BINS, _ROWS_PER_BIN = 5, 20, 40
_MOST_NAMES = 50
_RARE = 0.001  # drift is reported where chance gives as much in one table of a thousand


@dataclass(frozen=True)
class Drift:
    """How the test rows differ from the training rows in one column.

    Attributes:
        size: largest difference of the cumulative shares (numbers) or half the sum of the differences (categories).
        chance: how large that gets by chance, in all but one table of a thousand.
    """

    size: float
    chance: float

    @property
    def found(self) -> bool:
        return self.size > self.chance


@dataclass(frozen=True)
class ColumnFacts:
    """One column.

    Attributes:
        column: what it was taken for.
        alone: share of the target that it explains by itself on the test rows (see `explained_alone`); None: not used.
        drift: between training and test rows; None: not used.
    """

    column: Column
    alone: float | None
    drift: Drift | None


def facts_of(prepared: Prepared) -> list[ColumnFacts]:
    """Return what there is to say of each column of a prepared table."""
    used = [c for c in prepared.columns if c.used]
    found = []
    for column in prepared.columns:
        if not column.used:
            found.append(ColumnFacts(column, None, None))
            continue
        series = prepared.table.get_column(column.name)
        codes = codes_of(series, column.kind, prepared.split.train)
        alone = explained_alone(
            codes, prepared.y, prepared.split.train, prepared.split.test, prepared.task.is_classification
        )
        found.append(ColumnFacts(column, alone, _drift(series, column.kind, codes, prepared, len(used))))
    return found


def values_of(series: pl.Series, kind: str) -> Array:
    """Return numbers, truth values or dates as numbers (n,); NaN where missing."""
    return {"numeric": parse.numbers, "boolean": parse.truths, "date": parse.dates}[kind](series)


def codes_of(series: pl.Series, kind: str, train: Array) -> Array:
    """Return each cell's bin (n,): categories by name, numbers by quantiles of the training rows; missing is 0."""
    if kind == "category":
        cells = parse.categories(series)
        seen: dict[str, int] = {}
        for i in train:
            cell = cells[i]
            if cell is not None and len(seen) < _MOST_NAMES:
                seen.setdefault(cell, len(seen) + 2)
        return np.array([0 if c is None else seen.get(c, 1) for c in cells])
    values = values_of(series, kind)
    good = values[train][np.isfinite(values[train])]
    bins = int(np.clip(len(good) // _ROWS_PER_BIN, _FEWEST_BINS, _MOST_BINS))
    edges = np.unique(np.quantile(good, np.linspace(0, 1, bins + 1)[1:-1])) if len(good) else np.empty(0)
    codes: Array = np.where(np.isfinite(values), np.searchsorted(edges, values, side="right") + 1, 0)
    return codes


def explained_alone(codes: Array, y: Array, train: Array, test: Array, classes: bool) -> float:
    """Return the share of the target that one column explains by itself, from 0 to 1.

    Each bin predicts what its training rows have: the shares of the classes, or the mean. On the test rows that gives
    `1 - log loss / log loss of the training shares` (McFadden's R2), or R2.
    """
    bins = int(codes.max()) + 1
    if classes:
        k = int(y.max()) + 1
        shares = (np.bincount(y[train], minlength=k) + 1e-3) / (len(train) + k * 1e-3)
        counts = np.bincount(codes[train] * k + y[train], minlength=bins * k).reshape(bins, k)
        given = (counts + 2 * shares) / (counts.sum(axis=1, keepdims=True) + 2)
        loss = -np.log(given[codes[test], y[test]]).mean()
        chance = -np.log(shares[y[test]]).mean()
    else:
        mean = y[train].mean()
        sums = np.bincount(codes[train], y[train] - mean, bins)
        guess = mean + sums / (np.bincount(codes[train], minlength=bins) + 2)
        loss = ((y[test] - guess[codes[test]]) ** 2).mean()
        chance = ((y[test] - mean) ** 2).mean()
    return max(0.0, float(1 - loss / chance)) if chance > 0 else 0.0


def _drift(series: pl.Series, kind: str, codes: Array, prepared: Prepared, tests: int) -> Drift:
    train, test = prepared.split.train, prepared.split.test
    if kind in ("numeric", "date"):
        values = values_of(series, kind)
        return kolmogorov_smirnov(values[train], values[test], _RARE / tests)
    return total_variation(codes[train], codes[test], _RARE / tests)


def kolmogorov_smirnov(a: Array, b: Array, rare: float) -> Drift:
    """Return the largest difference between the cumulative shares of two samples; missing values are left out.

    Chance: `sqrt(-ln(rare / 2) / 2 * (n + m) / (n m))` (Smirnov 1939).
    """
    a, b = np.sort(a[np.isfinite(a)]), np.sort(b[np.isfinite(b)])
    if not len(a) or not len(b):
        return Drift(0.0, 1.0)
    every = np.concatenate([a, b])
    gap = np.abs(np.searchsorted(a, every, "right") / len(a) - np.searchsorted(b, every, "right") / len(b)).max()
    limit = math.sqrt(-math.log(rare / 2) / 2 * (len(a) + len(b)) / (len(a) * len(b)))
    return Drift(float(gap), min(limit, 1.0))


def total_variation(a: Array, b: Array, rare: float) -> Drift:
    """Return half the sum of the differences between the shares of each code in two samples.

    Chance: its mean for samples of one population, `sum_i sqrt(p_i (1 - p_i) (1/n + 1/m) / (2 pi))`, and what a sum of
    bounded differences adds to it but `rare`ly, `sqrt(-ln(rare) / 2 * (1/n + 1/m))` (McDiarmid 1989).
    """
    k = int(max(a.max(initial=0), b.max(initial=0))) + 1
    p, q = np.bincount(a, minlength=k) / len(a), np.bincount(b, minlength=k) / len(b)
    both = (p * len(a) + q * len(b)) / (len(a) + len(b))
    apart = 1 / len(a) + 1 / len(b)
    mean = np.sqrt(both * (1 - both) * apart / (2 * math.pi)).sum()
    limit = float(mean) + math.sqrt(-math.log(rare) / 2 * apart)
    return Drift(float(np.abs(p - q).sum() / 2), min(limit, 1.0))
