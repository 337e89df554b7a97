"""A recording as event files for TensorBoard, with the folders and tags of `callbacks.TensorBoard`."""

from __future__ import annotations

import json
import os
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.callbacks.event_file import EventFile
from chainrule.errors import missing_extra
from chainrule.recording.lines import plain

if TYPE_CHECKING:
    from chainrule.recording.recording import Recording


def write_events(recording: Recording, folder: str | os.PathLike[str]) -> None:
    """Write `folder/train` and `folder/validation`; see `Recording.to_tensorboard`."""
    if find_spec("tensorboardX") is None:
        raise missing_extra("tensorboardX", "tensorboard", "Writing event files")
    train = EventFile(os.path.join(folder, "train"))
    validation = EventFile(os.path.join(folder, "validation"))
    try:
        _write_model(train, recording)
        for epoch in recording.epochs:
            for name, value in epoch["logs"].items():
                if np.ndim(value) == 0:
                    of_validation = name.startswith("val_")
                    file = validation if of_validation else train
                    file.scalar(f"epoch_{name.removeprefix('val_')}", value, epoch["epoch"])
        for frame in recording.frames:
            _write_frame(train, frame)
        for found in recording.findings:
            train.text("health", f"{found['severity']}, {found['where']}: {found['message']}", found["step"] or 0)
    finally:
        train.close()
        validation.close()


def _write_model(file: EventFile, recording: Recording) -> None:
    config = recording.start["model"].get("config")
    if config is not None and config.get("class_name") in ("Sequential", "Functional"):
        file.model("keras", json.dumps(plain(config)), 0)


def _write_frame(file: EventFile, frame: dict[str, Any]) -> None:
    """Write what a frame holds over its step."""
    step = frame["step"]
    if frame["learning_rate"] is not None:
        file.scalar("learning_rate", frame["learning_rate"], step)
    for part in ("weights", "gradients"):
        for path, values in (frame[part] or {}).items():
            if values.dtype.kind == "f" and np.isfinite(values).all():  # TensorBoard has no place for others
                file.histogram(f"{part}/{path}", values, step)
    for flow in frame["flow"]:
        for name in ("norm", "ratio"):
            if flow[name] is not None:
                file.scalar(f"gradient_{name}/{flow['path']}", flow[name], step)
    for unit in frame["units"]:
        for name in ("mean", "std", "dead", "saturated"):
            if unit[name] is not None:
                file.scalar(f"units_{name}/{unit['layer']}", unit[name], step)
