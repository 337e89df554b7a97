"""What the model says over two of its features, the others being fixed; and what the units of its layers give there."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np

from chainrule._typing import Array
from chainrule.plot.arrays.layers import layer_outputs
from chainrule.web.protocol import Json, RequestError, number
from chainrule.web.scene import MOST_WORK, Scene, count, feature, scene

MOST_UNITS = 64
MARGIN = 0.08


def compute(
    stage: Any, x: str = "0", y: str | None = None, fixed: str = "{}", size: str = "48", units: str = "false"
) -> Json:
    """Return predictions on a grid.

    Args:
        x, y: numbers of the features on the axes; without y a line over x alone.
        fixed: JSON object from the number of a feature to its value; other features stand at their median.
        size: points along an axis; fewer for large models.
        units: 'true' to have what each unit gives, of layers of at most 64 units.
    """
    with scene(stage, 1) as now:
        matrix = now.matrix()
        n, known = matrix.shape[1], now.features
        across = feature(x, "x", n)
        up = None if y is None else feature(y, "y", n)
        side = _side(now, count(size, "size", 2, 128), up is not None)
        stands = np.array([_standing(f) for f in known[:n]] + [0.0] * (n - len(known)))
        for i, value in _fixed(fixed, n).items():
            stands[i] = value
        columns, rows = _range(known, across), None if up is None else _range(known, up)
        points = _points(stands, across, columns, up, rows, side)
        shape = [side, side] if up is not None else [1, 4 * side]
        outputs = now.outputs(points.astype(matrix.dtype) if matrix.dtype.kind == "f" else points)
        values = outputs.reshape(*shape, -1) if outputs[0].size > 1 else outputs.reshape(shape)
        return {
            "step": now.step,
            "x": {"feature": across, **columns},
            "y": None if up is None or rows is None else {"feature": up, **rows},
            "axes": [across, up],
            "size": shape,
            "values": values.astype(np.float32),
            "units": _units(now, points) if units.lower() == "true" else [],
        }


def _side(now: Scene, asked: int, plane: bool) -> int:
    """Return how many points along an axis are affordable."""
    points = max(16, MOST_WORK // max(1, now.model.count_params()))
    return min(asked, math.isqrt(points) if plane else max(4, points // 4))


def _standing(known: Json) -> float:
    """Return where a feature stands: its median; of a category, 0."""
    value = known.get("median")
    return float(value) if isinstance(value, int | float) else 0.0


def _fixed(text: str, n: int) -> dict[int, float]:
    try:
        given = json.loads(text)
    except (ValueError, RecursionError):
        raise RequestError("'fixed' must be a JSON object.") from None
    if not isinstance(given, dict) or not all(k.isdigit() and int(k) < n for k in given):
        raise RequestError(f"'fixed' must be an object from the number of a feature (0 to {n - 1}) to its value.")
    return {int(k): number(v, "fixed", -1e30, 1e30) for k, v in given.items()}


def _range(known: list[Json], i: int) -> Json:
    """Return a bit more than the range of a feature in the data."""
    low, high = (float(known[i].get(k) or 0.0) for k in ("min", "max")) if i < len(known) else (-1.0, 1.0)
    if not high > low:
        low, high = low - 1, high + 1
    more = MARGIN * (high - low)
    return {"low": low - more, "high": high + more}


def _points(stands: Array, across: int, columns: Json, up: int | None, rows: Json | None, side: int) -> Array:
    """Return the middles of the cells, row by row from the lowest."""
    width = side if up is not None else 4 * side
    points = np.tile(stands, (width * (side if up is not None else 1), 1))
    points[:, across] = np.tile(_middles(columns, width), len(points) // width)
    if up is not None and rows is not None:
        points[:, up] = np.repeat(_middles(rows, side), side)
    return points


def _middles(between: Json, n: int) -> Array:
    found: Array = between["low"] + (np.arange(n) + 0.5) / n * (between["high"] - between["low"])
    return found


def _units(now: Scene, points: Array) -> list[Json]:
    """Return what each unit of the layers gives: (units, points)."""
    given = layer_outputs(now.model, points.astype(np.float32))
    return [
        {"layer": name, "values": np.ascontiguousarray(a.T, np.float32)}
        for name, a in given.items()
        if a.ndim == 2 and a.shape[1] <= MOST_UNITS
    ]
