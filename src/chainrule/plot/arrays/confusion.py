"""The confusion matrix."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule._typing import Array
from chainrule.errors import within
from chainrule.plot.arrays.outcome import classified
from chainrule.records import Record


class Confusion(Record):
    """How often each class (row) was taken for each class (column); `names` of the classes."""

    counts: Array
    names: tuple[str, ...]

    @property
    def shares(self) -> Array:
        """The counts as shares of their row; of a class that does not occur, 0."""
        rows = self.counts.sum(axis=1, keepdims=True)
        return np.asarray(self.counts / np.maximum(rows, 1))

    @property
    def accuracy(self) -> float:
        return float(np.trace(self.counts) / max(self.counts.sum(), 1))

    @property
    def recall(self) -> Array:
        """Of the rows of each class, the share that was found (NaN: there are none)."""
        return _ratio(np.diag(self.counts), self.counts.sum(axis=1))

    @property
    def precision(self) -> Array:
        """Of the rows taken for each class, the share that belongs to it (NaN: there are none)."""
        return _ratio(np.diag(self.counts), self.counts.sum(axis=0))


@within("plot.numbers.confusion")
def confusion(*what: Any, classes: Sequence[str] | None = None, threshold: float | None = None) -> Confusion:
    """Return the confusion matrix.

    Args:
        what: a model, its inputs and targets; or targets and outputs, or predicted labels.
        classes: names of the classes in order.
        threshold: above which the output says class 1, with two classes; 0.5.

    >>> confusion([0, 0, 1, 1], [0.1, 0.7, 0.8, 0.9]).counts
    array([[1, 1],
           [0, 2]])
    """
    if len(what) == 1 and isinstance(what[0], Confusion):
        return what[0]
    rows = classified(*what, classes=classes, threshold=threshold)
    k = len(rows.names)
    counts = np.bincount(rows.y * k + rows.predicted, minlength=k * k).reshape(k, k)
    return Confusion(counts, rows.names)


def _ratio(part: Array, whole: Array) -> Array:
    return np.asarray(np.divide(part, whole, out=np.full(len(part), np.nan), where=whole > 0))
