"""A grid over two columns of the inputs, the others held at fixed values: what regions and units are drawn on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from chainrule._typing import Array
from chainrule.errors import DataError, within
from chainrule.plot.arrays.inputs import Feature, Inputs
from chainrule.records import Record

_MARGIN = 0.08


class Plane(Record):
    """A grid over two features.

    Attributes:
        features: the two, horizontal first.
        x, y: the values of the grid's columns and rows; numbers, or positions of choices: 0, 1, ...
        fixed: the values of all other features by name.
        rows: inputs of the model, (len(y) * len(x)) rows, row by row of the grid.
    """

    features: tuple[Feature, Feature]
    x: Array
    y: Array
    fixed: dict[str, Any]
    rows: Any

    @property
    def shape(self) -> tuple[int, int]:
        return len(self.y), len(self.x)


@within("plot.numbers.plane")
def plane(
    data: Inputs,
    features: Sequence[int | str] = (0, 1),
    fixed: Mapping[str, Any] | None = None,
    grid: int = 120,
    bounds: tuple[float, float, float, float] | None = None,
) -> Plane:
    """Return the grid over two features.

    Args:
        data: the inputs, which say ranges and defaults.
        features: numbers or names of the two.
        fixed: values of others by name; medians and most frequent values by default.
        grid: points along each axis.
        bounds: `(left, right, bottom, top)`; the range of the data and a little more by default.

    Raises:
        DataError, UnknownNameError: there are no such two features.

    >>> made = plane(Inputs([[0.0, 0.0, 5.0], [1.0, 2.0, 7.0]]), grid=3, bounds=(0, 1, 0, 2))
    >>> made.fixed, made.rows[:4].tolist()
    ({'x3': 6.0}, [[0.0, 0.0, 6.0], [0.5, 0.0, 6.0], [1.0, 0.0, 6.0], [0.0, 1.0, 6.0]])
    """
    if len(data.names) < 2:
        raise DataError("A picture over two features needs a model with at least two inputs; this one has one.")
    if len(features) != 2 or data.number(features[0]) == data.number(features[1]):
        raise DataError(f"Expected two different features, received {list(features)}.")
    i, j = data.number(features[0]), data.number(features[1])
    unknown = [name for name in fixed or {} if data.number(name) in (i, j)]
    if unknown:
        raise DataError(f"The feature {unknown[0]!r} is an axis of the picture, so it cannot be fixed.")
    others = {data.number(name): value for name, value in (fixed or {}).items()}
    first, second = data.features[i], data.features[j]
    x = _ticks(first, grid, bounds[:2] if bounds else None)
    y = _ticks(second, grid, bounds[2:] if bounds else None)
    across, down = np.meshgrid(_values(first, x), _values(second, y))
    rows = data.rows(across.size, {**others, i: across.ravel(), j: down.ravel()})
    shown = {f.name: others.get(n, f.default) for n, f in enumerate(data.features) if n not in (i, j)}
    return Plane((first, second), x, y, shown, rows)


def positions(feature: Feature, column: Array) -> Array:
    """Return where values lie along the axis of a feature (NaN: a choice that the axis lacks)."""
    if feature.kind != "category":
        return np.asarray(column, np.float64)
    place = {choice: float(k) for k, choice in enumerate(feature.choices)}
    return np.array([place.get(str(v), np.nan) for v in column])


def distances(data: Inputs, fixed: Mapping[str, Any], rows: Any = slice(None)) -> Array:
    """Return how far rows are from fixed values: root of the mean square, in standard deviations (rows,).

    >>> distances(Inputs([[0.0, 0.0, 1.0], [1.0, 2.0, 5.0]]), {"x3": 3.0}).tolist()
    [1.0, 1.0]
    """
    total = np.zeros(data.size)[rows]
    for n, feature in enumerate(data.features):
        if feature.name in fixed:
            value, column = fixed[feature.name], data.column(n)[rows]
            if feature.kind == "number":
                total += np.square((np.asarray(column, np.float64) - float(value)) / feature.spread)
            else:
                total += column.astype(str) != str(value) if feature.kind == "category" else column != value
    return np.asarray(np.sqrt(total / max(len(fixed), 1)))


def _ticks(feature: Feature, grid: int, bounds: Sequence[float] | None) -> Array:
    if feature.kind == "category":
        return np.arange(float(len(feature.choices)))
    if bounds is not None:
        return np.linspace(bounds[0], bounds[1], grid)
    margin = _MARGIN * (feature.high - feature.low) or 0.5
    if feature.kind == "boolean":
        margin = 0.35
    return np.linspace(feature.low - margin, feature.high + margin, grid)


def _values(feature: Feature, ticks: Array) -> Array:
    return np.array(feature.choices, object)[ticks.astype(int)] if feature.kind == "category" else ticks
