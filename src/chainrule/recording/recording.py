"""`Recording`: a training as a run file tells of it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from chainrule._typing import Array
from chainrule.errors import DataError, ModelFileError
from chainrule.recording.blocks import expanded
from chainrule.recording.lines import Message
from chainrule.recording.messages import VERSION
from chainrule.recording.reader import read_lines
from chainrule.saving.limits import at_most


class Recording:
    """A recorded training.

    Attributes:
        start: what was trained on what.
        frames: what the model was like now and then, in order.
        epochs: the metrics of each epoch.
        findings: what health had to say.
        end: why and when it ended; None if it was killed, or is still going on.
        path: the file, or None.

    Messages are dicts as `recording/messages.py` describes them, with NumPy arrays.
    """

    def __init__(self, messages: list[Message], path: Path | None = None) -> None:
        self.path = path
        name = str(path or "the recording")
        if not messages or messages[0]["kind"] != "start":
            raise ModelFileError(f"'{name}' does not begin with a 'start' message: it is no run file.")
        self.start = messages[0]
        if self.start["version"] > VERSION:
            raise ModelFileError(
                f"'{name}' was written by a later version of chainrule ({self.start['run'].get('chainrule')}): its "
                f"messages have version {self.start['version']}, and this one reads up to {VERSION}."
            )
        self.frames = [m for m in messages if m["kind"] == "frame"]
        self.epochs = [m for m in expanded(messages) if m["kind"] == "epoch"]
        self.findings = [m for m in messages if m["kind"] == "finding"]
        self.end: Message | None = messages[-1] if messages[-1]["kind"] == "end" else None

    # -- numbers ------------------------------------------------------------------------------------------------------

    @property
    def name(self) -> str:
        """What the run is called."""
        return str(self.start["run"]["name"])

    @cached_property
    def history(self) -> dict[str, list[Any]]:
        """Metric name to its values, one per epoch, as `History.history`."""
        found: dict[str, list[Any]] = {}
        for epoch in self.epochs:
            for name, value in epoch["logs"].items():
                found.setdefault(name, []).append(value)
        return found

    @property
    def steps(self) -> list[int]:
        """The steps of the frames."""
        return [frame["step"] for frame in self.frames]

    def path_of_weights(self) -> list[dict[str, Array]]:
        """Return the weights of every frame that has them, by path: where the optimizer went."""
        return [frame["weights"] for frame in self.frames if frame["weights"]]

    # -- models -------------------------------------------------------------------------------------------------------

    def model_at(
        self, frame: int | Message = -1, custom_objects: Mapping[str, Any] | None = None, compile: bool = True
    ) -> Any:
        """Return a model with the weights of a frame, built anew from the recording's description.

        Args:
            frame: the frame, or its number in `frames`; the last one by default.
            custom_objects: classes and functions of your own, by name.
            compile: whether to compile it as it was.

        Raises:
            ModelFileError: the model cannot be described in a file, or its weights are not in the frame.
        """
        from chainrule.recording.rebuilding import model_of

        return model_of(self.start, self._frame(frame), custom_objects, compile)

    def trace_at(
        self, frame: int | Message = -1, custom_objects: Mapping[str, Any] | None = None, **options: Any
    ) -> Any:
        """Return the `trace` of the model of a frame on the rows of the probe; `options` as for `chainrule.trace`."""
        from chainrule.glassbox.trace import trace

        probe = self.start.get("probe")
        if not probe or probe["y"] is None:
            raise DataError(f"trace_at: the recording '{self.name}' has no rows with targets.")
        return trace(self.model_at(frame, custom_objects), probe["x"], probe["y"], **options)

    def _frame(self, frame: int | Message) -> Message:
        if isinstance(frame, dict):
            return frame
        if not -len(self.frames) <= frame < len(self.frames):
            raise DataError(f"The recording '{self.name}' has {len(self.frames)} frames; there is no frame {frame}.")
        return self.frames[frame]

    # -- other forms --------------------------------------------------------------------------------------------------

    def to_tensorboard(self, folder: str | os.PathLike[str]) -> None:
        """Write event files for TensorBoard: metrics, learning rate, weights, gradients, units and findings.

        Raises:
            MissingExtraError: `tensorboardX` is not installed.
        """
        from chainrule.recording.tensorboard import write_events

        write_events(self, folder)

    def save_html(self, path: str | os.PathLike[str]) -> None:
        """Write the page with this recording in it, as one file that needs neither Python nor a network."""
        from chainrule.web.offline import save_html

        save_html(self, path)

    def plot(self, **options: Any) -> Any:
        """Draw the metrics of the epochs; `options` as for `chainrule.plot.training`."""
        from chainrule.plot import training

        return training(self.history, **options)

    def _repr_html_(self) -> str:
        from chainrule.web.offline import notebook

        return notebook(self)

    def __repr__(self) -> str:
        epochs, frames, findings = len(self.epochs), len(self.frames), len(self.findings)
        state = self.end["why"] if self.end is not None else "no end"
        return f"<Recording '{self.name}': {epochs} epochs, {frames} frames, {findings} findings, {state}>"


def load(path: str | os.PathLike[str], max_bytes: int | None = None) -> Recording:
    """Return the recording in a run file, or in a folder with a `run.jsonl`.

    Nothing in the file is run, and names in it cause no import.

    Args:
        max_bytes: the most that the file may have; 2 GB by default.

    Raises:
        ModelFileError: there is none, or it is damaged. A broken last line is left out.
    """
    from chainrule.callbacks.recorder import FILE

    path = Path(path)
    path = path / FILE if path.is_dir() else path
    with at_most(max_bytes):
        return Recording([message for _, _, message in read_lines(path)], path)
