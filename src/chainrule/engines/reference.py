"""The reference engine: NumPy and the tape, one Python call per op. It defines what is right; others must match it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from chainrule import tree
from chainrule._typing import Array
from chainrule.data.streams import pack
from chainrule.engines.epoch import Epoch
from chainrule.engines.threads import threads_for
from chainrule.random import seeds, threefry
from chainrule.random.threefry import Key


class ReferenceEngine:
    """Runs the model's own `train_step`, `test_step` and `predict_step`, batch by batch. It refuses nothing."""

    name = "reference"

    def __init__(self, reason: str | None = None) -> None:
        self.reason = reason

    def refuses(self, model: Any) -> str | None:
        return None

    def train_steps(self, model: Any, epoch: Epoch, key: Key, first: int, last: int) -> Array:
        own, function = bool(model.overrides("train_step")), model._own_function("train_function")
        losses: list[float] = []
        with _quietly(model, epoch.batch_size):
            for step in range(first, last):
                batch = epoch.step(step)
                if batch is None:
                    break
                with seeds.step_scope(threefry.fold_in(key, step)):
                    if function is not None:
                        losses.append(_note(model, function(iter([pack(*batch)]))))
                    else:
                        losses.append(_note(model, model.train_step(pack(*batch))) if own else model._learn(*batch))
                if not np.isfinite(losses[-1]):
                    break
        return np.array(losses)

    def test_steps(self, model: Any, epoch: Epoch, first: int, last: int) -> Array:
        own, function = bool(model.overrides("test_step")), model._own_function("test_function")
        losses: list[float] = []
        with _quietly(model, epoch.batch_size):
            for step in range(first, last):
                batch = epoch.step(step)
                if batch is None:
                    break
                if function is not None:
                    losses.append(_note(model, function(iter([pack(*batch)]))))
                else:
                    losses.append(_note(model, model.test_step(pack(*batch))) if own else model._examine(*batch))
        return np.array(losses)

    def predict_batch(self, model: Any, x: Any) -> Any:
        with _quietly(model, len(tree.flatten(x)[0])):
            function = model._own_function("predict_function")
            outputs = model.predict_step(pack(x)) if function is None else function([(x,)])
            return tree.map_structure(np.asarray, outputs)


@contextmanager
def _quietly(model: Any, rows: int | None) -> Iterator[None]:
    """Let numbers overflow without a warning (the loss tells), and small products keep to one thread."""
    size = sum(v.size for v in model.weights)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"), threads_for(size, rows or 32):
        yield


def _note(model: Any, logs: Any) -> float:
    """Keep what a step of the user's own returned, and return its loss (0 if it names none)."""
    model._step_logs = logs if isinstance(logs, dict) else {}
    loss = model._step_logs.get("loss")
    return 0.0 if loss is None else float(np.asarray(loss))
