"""What rules look at: the outputs of each hidden activation, and the gradients, on some rows.

The model runs once under a tape, which notes every op and the layer in which it ran; so models that are Python code are
measured like any other. Nothing of the model changes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from chainrule import tree
from chainrule._typing import Array
from chainrule.autodiff.tape import GradientTape
from chainrule.glassbox.record import KEY, _Owned, undisturbed
from chainrule.health.thresholds import limit
from chainrule.random import seeds
from chainrule.records import Record

SLOPES: dict[str, tuple[Any, float]] = {
    "sigmoid": (lambda y: y * (1 - y), 0.25),
    "tanh": (lambda y: 1 - y * y, 1.0),
}
"""Activations that saturate: the slope as a function of the output, and its largest value."""
DYING = frozenset({"relu", "relu6"})
"""Activations that are 0, with slope 0, below 0."""


class Units(Record):
    """What the units of one activation give on some rows.

    Attributes:
        layer: name of the layer that the activation belongs to.
        activation: `'relu'`, `'relu6'`, `'sigmoid'` or `'tanh'`.
        count: number of units.
        dead: how many are 0 on all rows.
        saturated: how many have nearly no slope on nearly all rows.
        rows: on how many rows.
    """

    layer: str
    activation: str
    count: int
    dead: int
    saturated: int
    rows: int


class Measured(Record):
    """What one run of a model on some rows shows.

    Attributes:
        units: of each hidden activation, in the order in which they run.
        gradients: path of each trainable variable to the gradient of the mean loss; empty where there is no target.
        outputs: the model's outputs, in their structure.
        loss: the mean loss, or None where there is no target.
    """

    units: tuple[Units, ...]
    gradients: Mapping[str, Array]
    outputs: Any
    loss: float | None


def units_of(layer: str, activation: str, outputs: Array) -> Units:
    """Count the dead and the saturated units of one activation.

    Args:
        layer: its name, for messages.
        activation: its name; others than ReLU, sigmoid and tanh never die or saturate here.
        outputs: what it gave, (rows, ..., units).

    >>> units_of("dense", "relu", np.array([[0.0, 1.0], [0.0, 0.0]])).dead
    1
    >>> units_of("dense", "tanh", np.array([[0.1, 0.999], [0.9, -0.999]])).saturated
    1
    """
    rows = outputs.reshape(-1, outputs.shape[-1])
    dead = saturated = 0
    if activation in DYING:
        dead = int((rows <= 0).all(axis=0).sum())
    elif activation in SLOPES:
        slope, largest = SLOPES[activation]
        flat = slope(rows.astype(np.float64)) < limit("flat_slope") * largest
        saturated = int((flat.mean(axis=0) >= limit("saturated_rows")).sum())
    return Units(layer, activation, rows.shape[1], dead, saturated, len(rows))


def measure(model: Any, x: Any, y: Any = None) -> Measured:
    """Run a built model on some rows and return what its hidden units and gradients look like.

    Args:
        x, y: rows as `fit` takes them, as arrays; without `y` there are no gradients.

    >>> import chainrule as cr
    >>> model = cr.Sequential([cr.Input((1,)), cr.layers.Dense(2, "relu", name="hidden"), cr.layers.Dense(1)])
    >>> model.layers[0].set_weights([[[1.0, -1.0]], [0.0, 0.0]])
    >>> measure(model, np.array([[1.0], [2.0]])).units
    (Units(layer='hidden', activation='relu', count=2, dead=1, saturated=0, rows=2),)
    """
    tape, records = GradientTape(), _Owned()
    tape.records = records
    variables = list(model.trainable_variables)
    with undisturbed(model), seeds.step_scope(KEY), np.errstate(all="ignore"):
        with tape:
            outputs = model(x, training=False)
            loss = None if y is None or model._compile_loss is None else _loss(model, x, y, outputs)
        ends = {id(t) for t in tree.flatten(outputs)}
        units = tuple(
            units_of(owner.layer.name, record.op.name, np.asarray(record.output))
            for record, owner in zip(records, records.owners, strict=True)
            if record.op.name in DYING | SLOPES.keys() and owner is not None and id(record.output) not in ends
        )
        gradients = {} if loss is None else _gradients(tape, loss, variables)
    plain = tree.map_structure(np.asarray, outputs)
    return Measured(units, gradients, plain, None if loss is None else float(np.asarray(loss)))


def _loss(model: Any, x: Any, y: Any, outputs: Any) -> Any:
    from chainrule import ops

    loss = model._loss_of(x, y, outputs, None, False)
    return loss if not getattr(loss, "shape", ()) else ops.mean(loss)


def _gradients(tape: GradientTape, loss: Any, variables: list[Any]) -> dict[str, Array]:
    found = tape.gradient(loss, variables)
    return {v.path: np.asarray(g) for v, g in zip(variables, found, strict=True) if g is not None}
