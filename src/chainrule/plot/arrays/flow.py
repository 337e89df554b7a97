"""How large the gradients of each weight are, and how far a step moves it: at one moment, or over a training."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule._typing import Array
from chainrule.errors import ChainruleError, DataError, within
from chainrule.plot.arrays.given import is_recording, model_and_data, network
from chainrule.plot.arrays.sample import some
from chainrule.records import Record


class GradientFlow(Record):
    """Sizes of gradients.

    Attributes:
        names: of the weights, without what all of them begin with.
        steps: of the moments (moments,).
        norms: Euclidean norm of each weight's gradient (moments, weights); NaN where it is not known.
        ratios: how far a step moved the weight, as a share of its norm, (moments, weights); NaN where it is not known.
    """

    names: tuple[str, ...]
    steps: Array
    norms: Array
    ratios: Array


@within("plot.numbers.gradient_flow")
def gradient_flow(what: Any, x: Any = None, y: Any = None, *, rows: int | None = 1000) -> GradientFlow:
    """Return the norms of the gradients of all trained weights.

    Args:
        what: a recording, or a built and compiled model, which needs `x` and `y`.
        x, y: data; the gradient is that of its mean loss, as in prediction (dropout drops nothing).
        rows: at most so many rows are used.

    Raises:
        DataError: there are no gradients in the recording.
        ChainruleError: the model has no loss.

    >>> import chainrule as cr
    >>> model = cr.Sequential([cr.Input((1,)), cr.layers.Dense(1, kernel_initializer="ones", name="d")])
    >>> model.compile(loss="mse")
    >>> found = gradient_flow(model, [[3.0]], [0.0])
    >>> found.names, found.norms.tolist()
    (('d/kernel', 'd/bias'), [[18.0, 6.0]])
    """
    if isinstance(what, GradientFlow):
        return what
    if is_recording(what):
        return _of_recording(what)
    what, x, y = model_and_data(what, x, y)
    network(what)
    from chainrule import tree
    from chainrule.glassbox.trace import _batch
    from chainrule.recording.measure import measure
    from chainrule.recording.probe import Probe

    batch = _batch(x, y, None)
    taken = some(batch.rows, rows or batch.rows)
    x, y = (tree.map_structure(lambda a: None if a is None else a[taken], part) for part in (batch.x, batch.y))
    found = measure(what, Probe(taken, x, y)).gradients
    if found is None:
        raise ChainruleError(
            f"Model '{what.name}' has no loss to take gradients of: compile it, and pass y as well as x."
        )
    norms = np.array([[np.linalg.norm(np.asarray(g, np.float64)) for g in found.values()]])
    return GradientFlow(short(list(found)), np.array([0]), norms, np.full_like(norms, np.nan))


def _of_recording(recording: Any) -> GradientFlow:
    frames = [f for f in moments(recording) if f.get("flow")]
    paths = list(dict.fromkeys(entry["path"] for frame in frames for entry in frame["flow"]))
    if not paths:
        raise DataError(f"The recording '{recording.name}' holds no gradients.")
    sizes = np.full((2, len(frames), len(paths)), np.nan)
    place = {path: k for k, path in enumerate(paths)}
    for n, frame in enumerate(frames):
        for entry in frame["flow"]:
            for kind, key in enumerate(("norm", "ratio")):
                if entry[key] is not None:
                    sizes[kind, n, place[entry["path"]]] = float(entry[key])
    return GradientFlow(short(paths), np.array([f["step"] for f in frames]), sizes[0], sizes[1])


def moments(recording: Any) -> list[Any]:
    """Return the frames of a training; when it ended with the weights of its best epoch, these are no step of it."""
    found: list[Any] = []
    for frame in recording.frames:
        if not found or frame["step"] > found[-1]["step"]:
            found.append(frame)
    return found


def short(paths: list[str]) -> tuple[str, ...]:
    """Return names without the parts that all of them begin with.

    >>> short(["net/h/kernel", "net/h/bias"]), short(["net/a/kernel", "net/b/kernel"]), short(["net/d/kernel"])
    (('h/kernel', 'h/bias'), ('a/kernel', 'b/kernel'), ('d/kernel',))
    """
    parts = [p.split("/") for p in paths]
    shared = 0
    while all(len(p) > shared + 2 for p in parts) and len({p[shared] for p in parts}) == 1:
        shared += 1
    return tuple("/".join(p[shared:]) for p in parts)
