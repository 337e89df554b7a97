"""`Epoch`: one pass over data, as an engine sees it."""

from __future__ import annotations

from collections.abc import Iterator

from chainrule._typing import Array
from chainrule.data.batches import ArrayBatches, Batch, Batches


class Epoch:
    """The steps of one pass over data.

    An engine that works step by step asks for `step(0)`, `step(1)`, ... An engine that runs many steps in one call
    takes the rows itself: step `i` is rows `order[i * batch_size : (i + 1) * batch_size]` of `arrays` (rows in their
    own order if `order` is None). An engine does one or the other, not both within an epoch.

    Args:
        batches: the data.
        order: in which order the epoch visits the rows; None for "as they come".

    >>> import numpy as np
    >>> epoch = Epoch(ArrayBatches(np.arange(5), batch_size=2), np.array([4, 3, 2, 1, 0]))
    >>> [epoch.step(i)[0].tolist() for i in range(3)], epoch.step(3)
    ([[4, 3], [2, 1], [0]], None)
    """

    def __init__(self, batches: Batches, order: Array | None = None) -> None:
        self.batches = batches
        self.order = order
        self._stream: Iterator[Batch] | None = None
        self._next = 0

    @property
    def arrays(self) -> Batch | None:
        """All of `(x, y, sample_weight)` in their own order, or None if the data come as a stream of batches."""
        return self.batches.arrays() if isinstance(self.batches, ArrayBatches) else None

    @property
    def batch_size(self) -> int | None:
        """Rows per step (the last may have fewer), or None for a stream."""
        return self.batches.batch_size

    @property
    def steps(self) -> int | None:
        """Steps of the epoch, or None while unknown."""
        return self.batches.steps

    def step(self, index: int) -> Batch | None:
        """Return `(x, y, sample_weight)` of step `index`, or None after the last.

        Raises:
            ValueError: steps were asked for out of order.
        """
        if index != self._next:
            raise ValueError(f"Epoch: the next step is {self._next}, but step {index} was asked for.")
        if self._stream is None:
            self._stream = self.batches.epoch(self.order)
        self._next += 1
        return next(self._stream, None)

    def fast_forward(self, index: int) -> None:
        """Let `step(index)` be next: those before it were learnt from in another process."""
        while self._next < index and self.step(self._next) is not None:
            pass

    def skip(self, index: int) -> None:
        """Let `step(index)` be next: an engine that takes the rows itself has run the steps before."""
        while self._next < index and self.arrays is not None:
            self.step(self._next)
