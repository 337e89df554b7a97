"""`Journal`: writes down one training: when a frame may be taken, what it holds, and what health finds."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from time import thread_time
from typing import Any

import numpy as np

from chainrule.data.batches import ArrayBatches, Batches
from chainrule.health import Finding, Monitor
from chainrule.health.data import seconds_for
from chainrule.recording import messages
from chainrule.recording.allowance import Allowance
from chainrule.recording.blocks import Epochs, messages_of
from chainrule.recording.lines import Message
from chainrule.recording.probe import Probe
from chainrule.recording.run_file import Line, RunFile, line_of
from chainrule.recording.sketches import Sketch, Sketches, as_it_was, show, sketch_of
from chainrule.recording.updates import state_of
from chainrule.records import Record

WRITTEN_EVERY_S = 0.25
"""So much of the metrics is lost at most, if the process is killed."""


OWN_PART = 0.6
"""Of the time that may be spent; the rest is for what it costs an engine to stop and go on."""

ENOUGH = 24
"""So many frames make a replay: while there are fewer, sketches are kept to be written when there is time."""

MOST_STOPS = 100
STOP_S = 1.5e-4
"""How often an engine is stopped that could run all epochs in one go, and what it costs each time."""


BRIEF_S, BRIEF_S_PER_BYTE = 1e-4, 1e-8
"""What writing a frame of weights and outputs is expected to cost, until one was written."""


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
        self._first: Sketch | None = None
        self._sketches = Sketches(sum(v.value.nbytes for v in model.weights))
        self._frames, self._enough = 0, min(ENOUGH, file.most or ENOUGH)
        self._brief_s = BRIEF_S + BRIEF_S_PER_BYTE * self._size()
        self._ended = self._noted_at = self._written_at = 0.0
        self._waiting: list[Epochs] = []
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

    def before(self, began: float, working: float) -> None:
        """Remember what the model is like before it trains, to write it when there is time.

        Args:
            began, working: when preparing the recording began, by `perf_counter` and `thread_time`: it counts as spent,
                and a frame is expected to cost as much.
        """
        self._first = sketch_of(self.model, 0, 0, 0, 0.0, None)
        self.allowance.charge(began, working)
        if self.allowance.allows():
            self._write_first()

    def wants(self, step: int) -> bool:
        """Whether a frame of this step may be taken: there is time for it, and it would be kept."""
        shown = self.last["step"] if self.last is not None else 0
        return step > shown and self.allows() and self.file.wants(step)

    def allows(self) -> bool:
        """Whether there is time for a frame, and for what is waiting to be written."""
        return self.allowance.allows(self._pending_s)

    @property
    def _pending_s(self) -> float:
        """What it takes to write the sketches that are kept."""
        return min(len(self._sketches.kept), max(self._missing(), 0)) * self._brief_s

    def stops(self, done: float) -> int:
        """Return how many frames of the whole training are worth while.

        Args:
            done: which part of it has been: 0 to 1.
        """
        whole = self.allowance.expected  # of one frame with all there is; so much is left for the first and the last
        left = self.allowance.left(self.allowance.elapsed / done if done else 0.0) - whole
        if left >= ENOUGH * whole:
            return int(min(left / max(whole, 1e-6), MOST_STOPS))
        return int(max(min(left / (self._brief_s + STOP_S), self._enough), 1)) if self._sketches.fits else 1

    def note(self, step: int, epoch: int, batch: int, logs: Mapping[str, Any] | None) -> None:
        """Remember what the model is like now, as long as there are few frames: there may be time for it later."""
        shown = self.last["step"] if self.last is not None else 0
        if self._missing() > 0 and step > shown and self.file.wants(step) and self._sketches.wants(step):
            with self.allowance.spending(again=False):
                self._sketches.add(sketch_of(self.model, step, epoch, batch, self.seconds, logs))

    def _missing(self) -> int:
        """Return how many frames there may be before the one that is due, so that they are enough for a replay."""
        return self._enough - self._frames - 1

    def frame(self, step: int, epoch: int, batch: int, logs: Mapping[str, Any] | None, last: bool = False) -> None:
        """Write what the model is like now, and what that shows of its health.

        Args:
            last: whether training has ended: then the frame is taken in any case, but if there is no time left for it,
                it has weights and outputs only.
        """
        self._write_first(last)
        self._write_sketches(step, 2 * self._brief_s if last else 2 * self.allowance.expected)
        brief = last and not self.allowance.affords(self.allowance.expected)
        self._write(step, epoch, batch, logs, brief, last=last)

    def _write_first(self, last: bool = False) -> None:
        first, self._first = self._first, None
        if first is not None:
            with as_it_was(self.model):
                show(self.model, first)
                needed = 2 * self.allowance.expected + self._pending_s
                self._write(0, 0, 0, None, last and not self.allowance.affords(needed), first)

    def _write_sketches(self, before: float, reserve: float) -> None:
        """Write what was noted, evenly, as far as there is time: weights and outputs only.

        Args:
            before: the step of the frame that is due.
            reserve: seconds to leave.
        """
        if not self._sketches.kept:
            return
        lines: list[Line] = []
        room = 0.75 * self.limits.budget - self.file.size
        with as_it_was(self.model):
            for sketch in self._sketches.coarse_to_fine(before):
                if len(lines) >= self._missing() or not self.allowance.affords(self._brief_s + reserve):
                    break
                working = thread_time()
                with self.allowance.spending(again=False):
                    lines.append(self._line_of(sketch))
                self._brief_s = (self._brief_s + thread_time() - working) / 2
                room -= len(lines[-1].data)
                if room < 0:
                    break
        self._sketches.clear()
        self._frames += len(lines)
        with self.allowance.spending(again=False):
            self.file.append_lines(sorted(lines, key=lambda line: line.step))

    def _line_of(self, sketch: Sketch) -> Line:
        show(self.model, sketch)
        made = messages.frame(
            self.model, self.probe, step=sketch.step, epoch=sketch.epoch, batch=sketch.batch, seconds=sketch.seconds,
            logs=sketch.logs, gradients=False, brief=True, optimizer=state_of(self.model, sketch.kept),
        )  # fmt: skip
        return line_of({**made, "learning_rate": sketch.rate})

    def _write(
        self, step: int, epoch: int, batch: int, logs: Mapping[str, Any] | None, brief: bool,
        first: Sketch | None = None, last: bool = False,
    ) -> None:  # fmt: skip
        previous = self.last
        if last and previous is not None and previous["step"] > 0:
            previous = None  # the best weights may have been put back, which is no step
        with self.allowance.spending(again=not brief):
            made = messages.frame(
                self.model, self.probe, step=step, epoch=epoch, batch=batch, seconds=self.seconds if step else 0.0,
                logs=logs, previous=previous, gradients=self._gradients_fit(), brief=brief,
                optimizer=state_of(self.model, first.kept if first is not None else None),
            )  # fmt: skip
            if first is not None:
                made["learning_rate"] = first.rate
            self.last = made
            self._frames += 1
            if step:
                self._write_epochs()
            self.file.append(made if self._weights_fit() else {**made, "weights": {}, "gradients": None})
            self._examine(made)

    def epochs(self, epochs: Sequence[int], steps: Sequence[int], logs: Mapping[str, Sequence[Any]]) -> None:
        """Note the metrics of epochs that have ended since the last call; short ones are written some together.

        Args:
            steps: how many batches there had been at the end of each.
            logs: metric name to one value per epoch.
        """
        before, now = self._noted_at, self.allowance.elapsed
        seconds = np.linspace(before, now, len(epochs) + 1)[1:] if self.limits.timed else np.zeros(len(epochs))
        self._waiting.append(Epochs(epochs, steps, seconds, logs))
        self._noted_at = now
        if now - self._written_at >= WRITTEN_EVERY_S:
            with self.allowance.spending(again=False):
                self._write_epochs()

    def _write_epochs(self) -> None:
        made = list(messages_of(self._waiting))
        self._waiting = []
        self.file.append_lines([line_of(message) for message in made])
        for message in made:
            self._examine(message, more=message is not made[-1])
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
        self._write_sketches(math.inf, 0.0)
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
