"""The reference engine: NumPy and the tape, one Python call per op. It defines what is right; others must match it."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule import tree
from chainrule._typing import Array
from chainrule.random import seeds, threefry
from chainrule.random.threefry import Key


class ReferenceEngine:
    """Runs `model.train_step` and `model.test_step` batch by batch. It refuses nothing."""

    name = "reference"

    def __init__(self, reason: str | None = None) -> None:
        self.reason = reason

    def refuses(self, model: Any) -> str | None:
        return None

    def train_steps(self, model: Any, batches: Any, key: Key, first: int, last: int) -> Array:
        losses = []
        for step in range(first, last):
            batch = batches.step(step)
            if batch is None:
                break
            with (
                seeds.step_scope(threefry.fold_in(key, step)),
                np.errstate(over="ignore", invalid="ignore", divide="ignore"),
            ):
                losses.append(_train(model, batch))
            if not np.isfinite(losses[-1]):
                break
        return np.asarray(losses, dtype=np.float64)

    def test_steps(self, model: Any, batches: Any, first: int, last: int) -> Array:
        losses = []
        for step in range(first, last):
            batch = batches.step(step)
            if batch is None:
                break
            with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
                logs = model.test_step(batch)
            losses.append(logs.get("loss", 0.0) if isinstance(logs, dict) else 0.0)
        return np.asarray(losses, dtype=np.float64)

    def predict_batch(self, model: Any, x: Any) -> Any:
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            return tree.map_structure(np.asarray, model.predict_step((x,)))

    def __str__(self) -> str:
        return self.name if self.reason is None else f"{self.name} ({self.reason})"


def _train(model: Any, batch: Any) -> float:
    """One step; a `train_step` of the user's own is called as it is, and its `loss` is believed."""
    if not model.has_own_train_step():
        return float(model._learn(*batch))
    logs = model.train_step(batch)
    model._custom_logs = logs
    return float(logs["loss"]) if isinstance(logs, dict) and "loss" in logs else 0.0
