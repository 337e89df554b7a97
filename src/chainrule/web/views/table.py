"""Rows of the training data, a page at a time, with what the model says of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule import tree
from chainrule.data.batches import ArrayBatches
from chainrule.web.protocol import Json
from chainrule.web.scene import Scene, count, scene

MOST_COLUMNS = 500


def compute(stage: Any, offset: str = "0", limit: str = "50") -> Json:
    """Return rows from `offset` on: their numbers, inputs, targets and predictions."""
    first, most = count(offset, "offset", 0, 2**53), count(limit, "limit", 1, 500)
    with scene(stage, 1) as now:
        training = stage.training
        if isinstance(training, ArrayBatches):
            x, y, _ = training.arrays()
            total = training.size
        else:
            x, y, total = stage.probe.x, stage.probe.y, stage.probe.size
        rows = np.arange(min(first, total), min(first + most, total))
        numbers = rows if isinstance(training, ArrayBatches) or not len(stage.probe.rows) else stage.probe.rows[rows]
        return {"total": total, "step": now.step, "rows": _rows(now, x, y, rows, numbers) if len(rows) else []}


def _rows(now: Scene, x: Any, y: Any, rows: Any, numbers: Any) -> list[Json]:
    inputs = tree.map_structure(lambda a: a[rows], x)
    outputs = tree.flatten(now.model.predict(inputs, verbose=0))
    columns = [_flat(a) for a in tree.flatten(inputs)]
    targets = [] if y is None else [_flat(np.asarray(a)[rows]) for a in tree.flatten(y)]
    return [
        {
            "row": int(row),
            "x": [v for a in columns for v in a[i].tolist()][:MOST_COLUMNS],
            "y": [v for a in targets for v in a[i].tolist()],
            "p": [v for a in outputs for v in _flat(a)[i].tolist()],
        }
        for i, row in enumerate(numbers)
    ]


def _flat(array: Any) -> Any:
    return np.asarray(array).reshape(len(array), -1)
