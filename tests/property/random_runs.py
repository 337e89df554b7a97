"""Running a random training on an engine, and comparing what it leaves behind.

`train` gives everything a training leaves behind as one dict of numbers, so that two engines, two types or two numbers
of threads can be compared number by number.
"""

from __future__ import annotations

import runpy
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

import chainrule as cr
from chainrule.errors import DivergedError

TRAINING = runpy.run_path(str(Path(__file__).with_name("random_training.py")))
NAMES, MODELS, data_of, trainings = (TRAINING[name] for name in ("NAMES", "MODELS", "data_of", "trainings"))


@contextmanager
def floats(dtype: str) -> Iterator[None]:
    before = cr.config.floatx()
    cr.config.set_floatx(dtype)
    try:
        yield
    finally:
        cr.config.set_floatx(before)


def model_of(spec: dict[str, Any], engine: str) -> Any:
    """Return the compiled model; the type of its numbers is `config.floatx()`."""
    cr.utils.clear_session()
    cr.utils.set_random_seed(spec["seed"])
    model = MODELS["build"](spec["model"], [h["layer"] for h in spec["heads"]], spec["model"]["loose"])

    def each(key: str) -> Any:
        found = [[eval(code, dict(NAMES)) for code in h[key]] for h in spec["heads"]]
        return found[0] if len(found) == 1 else found

    losses = [eval(h["loss"], dict(NAMES)) for h in spec["heads"]]
    model.compile(
        eval(spec["optimizer"], dict(NAMES)), losses[0] if len(losses) == 1 else losses,
        loss_weights=spec["loss_weights"], metrics=each("metrics"), weighted_metrics=each("weighted"), engine=engine,
    )  # fmt: skip
    return model


def perturb(model: Any, by: float, seed: int) -> None:
    """Change each weight by this share of itself, up or down."""
    rng = np.random.default_rng(seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.set_weights([w * (1 + by * rng.choice([-1.0, 1.0], w.shape)) for w in model.get_weights()])


def train(spec: dict[str, Any], engine: str, dtype: str, perturbed: float = 0.0, seed: int = 0) -> dict[str, Any]:
    """Train, evaluate and predict; return every number that is left."""
    with floats(dtype), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model = model_of(spec, engine)
        if perturbed:
            perturb(model, perturbed, seed)
        found: dict[str, Any] = {}
        x, y, w = data_of(spec, spec["rows"], spec["seed"])
        held_out = data_of(spec, 11, spec["seed"] + 1)
        try:
            history = model.fit(
                x, y, batch_size=spec["batch_size"], epochs=spec["epochs"], verbose=0, shuffle=spec["shuffle"],
                sample_weight=w, steps_per_epoch=spec["steps_per_epoch"],
                class_weight={0: 0.5, 1: 2.0, 2: 1.5} if spec["class_weight"] else None,
                validation_split=0.3 if spec["validation"] == "split" else 0.0,
                validation_data=held_out if spec["validation"] == "data" else None,
            )  # fmt: skip
        except DivergedError as error:
            # rounding decides whether a loss that grows without end is infinite, or two such have been subtracted
            found["error"] = str(error).partition("(")[0].replace("became nan", "became inf")
            history = None
        for name, values in (history.history if history is not None else {}).items():
            found[f"history {name}"] = np.asarray(values, np.float64)
        for i, v in enumerate(model.weights):
            found[f"weight {i} {v.name}"] = v.numpy()
        for i, v in enumerate(model.optimizer.variables):
            found[f"optimizer {i}"] = v.numpy()
        for m in model.metrics if history is not None else ():
            for i, v in enumerate(m.variables):
                found[f"metric {m.name} {i}"] = v.numpy()
        predictions = model.predict(held_out[0], verbose=0)
        for i, p in enumerate(predictions if isinstance(predictions, list) else [predictions]):
            found[f"prediction {i}"] = p
        for name, value in model.evaluate(*held_out[:2], sample_weight=held_out[2], batch_size=4, verbose=0,
                                          return_dict=True).items():  # fmt: skip
            found[f"evaluation {name}"] = np.asarray(value, np.float64)
    assert model.engine == engine
    found["warnings"] = sorted({str(c.message) for c in caught})
    return found


# -- comparing --------------------------------------------------------------------------------------------------------


def distances(a: dict[str, Any], b: dict[str, Any]) -> dict[str, float]:
    """Return how far numbers of the same name are apart, relative to the largest of them (or to 1e-6 if that is more).

    What is no array of floats must be equal.
    """
    assert a.keys() == b.keys(), a.keys() ^ b.keys()
    found = {}
    for name, value in a.items():
        other = b[name]
        if not isinstance(value, np.ndarray) or value.dtype.kind != "f":
            assert np.array_equal(value, other), f"{name}: {value} and {other}"
            continue
        assert value.shape == other.shape, name
        assert value.dtype == other.dtype, name
        same = np.isnan(value) & np.isnan(other) | (value == other)  # infinite in both, too
        gap = np.abs(np.where(same, 0.0, value) - np.where(same, 0.0, other))
        scale = max(np.max(np.abs(value[np.isfinite(value)]), initial=0.0), 1e-6)
        found[name] = float(np.max(gap, initial=0.0)) / scale
    return found
