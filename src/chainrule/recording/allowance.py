"""`Allowance`: how much time may go into looking at a training."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter, thread_time

SHORTEST_S = 0.3
"""At its end a training of t < 0.15 seconds counts as one of 0.3 - t: of hardly any time 5 % are 15 ms.

Nobody notices these. They are milliseconds of work: what other programs take on a busy machine is not counted.
"""


class Allowance:
    """Counts what is spent, and says whether more may be: at most a share of all time since the beginning.

    What a block costs is expected of the next one, too, and held back once more for the one at the end. A training of
    milliseconds may spend some of its own: see `SHORTEST_S`.

    Args:
        share: of the time of the training: 0.05 is 5 %; None sets no limit.

    >>> none = Allowance(share=0.0)
    >>> with none.spending():
    ...     pass
    >>> none.allows(), Allowance(share=1.0).allows(), Allowance(share=None).allows()
    (False, True, True)
    """

    def __init__(self, share: float | None) -> None:
        self.share = share
        self.began = perf_counter()
        self.spent = 0.0
        self.worked = 0.0
        self.expected = 0.0

    @property
    def elapsed(self) -> float:
        """Seconds since the beginning."""
        return perf_counter() - self.began

    @property
    def used(self) -> float:
        """What was spent, as a share of all time so far."""
        return self.spent / max(self.elapsed, 1e-9)

    def go_on(self, elapsed: float, spent: float) -> None:
        """Let the clock go on from where it was when an earlier part of the training ended."""
        self.began = perf_counter() - elapsed
        self.spent = spent

    def charge(self, began: float, working: float) -> None:
        """Count all time since `began` (by `perf_counter`) as spent, and expect as much work of the next block.

        Args:
            working: the `thread_time` when it began.
        """
        self.began = began
        self.spent = self.elapsed
        self.worked = self.expected = thread_time() - working

    def pay(self, seconds: float) -> None:
        """Count what cannot be measured from here.

        >>> allowance = Allowance(share=1.0)
        >>> allowance.pay(2.0)
        >>> allowance.spent, allowance.worked
        (2.0, 2.0)
        """
        self.spent += seconds
        self.worked += seconds

    def allows(self, besides: float = 0.0) -> bool:
        """Whether a block may be run now, with so many seconds left for something else."""
        return self.share is None or self.spent + 2 * self.expected + besides <= self.share * self.elapsed

    def affords(self, seconds: float) -> bool:
        """Whether something that takes so long may be done now, if the training ended with it.

        >>> Allowance(share=0.0).affords(0.01), Allowance(share=None).affords(0.01)
        (False, True)
        """
        return seconds <= self.left(self.elapsed)

    def left(self, total: float) -> float:
        """Return how many seconds may still be spent in a training that takes `total` of them."""
        if self.share is None:
            return math.inf
        return max(self.share * total - self.spent, self.share * (SHORTEST_S - total) - self.worked)

    @contextmanager
    def spending(self, again: bool = True) -> Iterator[None]:
        """Count the time of a block.

        Args:
            again: whether the next one is expected to cost as much.
        """
        began, working = perf_counter(), thread_time()
        try:
            yield
        finally:
            work = thread_time() - working
            self.spent += perf_counter() - began
            self.worked += work
            if again:
                self.expected = work
