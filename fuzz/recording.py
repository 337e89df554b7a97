"""Run files, and the models in them."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

import chainrule as cr
from chainrule.callbacks import Recorder
from fuzz.common import Seeds, branches, dense, folder, in_file, refused_properly


def seeds() -> Seeds:
    return {"dense": _dense(), "branches": _branches(), "together": _together()}


@cache
def _dense() -> bytes:
    model = dense(optimizer="adam", loss="mse")
    return _recorded(model, np.ones((4, 2)), np.ones(4))


@cache
def _branches() -> bytes:
    model = branches()
    model.compile("sgd", "mse")
    x = {"x": np.ones((4, 3)), "c": np.ones((4, 2), "int32")}
    return _recorded(model, x, [np.ones((4, 1)), np.ones((4, 2))])


@cache
def _together() -> bytes:
    """Epochs in blocks."""
    return _recorded(dense(optimizer="sgd", loss="mse"), np.ones((4, 2)), np.ones(4), every=10, epochs=12)


def _recorded(model: Any, x: Any, y: Any, every: int = 1, epochs: int = 2) -> bytes:
    path = folder() / "seed.jsonl"
    recorder = Recorder(path, every=every, cost=None, overwrite=True, probe=2)
    model.fit(x, y, epochs=epochs, verbose=0, callbacks=[recorder])
    return path.read_bytes()


def check(data: bytes) -> None:
    def read() -> None:
        run = cr.recording.load(in_file("run.jsonl", data))
        assert run.history is not None
        for frame in (run.frames[:1], run.frames[-1:]):
            if frame:
                run.model_at(frame[0])

    refused_properly(read)
