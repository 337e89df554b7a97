"""What the units of a layer give over two inputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from chainrule._typing import Array
from chainrule.errors import ShapeError
from chainrule.plot.arrays.inputs import Feature, Inputs
from chainrule.plot.arrays.layers import layer_named, layer_outputs
from chainrule.plot.arrays.plane import plane
from chainrule.records import Record


class Units(Record):
    """The outputs of a layer's units on a grid.

    Attributes:
        layer: its name.
        values: (units, len(y), len(x)).
        rest: what a unit gives where its weighted sum is 0, where it "switches"; NaN if that is not known.
        features, x, y, fixed: as of `Regions`.
    """

    layer: str
    features: tuple[Feature, Feature]
    x: Array
    y: Array
    values: Array
    fixed: dict[str, Any]
    rest: float


def units(
    model: Any,
    x: Any,
    layer: str | int | None = None,
    *,
    features: Sequence[int | str] = (0, 1),
    fixed: Mapping[str, Any] | None = None,
    names: Sequence[str] | None = None,
    grid: int = 120,
    bounds: tuple[float, float, float, float] | None = None,
) -> Units:
    """Return what the units of a layer give on a grid over two inputs, the other inputs held at fixed values.

    Args:
        model: takes `x`.
        x: the data, for ranges, medians and most frequent values.
        layer: name or number; the first with weights by default.
        features, fixed, names, grid, bounds: as for `regions`.

    Raises:
        UnknownNameError: there is no such layer or feature.

    >>> import chainrule as cr
    >>> net = cr.Sequential([cr.Input((2,)), cr.layers.Dense(3, activation="tanh", name="hidden"), cr.layers.Dense(1)])
    >>> found = units(net, [[-1.0, -1.0], [1.0, 1.0]], grid=5)
    >>> found.layer, found.values.shape, found.rest
    ('hidden', (3, 5, 5), 0.0)
    """
    data = x if isinstance(x, Inputs) else Inputs(x, names)
    place = plane(data, features, fixed, grid, bounds)
    outputs = layer_outputs(model, place.rows)
    name = layer_named(model, outputs, layer)
    values = outputs[name]
    if values.ndim != 2:
        raise ShapeError(f"Layer '{name}' gives shape {values.shape[1:]} for each row; expected one number per unit.")
    pictures = np.ascontiguousarray(values.T.astype(np.float64)).reshape(values.shape[1], *place.shape)
    return Units(name, place.features, place.x, place.y, pictures, place.fixed, _rest(model, name))


def _rest(model: Any, name: str) -> float:
    layer = next(v for v in model._flatten_layers()[1:] if v.name == name)
    activation = getattr(layer, "activation", None)
    if activation is None:
        return 0.0 if hasattr(layer, "kernel") else float("nan")
    value = np.asarray(activation(np.zeros((1, 2))), np.float64).ravel()
    return float(value[0]) if value.size else float("nan")
