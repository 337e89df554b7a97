"""The rows that a model gets most wrong, and one that it gets right as usual."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule._typing import Array
from chainrule.errors import DataError, ShapeError, within
from chainrule.inspect.scores import classes_of, numeric, probability_of, targets

_SMALLEST = 1e-15


@dataclass(frozen=True)
class Worst:
    """The rows of the largest errors, the worst first.

    Attributes:
        rows: their numbers.
        errors: of all rows (n,): `-log p` of the row's own class, or the size of the error.
        right: whether each row (n,) is classed right; for values, whether the error is at most the median one.
        typical: number of a row that is right, with the median error among those; None if no row is.
    """

    rows: Array
    errors: Array
    right: Array
    typical: int | None

    def __len__(self) -> int:
        return len(self.rows)

    def __str__(self) -> str:
        return "\n".join(f"row {i}: error {self.errors[i]:.4g}" for i in self.rows)

    def to_frame(self, library: Any = None) -> Any:
        """Return a data frame with row and error, the worst first."""
        from chainrule.glassbox.render.data import to_frame

        return to_frame({"row": self.rows.tolist(), "error": self.errors[self.rows].tolist()}, library)


@within("inspect.worst_errors")
def worst_errors(y: Any, predictions: Any, count: int = 5, *, classes: bool | None = None) -> Worst:
    """Return the `count` rows whose predictions are farthest from their targets.

    Args:
        y: targets (n,); class numbers, one-hot rows, or values.
        predictions: probabilities (n,), (n, 1) or (n, classes), or values (n,); what `model.predict` gives.
        count: how many rows; fewer, if there are fewer.
        classes: whether the targets are classes; by default, whether they are whole numbers of classes that
            `predictions` could be probabilities of.

    Raises:
        ShapeError, DataError: they do not fit each other.

    >>> worst_errors([0, 1, 1], [0.2, 0.9, 0.1], count=2)
    Worst(rows=array([2, 0]), errors=array([0.22314355, 0.10536052, 2.30258509]), right=array([ True,  True, False]),
          typical=1)
    """
    outputs = numeric(predictions, "predictions").astype(np.float64)
    outputs = outputs[:, None] if outputs.ndim == 1 else outputs
    if outputs.ndim != 2 or not outputs.size:
        raise ShapeError(f"expected predictions (n,) or (n, classes), but received shape {np.shape(predictions)}.")
    y = numeric(targets(y, len(outputs)), "y")
    if count < 1:
        raise DataError(f"count must be at least 1, but is {count}.")
    if classes is None:
        classes = _may_be_classes(y, outputs)
    if classes:
        errors = -np.log(np.clip(probability_of(y, outputs), _SMALLEST, 1))
        right = classes_of(outputs) == y
    else:
        errors = np.abs(outputs[:, 0] - y)
        right = errors <= np.median(errors)
    order = np.argsort(-errors, kind="stable")
    good = order[right[order]]
    return Worst(order[:count], errors, right, int(good[len(good) // 2]) if len(good) else None)


def _may_be_classes(y: Array, outputs: Array) -> bool:
    known = max(outputs.shape[1], 2)
    whole = bool(np.all(y == np.floor(y))) and bool(np.all((y >= 0) & (y < known)))
    return whole and bool(np.all((outputs >= 0) & (outputs <= 1 + 1e-6)))
