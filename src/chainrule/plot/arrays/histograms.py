"""How weights and what layers give are spread: now, and in the course of a training."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from chainrule import tree
from chainrule._typing import Array
from chainrule.errors import DataError, within
from chainrule.plot.arrays.flow import moments, short
from chainrule.plot.arrays.given import is_recording, model_and_data, network, no_model
from chainrule.plot.arrays.inputs import as_arrays
from chainrule.plot.arrays.layers import layer_outputs
from chainrule.plot.arrays.sample import some
from chainrule.records import Record

LEVELS = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)
_MOST = 1_000_000


class Histogram(Record):
    """How often numbers lie between edges.

    Attributes:
        name: of the weight or layer.
        edges: (bins + 1,).
        counts: (bins,).
        mean, std: of the numbers.
        zero: share of them that are exactly 0.
        lost: how many are not finite.
    """

    name: str
    edges: Array
    counts: Array
    mean: float
    std: float
    zero: float
    lost: int = 0

    @property
    def size(self) -> int:
        """How many finite numbers there are."""
        return int(self.counts.sum())


class Spread(Record):
    """Quantiles of a weight in the course of a training: `LEVELS` (moments, 7) at `steps` (moments,)."""

    name: str
    steps: Array
    quantiles: Array


@within("plot.numbers.weights")
def weights(what: Any, *, bins: int = 40) -> tuple[Histogram, ...]:
    """Return histograms of all trainable weights.

    Args:
        what: a model, or a dict of arrays by path (the weights of a frame).
        bins: how many.

    >>> [(h.name, h.size) for h in weights({"net/d/kernel": np.ones((2, 3)), "net/d/bias": np.zeros(3)})]
    [('d/kernel', 6), ('d/bias', 3)]
    """
    if is_recording(what):
        what = what.frames[-1]["weights"] if what.frames else {}
    arrays = what if isinstance(what, Mapping) else _weights_of(what)
    floats = {p: np.asarray(a) for p, a in arrays.items() if np.asarray(a).dtype.kind == "f"}
    if not floats:
        raise DataError("there are no weights to show.")
    return tuple(histogram(n, a, bins) for n, a in zip(short(list(floats)), floats.values(), strict=True))


@within("plot.numbers.spreads")
def spreads(recording: Any) -> tuple[Spread, ...]:
    """Return how the weights of a recording were spread at each frame.

    Raises:
        DataError: the recording holds no weights.
    """
    if not is_recording(recording):
        raise no_model(recording, "a recording")
    frames = [f for f in moments(recording) if f["weights"]]
    if not frames:
        raise DataError(f"The recording '{recording.name}' holds no weights.")
    paths = [
        p for p, a in frames[-1]["weights"].items() if a.dtype.kind == "f" and all(p in f["weights"] for f in frames)
    ]
    steps = np.array([f["step"] for f in frames])
    found = []
    for name, path in zip(short(paths), paths, strict=True):
        rows = [_quantiles(f["weights"][path]) for f in frames]
        found.append(Spread(name, steps, np.stack(rows)))
    return tuple(found)


@within("plot.numbers.activations")
def activations(what: Any, x: Any = None, *, bins: int = 40, rows: int | None = 2000) -> tuple[Histogram, ...]:
    """Return histograms of what each layer gives.

    Args:
        what: a model, which needs `x`; or a recording, whose last frame is shown.
        x: inputs.
        bins: how many.
        rows: at most so many rows are used.

    >>> import chainrule as cr
    >>> model = cr.Sequential([cr.Input((1,)), cr.layers.ReLU(name="r")])
    >>> [(h.name, h.size, h.zero) for h in activations(model, [[-1.0], [2.0]])]
    [('r', 2, 0.5)]
    """
    if is_recording(what):
        return _of_frame(what)
    what, x, _ = model_and_data(what, x)
    data, _ = as_arrays(x)
    taken = some(len(tree.flatten(data)[0]), rows or len(tree.flatten(data)[0]))
    outputs = layer_outputs(what, tree.map_structure(lambda a: a[taken], data))
    idle = {v.name for v in what._flatten_layers()[1:] if type(v).__name__ in ("Dropout", "Flatten", "InputLayer")}
    return tuple(histogram(name, values, bins) for name, values in outputs.items() if name not in idle)


@within("plot.numbers.histogram")
def histogram(name: str, values: Any, bins: int = 40) -> Histogram:
    """Return the histogram of numbers; those that are not finite are left out and counted."""
    flat = np.asarray(values, np.float64).ravel()
    finite = flat[np.isfinite(flat)]
    if not finite.size:
        return Histogram(name, np.array([0.0, 1.0]), np.zeros(1, np.int64), float("nan"), float("nan"), 0.0, flat.size)
    counts, edges = np.histogram(finite, min(bins, 1 + round(3 * finite.size ** (1 / 3))))  # few numbers, few bins
    lost = int(flat.size - finite.size)
    return Histogram(name, edges, counts, float(finite.mean()), float(finite.std()), float(np.mean(finite == 0)), lost)


def _weights_of(model: Any) -> dict[str, Array]:
    from chainrule.utils.naming import unique_paths

    if isinstance(model, type) or not hasattr(model, "weights") or not hasattr(model, "trainable_variables"):
        raise no_model(model, "a model, a recording, or a dict of arrays by path")
    if not getattr(model, "built", True):
        network(model)
    paths = unique_paths(model.weights)
    return {paths.get(id(v), v.path): v.numpy() for v in model.trainable_variables}


def _quantiles(values: Array) -> Array:
    flat = np.asarray(values, np.float64).ravel()[:_MOST]
    finite = flat[np.isfinite(flat)]
    return np.quantile(finite, LEVELS) if finite.size else np.full(len(LEVELS), np.nan)


def _of_frame(recording: Any) -> tuple[Histogram, ...]:
    units = recording.frames[-1]["units"] if recording.frames else []
    if not units:
        raise DataError(f"The recording '{recording.name}' holds nothing about units.")
    return tuple(
        Histogram(
            u["layer"], np.asarray(u["histogram"]["edges"], np.float64), np.asarray(u["histogram"]["counts"]),
            float(u["mean"]), float(u["std"]), float("nan"),
        )
        for u in units
    )  # fmt: skip
