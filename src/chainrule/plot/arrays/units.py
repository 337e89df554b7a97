"""What the units of a layer give over two inputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from chainrule import tree
from chainrule._typing import Array
from chainrule.errors import ShapeError, within
from chainrule.plot.arrays.given import model_and_data, names_of_features, network
from chainrule.plot.arrays.inputs import Feature, Inputs
from chainrule.plot.arrays.layers import layer_named, layer_outputs
from chainrule.plot.arrays.plane import plane
from chainrule.records import Record

_AT_ONCE = 8_000_000  # numbers that a layer gives


class Units(Record):
    """The outputs of a layer's units on a grid.

    Attributes:
        layer: its name.
        values: (units, len(y), len(x)).
        rest: what a unit gives where its weighted sum is 0, where it "switches"; NaN if that is not known.
        features, x, y, fixed: as of `Regions`.
        count: how many units the layer has; `values` may hold only the first ones.
    """

    layer: str
    features: tuple[Feature, Feature]
    x: Array
    y: Array
    values: Array
    fixed: dict[str, Any]
    rest: float
    count: int


@within("plot.numbers.units")
def units(
    model: Any,
    x: Any = None,
    layer: str | int | None = None,
    *,
    features: Sequence[int | str] = (0, 1),
    fixed: Mapping[str, Any] | None = None,
    names: Sequence[str] | None = None,
    grid: int = 120,
    bounds: tuple[float, float, float, float] | None = None,
    most: int = 256,
) -> Units:
    """Return what the units of a layer give on a grid over two inputs, the other inputs held at fixed values.

    Args:
        model: a model; or a recording, whose last model is taken.
        x: the data, for ranges, medians and most frequent values; of a recording the rows it holds.
        layer: name or number; the first with weights by default.
        features, fixed, names, grid, bounds: as for `regions`.
        most: units at most, the first ones.

    Raises:
        UnknownNameError: there is no such layer or feature.

    >>> import chainrule as cr
    >>> net = cr.Sequential([cr.Input((2,)), cr.layers.Dense(3, activation="tanh", name="hidden"), cr.layers.Dense(1)])
    >>> found = units(net, [[-1.0, -1.0], [1.0, 1.0]], grid=5)
    >>> found.layer, found.values.shape, found.rest
    ('hidden', (3, 5, 5), 0.0)
    """
    names = names_of_features(model, names)
    model, x, _ = model_and_data(model, x)
    network(model)
    data = x if isinstance(x, Inputs) else Inputs(x, names)
    place = plane(data, features, fixed, grid, bounds)
    points = place.shape[0] * place.shape[1]
    at_once = max(1, _AT_ONCE // max([1, *(int(v.shape[-1]) for v in model.weights if v.shape)]))
    name, count, parts = "", 0, []
    for first in range(0, points, at_once):
        rows = tree.map_structure(lambda a, n=first: a[n : n + at_once], place.rows)
        outputs = layer_outputs(model, rows)
        name = layer_named(model, outputs, layer)
        values = outputs[name]
        if values.ndim != 2:
            raise ShapeError(
                f"Layer '{name}' gives shape {values.shape[1:]} for each row; expected one number per unit."
            )
        count = values.shape[1]
        parts.append(values[:, :most].T.astype(np.float64))
    pictures = np.concatenate(parts, axis=1).reshape(-1, *place.shape)
    return Units(name, place.features, place.x, place.y, pictures, place.fixed, _rest(model, name), count)


def _rest(model: Any, name: str) -> float:
    layer = next(v for v in model._flatten_layers()[1:] if v.name == name)
    activation = getattr(layer, "activation", None)
    if activation is None:
        return 0.0 if hasattr(layer, "kernel") else float("nan")
    value = np.asarray(activation(np.zeros((1, 2))), np.float64).ravel()
    return float(value[0]) if value.size else float("nan")
