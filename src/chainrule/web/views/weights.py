"""How the weights of each layer are spread, for models whose frames do not hold them."""

from __future__ import annotations

from typing import Any

from chainrule._typing import Array
from chainrule.utils.naming import unique_paths
from chainrule.web.protocol import Json
from chainrule.web.scene import count, scene
from chainrule.web.summaries import histogram, picture

MOST_VARIABLES = 100


def compute(stage: Any, bins: str = "30") -> Json:
    """Return a histogram and a small picture of every variable."""
    n = count(bins, "bins", 2, 200)
    with scene(stage, 1) as now:
        paths = unique_paths(now.model.weights)
        shown = now.model.weights[:MOST_VARIABLES]
        return {
            "step": now.step,
            "of": len(now.model.weights),
            "items": [_item(paths[id(v)], v.numpy(), n) for v in shown],
        }


def _item(path: str, array: Array, bins: int) -> Json:
    return {"path": path, "shape": list(array.shape), "histogram": histogram(array, bins), "picture": picture(array)}
