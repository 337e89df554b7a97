"""Trainings watched by TensorBoard's callback, and what the real TensorBoard reads of them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

CASES: dict[str, dict[str, Any]] = {
    "defaults": {},
    "everything": {"histogram_freq": 1, "write_images": True, "write_steps_per_second": True, "update_freq": 2},
    "every batch": {"update_freq": "batch", "write_graph": False},
    "rarely": {"histogram_freq": 2, "update_freq": 3},
}
BY_THE_CLOCK = "steps_per_second"


def train(keras: Any, folder: Path, **arguments: Any) -> None:
    """Train a model from fixed weights, and evaluate it."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(40, 3)).astype("float32")
    y = x.sum(axis=1, keepdims=True)
    layers = [keras.Input((3,), name="in"), keras.layers.Dense(4, name="d1"), keras.layers.Dense(1, name="d2")]
    model = keras.Sequential(layers, name="net")
    model.compile(keras.optimizers.SGD(0.03125), "mse", metrics=["mae"])
    model.set_weights([rng.normal(size=w.shape).astype("float32") for w in model.get_weights()])
    watcher = keras.callbacks.TensorBoard(folder, **arguments)
    rate = keras.callbacks.LearningRateScheduler(lambda epoch, rate: 0.03125 / (epoch + 1))
    model.fit(x, y, epochs=3, batch_size=8, shuffle=False, validation_split=0.2, verbose=0, callbacks=[rate, watcher])
    model.evaluate(x, y, verbose=0, callbacks=[watcher])


def read(folder: Path) -> dict[str, Any]:
    """Return run -> tag -> what TensorBoard finds there."""
    from tensorboard.backend.event_processing.event_accumulator import (  # type: ignore[import-not-found]
        EventAccumulator,
    )

    found: dict[str, Any] = {}
    for place, _, files in sorted(os.walk(folder)):
        if any("tfevents" in file for file in files):
            events = EventAccumulator(place, size_guidance={"tensors": 0})
            events.Reload()
            tags = events.Tags()["tensors"]
            found[os.path.relpath(place, folder)] = {tag: _series(events, tag) for tag in tags}
    return found


def _series(events: Any, tag: str) -> dict[str, Any]:
    from tensorboard.util import tensor_util  # type: ignore[import-not-found]

    about = events.SummaryMetadata(tag).plugin_data
    series = events.Tensors(tag)
    values = [tensor_util.make_ndarray(event.tensor_proto) for event in series]
    result = {
        "plugin": about.plugin_name,
        "content": about.content.decode(),
        "dtype": series[0].tensor_proto.dtype,
        "steps": [event.step for event in series],
    }
    if about.plugin_name in ("scalars", "histograms") and BY_THE_CLOCK not in tag:
        result["values"] = [v.tolist() for v in values]
    if about.plugin_name == "images":
        result["values"] = [[int(v[0]), int(v[1]), pixels(v[2])] for v in values]
    return result


def pixels(png: bytes) -> list[list[int]]:
    """Return the grey values of a PNG file."""
    import io

    from PIL import Image  # type: ignore[import-not-found]

    return np.asarray(Image.open(io.BytesIO(png)).convert("L")).tolist()  # type: ignore[no-any-return]
