"""The loss over two directions through the weights, with the way that training took."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from chainrule._typing import Array
from chainrule.glassbox.record import undisturbed
from chainrule.utils.naming import unique_paths
from chainrule.web.landscape import Directions, along_weights, principal, span
from chainrule.web.protocol import Json, RequestError, text
from chainrule.web.scene import MOST_WORK, Scene, count, scene

MOST_ROWS = 256
LEAST = 9


def compute(stage: Any, first: str = "", second: str = "", size: str = "31") -> Json:
    """Return the mean loss on a grid.

    Args:
        first, second: weights like `dense/kernel[0,1]`; without them the two principal directions of the way.
        size: points along an axis; fewer for large models.
    """
    side = count(size, "size", 3, 61)
    with scene(stage, MOST_ROWS) as now:
        now.targets()
        points = [(p.step, _flat(now, p.weights)) for p in stage.trail.points()]
        here = _here(now)
        if not np.isfinite(here).all():
            raise RequestError("Some weights are not finite, so there is no loss surface.")
        path = np.array([v for _, v in points if _fits(v, here)] or [here])
        steps = [step for step, v in points if _fits(v, here)] or [now.step]
        directions = along_weights(here, _place(now, first), _place(now, second)) if first else principal(path, here)
        coordinates = directions.coordinates(path)
        side = min(side, max(LEAST, math.isqrt(MOST_WORK // max(1, now.size * len(here)))) | 1)
        across, up = span(coordinates[:, 0], side), span(coordinates[:, 1], side)
        return {
            **now.about(),
            "names": [first, second] if first else ["direction 1", "direction 2"],
            "shares": directions.shares,
            "x": across.tolist(),
            "y": up.tolist(),
            "loss": _losses(now, here, directions, across, up),
            "path": {"steps": steps, "x": coordinates[:, 0].tolist(), "y": coordinates[:, 1].tolist()},
        }


# -- weights as one vector ---------------------------------------------------------------------------------------------


def _here(now: Scene) -> Array:
    return np.concatenate([v.numpy().ravel().astype(np.float64) for v in now.model.trainable_variables])


def _flat(now: Scene, weights: Any) -> Array | None:
    """Return the trained weights of a point of the way as one vector."""
    paths = unique_paths(now.model.weights)
    mine = [paths[id(v)] for v in now.model.trainable_variables]
    if any(p not in weights for p in mine):
        return None
    return np.concatenate([np.asarray(weights[p], np.float64).ravel() for p in mine])


def _fits(vector: Array | None, here: Array) -> bool:
    return vector is not None and vector.shape == here.shape and bool(np.isfinite(vector).all())


def _place(now: Scene, name: str) -> int:
    """Return where a weight like `dense/kernel[0,1]` stands in the vector."""
    path, _, inside = text(name, "weight").partition("[")
    paths, at = unique_paths(now.model.weights), 0
    for v in now.model.trainable_variables:
        if paths[id(v)] == path:
            index = tuple(int(i) for i in inside.rstrip("]").split(",") if i.strip().isdigit())
            if len(index) == v.ndim and all(i < n for i, n in zip(index, v.shape, strict=True)):
                return at + int(np.ravel_multi_index(index, v.shape)) if index else at
        at += math.prod(v.shape)
    raise RequestError(f"There is no weight '{name:.80}'.", 404)


# -- the loss ----------------------------------------------------------------------------------------------------------


def _losses(now: Scene, here: Array, directions: Directions, across: Array, up: Array) -> Array:
    """Return the loss at every point of the grid (y, x); the model has its own weights again afterwards."""
    found = np.empty((len(up), len(across)), np.float32)
    try:
        with undisturbed(now.model), np.errstate(all="ignore"):
            for i, b in enumerate(up):
                for j, a in enumerate(across):
                    _put(now.model, directions.at(float(a), float(b)))
                    found[i, j] = _loss(now)
    finally:
        _put(now.model, here)
    return found


def _put(model: Any, vector: Array) -> None:
    at = 0
    for v in model.trainable_variables:
        n = math.prod(v.shape)
        v.assign(vector[at : at + n].reshape(v.shape))
        at += n


def _loss(now: Scene) -> float:
    outputs = now.model(now.x, training=False)
    return float(now.model._loss_of(now.x, now.y, outputs, None, False))
