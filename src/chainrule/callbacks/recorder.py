"""Keep how a model trains in a file: weights, gradients, outputs, units, logs and health."""

from __future__ import annotations

import math
import os
import re
import sys
from pathlib import Path
from time import perf_counter, thread_time
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from chainrule.callbacks.base import Callback, LogsLike, is_overridden
from chainrule.errors import DataError, DivergedError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from chainrule.health import Finding
    from chainrule.recording.journal import Journal
    from chainrule.recording.probe import Probe

FILE = "run.jsonl"
_BATCHES = ("on_train_batch_begin", "on_train_batch_end")
FEW_EPOCHS = 10
SHORT_EPOCH_S = 0.5
LATE_S = 1.0


class Recorder(Callback):
    """Writes a run file that `recording.load`, the page, the report and TensorBoard read.

    The metrics of each epoch are kept. Now and then comes a *frame*: all weights, and what the model does on a *probe*
    of a few rows, with the gradients of the mean loss. Frames come as often as `every` says, but back off so that
    `cost` holds, and are thinned by halves where the file would become too large; the first and the last one always
    stay. Where there is no time for them, weights alone are kept in memory and written as *brief* frames, without
    gradients and units, so that a training of milliseconds has some 20 frames to replay. What `chainrule.health` finds
    is written, too. Epochs that nobody else waits for run in one native call up to the next frame.

    Args:
        path: the file, such as `'run.jsonl'`; any other ending makes it a folder with a `run.jsonl`.
        every: `'auto'` (as often as the cost allows), a number of epochs, `'batch'`, or `'10 batches'`.
        budget_mb: megabytes that the file may have.
        frames: how many frames to keep at most.
        cost: the share of the training's time that may be spent; None for no limit. A training shorter than 0.15
            seconds counts as longer: 0.05 allows it up to 15 ms of work.
        probe: how many rows to draw from the training data, or rows of your own: `(x, y)`.
        gradients: whether frames hold gradients, which are nearly half of them.
        health: whether to look for what goes wrong.
        overwrite: whether a file that is there may be replaced.
        name: of the run; the model's by default.
        features, target, classes: their names, for the page and the report.
        seed: for drawing the probe.
        timed: False writes no times, so that the same training gives the same file (where `cost` is None).

    Raises:
        ModelFileError: when training begins: the file exists already, or cannot be written.
        DataError: an argument that is none of these.

    >>> import chainrule as cr
    >>> import tempfile
    >>> model = cr.Sequential([cr.Input((2,)), cr.layers.Dense(1, "sigmoid")])
    >>> model.compile("sgd", "mse")
    >>> x, y = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], [0, 1, 1, 1]
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     history = model.fit(x, y, epochs=3, verbose=0, callbacks=[Recorder(folder, every=1, cost=None)])
    ...     run = cr.recording.load(folder)
    >>> [frame["step"] for frame in run.frames], run.history == history.history
    ([0, 1, 2, 3], True)
    """

    _turns: ClassVar[dict[str, int]] = {"on_train_end": 1}  # after those who put the best weights back

    def __init__(
        self,
        path: str | os.PathLike[str] = FILE,
        every: int | str = "auto",
        budget_mb: float = 20.0,
        frames: int | None = None,
        cost: float | None = 0.05,
        probe: Any = None,
        gradients: bool = True,
        health: bool = True,
        overwrite: bool = False,
        name: str | None = None,
        features: Sequence[str] | None = None,
        target: str | None = None,
        classes: Sequence[str] | None = None,
        seed: int = 0,
        timed: bool = True,
    ) -> None:
        import chainrule.recording.journal  # noqa: F401  now, and not within the time of a training

        super().__init__()
        if not budget_mb > 0:
            raise DataError(f"Recorder: budget_mb must be a number of megabytes above 0, but is {budget_mb}.")
        self.path = run_path(path)
        self.every, self._apart = every, _batches_apart(every)
        self.budget_mb, self.frames, self.cost = budget_mb, frames, cost
        self.probe, self.seed = probe, seed
        self.gradients, self.health = gradients, health
        self.overwrite, self.timed = overwrite, timed
        self.names = {"name": name, "features": features, "target": target, "classes": classes}
        self.journal: Journal | None = None
        self._data: tuple[Any, Any] = (None, None)
        self._running = False
        self._began = self._epoch_s = 0.0
        self._step = self._before = self._epoch = self._epochs = self._updates = 0

    @property
    def findings(self) -> list[Finding]:
        """What is not healthy, as far as is known."""
        return [] if self.journal is None else self.journal.findings

    # -- what training asks --------------------------------------------------------------------------------------------

    def set_data(self, training: Any, validation: Any) -> None:
        """Receive the data of the training."""
        self._data = (training, validation)

    def _listens_to(self, hook: str) -> bool:
        if hook not in _BATCHES or is_overridden(self, hook, Recorder):
            return super()._listens_to(hook)
        unknown = (self.params or {}).get("steps") is None
        return hook == "on_train_batch_end" and (self._apart > 0 or self._looks_within_epochs or unknown)

    @property
    def _looks_within_epochs(self) -> bool:
        """Whether there are so few epochs that frames are taken between their batches, too."""
        return self.every == "auto" and ((self.params or {}).get("epochs") or 0) <= FEW_EPOCHS

    @property
    def hears_at_intervals(self) -> bool:
        """Whether no frame of one of the next batches could be taken anyway."""
        return self._apart == 0 or self.journal is None or not self.journal.allows()

    @property
    def hears_of_epochs_late(self) -> float:
        """A second, unless a frame could be taken within the next epoch."""
        if self._looks_within_epochs:
            return LATE_S if self._epochs > 0 and self._epoch_s < SHORT_EPOCH_S else 0.0
        return LATE_S if self._apart == 0 or (self.hears_at_intervals and self.journal is not None) else 0.0

    @property
    def epochs_at_once(self) -> float:
        """How many epochs there are until the next one that is worth a look."""
        if isinstance(self.every, int):
            return float(self.every - self._epochs % self.every)
        total = (self.params or {}).get("epochs")
        if not total or self.journal is None:
            return math.inf
        apart = math.ceil(total / self.journal.stops(min(self._epochs / total, 1.0)))
        return float(apart - self._epochs % apart)

    # -- training ------------------------------------------------------------------------------------------------------

    def on_train_begin(self, logs: LogsLike = None) -> None:
        """Write what is trained on what, and how the model is before; a further `fit` of the model goes on."""
        began, working, journal = perf_counter(), thread_time(), self.journal
        if journal is None or journal.model is not self.model:
            self.journal = journal = self._begin()
        else:
            journal.go_on()
        self._running = True
        if journal.last is None and not self._resumes:
            journal.before(began, working)
        elif not self._resumes and not journal.is_shown(self._step):
            self._frame(logs)

    def _begin(self) -> Journal:
        from chainrule.recording.journal import Journal, Limits
        from chainrule.recording.run_file import RunFile

        training, validation = self._data
        if training is None:
            raise DataError("Recorder: there is no training to record. Pass it to fit(..., callbacks=[...]).")
        self._step = self._before = self._epoch = self._epochs = 0
        resumed = self._resumes and self.path.exists()
        limits = Limits(max(int(self.budget_mb * 1e6), 1), self.cost, self.gradients, self.health, self.timed)
        file = RunFile(self.path, limits.budget, "a" if resumed else "w" if self.overwrite else "x", self.frames)
        journal = Journal(file, self.model, self._draw(training), limits)
        if not resumed:
            journal.start(training, validation, epochs=(self.params or {}).get("epochs"), **self.names)
        return journal

    def _draw(self, training: Any) -> Probe:
        from chainrule.data.adapters import make_batches
        from chainrule.data.batches import ArrayBatches
        from chainrule.recording.probe import ROWS, Probe, draw

        if self.probe is None or isinstance(self.probe, int):
            return draw(training, self.probe or ROWS, self.seed)
        x, y = self.probe
        rows = make_batches(x, y, where="Recorder: probe")
        if not isinstance(rows, ArrayBatches):
            raise DataError(f"Recorder: probe must be (x, y) of arrays, but x is of type {type(x).__name__}.")
        x, y, _ = rows.arrays()
        return Probe(np.zeros(0, np.int64), x, y)

    def on_epoch_begin(self, epoch: int, logs: LogsLike = None) -> None:
        """Note where the epoch begins."""
        self._epoch, self._before, self._updates = epoch, self._step, _updates(self.model)
        self._began = perf_counter()

    def on_train_batch_end(self, batch: int, logs: LogsLike = None) -> None:
        """Take a frame, if it is time."""
        self._step = self._before + batch + 1
        last = self.journal.last if self.journal is not None else None
        if not isinstance(self.every, int) and (last is None or self._step - last["step"] >= self._apart):
            self._frame(logs, if_wanted=True)

    def on_epoch_end(self, epoch: int, logs: LogsLike = None) -> None:
        """Write the metrics, and take a frame, if it is time."""
        assert self.journal is not None
        self._step, self._epochs = max(self._step, self._before + self._steps()), self._epochs + 1
        self._epoch_s = perf_counter() - self._began
        self.journal.epochs([epoch], [self._step], {name: [value] for name, value in (logs or {}).items()})
        self._frame_of_epoch(logs)

    def add_epochs(self, epochs: Sequence[int], logs: Mapping[str, Sequence[Any]]) -> None:
        """Write the metrics of several epochs, and take a frame, if it is time."""
        from chainrule.recording.journal import STOP_S

        assert self.journal is not None
        self.journal.allowance.pay(STOP_S)
        steps = self._data[0].steps
        ends = range(self._step + steps, self._step + len(epochs) * steps + 1, steps)
        self.journal.epochs(epochs, ends, logs)
        self._epoch, self._step, self._before = epochs[-1], ends[-1], ends[-1] - steps
        self._epochs += len(epochs)
        self._frame_of_epoch({name: values[-1] for name, values in logs.items()})

    def _frame_of_epoch(self, logs: LogsLike) -> None:
        if self.every == "auto" or (isinstance(self.every, int) and self._epochs % self.every == 0):
            self._frame(logs, if_wanted=True)

    def _steps(self) -> int:
        """Return how many batches the epoch had: all, unless the optimizer has counted fewer updates."""
        steps = self._data[0].steps or 0
        updates = _updates(self.model) - self._updates
        return updates if 0 < updates < steps and not self.model.optimizer.gradient_accumulation_steps else steps

    def _frame(self, logs: LogsLike, if_wanted: bool = False, last: bool = False) -> None:
        assert self.journal is not None
        batch = max(self._step - self._before - 1, 0)
        if not if_wanted or self.journal.wants(self._step):
            self.journal.frame(self._step, self._epoch, batch, logs, last)
        else:
            self.journal.note(self._step, self._epoch, batch, logs)

    def on_train_end(self, logs: LogsLike = None) -> None:
        """Write how the model is now."""
        self._end("stop_training" if self.model.stop_training else "all epochs", logs)

    def close(self) -> None:
        """End the file of a training that was broken off."""
        if self._running:
            error = sys.exc_info()[1]
            self._end("interrupted" if isinstance(error, KeyboardInterrupt) else "error", None, error)

    def _end(self, why: str, logs: LogsLike, error: BaseException | None = None) -> None:
        assert self.journal is not None
        self._running = False
        if why != "error" and not self.journal.is_shown(self._step):
            self._frame(logs, last=True)
        self.journal.end(self._step, self._epochs, why, isinstance(error, DivergedError))

    # -- a training that goes on in a new process ----------------------------------------------------------------------

    def state(self) -> dict[str, Any]:
        time = self.journal.allowance if self.journal is not None else None
        return {
            "step": self._step, "epochs": self._epochs, "before": self._before,
            "elapsed": 0.0 if time is None else time.elapsed, "spent": 0.0 if time is None else time.spent,
        }  # fmt: skip

    def restore(self, state: dict[str, Any]) -> None:
        """Forget what was written of steps that are going to be repeated."""
        assert self.journal is not None
        self._step, self._epochs, self._before = state["step"], state["epochs"], state["before"]
        self._updates = _updates(self.model) - (self._step - self._before)
        self.journal.go_on(state["elapsed"], state["spent"])
        self.journal.file.forget_after(self._step)


def run_path(path: str | os.PathLike[str]) -> Path:
    """Return the run file that a path stands for: itself, or `run.jsonl` in a folder.

    >>> run_path("runs/xor").as_posix(), run_path("xor.jsonl").as_posix()
    ('runs/xor/run.jsonl', 'xor.jsonl')
    """
    path = Path(path)
    return path if path.suffix == ".jsonl" and not path.is_dir() else path / FILE


def _batches_apart(every: Any) -> int:
    """Return the number of batches between two frames, or 0 if they are counted in epochs."""
    if every == "auto" or (isinstance(every, int) and not isinstance(every, bool) and every > 0):
        return 0
    found = re.fullmatch(r"(\d+ )?batch(es)?", every) if isinstance(every, str) else None
    if found is None or (found[1] and int(found[1]) == 0):
        raise DataError(
            f"Recorder: every must be 'auto', a number of epochs, 'batch' or such as '10 batches', but is {every!r}."
        )
    return int(found[1] or 1)


def _updates(model: Any) -> int:
    try:
        return int(model.optimizer.iterations)
    except (AttributeError, TypeError):
        return 0
