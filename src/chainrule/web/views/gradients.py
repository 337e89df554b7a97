"""How the gradients of each layer are spread and how large they are, on the rows of the probe."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.recording.measure import measure
from chainrule.utils.naming import unique_paths
from chainrule.web.protocol import Json, RequestError
from chainrule.web.scene import count, scene
from chainrule.web.summaries import histogram

MOST_VARIABLES = 100


def compute(stage: Any, bins: str = "30") -> Json:
    """Return norm and histogram of the gradient of every trained variable."""
    n = count(bins, "bins", 2, 200)
    with scene(stage, 1) as now:
        found = measure(now.model, stage.probe, True).gradients
        if found is None:
            raise RequestError("The gradients of this model cannot be computed: it needs a loss and targets.")
        paths = [p for p in unique_paths(now.model.weights).values() if p in found][:MOST_VARIABLES]
        items = [
            {
                "path": p,
                "shape": list(found[p].shape),
                "norm": float(np.linalg.norm(found[p])),
                "histogram": histogram(found[p], n),
            }
            for p in paths
        ]
        return {"step": now.step, "of": len(found), "items": items}
