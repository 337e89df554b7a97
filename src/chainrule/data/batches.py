"""`Batches`: what training and prediction iterate over; and `ArrayBatches`, the case of arrays in memory."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator
from typing import Any, TypeAlias

import numpy as np

from chainrule import tree
from chainrule._typing import Array
from chainrule.random.orders import row_order
from chainrule.random.threefry import Key

Batch: TypeAlias = tuple[Any, Any, Any]
"""`(x, y, sample_weight)`: structures of arrays, or None."""

_CHUNK_BYTES = 1 << 21
RAN_OUT = (
    "Your input ran out of data; interrupting training. It must give at least `steps_per_epoch * epochs` batches: "
    "pass fewer steps, or a generator that repeats."
)


class Batches:
    """One epoch after another of `(x, y, sample_weight)`.

    Attributes:
        steps: batches per epoch, or None while unknown.
        size: rows per epoch, or None while unknown.
        batch_size: rows per batch (the last may be shorter), or None while unknown.
    """

    steps: int | None = None
    size: int | None = None
    batch_size: int | None = None

    def order(self, key: Key) -> Array | None:
        """Return in which order the coming epoch visits its rows, or None for "as they come". Call once per epoch."""
        return None

    def epoch(self, order: Array | None = None) -> Iterator[Batch]:
        """Iterate over one epoch in the order that `order` gave."""
        raise TypeError(f"{type(self).__name__} must define `epoch`.")

    def pass_by(self, order: Array | None = None) -> None:
        """Let an epoch go by unused, so that the next one gives what it would give after it; call `order` first."""

    def peek(self) -> Batch:
        """Return the first batch without using it up."""
        raise TypeError(f"{type(self).__name__} must define `peek`.")

    def __iter__(self) -> Iterator[Batch]:
        return self.epoch()


class ArrayBatches(Batches):
    """Batches of arrays in memory.

    With `steps` fewer than the data has batches, each epoch goes on where the last one stopped, as in Keras.

    Args:
        x, y, sample_weight: structures of arrays with the same number of rows.
        batch_size: rows per batch; None means 32, or what `steps` batches need to cover all rows.
        steps: batches per epoch.
        shuffle: whether `order` shuffles.

    >>> b = ArrayBatches(np.arange(5), batch_size=2)
    >>> [x.tolist() for x, _, _ in b]
    [[0, 1], [2, 3], [4]]
    >>> b.batch(1, np.array([4, 3, 2, 1, 0]))[0].tolist()
    [2, 1]
    """

    batch_size: int
    size: int
    steps: int

    def __init__(
        self,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        batch_size: int | None = None,
        steps: int | None = None,
        shuffle: bool = False,
    ) -> None:
        self._arrays: Batch = (x, y, sample_weight)
        self._leaves = [leaf for leaf in tree.flatten(self._arrays) if leaf is not None]
        self.size = len(self._leaves[0])
        self.batch_size = batch_size or (math.ceil(self.size / steps) if steps else 32)
        total = math.ceil(self.size / self.batch_size)
        self.shuffle = shuffle
        self.steps = min(steps, total) if steps else total
        self._partial = steps is not None and steps != total
        self._asked = steps or total
        self._left = np.zeros(0, np.int64)

    @property
    def cuts_epochs(self) -> bool:
        """Whether `steps` makes an epoch shorter than the data, so that the next one goes on where it stopped."""
        return self._partial

    def arrays(self) -> Batch:
        """Return all of `(x, y, sample_weight)`, unshuffled."""
        return self._arrays

    def resize(self, batch_size: int) -> None:
        """Give the batches another size, from the next epoch on.

        Raises:
            ValueError: `steps` decides how many rows an epoch has.

        >>> b = ArrayBatches(np.arange(5), batch_size=2)
        >>> b.resize(3)
        >>> [x.tolist() for x, _, _ in b], b.steps
        ([[0, 1, 2], [3, 4]], 2)
        """
        if self._partial or batch_size < 1:
            raise ValueError(f"ArrayBatches: the batch size cannot become {batch_size}.")
        self.batch_size = batch_size
        self.steps = self._asked = math.ceil(self.size / batch_size)

    def order(self, key: Key) -> Array | None:
        """Return the rows of the coming epoch: a permutation if shuffled, the next ones if `steps` cuts epochs."""
        if not self._partial:
            return row_order(key, self.size) if self.shuffle else None
        if not len(self._left):
            self._left = row_order(key, self.size) if self.shuffle else np.arange(self.size)
        take = self._asked * self.batch_size
        if len(self._left) <= take - self.batch_size:
            warnings.warn(RAN_OUT, stacklevel=2)
        rows, self._left = self._left[:take], self._left[take:]
        return rows

    def batch(self, i: int, order: Array | None = None) -> Batch:
        """Return batch `i` of the epoch with that order: views if `order` is None, else gathered; read-only."""
        return self._rows(i * self.batch_size, (i + 1) * self.batch_size, order)

    def epoch(self, order: Array | None = None) -> Iterator[Batch]:
        if order is None:
            for i in range(self.steps):
                yield self.batch(i)
            return
        row_bytes = max(sum(leaf.nbytes // len(leaf) for leaf in self._leaves), 1)
        chunk = self.batch_size * max(_CHUNK_BYTES // (row_bytes * self.batch_size), 1)
        for low in range(0, len(order), chunk):  # gathering many batches at once costs less than one by one
            rows = self._rows(low, low + chunk, order)
            for start in range(0, min(chunk, len(order) - low), self.batch_size):
                yield _slice(rows, start, start + self.batch_size)

    def peek(self) -> Batch:
        return self.batch(0)

    def _rows(self, start: int, stop: int, order: Array | None) -> Batch:
        if order is None:
            return _slice(self._arrays, start, stop)
        rows = order[start:stop]
        return _map(lambda a: _frozen(a.take(rows, axis=0)), self._arrays)


def _slice(arrays: Batch, start: int, stop: int) -> Batch:
    return _map(lambda a: a[start:stop], arrays)


def _map(function: Any, arrays: Batch) -> Batch:
    x, y, w = (_map_leaves(function, part) for part in arrays)
    return x, y, w


def _map_leaves(function: Any, arrays: Any) -> Any:
    if arrays is None:
        return None
    if isinstance(arrays, np.ndarray):
        return function(arrays)
    return tree.map_structure(lambda a: None if a is None else function(a), arrays)


def _frozen(array: Array) -> Array:
    array.flags.writeable = False
    return array
