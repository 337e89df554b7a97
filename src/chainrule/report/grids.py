"""Partial dependence on a column of the table: its own values on the axis, encoded for the network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule._typing import Array
from chainrule.inspect import predictor
from chainrule.inspect.dependence import Dependence, dependence
from chainrule.report.columns import values_of
from chainrule.report.table_model import series_of
from chainrule.tabular.encoders import BooleanEncoder, CategoryEncoder, DateEncoder
from chainrule.tabular.read import import_polars

if TYPE_CHECKING:
    import polars as pl

    from chainrule.report.facts import Facts
    from chainrule.tabular.train import Prepared

_POINTS = 40
_MOST_NAMES = 12
_MOST_ROWS = 500
_TAIL = 0.02


@dataclass(frozen=True)
class ColumnDependence(Dependence):
    """How the prediction depends on one column: on its own values, dates as days since 1970.

    Attributes:
        kind: as in `tabular.columns`.
    """

    kind: str = "numeric"

    @property
    def is_ordered(self) -> bool:
        """Whether the axis is one of numbers."""
        return self.kind in ("numeric", "date")


@dataclass(frozen=True)
class Grid:
    """Values of a column: as labels (grid,), and encoded (grid, features)."""

    kind: str
    labels: Array
    encoded: Array


def grid_of(facts: Facts, prepared: Prepared, name: str, points: int = _POINTS) -> Grid:
    """Return values of a column to try: evenly over all but the rarest numbers, or the most frequent names."""
    polars = import_polars()
    encoder = next(e for e in prepared.preprocessor.encoders if e.name == name)
    if isinstance(encoder, CategoryEncoder):
        names = encoder.names[:_MOST_NAMES]
        series = polars.Series(name, list(names), dtype=polars.String)
        return Grid("category", np.array([facts.names.category(encoder, n) for n in names]), encoder.transform(series))
    if isinstance(encoder, BooleanEncoder):
        series = polars.Series(name, [False, True])
        shown = _truth_names(prepared.table.get_column(name)) if not facts.private else ["no", "yes"]
        return Grid("boolean", np.array(shown), encoder.transform(series))
    kind = "date" if isinstance(encoder, DateEncoder) else "numeric"
    values = values_of(prepared.table.get_column(name)[prepared.split.train.tolist()], kind)
    labels = _even(values[np.isfinite(values)], points)
    return Grid(kind, labels, encoder.transform(series_of(encoder, labels)))


def dependence_of(facts: Facts, prepared: Prepared, name: str) -> ColumnDependence:
    """Return how the prediction depends on a column, on test rows."""
    test = prepared.split.test
    rows = prepared.matrix[test[predictor.some_rows(len(test), _MOST_ROWS, prepared.settings.seed)]]
    grid = grid_of(facts, prepared, name)
    curves, output = dependence(facts.predict, rows, facts.names.columns[name], grid.encoded, facts.positive)
    return ColumnDependence(name, grid.labels, curves, output, grid.kind)


def days_as_text(days: Any) -> str:
    """Return a day since 1970 as a date.

    >>> days_as_text(365.0)
    '1971-01-01'
    """
    return str(np.datetime64(int(days), "D"))


def _even(values: Array, points: int) -> Array:
    distinct = np.unique(values)
    if len(distinct) <= 10:
        return distinct
    low, high = np.quantile(values, [_TAIL, 1 - _TAIL])
    return np.linspace(low, high, points) if high > low else distinct[[0, -1]]


def _truth_names(series: pl.Series) -> list[str]:
    """Return how a column writes false and true."""
    values = values_of(series, "boolean")
    texts = [str(v) for v in series.to_list()]
    return [next((t for t, v in zip(texts, values, strict=True) if v == truth), "–") for truth in (0.0, 1.0)]
