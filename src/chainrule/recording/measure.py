"""What a model does on a probe: its outputs, the gradient of the mean loss, and what each layer's units give."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import numpy as np

from chainrule import tree
from chainrule._typing import Array
from chainrule.autodiff.tape import GradientTape
from chainrule.engines.threads import threads_for
from chainrule.glassbox.record import KEY, undisturbed
from chainrule.layers import context
from chainrule.random import seeds
from chainrule.recording.probe import Probe
from chainrule.records import Record
from chainrule.utils.naming import unique_paths

BUCKETS = 20
NEAR = 0.01
"""A saturated unit is within this share of its range from one of its ends, on `MOSTLY` of the rows."""
MOSTLY = 0.9

_ZEROED = frozenset({"relu", "relu6", "ReLU"})
_RANGES = {"sigmoid": (0.0, 1.0), "hard_sigmoid": (0.0, 1.0), "tanh": (-1.0, 1.0), "hard_tanh": (-1.0, 1.0)}


class Measured(Record):
    """What a model does on a probe.

    Attributes:
        outputs: structure of arrays; None if the model cannot be asked.
        gradients: of the mean loss, by path of the weight; None if the model has no loss, or no tape can follow it.
        loss: the mean loss, or None.
        units: one entry per layer, see `units_of`.
    """

    outputs: Any
    gradients: dict[str, Array] | None
    loss: float | None
    units: list[dict[str, Any]]


def measure(model: Any, probe: Probe, gradients: bool = True) -> Measured:
    """Run a built model as it predicts (dropout drops nothing) on a probe; nothing of the model changes.

    >>> import chainrule as cr
    >>> model = cr.Sequential([cr.Input((1,)), cr.layers.Dense(1, kernel_initializer="ones", name="d")])
    >>> model.compile(loss="mse")
    >>> found = measure(model, Probe(np.arange(2), np.array([[1.0], [2.0]], "float32"), np.array([0.0, 1.0])))
    >>> found.outputs.ravel().tolist(), found.loss, [g.tolist() for g in found.gradients.values()]
    ([1.0, 2.0], 1.0, [[[3.0]], [2.0]])
    """
    wanted = gradients and model.compiled and (probe.y is not None or model._compile_loss is None)
    with _quietly(model, probe.size):
        with context.observed() as calls, GradientTape() as tape:
            outputs = _outputs(model, probe)
            loss = _loss(model, probe, outputs) if wanted and outputs is not None else None
        loss = loss if getattr(loss, "shape", ()) == () else None  # one that is not reduced has no gradient of its own
        by_path = None if loss is None else _gradients(model, tape, loss)
    return Measured(
        outputs=_arrays(outputs),
        gradients=by_path,
        loss=None if loss is None else float(loss),
        units=units_of(model, calls),
    )


def _arrays(outputs: Any) -> Any:
    return None if outputs is None else tree.map_structure(np.asarray, outputs)


# Code of the user's own may learn in ways that need no `call`, or have targets that fit no compiled loss: then the
# training is recorded without these.


def _outputs(model: Any, probe: Probe) -> Any:
    try:
        return model(probe.x, training=False)
    except Exception:
        if model._graph_or_none() is not None:
            raise
        return None


def _loss(model: Any, probe: Probe, outputs: Any) -> Any:
    try:
        return model._loss_of(probe.x, probe.y, outputs, probe.weight, False)
    except Exception:
        if not model.overrides("train_step", "compute_loss"):
            raise
        return None


def glance(model: Any, probe: Probe) -> Measured:
    """Return the outputs alone, by the shortest way there is."""
    quick = model._quickly(probe.x) if type(probe.x) is np.ndarray else None
    if quick is not None:
        return Measured(outputs=quick, gradients=None, loss=None, units=[])
    with _quietly(model, probe.size):
        outputs = _outputs(model, probe)
    return Measured(outputs=_arrays(outputs), gradients=None, loss=None, units=[])


def _gradients(model: Any, tape: GradientTape, loss: Any) -> dict[str, Array]:
    variables = model.trainable_variables
    paths = unique_paths(model.weights)
    return {
        paths[id(v)]: np.zeros(v.shape, v.dtype) if g is None else np.asarray(g)
        for v, g in zip(variables, tape.gradient(loss, variables), strict=True)
        if id(v) in paths
    }


@contextmanager
def _quietly(model: Any, rows: int) -> Iterator[None]:
    with ExitStack() as stack:
        stack.enter_context(threads_for(model.count_params(), rows))
        stack.enter_context(undisturbed(model))
        stack.enter_context(seeds.step_scope(KEY))
        stack.enter_context(np.errstate(all="ignore"))
        yield


# -- units ------------------------------------------------------------------------------------------------------------


def units_of(model: Any, calls: list[context.Call]) -> list[dict[str, Any]]:
    """Return what the layers' calls gave: one entry per layer with float outputs, the last call of each.

    How many `units` it has; `mean`, `std` and `histogram` of all the numbers they give, those of every row and unit
    together, so `std` tells units apart as well as rows; how many units are `dead` (a ReLU that is 0 on all rows; else
    None) or `saturated` (a sigmoid or tanh at the ends of its range on 90 % of the rows; else None).
    """
    last = {id(call.layer): call for call in calls}
    found = []
    for layer in model._flatten_layers()[1:]:
        call = last.get(id(layer))
        if call is None or getattr(layer, "_graph_or_none", None) is not None:
            continue
        values = [np.asarray(v) for v in tree.flatten(call.outputs)]
        if values and values[0].dtype.kind == "f" and values[0].size and values[0].ndim > 1:
            found.append(_entry(layer, values[0]))
    return found


def _entry(layer: Any, values: Array) -> dict[str, Any]:
    name = activation_name(layer)
    flat = values.reshape(-1, values.shape[-1])
    mean, std = _moments(values)
    return {
        "layer": layer.name,
        "units": flat.shape[1],
        "activation": name,
        "mean": mean,
        "std": std,
        "dead": int((~flat.any(axis=0)).sum()) if name in _ZEROED else None,
        "saturated": _saturated(flat, *_RANGES[name]) if name in _RANGES else None,
        "histogram": histogram(values),
    }


def _moments(values: Array) -> tuple[float, float]:
    """Return mean and standard deviation, in float64."""
    with np.errstate(all="ignore"):
        double = values.astype(np.float64)
        mean = float(np.add.reduce(double, axis=None)) / double.size
        double -= mean
        double *= double  # not a product of OpenBLAS, whose threads would be woken for it
        return mean, float(np.sqrt(np.add.reduce(double, axis=None) / double.size))


def _saturated(flat: Array, low: float, high: float) -> int:
    margin = NEAR * (high - low)
    at_end = (flat < low + margin) | (flat > high - margin)
    return int((at_end.mean(axis=0) >= MOSTLY).sum())


def activation_name(layer: Any) -> str | None:
    """Return what the activation of a layer is called, or None if it has none."""
    function = getattr(layer, "activation", None)
    if function is not None:
        return str(getattr(function, "__name__", type(function).__name__))
    return {"ReLU": "relu", "LeakyReLU": "leaky_relu", "ELU": "elu", "Softmax": "softmax"}.get(type(layer).__name__)


def histogram(values: Array) -> dict[str, Any]:
    """Return how many of the finite values fall into each of 20 buckets of equal width.

    >>> histogram(np.array([0.0, 1.0, np.nan]))["counts"][0]
    1
    """
    low, high = (float(f.reduce(values, axis=None)) for f in (np.minimum, np.maximum))
    if not math.isfinite(low) or not math.isfinite(high):
        values = values[np.isfinite(values)]
        if not values.size:
            return {"edges": [0.0, 0.0], "counts": [0]}
        low, high = float(values.min()), float(values.max())
    width = high - low
    if not width > 1e-9 * max(abs(low), abs(high)) or not math.isfinite(BUCKETS / width * width):
        return {"edges": [low, high], "counts": [int(values.size)]}
    places = ((values - low) * (BUCKETS / width)).astype(np.intp).ravel()
    counts = np.bincount(np.minimum(places, BUCKETS - 1), minlength=BUCKETS)
    step = width / BUCKETS
    return {"edges": [*(low + step * i for i in range(BUCKETS)), high], "counts": counts.tolist()}
