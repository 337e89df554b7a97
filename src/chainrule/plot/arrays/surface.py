"""The loss over two directions through the weights, and the way that the optimizer took."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule._typing import Array
from chainrule.errors import DataError
from chainrule.plot.arrays.given import is_recording, model_and_data
from chainrule.plot.arrays.losses import Losses
from chainrule.plot.arrays.trail import Parameters, principal, random_directions
from chainrule.records import Record

_MARGIN = 0.25


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
    losses = Losses(model, x, y, sample_weight, rows, seed)
    parameters = losses.parameters
    points = parameters.path(path) if path is not None else None
    here = points[-1] if points is not None else parameters.vector()
    if not np.isfinite(here).all():
        raise DataError("The model's weights are no numbers (NaN or infinite), so there is no surface around them.")
    directions, labels, explained = _directions(parameters, weights, points, seed)
    base = np.array([here[d.argmax()] for d in directions]) if weights is not None else np.zeros(2)
    trail = None if points is None else base + (points - here) @ np.linalg.pinv(directions)
    if trail is not None:
        trail[-1] = base
    across, up = _axes(trail, base, weights is not None, grid, bounds)
    shifts = np.stack(np.meshgrid(across - base[0], up - base[1]), axis=-1).reshape(-1, 2)
    with np.errstate(all="ignore"):
        loss = losses.of(here + shifts @ directions).reshape(len(up), len(across))
        path_loss = None if points is None else losses.of(points)
    return Surface(labels, across, up, loss, base, trail, path_loss, explained, losses.rows)


def _directions(
    parameters: Parameters, weights: Sequence[str] | None, points: Array | None, seed: int
) -> tuple[Array, tuple[str, str], Array | None]:
    if weights is not None:
        if len(weights) != 2:
            raise DataError(
                f"weights: expected two, such as ('dense/kernel[0,0]', 'dense/bias[0]'), got {len(weights)}."
            )
        i, j = (parameters.position(w) for w in weights)
        if i == j:
            raise DataError(f"weights: expected two different ones, received {weights[0]!r} twice.")
        directions = np.zeros((2, parameters.size))
        directions[0, i] = directions[1, j] = 1.0
        return directions, (weights[0], weights[1]), None
    if points is not None and len(points) > 1:
        directions, explained = principal(points, seed)
        return directions, ("first direction of the path", "second direction"), explained
    return random_directions(parameters, seed), ("first random direction", "second"), None


def _axes(
    trail: Array | None, base: Array, chosen: bool, grid: int, bounds: tuple[float, float, float, float] | None
) -> tuple[Array, Array]:
    if bounds is not None:
        return np.linspace(bounds[0], bounds[1], grid), np.linspace(bounds[2], bounds[3], grid)
    found = []
    finite = None if trail is None else trail[np.isfinite(trail).all(axis=1)]
    for k in range(2):
        reach = max(1.0, abs(float(base[k]))) if chosen else 1.0
        if finite is None or len(finite) < 2:
            low, high = float(base[k]) - reach, float(base[k]) + reach
        else:
            low, high = float(finite[:, k].min()), float(finite[:, k].max())
            widest = float(np.ptp(finite, axis=0).max()) or reach
            margin = max(_MARGIN * (high - low), _MARGIN * widest)  # a straight path is seen with its surroundings
            low, high = low - margin, high + margin
        found.append(np.linspace(low, high, grid))
    return found[0], found[1]
