"""`Replay`: a recorded training on the page, frame by frame; nothing trains and nothing changes."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.recording.probe import Probe
from chainrule.recording.recording import Recording
from chainrule.utils.naming import unique_paths
from chainrule.web.protocol import Json, RequestError
from chainrule.web.session import PAUSED, STOPPED, Position
from chainrule.web.stage import Peeked, Stage
from chainrule.web.twin import Moment, Twin

SPEED = 10.0
"""Frames per second at first."""


class Replay:
    """Shows the frames of a recording under a session, beginning with the last.

    Args:
        recording: with one frame at least.
        others: recordings to be compared with.

    Raises:
        RequestError: there is no frame.
    """

    def __init__(self, recording: Recording, others: Sequence[Recording] = ()) -> None:
        if not recording.frames:
            raise RequestError(f"The recording '{recording.name}' has no frames, so there is nothing to show.")
        self.recording = recording
        self.at = len(recording.frames) - 1
        self.stage = ReplayStage(self, others)
        self.stage.session.speed = SPEED
        self.closed = False
        self._thread = threading.Thread(target=self._run, name="chainrule-replay", daemon=True)

    @property
    def frame(self) -> Json:
        """The frame that is shown."""
        return self.recording.frames[self.at]

    # -- what a session asks -------------------------------------------------------------------------------------------

    @property
    def position(self) -> Position:
        """Where the training was."""
        return Position(self.frame["epoch"], self.frame["batch"], self.frame["step"])

    @property
    def logs(self) -> dict[str, float]:
        """Loss and metrics then."""
        return dict(self.frame["logs"])

    @property
    def kept(self) -> int:
        """How many frames there are before this one."""
        return self.at

    def settings(self) -> Json:
        """The settings that the training began with; the learning rate of this frame."""
        training = self.recording.start["training"]
        optimizer = training.get("optimizer") or {}
        return {
            "learning_rate": self.frame["learning_rate"], "optimizer": optimizer.get("name"),
            "batch_size": training.get("batch_size"), "l2": None, "dropout": None,
        }  # fmt: skip

    def can_set(self) -> list[str]:
        """Nothing."""
        return []

    def choices(self) -> Json:
        """One steps by frames, and may go to the first."""
        return {"step": ["batch"], "reset": True}

    def set(self, name: str, value: Any) -> None:
        """Refuse.

        Raises:
            RequestError: always.
        """
        raise RequestError("This training is over: its settings are what they were.", 409)

    def edit(self, path: str, index: tuple[int, ...], value: float) -> None:
        """Refuse.

        Raises:
            RequestError: always.
        """
        raise RequestError("This training is over: its weights are what they were.", 409)

    def back(self) -> None:
        """Go to the frame before."""
        self.at -= 1

    def reset(self) -> None:
        """Go to the first frame."""
        self.at = 0

    def coming_rows(self) -> Sequence[int]:
        """None: batches are not recorded."""
        return []

    # -- the thread ----------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin, paused."""
        self._thread.start()

    def close(self) -> None:
        """End."""
        self.closed = True
        self.stage.session.finish(STOPPED)
        self.stage.session.wake()
        if self._thread.is_alive():
            self._thread.join(5)
        self.stage.hub.close()

    def _run(self) -> None:
        session = self.stage.session
        while not self.closed:
            session.checkpoint()
            if session.over:
                return
            last = len(self.recording.frames) - 1
            self.at = min(self.at + 1, last) if self.at < last else 0
            if self.at == last:
                session.pause()


class ReplayStage(Stage):
    """A stage whose frames are recorded ones, and whose twin is rebuilt from the recording."""

    def __init__(self, replay: Replay, others: Sequence[Recording]) -> None:
        super().__init__(replay, PAUSED)
        recording = replay.recording
        self.replay = replay
        self.runs = [*others]
        probe = recording.start.get("probe")
        self.probe = Probe(np.asarray(probe["rows"]), probe["x"], probe["y"]) if probe else None
        self.names = ([f["name"] for f in recording.start["data"]["features"]], recording.start["data"]["classes"])
        training = recording.start["training"]
        rows = (probe["x"], probe["y"], None) if probe else (None, None, None)
        self.training = Peeked(
            rows, training["steps_per_epoch"], recording.start["data"]["rows"], training["batch_size"]
        )
        self._why = ""
        self.model = self._model()
        for message in (recording.start, *recording.epochs, *recording.findings):
            self.hub.put(message)
        for frame in recording.frames:
            self.trail.add(frame["step"], frame["weights"])

    def _model(self) -> Any:
        """Return the model; None where it cannot be rebuilt without its Python code, which the page says."""
        try:
            return self.replay.recording.model_at(self.replay.frame)
        except Exception as error:
            self._why = str(error)[:300]
            return None

    def show(self, now: bool) -> None:
        """Have the page show the frame."""
        self.hub.put(self.replay.frame)
        if self.model is None:
            return
        if self.twin is None:
            self.twin = Twin(self.model)
        paths, weights = unique_paths(self.model.weights), self.replay.frame["weights"]
        found = [weights.get(paths[id(v)]) for v in self.model.weights]
        values = [a for a, v in zip(found, self.model.weights, strict=True) if a is not None and a.shape == v.shape]
        if len(values) < len(found):  # they were too large for this frame, or somebody else wrote the file
            self.shown = None
            return
        rest = [v.numpy() for v in (self.model.optimizer.variables if self.model.optimizer is not None else ())]
        frame, revision = self.replay.frame, self.twin.revision
        moment = Moment(self.replay.position, frame["seconds"], self.replay.logs, [*values, *rest], revision)
        self.shown = (self.twin, moment)

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
