"""The messages of a training: what a run file holds line by line, and what the live page receives.

    start   once: the model, how it predicts, the training, the data, the probe
    frame   now and then: weights, gradients and outputs on the probe, what units give, how gradients flow
    epoch   after every epoch: logs
    epochs  the same of many short epochs, in columns (files only; `recording/blocks.py`)
    finding when something is wrong (`health.Finding.to_message`)
    end     once

A message is a dict of numbers, texts, NumPy arrays, and lists and dicts of them; `encode` makes one line of JSON of it,
`decode` reads it back.

>>> import chainrule as cr
>>> decode(encode(epoch(epoch=0, step=10, seconds=0.5, logs={"loss": 0.25})))
{'kind': 'epoch', 'epoch': 0, 'step': 10, 'seconds': 0.5, 'logs': {'loss': 0.25}}
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from chainrule._typing import Array
from chainrule.data.batches import Batches
from chainrule.recording.about_data import describe_data
from chainrule.recording.about_model import describe_model, describe_training, learning_rate_of, losses_of
from chainrule.recording.formulas import formulas_of
from chainrule.recording.forward import forward_of
from chainrule.recording.lines import Message, decode, encode
from chainrule.recording.measure import glance, measure
from chainrule.recording.probe import Probe, draw
from chainrule.utils.naming import unique_paths

__all__ = ["Message", "Probe", "decode", "draw", "encode", "end", "epoch", "frame", "start", "weights_of"]

VERSION = 1


def start(
    model: Any,
    training: Batches,
    validation: Batches | None = None,
    *,
    probe: Probe | None = None,
    epochs: int | None = None,
    name: str | None = None,
    started: str | None = None,
    features: Sequence[str] | None = None,
    target: str | None = None,
    classes: Sequence[str] | None = None,
) -> Message:
    """Return the message that begins a recording.

    Args:
        model: built and compiled.
        training: the batches of the training; `data.make_batches(x, y)` makes them of arrays.
        validation: those of the validation, or None.
        probe: by default `draw(training)`.
        epochs: how many are asked for.
        name: of the run, the model's by default.
        started: time as ISO 8601, now by default.
        features, target, classes: names; see `describe_data`.
    """
    from chainrule.version import __version__

    probe = probe or draw(training)
    return {
        "kind": "start",
        "version": VERSION,
        "run": {"name": name or model.name, "started": started or _now(), "chainrule": __version__},
        "model": describe_model(model),
        **forward_of(model),
        "formulas": formulas_of(model),
        "training": describe_training(model, training.batch_size, epochs, training.steps),
        "data": {
            **describe_data(training, losses_of(model), features, target, classes),
            "validation_rows": None if validation is None else validation.size,
        },
        "probe": {"rows": probe.rows.tolist(), "x": probe.x, "y": probe.y},
    }


def frame(
    model: Any,
    probe: Probe,
    *,
    step: int,
    epoch: int,
    batch: int,
    seconds: float,
    logs: Mapping[str, Any] | None = None,
    previous: Message | None = None,
    gradients: bool = True,
    brief: bool = False,
    optimizer: Mapping[str, Any] | None = None,
) -> Message:
    """Return what the model is like now.

    Args:
        model: built; nothing of it changes.
        probe: what it is shown.
        step: how many batches it has learnt from, counted over all epochs.
        epoch: from 0.
        batch: the last one within the epoch, from 0.
        seconds: since the training began.
        logs: loss and metrics so far.
        previous: the frame before; then `flow` says how far a step moved each weight on average since.
        gradients: False leaves them out (they are about half of a frame's cost and size).
        brief: leave out all but weights and outputs.
        optimizer: what it goes on from with these weights, as `updates.state_of` gives it.

    >>> import chainrule as cr
    >>> model = cr.Sequential([cr.Input((2,)), cr.layers.Dense(1, kernel_initializer="ones", name="d")], name="m")
    >>> model.compile("sgd", "mse")
    >>> made = frame(model, Probe(np.arange(1), np.ones((1, 2)), np.ones(1)), step=0, epoch=0, batch=0, seconds=0.0)
    >>> made["outputs"].tolist(), made["gradients"]["m/d/kernel"].tolist(), made["flow"][0]["path"]
    ([[2.0]], [[2.0], [2.0]], 'm/d/kernel')
    """
    weights = weights_of(model)
    found = glance(model, probe) if brief else measure(model, probe, gradients)
    return {
        "kind": "frame",
        "step": step,
        "epoch": epoch,
        "batch": batch,
        "seconds": seconds,
        "logs": dict(logs or {}),
        "probe_loss": found.loss,
        "weights": weights,
        "gradients": found.gradients,
        "outputs": found.outputs,
        "units": found.units,
        "flow": [] if brief else _flow(model, weights, found.gradients, step, previous),
        "learning_rate": learning_rate_of(model.optimizer),
        "optimizer": optimizer,
    }


def epoch(epoch: int, step: int, seconds: float, logs: Mapping[str, Any]) -> Message:
    """Return what an epoch gave; `step` counts batches over all epochs, `seconds` from the beginning."""
    return {"kind": "epoch", "epoch": epoch, "step": step, "seconds": seconds, "logs": dict(logs)}


def end(step: int, epoch: int, seconds: float, why: str) -> Message:
    """Return the message that ends a recording.

    Args:
        epoch: how many were finished.
        why: 'all epochs', 'stop_training', 'interrupted' or 'error'.
    """
    return {"kind": "end", "step": step, "epoch": epoch, "seconds": seconds, "why": why}


def weights_of(model: Any) -> dict[str, Array]:
    """Return copies of all weights by their paths; of two with one path the second is `path#2`."""
    paths = unique_paths(model.weights)
    return {paths[id(v)]: v.numpy() for v in model.weights}


def _flow(
    model: Any, weights: Mapping[str, Array], gradients: Mapping[str, Array] | None, step: int, previous: Message | None
) -> list[dict[str, Any]]:
    """Return for each trained weight the norm of its gradient, and `|change| / |weight|` per step since `previous`."""
    paths = unique_paths(model.weights)
    before = previous["weights"] if previous is not None and previous["step"] < step else {}
    found = []
    for v in model.trainable_variables:
        path = paths.get(id(v))
        if path is None or v.dtype.kind != "f":
            continue
        ratio = None
        if path in before and before[path].shape == weights[path].shape:
            size = _norm(before[path])
            moved = _norm(weights[path] - before[path]) / (step - previous["step"]) if previous else 0.0
            ratio = moved / size if size else None
        norm = _norm(gradients[path]) if gradients is not None and path in gradients else None
        found.append({"path": path, "norm": norm, "ratio": ratio})
    return found


def _norm(array: Array) -> float:
    with np.errstate(all="ignore"):
        return float(np.sqrt(np.square(array, dtype=np.float64).sum()))


def _now() -> str:
    from datetime import UTC, datetime

    return datetime.now(UTC).isoformat(timespec="seconds")
