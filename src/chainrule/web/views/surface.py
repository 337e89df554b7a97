"""The loss over two directions through the weights, with the way that training took."""

from __future__ import annotations

import math
from contextlib import suppress
from typing import Any

import numpy as np

from chainrule.errors import DataError, ShapeError
from chainrule.plot.arrays.directions import directions
from chainrule.plot.arrays.losses import Losses
from chainrule.plot.arrays.trail import Parameters
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
    weights = (text(first, "weight"), text(second, "weight")) if first else None
    with scene(stage, MOST_ROWS) as now:
        losses = Losses(now.model, now.x, now.targets(), rows=None, scratch=now.model)
        here = losses.parameters.vector()
        if not np.isfinite(here).all():
            raise RequestError("Some weights are not finite, so there is no loss surface.")
        way = _way(stage, losses.parameters) or [(now.step, here)]
        steps, path = [step for step, _ in way], np.array([vector for _, vector in way])
        plane = directions(losses.parameters, here, weights, path)
        coordinates = plane.coordinates(path)
        across, up = plane.around(coordinates, _side(side, now, len(here)))
        return {
            **now.about(),
            "names": weights or ["direction 1", "direction 2"],
            "shares": None if plane.explained is None else plane.explained.tolist(),
            "x": across.tolist(),
            "y": up.tolist(),
            "loss": losses.over(plane, across, up).astype(np.float32),
            "path": {"steps": steps, "x": coordinates[:, 0].tolist(), "y": coordinates[:, 1].tolist()},
        }


def _way(stage: Any, parameters: Parameters) -> list[tuple[int, Any]]:
    """Return step and weights of the points of the way that the model as it is now could have passed."""
    found = []
    for point in stage.trail.points():
        with suppress(DataError, ShapeError):
            vector = parameters.vector_of(point.weights)
            if np.isfinite(vector).all():
                found.append((point.step, vector))
    return found


def _side(asked: int, now: Scene, parameters: int) -> int:
    """Return how many points along an axis the model's size allows."""
    return min(asked, max(LEAST, math.isqrt(MOST_WORK // max(1, now.size * parameters)) | 1))
