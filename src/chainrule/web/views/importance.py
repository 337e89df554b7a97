"""How much worse the model gets when a feature is shuffled."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.inspect import permutation_importance
from chainrule.web.protocol import Json
from chainrule.web.scene import MOST_WORK, scene

MOST_ROWS = 2000
MOST_SHOWN = 30
REPEATS = 5


def compute(stage: Any) -> Json:
    """Return the features that matter most, with the mean and the spread of the drop in the score."""
    with scene(stage, MOST_ROWS) as now:
        x, y = now.matrix(), now.targets()
        passes = x.shape[1] * REPEATS
        rows = max(50, min(now.size, MOST_WORK // max(1, passes * now.model.count_params())))
        names = [str(f["name"]) for f in now.features]
        score = "accuracy" if now.task in ("binary", "multiclass") else "r2"
        found = permutation_importance(
            now.model, x, _numbers(y), score=score, repeats=REPEATS,
            feature_names=_distinct(names) if len(names) == x.shape[1] else None, max_rows=rows,
        )  # fmt: skip
        order = np.argsort(-found.mean, kind="stable")[:MOST_SHOWN]
        return {
            **now.about(),
            "rows": found.rows,
            "score": found.score,
            "before": found.before,
            "repeats": REPEATS,
            "features": len(names),
            "items": [
                {"name": found.names[i], "mean": float(found.mean[i]), "spread": float(found.std[i])} for i in order
            ],
        }


def _numbers(y: Any) -> Any:
    """Return targets as class numbers or numbers, one per row."""
    if y.ndim == 2 and y.shape[1] > 1:
        return y.argmax(axis=1)
    return y.reshape(len(y))


def _distinct(names: list[str]) -> list[str]:
    """Return names, those that occur again with their column's number."""
    return [n if names.index(n) == i else f"{n} ({i + 1})" for i, n in enumerate(names)]
