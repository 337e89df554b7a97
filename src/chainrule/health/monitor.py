"""`Monitor`: listens to the messages of a training and says what is wrong, each thing once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from chainrule import tree
from chainrule.health import units
from chainrule.health.finding import Finding
from chainrule.health.measure import Measured, measure
from chainrule.health.thresholds import limit

Message = Mapping[str, Any]
"""A message of a run file, with plain arrays in place of encoded ones (`recording/messages.py`)."""


class Monitor:
    """Finds what is wrong while a model trains.

    Args:
        model: the model that trains, built and compiled.
        probe: the rows to look at units and gradients on: the `probe` of a `start` message, or `(x, y)`; without it
            only what the messages hold is looked at.

    Whoever runs the training calls `data` once and `hear` with every `frame` and `epoch` message, while the model has
    the weights that the frame shows; both return what is new.

    >>> import chainrule as cr
    >>> model = cr.Sequential([cr.Input((1,)), cr.layers.Dense(2, "relu", name="hidden"), cr.layers.Dense(1)])
    >>> model.compile("sgd", "mse")
    >>> model.layers[0].set_weights([[[-1.0, -1.0]], [0.0, 0.0]])
    >>> monitor = Monitor(model, probe=(np.array([[1.0], [2.0]]), np.array([0.0, 1.0])))
    >>> frame = {"kind": "frame", "step": 1, "epoch": 0}
    >>> [f.code for f in monitor.hear(frame)], [f.code for f in monitor.hear(frame)], monitor.hear(frame)
    ([], ['dead-relu'], [])
    """

    def __init__(self, model: Any, probe: Any = None) -> None:
        self.model = model
        self.probe = _rows(probe)
        self.findings: list[Finding] = []
        self._streaks: Counter[tuple[str, str]] = Counter()

    def data(self, x: Any, y: Any = None) -> list[Finding]:
        """Look at the data of the training and return what is new."""
        return self._new([])

    def hear(self, message: Message) -> list[Finding]:
        """Take one message of the training and return what is new; kinds besides `frame` and `epoch` say nothing."""
        if message["kind"] == "frame":
            return self._new(self._persistent(self._frame(message)))
        if message["kind"] == "epoch":
            return self._new(self._epoch(message))
        return []

    def _frame(self, message: Message) -> list[Finding]:
        measured = self._measure()
        if measured is None:
            return []
        step = message["step"]
        return [*units.dead_relu(measured.units, step), *units.saturated(measured.units, step)]

    def _epoch(self, message: Message) -> list[Finding]:
        loss = message["logs"].get("loss")
        if loss is None or np.isfinite(loss):
            return []
        return [Finding("diverged", "error", "training", message["step"], f"The loss is {loss}.", {"loss": loss})]

    def _measure(self) -> Measured | None:
        return None if self.probe is None else measure(self.model, *self.probe)

    def _persistent(self, seen: Iterable[Finding]) -> list[Finding]:
        """Return what has been seen in enough frames in a row."""
        seen = list(seen)
        self._streaks = Counter({f.key: self._streaks[f.key] + 1 for f in seen})
        return [f for f in seen if self._streaks[f.key] >= limit("frames_in_a_row")]

    def _new(self, seen: Iterable[Finding]) -> list[Finding]:
        known = {f.key for f in self.findings}
        new = [f for f in seen if f.key not in known]
        self.findings += new
        return new


def _rows(probe: Any) -> tuple[Any, Any] | None:
    if probe is None:
        return None
    x, y = (probe["x"], probe.get("y")) if isinstance(probe, Mapping) else probe
    if not all(isinstance(leaf, np.ndarray) for leaf in tree.flatten(x)):
        return None
    return x, y
