"""`Journal`: writes down one training: when a frame may be taken, what it holds, and what health finds."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from chainrule.data.batches import ArrayBatches, Batches
from chainrule.health import Finding, Monitor
from chainrule.health.data import seconds_for
from chainrule.recording import messages
from chainrule.recording.about_model import learning_rate_of
from chainrule.recording.allowance import Allowance
from chainrule.recording.lines import Message
from chainrule.recording.probe import Probe
from chainrule.recording.run_file import RunFile
from chainrule.records import Record

WRITTEN_EVERY_S = 0.25
"""So much of the metrics is lost at most, if the process is killed."""


OWN_PART = 0.7
"""Of the time that may be spent; the rest is for what it costs an engine to stop and go on."""


class Limits(Record):
    """What a recording may cost.

    Attributes:
        budget: bytes of the file.
        share: of the training's time; None for no limit.
        gradients: whether frames hold gradients.
        health: whether to look for what goes wrong.
        timed: whether to write times; without them the same training gives the same file.
    """

    budget: int
    share: float | None
    gradients: bool = True
    health: bool = True
    timed: bool = True


class Journal:
    """Writes the messages of a training to a file.

    Args:
        file: where to.
        model: built and compiled.
        probe: the rows that frames show.
        limits: what it may cost.
    """

    def __init__(self, file: RunFile, model: Any, probe: Probe, limits: Limits) -> None:
        self.file = file
        self.model = model
        self.probe = probe
        self.limits = limits
        self.allowance = Allowance(None if limits.share is None else OWN_PART * limits.share)
        self.findings: list[Finding] = []
        self.last: Message | None = None
        self._first: _Before | None = None
        self._ended = self._noted_at = self._written_at = 0.0
        self._waiting: list[Message] = []
        self._monitor = Monitor(model, probe) if limits.health else None
        self._training: Batches | None = None
        self._features: Sequence[str] | None = None

    def go_on(self, elapsed: float | None = None, spent: float | None = None) -> None:
        """Continue after a pause: another `fit`, or a new process."""
        ended = self._ended if elapsed is None else elapsed
        self.allowance.go_on(ended, self.allowance.spent if spent is None else spent)
        self._noted_at = self._written_at = ended

    def start(self, training: Batches, validation: Batches | None, **names: Any) -> None:
        """Write what is trained on what; `names` as in `messages.start`."""
        with self.allowance.spending(again=False):
            made = messages.start(self.model, training, validation, probe=self.probe, **names)
            if not self.limits.timed:
                made["run"]["started"] = None
            self.file.append(made)
        self._training, self._features = training, names.get("features")

    @property
    def seconds(self) -> float:
        """Since the beginning, as it is written."""
        return self.allowance.elapsed if self.limits.timed else 0.0

    def before(self, began: float) -> None:
        """Remember what the model is like before it trains, to write it when there is time.

        Args:
            began: when preparing the recording began, by `perf_counter`: it counts as spent, and a frame is expected
                to cost as much.
        """
        self._first = _Before(self.model)
        self.allowance.charge(began)
        if self.allowance.allows():
            self._write_first()

    def wants(self, step: int) -> bool:
        """Whether a frame of this step may be taken: there is time for it, and it would be kept."""
        shown = self.last["step"] if self.last is not None else 0
        return step > shown and self.allowance.allows() and self.file.wants(step)

    def frame(self, step: int, epoch: int, batch: int, logs: Mapping[str, Any] | None, last: bool = False) -> None:
        """Write what the model is like now, and what that shows of its health.

        Args:
            last: whether training has ended: then the frame is taken in any case, but if there is no time left for it,
                it has weights and outputs only.
        """
        self._write_first(last)
        brief = last and not self.allowance.affords(self.allowance.expected)
        self._write(step, epoch, batch, logs, brief, last=last)

    def _write_first(self, last: bool = False) -> None:
        first, self._first = self._first, None
        if first is not None:
            with first.shown():
                self._write(0, 0, 0, None, last and not self.allowance.affords(2 * self.allowance.expected), first.rate)

    def _write(
        self, step: int, epoch: int, batch: int, logs: Mapping[str, Any] | None, brief: bool, rate: float | None = None,
        last: bool = False,
    ) -> None:  # fmt: skip
        previous = self.last
        if last and previous is not None and previous["step"] > 0:
            previous = None  # the best weights may have been put back, which is no step
        with self.allowance.spending(again=not brief):
            made = messages.frame(
                self.model, self.probe, step=step, epoch=epoch, batch=batch, seconds=self.seconds if step else 0.0,
                logs=logs, previous=previous, gradients=self._gradients_fit(), brief=brief,
            )  # fmt: skip
            if rate is not None:
                made["learning_rate"] = rate
            self.last = made
            if step:
                self._write_epochs()
            self.file.append(made if self._weights_fit() else {**made, "weights": {}, "gradients": None})
            self._examine(made)

    def epochs(self, epochs: Sequence[int], steps: Sequence[int], logs: Sequence[Mapping[str, Any]]) -> None:
        """Note the metrics of epochs that have ended since the last call; short ones are written some together.

        Args:
            steps: how many batches there had been at the end of each.
        """
        before, now = self._noted_at, self.allowance.elapsed
        for i, (epoch, step, values) in enumerate(zip(epochs, steps, logs, strict=True)):
            seconds = before + (now - before) * (i + 1) / len(epochs)
            self._waiting.append(messages.epoch(epoch, step, seconds if self.limits.timed else 0.0, values))
        self._noted_at = now
        if now - self._written_at >= WRITTEN_EVERY_S:
            with self.allowance.spending(again=False):
                self._write_epochs()

    def _write_epochs(self) -> None:
        waiting, self._waiting = self._waiting, []
        for made in waiting:
            self.file.append(made)
            self._examine(made, more=made is not waiting[-1])
        self._written_at = self.allowance.elapsed

    def is_shown(self, step: int) -> bool:
        """Whether the last frame shows the model as it is now."""
        if self._first is not None:
            return False
        if self.last is None or self.last["step"] < step:
            return False
        weights, before = messages.weights_of(self.model), self.last["weights"]
        return all(np.array_equal(w, before[path], equal_nan=w.dtype.kind == "f") for path, w in weights.items())

    def end(self, step: int, epochs: int, why: str, diverged: bool = False) -> None:
        """Write why training ended, and close the file."""
        self._write_first(last=True)
        self._write_epochs()
        if diverged:
            self._examine(messages.epoch(epochs, step, self.seconds, {"loss": math.nan}))
        self._examine_data()
        self._ended = self.allowance.elapsed
        self.file.append(messages.end(step, epochs, self.seconds, why))
        self.file.close()

    def _examine(self, message: Message, more: bool = False) -> None:
        if self._monitor is not None:
            self._note(self._monitor.hear(message, more))

    def _examine_data(self) -> None:
        """Look at the data of the training, if the time that it takes is left."""
        if self._monitor is None or not isinstance(self._training, ArrayBatches):
            return
        x, y, _ = self._training.arrays()
        if self.allowance.affords(seconds_for(x)):
            with self.allowance.spending(again=False):
                self._note(self._monitor.data(x, y, self._features))

    def _note(self, findings: Iterable[Finding]) -> None:
        for found in findings:
            self.findings.append(found)
            self.file.append(found.to_message())

    # Of a model so large that its frames would not fit, the file keeps what does.

    def _weights_fit(self) -> bool:
        return 3 * self._size() <= self.limits.budget

    def _gradients_fit(self) -> bool:
        return self.limits.gradients and 8 * self._size() <= self.limits.budget

    def _size(self) -> float:
        """Return how many bytes all weights take in the file: in base64, three are written as four."""
        return 4 / 3 * float(sum(v.value.nbytes for v in self.model.weights))


class _Before:
    """The weights and the learning rate of a model as they are now."""

    def __init__(self, model: Any) -> None:
        self._values = [(v, v.numpy()) for v in model.weights]
        self.rate = learning_rate_of(model.optimizer)

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Give the model these weights for the block."""
        now = [(v, v.numpy()) for v, _ in self._values]
        try:
            for v, value in self._values:
                v.assign(value)
            yield
        finally:
            for v, value in now:
                v.assign(value)
