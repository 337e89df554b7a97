"""Ready-made problems for the playground, small enough to see every number; each drawn by a fixed seed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule._typing import Array
from chainrule.errors import unknown_name
from chainrule.records import Record

SEED = 7
POINTS = 200


class Preset(Record):
    """A model with its data.

    Attributes:
        name: what it is asked for by.
        title: for the page.
        model: compiled.
        x, y: all data.
        batch_size: rows per step.
        speed: batches per second at first.
        features, classes: names, or none.
        target: its name.
        about: a sentence.
    """

    name: str
    title: str
    model: Any
    x: Any
    y: Any
    batch_size: int
    speed: float | None
    features: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    target: str = "y"
    about: str = ""


def preset(name: str) -> Preset:
    """Return a preset.

    Raises:
        UnknownNameError: there is none of this name.

    >>> preset("or").x.shape
    (4, 2)
    """
    if name not in PRESETS:
        raise unknown_name("preset", name, PRESETS)
    return PRESETS[name]()


CORNERS = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], "float32")


def _net(*layers: Any, optimizer: Any, loss: str = "binary_crossentropy", name: str, inputs: int = 2) -> Any:
    import chainrule as cr

    model = cr.Sequential([cr.Input((inputs,)), *layers], name=name)
    model.compile(optimizer, loss, metrics=["accuracy"])
    return model


def _or() -> Preset:
    import chainrule as cr

    sgd = cr.optimizers.SGD(1.0)
    model = _net(cr.layers.Dense(1, "sigmoid", name="out"), optimizer=sgd, loss="mean_squared_error", name="perceptron")
    model.layers[0].set_weights([np.array([[1.0], [-1.0]]), np.array([-0.5])])
    about = "The lecture's perceptron learns OR from its four rows."
    return Preset("or", "OR", model, CORNERS, np.array([0, 1, 1, 1], "float32"), 4, 10.0, ("x1", "x2"), about=about)


def _mlp() -> Preset:
    import chainrule as cr

    sgd = cr.optimizers.SGD(1.0)
    hidden = cr.layers.Dense(2, "sigmoid", name="hidden")
    out = cr.layers.Dense(1, "sigmoid", name="out")
    model = _net(hidden, out, optimizer=sgd, loss="mean_squared_error", name="mlp")
    hidden.set_weights([np.array([[1.0, -1.0], [-1.0, 1.0]]), np.array([-0.5, -0.5])])
    out.set_weights([np.array([[1.0], [1.0]]), np.array([-0.5])])
    about = "The lecture's network with two hidden units learns XOR, which no perceptron can."
    return Preset(
        "mlp", "XOR, 2-2-1", model, CORNERS, np.array([0, 1, 1, 0], "float32"), 4, 10.0, ("x1", "x2"), about=about
    )


def _xor() -> Preset:
    rng = np.random.default_rng(SEED)
    x = rng.uniform(-1, 1, (POINTS, 2)).astype("float32")
    x += 0.06 * np.sign(x)
    about = "Points of one class where both coordinates have the same sign: two straight lines are needed."
    return _points("xor", "XOR", x, (x[:, 0] * x[:, 1] < 0).astype("float32"), (4,), about)


def _circle() -> Preset:
    rng = np.random.default_rng(SEED)
    inner = np.arange(POINTS) % 2 == 0
    radius = np.where(inner, rng.uniform(0, 0.5, POINTS), rng.uniform(0.7, 1, POINTS))
    angle = rng.uniform(0, 2 * np.pi, POINTS)
    x = _around(radius, angle)
    return _points("circle", "Circle", x, inner.astype("float32"), (4,), "One class lies within the other.")


def _spiral() -> Preset:
    rng = np.random.default_rng(SEED)
    y = np.arange(POINTS) % 2
    t = np.arange(POINTS) / POINTS
    x = _around(0.08 + 0.92 * t, 1.5 * 2 * np.pi * t + np.pi * y) + rng.normal(0, 0.015, (POINTS, 2)).astype("float32")
    return _points(
        "spiral", "Spiral", x, y.astype("float32"), (16, 16), "Two arms wound into each other: the hardest of these."
    )


def _moons() -> Preset:
    rng = np.random.default_rng(SEED)
    y = np.arange(POINTS) % 2
    angle = rng.uniform(0, np.pi, POINTS)
    upper = np.stack([np.cos(angle), np.sin(angle)], 1)
    lower = np.stack([1 - np.cos(angle), 0.5 - np.sin(angle)], 1)
    x = np.where(y[:, None] == 0, upper, lower) + rng.normal(0, 0.1, (POINTS, 2))
    x = ((x - x.mean(0)) / x.std(0) / 1.6).astype("float32")
    return _points("moons", "Moons", x, y.astype("float32"), (6,), "Two half moons that reach into each other.")


def _around(radius: Array, angle: Array) -> Array:
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], 1).astype("float32")


def _points(name: str, title: str, x: Array, y: Array, hidden: tuple[int, ...], about: str) -> Preset:
    import chainrule as cr

    start = [cr.initializers.GlorotUniform(seed=SEED + i) for i in range(len(hidden) + 1)]
    layers = [
        cr.layers.Dense(n, "tanh", name=f"hidden_{i + 1}" if len(hidden) > 1 else "hidden", kernel_initializer=start[i])
        for i, n in enumerate(hidden)
    ]
    out = cr.layers.Dense(1, "sigmoid", name="out", kernel_initializer=start[-1])
    model = _net(*layers, out, optimizer=cr.optimizers.Adam(0.03), name=name)
    return Preset(name, title, model, x, y, 10, 400.0, ("x1", "x2"), about=about)


PRESETS: dict[str, Callable[[], Preset]] = {
    "or": _or, "mlp": _mlp, "xor": _xor, "circle": _circle, "spiral": _spiral, "moons": _moons,
}  # fmt: skip

__all__ = ["PRESETS", "Preset", "preset"]
