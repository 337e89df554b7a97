"""The curves of a training: metrics over the epochs, each with its validation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from chainrule._typing import Array
from chainrule.errors import DataError, KindError, an, unknown_name, within
from chainrule.records import Record

HIGHER_IS_BETTER = ("accuracy", "auc", "precision", "recall", "f1", "fbeta", "r2", "iou", "similarity", "true_")
_MANY = 100.0  # a loss that falls by more than this is drawn on a logarithmic scale


class Curve(Record):
    """One metric: its values in training and validation, one per epoch (empty where there are none).

    Attributes:
        best: number of the epoch, from 1, with the best value, of validation if there is any; None without a number.
        logarithmic: whether a logarithmic scale shows more: all values are positive and the range is wide.
    """

    name: str
    training: Array
    validation: Array
    best: int | None
    logarithmic: bool


class Training(Record):
    """The curves of a training: `epochs` from 1, and one `Curve` for each metric, the loss first."""

    epochs: Array
    curves: tuple[Curve, ...]

    def curve(self, name: str) -> Curve:
        """Return the curve of a metric."""
        for curve in self.curves:
            if curve.name == name:
                return curve
        raise unknown_name("metric", name, [c.name for c in self.curves])


@within("plot.numbers.training")
def training(history: Any, metrics: Sequence[str] | None = None) -> Training:
    """Return the curves of a history.

    Args:
        history: what `fit` returned, its `history`, a recording, or a dict of lists.
        metrics: names of metrics, without `val_`; all of them by default.

    Raises:
        DataError: there is no epoch in it.
        UnknownNameError: no metric has that name.

    >>> curves = training({"loss": [3.0, 1.0, 2.0], "val_loss": [3.0, 2.0, 1.0]})
    >>> curves.epochs, curves.curve("loss").best
    (array([1, 2, 3]), 3)
    """
    if isinstance(history, Training):
        return history if metrics is None else Training(history.epochs, tuple(history.curve(m) for m in metrics))
    logs, first = _logs(history)
    names = [n for n in logs if not (n.startswith("val_") and n[4:] in logs)]
    names.sort(key=lambda n: (n != "loss", n == "learning_rate"))
    for name in metrics or ():
        if name not in names:
            raise unknown_name("metric", name, names)
    chosen = names if metrics is None else list(metrics)
    length = max((len(values) for values in logs.values()), default=0)
    if not length:
        raise DataError("The history holds no epoch yet: train first, or pass what fit returned.")
    return Training(np.arange(first, first + length), tuple(_curve(n, logs, first) for n in chosen))


def _logs(history: Any) -> tuple[dict[str, Array], int]:
    """Return the metrics that are plain numbers, and the number of the first epoch, from 1."""
    epochs: Sequence[int] = ()
    while not isinstance(history, Mapping):
        if not hasattr(history, "history"):
            raise KindError(
                f"expected a history (what fit returned, a recording, or a dict of lists), but received {an(history)}."
            )
        if history.history is None:
            raise DataError("the model has no history yet: train it with fit, or pass what fit returned.")
        epochs, history = getattr(history, "epoch", ()), history.history
    logs = {}
    for name, values in history.items():
        try:
            array = np.asarray(values, np.float64)
        except (TypeError, ValueError):  # a metric of the user's own may be anything
            continue
        if array.ndim == 1:
            logs[str(name)] = array
    length = max((len(a) for a in logs.values()), default=0)
    return logs, int(epochs[0]) + 1 if length and len(epochs) == length else 1


def _curve(name: str, logs: Mapping[str, Array], first: int) -> Curve:
    train, val = logs[name], logs.get(f"val_{name}", np.empty(0))
    judged = val if np.isfinite(val).any() else train
    best = None
    if np.isfinite(judged).any() and name != "learning_rate":
        worst = -np.inf if higher_is_better(name) else np.inf
        clean = np.where(np.isfinite(judged), judged, worst)
        # Validation that was not run after each epoch has fewer values, which belong to no known epoch.
        at = int(clean.argmax() if higher_is_better(name) else clean.argmin())
        best = at + first if len(judged) == len(train) else None
    every = np.concatenate([train, val])
    every = every[np.isfinite(every)]
    wide = bool(len(every)) and every.min() > 0 and every.max() > _MANY * every.min()
    return Curve(name, train, val, best, wide)


def higher_is_better(name: str) -> bool:
    """Whether a larger value of the metric is better, judged by its name.

    >>> higher_is_better("val_sparse_categorical_accuracy"), higher_is_better("loss")
    (True, False)
    """
    word = name.removeprefix("val_").lower()
    return word == "acc" or any(part in word for part in HIGHER_IS_BETTER)
