"""`Monitor`: listens to the messages of a training and says what is wrong, each thing once."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from chainrule import tree
from chainrule._typing import Array
from chainrule.data.arrays import to_structure
from chainrule.health import gradients, progress, units
from chainrule.health.baseline import constant_loss, loss_of
from chainrule.health.finding import Finding
from chainrule.health.gradients import norm_of
from chainrule.health.thresholds import limit
from chainrule.recording.about_model import losses_of

Message = Mapping[str, Any]
"""A message of a run file, with plain arrays in place of encoded ones (`recording/messages.py`)."""


_LOOKS = 50
"""After so many epochs the rules look at all of them only when their number has grown by that part of it."""


class Monitor:
    """Finds what is wrong while a model trains.

    Args:
        model: the model that trains, built and compiled.
        probe: the rows of which the frames tell: a `Probe`, the `probe` of a `start` message, or `(x, y)`.

    Whoever runs the training hands each `frame` and `epoch` message to `hear`, and the training data to `data` if they
    are at hand. Both return what is new.

    >>> import chainrule as cr
    >>> model = cr.Sequential([cr.Input((1,)), cr.layers.Dense(2, "relu", name="hidden"), cr.layers.Dense(1)])
    >>> monitor = Monitor(model, probe=([[1.0], [2.0]], [0.0, 1.0]))
    >>> units = [{"layer": "hidden", "activation": "relu", "units": 2, "dead": 2}]
    >>> frame = {"kind": "frame", "step": 1, "units": units}
    >>> [f.code for f in monitor.hear(frame)], [f.code for f in monitor.hear(frame)], monitor.hear(frame)
    ([], ['dead-relu'], [])
    """

    def __init__(self, model: Any, probe: Any = None) -> None:
        self.model = model
        self.x, self.y = _rows(probe)
        self.findings: list[Finding] = []
        self._streaks: Counter[tuple[str, str]] = Counter()
        self._ends = output_layers(model)
        self._baseline: float | None = None
        self._probe_loss: float | None = None
        self._lowest: float | None = None
        self._first: Mapping[str, Array] = {}
        self._moved: float | None = None
        self._seen = self._looked = 0
        self._rate: float | None = None
        self._largest_rate = 0.0
        self._losses, self._validation = array("d"), array("d")

    def data(self, x: Any, y: Any = None, names: Sequence[str] | None = None) -> list[Finding]:
        """Look at the data of the training, as arrays, and return what is new."""
        from chainrule.health.data import check_data

        return self._new(check_data(x, y, names, has_classes(self.model)))

    def hear(self, message: Message, more: bool = False) -> list[Finding]:
        """Take one message of the training and return what is new; kinds besides `frame` and `epoch(s)` say nothing.

        Args:
            more: another epoch follows at once, so that this one is only noted: the rules look at all epochs together.
        """
        if message["kind"] == "frame":
            return self._new(self._persistent(self._frame(message), bool(message.get("gradients"))))
        if message["kind"] == "epoch":
            columns = {name: [value] for name, value in message["logs"].items()}
            return self._new(self._epochs([message["step"]], columns, more))
        if message["kind"] == "epochs":
            return self._new(self._epochs(message["steps"], message["logs"], more))
        return []

    # -- frames -------------------------------------------------------------------------------------------------------

    def _frame(self, message: Message) -> list[Finding]:
        step, weights = message["step"], message.get("weights") or {}
        self._note(message, weights)
        return illnesses(message, self._ends, 0 if self.x is None else len(tree.flatten(self.x)[0]), self._left(), step)

    def _note(self, message: Message, weights: Mapping[str, Array]) -> None:
        """Remember what the rules about progress need."""
        self._seen = message["step"]
        rate, outputs = message.get("learning_rate"), message.get("outputs")
        if rate is not None:
            self._rate, self._largest_rate = float(rate), max(float(rate), self._largest_rate)
        self._first = self._first or dict(weights)
        self._moved = distance(self._first, weights)
        if outputs is not None and self.y is not None:
            self._probe_loss = loss_of(self.model, self.y, outputs)
            if self._probe_loss is not None and np.isfinite(self._probe_loss):
                self._lowest = min(self._probe_loss, self._probe_loss if self._lowest is None else self._lowest)
            if self._baseline is None:
                self._baseline = constant_loss(self.model, self.y, outputs)

    def _left(self) -> float:
        """Return the lowest loss so far as a share of that of the best constant prediction; 1 if it is not known."""
        return 1.0 if self._lowest is None or not self._baseline else self._lowest / self._baseline

    # -- epochs -------------------------------------------------------------------------------------------------------

    def _epochs(self, steps: Sequence[int] | Array, logs: Mapping[str, Any], more: bool) -> list[Finding]:
        """Look at epochs that follow each other; `logs` has a value per epoch."""
        if "loss" not in logs:
            return []
        step, losses = int(steps[-1]), np.asarray(logs["loss"], np.float64)
        self._losses.frombytes(losses.tobytes())
        self._validation.frombytes(np.asarray(logs.get("val_loss", ()), np.float64).tobytes())
        wrong = np.flatnonzero(~np.isfinite(losses))
        found = progress.diverged(float(losses[wrong[0]]), int(steps[wrong[0]])) if len(wrong) else []
        epochs = len(self._losses)
        if found or more or epochs - self._looked < epochs // _LOOKS:
            return found
        self._looked = epochs
        found += progress.overfitting(self._losses, self._validation, self._baseline, step)
        fresh = self._seen > 0 and step <= limit("stale") * self._seen
        moved = self._moved if fresh else None
        jumping = progress.rate_too_high(self._losses, self._baseline, moved, self._rate, step)
        if jumping or self._explained() or not fresh:
            return found + jumping
        if self._rate is not None and self._rate < self._largest_rate / 2:
            moved = None  # it was lowered on purpose
        return found + progress.stuck(self._losses, self._lowest, self._baseline, moved, self._rate, step)

    def _explained(self) -> bool:
        """Whether a loss that does not fall is the symptom of something found already."""
        return bool(self._streaks) or any(f.code in CAUSES for f in self.findings)

    # -- each once ----------------------------------------------------------------------------------------------------

    def _persistent(self, seen: Iterable[Finding], with_gradients: bool) -> list[Finding]:
        """Return what has been seen in enough frames in a row; a frame without gradients says nothing of them."""
        seen = list(seen)
        silent = {} if with_gradients else {key: n for key, n in self._streaks.items() if key[0] in OF_GRADIENTS}
        self._streaks = Counter({**silent, **{f.key: self._streaks[f.key] + 1 for f in seen}})
        return [f for f in seen if self._streaks[f.key] >= limit("frames_in_a_row") or f.code == "diverged"]

    def _new(self, seen: Iterable[Finding]) -> list[Finding]:
        known = {f.key for f in self.findings}
        new = [f for f in seen if f.key not in known]
        self.findings += new
        return new


OF_GRADIENTS = ("vanishing-gradients", "exploding-gradients")
CAUSES = ("dead-relu", "saturated-units", *OF_GRADIENTS, "learning-rate-high", "learning-rate-low", "loss-not-falling")
"""Findings that explain a loss that does not fall, or say it."""


def illnesses(frame: Message, ends: frozenset[str], rows: int, left: float, step: int | None = None) -> list[Finding]:
    """Return what one frame shows: the cause alone, where one illness follows from another.

    Args:
        ends: names of the layers that give the outputs, which may be 0 or at the end of their range.
        rows: of the probe.
        left: the lowest loss, as a share of that of the best constant prediction: where little is left to learn,
            units may saturate and gradients vanish.
    """
    hidden = [u for u in frame.get("units") or () if u["layer"] not in ends]
    gradients_, weights = frame.get("gradients") or {}, frame.get("weights") or {}
    found = gradients.not_finite(weights, step)
    if found:
        return found
    found = units.dead_relu(hidden, rows, step)
    if left > limit("half_learnt"):
        found += units.saturated(hidden, rows, step)
    if not found:
        found += gradients.exploding(gradients_, weights, step)
    if not found and left > limit("solved"):
        found += gradients.vanishing(gradients_, step)
    if not found and left > limit("solved"):
        found += gradients.signal(hidden, step)
    return found


def output_layers(model: Any) -> frozenset[str]:
    """Return the names of the layers whose outputs are the model's; of a model that is Python code, the last layer.

    >>> import chainrule as cr
    >>> output_layers(cr.Sequential([cr.Input((1,)), cr.layers.Dense(2, name="a"), cr.layers.Dense(1, name="b")]))
    frozenset({'b'})
    """
    graph = model._graph_or_none()
    if graph is None:
        return frozenset([layer.name for layer in model._flatten_layers()[-1:]])
    return frozenset(graph.output_names)


def has_classes(model: Any) -> bool | None:
    """Return whether the loss compares classes, or None where there are several losses, or one of the user's own.

    >>> import chainrule as cr
    >>> model = cr.Sequential([cr.Input((1,)), cr.layers.Dense(1, "sigmoid")])
    >>> model.compile("sgd", "binary_crossentropy")
    >>> has_classes(model)
    True
    """
    names = losses_of(model)
    if len(names) != 1:
        return None
    if any(part in names[0] for part in ("crossentropy", "hinge")):
        return True
    return False if names[0].startswith(("mean_", "huber", "log_cosh", "poisson")) else None


def distance(first: Mapping[str, Array], now: Mapping[str, Array]) -> float | None:
    """Return how far all weights are from the first ones, as a share of the norm of these; None if that is 0."""
    size = sum(norm_of(w) ** 2 for w in first.values())
    moved = sum(norm_of(now[path] - w) ** 2 for path, w in first.items() if path in now)
    return float((moved / size) ** 0.5) if size > 0 and now else None


def _rows(probe: Any) -> tuple[Any, Any]:
    if probe is None:
        return None, None
    if isinstance(probe, Mapping):
        return probe["x"], probe.get("y")
    if hasattr(probe, "x"):
        return probe.x, probe.y
    x, y = probe
    return to_structure(x, "x"), to_structure(y, "y")
