"""How good predictions are, as one number: what an importance is a difference of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

from chainrule._typing import Array
from chainrule.errors import DataError, ShapeError, an, unknown_name

Score: TypeAlias = Callable[[Array, Array], float]
"""From targets (n,) and outputs (n, k) to a number."""

_SMALLEST = 1e-15


def classes_of(outputs: Array) -> Array:
    """Return the class of each row: the largest output; of one output, whether it is above 0.5."""
    found: Array = outputs.argmax(axis=1) if outputs.shape[1] > 1 else (outputs[:, 0] > 0.5).astype(np.int64)
    return found


def probability_of(y: Array, outputs: Array) -> Array:
    """Return the probability that each row's own class was given (n,)."""
    p = outputs if outputs.shape[1] > 1 else np.hstack([1 - outputs, outputs])
    found: Array = p[np.arange(len(y)), y.astype(np.int64)]
    return found


def _accuracy(y: Array, outputs: Array) -> float:
    return float(np.mean(classes_of(outputs) == y))


def _log_loss(y: Array, outputs: Array) -> float:
    return float(-np.log(np.clip(probability_of(y, outputs), _SMALLEST, 1)).mean())


def _roc_auc(y: Array, outputs: Array) -> float:
    from chainrule.tabular.scores import roc_auc

    return roc_auc(y, outputs[:, -1])(np.ones(len(y)))


def _rmse(y: Array, outputs: Array) -> float:
    return float(np.sqrt(np.mean((outputs[:, 0] - y) ** 2)))


def _mae(y: Array, outputs: Array) -> float:
    return float(np.mean(np.abs(outputs[:, 0] - y)))


def _r2(y: Array, outputs: Array) -> float:
    total = float(np.sum((y - y.mean()) ** 2))
    return 1 - float(np.sum((outputs[:, 0] - y) ** 2)) / total if total > 0 else float("nan")


SCORES: dict[str, tuple[Score, bool]] = {
    "accuracy": (_accuracy, True),
    "log_loss": (_log_loss, False),
    "roc_auc": (_roc_auc, True),
    "rmse": (_rmse, False),
    "mae": (_mae, False),
    "r2": (_r2, True),
}
"""Name to function, and whether more is better."""


def score_of(score: str | Score | None, model: Any) -> tuple[str, Score, bool]:
    """Return name, function and whether more is better; None chooses accuracy where the loss is of classes, else R2.

    Raises:
        UnknownNameError: there is no score of that name.
    """
    if score is None:
        score = "accuracy" if "crossentropy" in _name_of(getattr(model, "loss", None)) else "r2"
    if callable(score):
        return getattr(score, "__name__", "score"), score, True
    if score not in SCORES:
        raise unknown_name("score", score, SCORES)
    return score, *SCORES[score]


def targets(y: Any, rows: int) -> Array:
    """Return the targets as a vector (n,); one-hot rows become class numbers.

    Raises:
        ShapeError: not one target per row.
    """
    found = np.asarray(y)
    if found.ndim == 2:
        found = found[:, 0] if found.shape[1] == 1 else found.argmax(axis=1)
    if found.shape != (rows,):
        came = an(y) if y is None or isinstance(y, str) else f"y of shape {np.shape(y)}"
        raise ShapeError(f"expected one target for each of the {rows} rows, but received {came}.")
    return found


def numeric(values: Any, name: str) -> Array:
    """Return values that can be computed with: numbers, none of them missing.

    Raises:
        DataError: some are not.
    """
    found = np.asarray(values)
    if found.dtype.kind not in "fiub":
        came = an(values) if values is None or isinstance(values, str) else f"an array of type {found.dtype}"
        raise DataError(
            f"expected {name} to be numbers, but received {came}. "
            "Classes become numbers with names, codes = numpy.unique(y, return_inverse=True)."
        )
    if found.dtype.kind == "f" and not np.isfinite(found).all():
        place = tuple(int(i) for i in np.argwhere(~np.isfinite(found))[0])
        where = ", ".join(map(str, place))
        raise DataError(f"expected {name} to be numbers, but {name}[{where}] is {found[place]}. Leave such rows out.")
    return found


def _name_of(loss: Any) -> str:
    from chainrule.saving.names import snake_case

    return snake_case(loss if isinstance(loss, str) else getattr(loss, "__name__", type(loss).__name__))
