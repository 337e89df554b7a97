"""Partial dependence and ICE: how the output moves when one feature is set to each value of a grid.

Source: Friedman (2001), "Greedy Function Approximation"; Goldstein et al. (2015), "Peeking Inside the Black Box".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule._typing import Array
from chainrule.errors import DataError, ShapeError, within
from chainrule.inspect import predictor

_MOST_CELLS = 5_000_000
_TAIL = 0.05


@dataclass(frozen=True)
class Dependence:
    """How the output depends on one feature, everything else as it is in the rows.

    Attributes:
        name: of the feature.
        grid: the values it was set to (grid,): numbers, or names of categories.
        individual: ICE, one curve per row (rows, grid).
        output: number of the model's output.
    """

    name: str
    grid: Array
    individual: Array
    output: int = 0

    @property
    def average(self) -> Array:
        """Partial dependence: the mean of all curves (grid,)."""
        found: Array = self.individual.mean(axis=0)
        return found

    @property
    def span(self) -> float:
        """From the lowest to the highest point of the mean curve."""
        return float(np.ptp(self.average))

    def __str__(self) -> str:
        points = ", ".join(f"{_short(v)}: {m:.4g}" for v, m in zip(self.grid[:6], self.average[:6], strict=True))
        rest = ", ..." if len(self.grid) > 6 else ""
        return f"{self.name} → mean output of {len(self.individual)} rows: {points}{rest}"

    def to_frame(self, library: Any = None) -> Any:
        """Return a data frame with the value, the mean output, and its 10 % and 90 % quantile over the rows."""
        from chainrule.glassbox.render.data import to_frame

        low, high = np.quantile(self.individual, [0.1, 0.9], axis=0)
        columns = {"mean": self.average.tolist(), "low": low.tolist(), "high": high.tolist()}
        return to_frame({self.name: self.grid.tolist(), **columns}, library)


@within("inspect.partial_dependence")
def partial_dependence(
    model: Any,
    x: Any,
    feature: int | str,
    *,
    grid: int | Sequence[float] | Array = 100,
    output: int | None = None,
    feature_names: Sequence[str] | None = None,
    max_rows: int | None = 1000,
    seed: int = 0,
) -> Dependence:
    """Return the outputs of all rows with one feature set to each value of a grid: `f(x with x_j = v)`.

    Args:
        model: a model, or a function from a matrix to outputs.
        x: inputs (rows, features), an array or a data frame.
        feature: name or number of the column.
        grid: the values, or how many: evenly from the 5 % to the 95 % quantile, or the feature's own values if it has
            no more than that.
        output: which output of the model; by default the last (of two classes: the second; of one output: that).
        feature_names: one per column of `x`.
        max_rows: use at most so many rows, drawn by `seed`; None uses all.

    Raises:
        ShapeError, DataError, UnknownNameError: the data, the feature or the output do not fit.

    >>> x = np.array([[0.0, 1.0], [1.0, 5.0], [2.0, 9.0]])
    >>> found = partial_dependence(lambda m: m[:, :1] ** 2 + m[:, 1:], x, 0, grid=[0, 2])
    >>> found.individual.tolist(), found.average.tolist()
    ([[1.0, 5.0], [5.0, 9.0], [9.0, 13.0]], [5.0, 9.0])
    """
    rows = predictor.matrix(x)
    names = predictor.names_of(x, rows.shape[1], feature_names)
    (column,) = predictor.columns_of(feature, names, None)
    values = _grid(rows[:, column], grid) if isinstance(grid, int | np.integer) else np.asarray(grid, rows.dtype)
    if values.ndim != 1 or not len(values):
        raise ShapeError(f"expected a grid of values (n,), but received an array of shape {values.shape}.")
    if max_rows is not None:
        rows = rows[predictor.some_rows(len(rows), max_rows, seed)]
    curves = dependence(predictor.predictor(model), rows, (column,), values[:, None], output)
    return Dependence(names[column], values, *curves)


def dependence(
    predict: predictor.Predict, x: Array, columns: predictor.Columns, values: Array, output: int | None = None
) -> tuple[Array, int]:
    """Return the curves (rows, grid) for columns that are set together, and which output they are of.

    Args:
        columns: numbers of the columns.
        values: what they are set to (grid, columns).
    """
    curves: Array | None = None
    at_once = max(1, _MOST_CELLS // max(x.size, 1))
    for start in range(0, len(values), at_once):
        now = values[start : start + at_once]
        block = np.tile(x, (len(now), 1))
        block[:, list(columns)] = np.repeat(now, len(x), axis=0)
        outputs = predict(block)
        if curves is None:
            output = _output(outputs.shape[1], output)
            curves = np.empty((len(x), len(values)))
        curves[:, start : start + len(now)] = outputs[:, output].reshape(len(now), len(x)).T
    assert curves is not None
    assert output is not None
    return curves, output


def _grid(column: Array, points: int) -> Array:
    if points < 2:
        raise DataError(f"the grid needs at least 2 points, but grid={points}.")
    distinct = np.unique(column[np.isfinite(column)])
    if len(distinct) <= points:
        return distinct
    low, high = np.quantile(column[np.isfinite(column)], [_TAIL, 1 - _TAIL])
    return np.linspace(low, high, points, dtype=column.dtype) if high > low else distinct[[0, -1]]


def _output(outputs: int, asked: int | None) -> int:
    if asked is None:
        return outputs - 1
    if not 0 <= asked < outputs:
        raise DataError(f"there is no output {asked}; the outputs are 0 to {outputs - 1}.")
    return asked


def _short(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float | np.floating) else str(value)
