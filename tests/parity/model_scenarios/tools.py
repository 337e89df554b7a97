"""What the scenarios of models share. Nothing imports Keras or chainrule: scenarios get one of them as `keras`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np


def start(model: Any, seed: int = 0) -> Any:
    """Give a built model the same weights in every library: those of a seed, by order and shape."""
    rng = np.random.default_rng(seed)
    values = []
    for v in model.weights:
        value = rng.uniform(-0.5, 0.5, tuple(v.shape))
        if "variance" in v.name or "gamma" in v.name:
            value += 1.0
        values.append(value.astype("float32"))
    model.set_weights(values)
    return model


def data(n: int = 20, width: int = 3, seed: int = 1) -> Any:
    """Return inputs of shape (n, width), float32."""
    return np.random.default_rng(seed).normal(size=(n, width)).astype("float32")


def target(x: Any, seed: int = 2) -> Any:
    """Return one target per row of x, shape (n,)."""
    noise = np.random.default_rng(seed).normal(size=len(x)).astype("float32")
    return (x.sum(axis=1) + 0.1 * noise).astype("float32")


def classes(x: Any, count: int = 3, seed: int = 3) -> Any:
    """Return one class number per row of x."""
    return np.random.default_rng(seed).integers(0, count, len(x))


def plain(value: Any) -> Any:
    """Return arrays, tensors and structures of them as what JSON can hold; tuples are told from lists."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, tuple):
        return {"tuple": [plain(v) for v in value]}
    if isinstance(value, list):
        return [plain(v) for v in value]
    array = np.asarray(value)
    return array.item() if array.ndim == 0 else array.tolist()


def lists(value: Any) -> Any:
    """Return a structure with lists for tuples, as it is after a round trip through JSON."""
    if isinstance(value, dict):
        return {k: lists(v) for k, v in value.items()}
    return [lists(v) for v in value] if isinstance(value, list | tuple) else value


def shape(value: Any) -> Any:
    """Return shapes in place of arrays."""
    if isinstance(value, dict):
        return {str(k): shape(v) for k, v in value.items()}
    if isinstance(value, list):
        return [shape(v) for v in value]
    if isinstance(value, tuple) and any(isinstance(v, list | tuple | dict) or hasattr(v, "shape") for v in value):
        return {"tuple": [shape(v) for v in value]}
    return list(getattr(value, "shape", value))


def facts(model: Any, batch: bool = True) -> dict[str, Any]:
    """Return what can be seen of a model from outside.

    Args:
        batch: whether the batch axis of its shapes counts. (After a first call, Keras keeps that call's batch size.)
    """
    found: dict[str, Any] = {
        "name": model.name,
        "repr": repr(model),
        "class": type(model).__name__,
        "built": model.built,
        "layers": [[layer.name, type(layer).__name__, layer.built] for layer in model.layers],
        "weights": [[v.path, list(v.shape), bool(v.trainable)] for v in model.weights],
        "trainable": [v.path for v in model.trainable_weights],
        "fixed": [v.path for v in model.non_trainable_weights],
    }
    for name in ("input_shape", "output_shape"):
        found[name] = seen(lambda name=name: plain(getattr(model, name) if batch else getattr(model, name)[1:]))
    if found["class"] == "Functional":
        found["output_names"] = model.output_names
    found["params"] = seen(model.count_params)
    return found


def seen(function: Callable[[], Any]) -> Any:
    """Return what a function returns, or that it raises."""
    try:
        return function()
    except (ValueError, TypeError, AttributeError, IndexError, KeyError, NotImplementedError, RuntimeError):
        return "raises"


def history(record: Any) -> dict[str, Any]:
    """Return all of a `History`."""
    return {"history": record.history, "epoch": record.epoch, "params": record.params, "keys": list(record.history)}
