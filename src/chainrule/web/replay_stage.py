"""`ReplayStage`: what the page shows of a recording: its messages, and a twin rebuilt from its description."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.errors import ModelFileError
from chainrule.recording.probe import Probe
from chainrule.recording.updates import put_state
from chainrule.utils.naming import unique_paths
from chainrule.web.protocol import Json, RequestError
from chainrule.web.session import PAUSED
from chainrule.web.stage import Peeked, Stage
from chainrule.web.twin import Moment, Twin

if TYPE_CHECKING:
    from chainrule.recording.recording import Recording
    from chainrule.web.replay import Replay


class ReplayStage(Stage):
    """A stage whose frames are recorded ones, and whose twin is rebuilt from the recording."""

    share = 0.25
    """Nothing trains in this process."""

    def __init__(self, replay: Replay, others: Sequence[Recording], damaged: Sequence[tuple[str, str]] = ()) -> None:
        super().__init__(replay, PAUSED)
        self.replay = replay
        self.runs, self.damaged = [*others], [*damaged]
        self.renew()

    def renew(self) -> None:
        """Show the recording from its beginning: messages, model and way."""
        self.hub.clear()
        self.trail.clear()
        self.shown, self.twin, self._why = None, None, ""
        self._put: Json | None = None
        recording = self.replay.recording
        probe = recording.start.get("probe")
        self.probe = Probe(np.asarray(probe["rows"]), probe["x"], probe["y"]) if probe else None
        self.names = ([f["name"] for f in recording.start["data"]["features"]], recording.start["data"]["classes"])
        training = recording.start["training"]
        rows = (probe["x"], probe["y"], None) if probe else (None, None, None)
        self.training = Peeked(
            rows, training["steps_per_epoch"], recording.start["data"]["rows"], training["batch_size"]
        )
        self.model = self._model()
        self.hub.put(recording.start)
        self.add(None, recording)

    def add(self, before: Recording | None, now: Recording) -> None:
        """Send what a recording has more than before."""
        epochs, findings, frames = (
            (len(before.epochs), len(before.findings), len(before.frames)) if before is not None else (0, 0, 0)
        )
        for message in (*now.epochs[epochs:], *now.findings[findings:]):
            self.hub.put(message)
        for frame in now.frames[frames:]:
            self.trail.add(frame["step"], frame["weights"])
        if now.end is not None and (before is None or before.end is None):
            self.hub.put(now.end)

    def _model(self) -> Any:
        """Return the model; None where it cannot be rebuilt without its Python code, which the page says."""
        try:
            return self.replay.recording.model_at(self.replay.frame)
        except Exception as error:
            self._why = str(error)[:300]
            return None

    def _twin(self, model: Any) -> Twin | None:
        """Return the copy on which numbers are computed; None where the description allows none."""
        try:
            return Twin(model)
        except Exception as error:
            self.model, self._why = None, f"{type(error).__name__}: {error}"[:300]
            return None

    def explained(self, error: Exception) -> Exception:
        """Return an error as what it is here: of a model that somebody has described in a file."""
        text = f"{type(error).__name__}: {error}"[:300]
        return RequestError(f"The recording does not allow this; its description may be damaged ({text}).", 409)

    def show(self, now: bool) -> None:
        """Have the page show the frame."""
        if self.replay.frame is self._put and not now:
            return
        self._put = self.replay.frame
        self.hub.put(self._put)
        if self.twin is None and self.model is not None:
            self.twin = self._twin(self.model)
        if self.model is None or self.twin is None:
            return
        paths, weights = unique_paths(self.model.weights), self.replay.frame["weights"]
        found = [weights.get(paths[id(v)]) for v in self.model.weights]
        values = [a for a, v in zip(found, self.model.weights, strict=True) if a is not None and a.shape == v.shape]
        if len(values) < len(found):  # they were too large for this frame, or somebody else wrote the file
            self.shown = None
            return
        if not self._puts_state():
            self.shown = None
            return
        rest = [v.numpy() for v in (self.model.optimizer.variables if self.model.optimizer is not None else ())]
        frame, revision = self.replay.frame, self.twin.revision
        moment = Moment(self.replay.position, frame["seconds"], self.replay.logs, [*values, *rest], revision)
        self.shown = (self.twin, moment)

    def _puts_state(self) -> bool:
        """Give the optimizer the learning rate and the moments of the frame; whether they fit it."""
        optimizer = self.model.optimizer
        if optimizer is None:
            return True
        built = optimizer.built
        try:
            put_state(self.model, self.replay.frame, "this frame")
        except ModelFileError:
            return False
        if optimizer.built and not built:
            self.twin = self._twin(self.model)  # has the variables of the moments as well
        return self.twin is not None

    def joined(self) -> None:
        """All is there already."""

    def newest(self) -> tuple[Twin, Moment]:
        """Return the twin and the moment that the page shows.

        Raises:
            RequestError: the model could not be rebuilt.
        """
        if self.model is None:
            raise RequestError(f"The model cannot be rebuilt from the recording: {self._why}", 409)
        if self.twin is not None and self.shown is None:
            raise RequestError("This frame does not hold all weights of the model.", 409)
        return super().newest()


__all__ = ["ReplayStage"]
