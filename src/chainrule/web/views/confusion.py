"""Which classes are taken for which."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule._typing import Array
from chainrule.plot.numbers import classified
from chainrule.web.protocol import Json, RequestError
from chainrule.web.scene import scene

MOST_CLASSES = 24
OTHERS = "others"


def compute(stage: Any) -> Json:
    """Return how often each class (row) was taken for each class (column).

    Of more than 24 classes the most frequent ones are shown, the rest as one.
    """
    with scene(stage) as now:
        if now.task not in ("binary", "multiclass"):
            raise RequestError("A confusion matrix needs classes; this model predicts numbers.")
        rows = classified(now.targets(), now.outputs(), classes=now.classes)
        names, true, said = _few(list(rows.names), rows.y, rows.predicted)
        k = len(names)
        counts = np.bincount(true * k + said, minlength=k * k).reshape(k, k)
        return {
            **now.about(),
            "classes": names,
            "counts": counts.tolist(),
            "accuracy": float(np.mean(rows.y == rows.predicted)),
            "threshold": rows.threshold if rows.binary else None,
        }


def _few(names: list[str], true: Array, said: Array) -> tuple[list[str], Array, Array]:
    """Return names and numbers of classes with the rare ones together."""
    if len(names) <= MOST_CLASSES:
        return names, true, said
    often = np.argsort(-np.bincount(true, minlength=len(names)), kind="stable")[: MOST_CLASSES - 1]
    place = np.full(len(names), MOST_CLASSES - 1)
    place[np.sort(often)] = np.arange(len(often))
    return [*(names[c] for c in np.sort(often)), OTHERS], place[true], place[said]
