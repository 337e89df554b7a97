"""`check`: all rules at once, on a model, its data and the history of its training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from chainrule import tree
from chainrule.data.adapters import make_batches
from chainrule.errors import DataError
from chainrule.health import progress
from chainrule.health.baseline import constant_loss, loss_of
from chainrule.health.data import check_data, names_of
from chainrule.health.finding import Finding, worst_first
from chainrule.health.monitor import has_classes, illnesses, output_layers
from chainrule.health.report import Report

ROWS = 1024


def check(model: Any, x: Any, y: Any = None, history: Any = None, *, names: Sequence[str] | None = None) -> Report:
    """Look for everything that `docs/health.md` lists, and return what was found. The model does not change.

    Args:
        model: built; compiled, if gradients and losses are to be judged.
        x, y: training data as `fit` takes them; units and gradients are looked at on at most 1,024 rows.
        history: what `fit` returned, or a dict of lists; by default that of the model's last `fit`.
        names: of the features, for messages; by default those of a data frame.

    Raises:
        DataError: the model has no weights yet, or the data cannot be read.

    >>> import chainrule as cr
    >>> model = cr.Sequential([cr.Input((2,)), cr.layers.Dense(1, "sigmoid", name="d")], name="net")
    >>> model.compile("sgd", "binary_crossentropy")
    >>> print(check(model, [[0, 7], [0, 7], [1, 7], [1, 7]], [0, 1, 1, 1], names=["a", "b"]))
    Health of model 'net': 1 finding.
    ⚠ warning, b: 'b' is the same on all 4 rows (7): nothing can be learnt from it.
      try: leave it out
      try: look whether the file or the query has lost what it should hold
    Looked at: 4 rows of 2 features, 0 layers of hidden units, gradients of 1 kernel.
    """
    if not model.built:
        raise DataError(f"check: model '{model.name}' has no weights yet. Give it an Input, or call it on data, first.")
    batches = make_batches(x, y, None, where="check")
    data, target, _ = batches.arrays() if hasattr(batches, "arrays") else batches.peek()
    found = check_data(data, target, names or names_of(x), has_classes(model))
    looked_at = [_data_in_words(data)]
    found += _ills_of_model(model, batches, _logs(history, model), looked_at)
    return Report(tuple(worst_first(found)), f"model '{model.name}'", tuple(looked_at))


def _ills_of_model(
    model: Any, batches: Any, logs: Mapping[str, Sequence[float]], looked_at: list[str]
) -> list[Finding]:
    from chainrule.recording.measure import measure
    from chainrule.recording.messages import weights_of
    from chainrule.recording.probe import draw

    probe = draw(batches, ROWS)
    measured = measure(model, probe)
    ends = output_layers(model)
    hidden = [u for u in measured.units if u["layer"] not in ends and u["activation"] not in (None, "linear")]
    kernels = [g for g in (measured.gradients or {}).values() if g.ndim > 1]
    looked_at.append(f"{len(hidden)} layer{'s' * (len(hidden) != 1)} of hidden units")
    if kernels:
        looked_at.append(f"gradients of {len(kernels)} kernel{'s' * (len(kernels) != 1)}")
    loss = loss_of(model, probe.y, measured.outputs) if model.compiled else None
    baseline = constant_loss(model, probe.y, measured.outputs) if model.compiled else None
    left = loss / baseline if loss is not None and baseline else 1.0
    frame = {"units": measured.units, "gradients": measured.gradients, "weights": weights_of(model)}
    found = illnesses(frame, ends, probe.size, left)
    losses = list(logs.get("loss", ()))
    if losses and not any(f.code == "diverged" for f in found):
        looked_at.append(f"{len(losses)} epoch{'s' * (len(losses) != 1)}")
        found += _ills_of_training(model, losses, list(logs.get("val_loss", ())), loss, baseline, bool(found))
    return found


def _ills_of_training(
    model: Any, losses: list[float], validation: list[float], loss: float | None, baseline: float | None, ill: bool
) -> list[Finding]:
    found = progress.diverged(losses[-1])
    if found:
        return found
    found = progress.overfitting(losses, validation, baseline)
    jumping = progress.rate_too_high(losses, baseline)
    if jumping or ill:
        return found + jumping
    steps = int(np.asarray(model.optimizer.iterations)) if model.optimizer is not None else 0
    return found + progress.stuck(losses, loss, baseline, step=steps)


def _logs(history: Any, model: Any) -> Mapping[str, Sequence[float]]:
    if history is None:
        history = getattr(model, "history", None)
    found = getattr(history, "history", history) or {}
    if not isinstance(found, Mapping):
        raise DataError(
            f"check: history must be what fit returned, or a dict of lists, but is {type(history).__name__}."
        )
    return found


def _data_in_words(data: Any) -> str:
    leaves = [leaf for leaf in tree.flatten(data) if leaf is not None]
    features = sum(int(np.prod(leaf.shape[1:])) for leaf in leaves)
    return f"{len(leaves[0]):,} rows of {features:,} feature{'s' * (features != 1)}"
