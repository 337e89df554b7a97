"""The loss over two directions through the weights, and the way that the optimizer took."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule._typing import Array
from chainrule.errors import DataError, within
from chainrule.plot.arrays.directions import directions
from chainrule.plot.arrays.given import is_recording, model_and_data, network
from chainrule.plot.arrays.losses import Losses
from chainrule.records import Record


class Surface(Record):
    """The loss on a grid of weights.

    Attributes:
        labels: what the two axes are.
        x, y: values of the grid's columns and rows: of the two weights themselves, or how far along the directions.
        loss: (len(y), len(x)).
        point: where the model is, (2,).
        path: where it was, (moments, 2), projected; None without a path.
        path_loss: the loss at these moments, with all weights as they were (moments,).
        explained: shares of the path's variance along the two directions, or None.
        rows: how many rows of the data the loss is of.
    """

    labels: tuple[str, str]
    x: Array
    y: Array
    loss: Array
    point: Array
    path: Array | None
    path_loss: Array | None
    explained: Array | None
    rows: int


@within("plot.numbers.surface")
def surface(
    model: Any,
    x: Any = None,
    y: Any = None,
    *,
    weights: Sequence[str] | None = None,
    path: Any = None,
    sample_weight: Any = None,
    grid: int = 40,
    bounds: tuple[float, float, float, float] | None = None,
    rows: int | None = 1000,
    seed: int = 0,
) -> Surface:
    """Return the loss over two weights, or over the two directions in which the training went furthest.

    All other weights are held: at the end of the path, or, without one, as they are in the model.

    Args:
        model: built and compiled, it is not changed; or a recording, which is a path, too.
        x, y, sample_weight: as `fit` takes them; of a recording the rows it holds.
        weights: two numbers of the model, such as `('dense/kernel[0,0]', 'dense/bias[0]')`; None takes the principal
            directions of the path, and without a path two random ones, scaled as the weights are.
        path: a recording, or a list of weights as `model.get_weights()` gives them.
        grid: points along each axis.
        bounds: `(left, right, bottom, top)`; around the path by default.
        rows: at most so many rows of the data are used, drawn by `seed`.
        seed: of rows and random directions.

    Raises:
        ChainruleError: the model has no loss.
        UnknownNameError, DataError, ShapeError: weights or path are not the model's.

    >>> import chainrule as cr
    >>> model = cr.Sequential([cr.Input((1,)), cr.layers.Dense(1, name="d")])
    >>> model.compile(loss="mse")
    >>> found = surface(model, [[1.0]], [3.0], weights=("d/kernel", "d/bias"), grid=3, bounds=(0, 2, 0, 2))
    >>> found.loss
    array([[9., 4., 1.],
           [4., 1., 0.],
           [1., 0., 1.]])
    """
    path = model if path is None and is_recording(model) else path
    model, x, y = model_and_data(model, x, y)
    losses = Losses(network(model), x, y, sample_weight, rows, seed)
    parameters = losses.parameters
    points = parameters.path(path) if path is not None else None
    here = points[-1] if points is not None else parameters.vector()
    if not np.isfinite(here).all():
        raise DataError("The model's weights are no numbers (NaN or infinite), so there is no surface around them.")
    plane = directions(parameters, here, weights, points, seed)
    trail = None if points is None else plane.coordinates(points)
    if trail is not None:
        trail[-1] = plane.at
    if bounds is None:
        across, up = plane.around(trail, grid)
    else:
        across, up = np.linspace(bounds[0], bounds[1], grid), np.linspace(bounds[2], bounds[3], grid)
    with np.errstate(all="ignore"):
        loss = losses.over(plane, across, up)
        path_loss = None if points is None else losses.of(points)
    return Surface(plane.labels, across, up, loss, plane.at, trail, path_loss, plane.explained, losses.rows)
