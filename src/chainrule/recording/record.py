"""`record`: every `fit` within a block is recorded, and can be looked into afterwards at any epoch and step."""

from __future__ import annotations

import math
import os
import shutil
import tempfile
import weakref
from bisect import bisect_right
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np

from chainrule.callbacks.recorder import Recorder, run_path
from chainrule.errors import DataError, ModelFileError
from chainrule.recording.lines import Message
from chainrule.recording.measure import measure
from chainrule.recording.probe import Probe
from chainrule.recording.recording import Recording, load
from chainrule.saving.archive import write_atomically

Place = int | tuple[int, int]
"""An epoch from 0: as it ended; or an epoch and a step: after so many of its batches."""


def record(
    model: Any, budget_mb: float = 20.0, custom_objects: Mapping[str, Any] | None = None, **options: Any
) -> Take:
    """Record each `fit` of a model within a `with` block, without a callback; what was recorded stays afterwards.

    Args:
        model: the model; it trains as without, to the bit.
        budget_mb: megabytes that the recording may have. It lies in a temporary file that goes with the result.
        custom_objects: classes and functions of your own that the model is made of, by name.
        options: as for `callbacks.Recorder`, such as `every=1` or `cost=None`.

    >>> import chainrule as cr
    >>> model = cr.Sequential([cr.Input((2,)), cr.layers.Dense(1, "sigmoid", name="neuron")], name="or")
    >>> model.compile(cr.optimizers.SGD(1.0), "mse")
    >>> x, y = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], [0.0, 1.0, 1.0, 1.0]
    >>> with cr.record(model, every=10, cost=None) as rec:
    ...     history = model.fit(x, y, epochs=100, verbose=0)
    >>> rec
    <Take 'or': 100 epochs, 11 frames, 0 findings, all epochs>
    >>> frame = rec[42]
    >>> frame["epoch"], sorted(frame["weights"])
    (39, ['or/neuron/bias', 'or/neuron/kernel'])
    >>> rec.trace(42, rows=4).check().ok, rec.recording.history == history.history
    (True, True)
    """
    if not hasattr(model, "fit") or not hasattr(model, "_recorder"):
        raise DataError(f"record: expected a model, received {type(model).__name__}. Write record(model).")
    return Take(model, budget_mb, dict(custom_objects or {}), options)


class Take:
    """What `record` recorded.

    `take[epoch, step]` is the newest frame that is not later (`weights`, `gradients`, `outputs`, `logs`; see
    `recording.Recording`). Epochs count from 0, over all trainings of the block; `take[epoch]` is as the epoch ended,
    `take[epoch, step]` after `step` of its batches, `take[0, 0]` before any. Gradients and units that a frame lacks,
    since there was no time for them, are computed again.
    """

    def __init__(
        self, model: Any, budget_mb: float, custom_objects: Mapping[str, Any], options: Mapping[str, Any]
    ) -> None:
        self._model = model
        self._custom_objects = custom_objects
        folder = tempfile.mkdtemp(prefix="chainrule-")
        self._gone = weakref.finalize(self, shutil.rmtree, folder, True)
        self._recorder = Recorder(Path(folder), budget_mb=budget_mb, **options)
        self._before: Any = None
        self._read: tuple[Any, Recording] | None = None

    def __enter__(self) -> Self:
        self._before, self._model._recorder = self._model._recorder, self._recorder
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._model._recorder, self._before = self._before, None

    @property
    def recording(self) -> Recording:
        """All that was recorded so far.

        Raises:
            DataError: nothing was trained yet.
        """
        path = self._recorder.path
        if not path.exists():
            raise DataError("record: nothing was recorded. Call model.fit(...) within `with record(model) as rec:`.")
        state = path.stat()
        version = (state.st_ino, state.st_size, state.st_mtime_ns)
        if self._read is None or self._read[0] != version:
            self._read = (version, load(path))
        return self._read[1]

    # -- places -------------------------------------------------------------------------------------------------------

    def __getitem__(self, place: Place) -> Message:
        frame = self._frame(place)
        if frame["gradients"] is None and frame["weights"] and self._recorder.gradients:
            frame.update(self._looked_at(frame))
        return frame

    def _frame(self, place: Place) -> Message:
        run = self.recording
        step = _step_of(run, place)
        steps = [frame["step"] for frame in run.frames]
        return run.frames[max(bisect_right(steps, step) - 1, 0)]

    def _looked_at(self, frame: Message) -> dict[str, Any]:
        """Return what a brief frame lacks."""
        probe = self.recording.start["probe"]
        try:
            model = self.recording.model_at(frame, self._custom_objects)
        except ModelFileError:  # a class of the user's own that nobody has named
            return {}
        found = measure(model, Probe(np.asarray(probe["rows"]), probe["x"], probe["y"]))
        return {"gradients": found.gradients, "units": found.units, "probe_loss": found.loss}

    def model_at(self, epoch: int, step: int | None = None) -> Any:
        """Return a model of its own with the weights of `take[epoch, step]`."""
        return self.recording.model_at(self._frame(_place(epoch, step)), self._custom_objects)

    def trace(self, epoch: int, step: int | None = None, x: Any = None, y: Any = None, **options: Any) -> Any:
        """Return the derivation at the weights of `take[epoch, step]`.

        Args:
            epoch, step: where; without `step` as the epoch ended.
            x, y: observations, by default those of the recording's probe.
            options: as for `chainrule.trace`.
        """
        from chainrule.glassbox.trace import trace

        frame = self._frame(_place(epoch, step))
        if x is None:
            return self.recording.trace_at(frame, self._custom_objects, **options)
        return trace(self.recording.model_at(frame, self._custom_objects), x, y, **options)

    # -- other forms --------------------------------------------------------------------------------------------------

    def plot(self, **options: Any) -> Any:
        """Draw the metrics of the epochs; see `Recording.plot`."""
        return self.recording.plot(**options)

    def save(self, path: str | os.PathLike[str], overwrite: bool = False) -> Path:
        """Write the run file, which `recording.load` reads, and return its path.

        Args:
            path: the file, such as `'run.jsonl'`; any other ending makes it a folder with a `run.jsonl`.
            overwrite: whether a file that is there may be replaced.

        Raises:
            ModelFileError: it exists already, or cannot be written.
        """
        self.recording  # noqa: B018  there has to be one
        target = run_path(path)
        if target.exists() and not overwrite:
            raise ModelFileError(f"'{target}' exists already. Choose another name, or say overwrite=True.")
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ModelFileError(f"Cannot write '{target}': {error.strerror or error}.") from None
        with self._recorder.path.open("rb") as source:
            write_atomically(target, lambda file: shutil.copyfileobj(source, file))
        return target

    def save_html(self, path: str | os.PathLike[str]) -> None:
        """Write the page with the recording in it; see `Recording.save_html`."""
        self.recording.save_html(path)

    def _repr_html_(self) -> str:
        return self.recording._repr_html_()

    def __repr__(self) -> str:
        if not self._recorder.path.exists():
            return "<Take: nothing yet>"
        return repr(self.recording).replace("<Recording", "<Take", 1)


def _place(epoch: int, step: int | None) -> Place:
    return epoch if step is None else (epoch, step)


def _step_of(run: Recording, place: Place) -> int:
    """Return how many batches there had been, over all epochs."""
    epoch, step = place if isinstance(place, tuple) and len(place) == 2 else (place, None)
    if not _whole(epoch) or not (step is None or _whole(step)):
        raise DataError(f"A place is an epoch, or an epoch and a step, counted from 0, but this one is {place!r}.")
    numbers, ends = _ends(run)
    if epoch > max(numbers[-1], 0):
        count = int(numbers[-1]) + 1
        raise DataError(f"The recording '{run.name}' has {count} epochs, from 0 on; there is no epoch {epoch}.")
    at = epoch if step is None and len(ends) > 1 else epoch - 1
    return round(float(np.interp(at, numbers, ends))) + (step or 0)


def _ends(run: Recording) -> tuple[list[int], list[int]]:
    """Return numbers of epochs, counted over all trainings from 0, and how many batches there had been at their ends.

    Of very many epochs a recording keeps some: those between two of them have the same number of batches each.
    """
    numbers, ends = [-1], [0]
    steps, before = run.start["training"].get("steps_per_epoch"), math.inf
    for e in run.epochs:
        if e["epoch"] > before:
            apart = e["epoch"] - before
        else:  # a training begins; its first epochs may be left out
            apart = max(round((e["step"] - ends[-1]) / steps), 1) if steps else 1
        numbers.append(numbers[-1] + apart)
        ends.append(e["step"])
        before = e["epoch"]
    return numbers, ends


def _whole(number: Any) -> bool:
    return isinstance(number, int) and not isinstance(number, bool) and number >= 0
