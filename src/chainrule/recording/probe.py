"""`Probe`: a few rows of the data on which every frame shows what the model does."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule import tree
from chainrule._typing import Array
from chainrule.data.batches import ArrayBatches, Batches
from chainrule.records import Record

ROWS = 256
_LOOKED_AT = 4_000


class Probe(Record):
    """Some rows of the training data.

    Attributes:
        rows: their numbers in the training data; empty where the data come as a stream.
        x, y, weight: structures of arrays, or None.
    """

    rows: Array
    x: Any
    y: Any = None
    weight: Any = None

    @property
    def size(self) -> int:
        """How many rows there are."""
        return len(tree.flatten(self.x)[0])


def draw(training: Batches, rows: int = ROWS, seed: int = 0) -> Probe:
    """Return at most `rows` rows of the data of a training, in their order, with rows of every class among them.

    Of a stream they are the first rows of its first batch.

    >>> data = ArrayBatches(np.arange(1000.0)[:, None], np.array([1.0] + [0.0] * 999))
    >>> probe = draw(data, rows=4)
    >>> probe.size, sorted(set(probe.y.tolist())), int(probe.rows[0])
    (4, [0.0, 1.0], 0)
    """
    if not isinstance(training, ArrayBatches):
        return _taken(training.peek(), slice(0, rows), np.zeros(0, np.int64))
    data = training.arrays()
    if training.size <= rows:
        return _taken(data, slice(None), np.arange(training.size))
    rng = np.random.default_rng(seed)
    chosen = rng.choice(training.size, rows, replace=False, shuffle=False)
    needed = _one_of_each(data[1], rows // 2)
    if len(needed):
        others = chosen[~np.isin(chosen, needed)]
        chosen = np.concatenate([needed, others[: rows - len(needed)]])
    chosen.sort()
    return _taken(data, chosen, chosen)


def _taken(data: Any, which: Any, rows: Array) -> Probe:
    x, y, weight = (tree.map_structure(lambda a: None if a is None else a[which], part) for part in data)
    return Probe(rows=rows, x=x, y=y, weight=weight)


def _one_of_each(y: Any, most: int) -> Array:
    """Return a row of every class of the first target, if it has classes: the rarest are looked for too."""
    target = next((a for a in tree.flatten(y) if a is not None), None) if y is not None else None
    none = np.zeros(0, np.int64)
    if target is None or target.ndim > 2 or target.dtype.kind not in "fiub":
        return none
    if target.ndim == 2 and target.shape[1] > 1:  # one column per class
        return np.unique(target.argmax(axis=0))[:most].astype(np.int64)
    flat = target.reshape(-1)
    apart = max(len(flat) // _LOOKED_AT, 1)
    classes, first = np.unique(flat[::apart], return_index=True)
    if len(classes) > most:
        return none
    return np.unique(np.concatenate([first * apart, [flat.argmin(), flat.argmax()]])).astype(np.int64)
