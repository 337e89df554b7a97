"""`Past`: the steps one can go back to, the newest within a limit of bytes."""

from __future__ import annotations

from collections import deque
from typing import Any

from chainrule._typing import Array
from chainrule.records import Record
from chainrule.web.session import Position

MOST_BYTES = 64 << 20
MOST_STEPS = 1000


class Kept(Record):
    """What brings a step back.

    Attributes:
        position: which step.
        variables: of the model, the optimizer and the metrics.
        values: theirs at that step.
        batch_size: rows per batch then.
        logs: the last ones then.
        state: a number that no other state of the model has.
        seen: epochs the model had learnt from then.
    """

    position: Position
    variables: list[Any]
    values: list[Array]
    batch_size: int | None
    logs: dict[str, float]
    state: int
    seen: int = 0

    @property
    def nbytes(self) -> int:
        """Bytes of the values."""
        return sum(a.nbytes for a in self.values)

    def put_back(self) -> None:
        """Give the variables the values they had."""
        for variable, value in zip(self.variables, self.values, strict=True):
            variable.assign(value)


class Past:
    """The kept steps, oldest first.

    Args:
        most_bytes: beyond that the oldest are dropped.
        most_steps: as are those beyond this number.

    >>> import numpy as np
    >>> past = Past(most_bytes=20)
    >>> for step in range(3):
    ...     past.push(Kept(Position(0, step, step), [], [np.zeros(2, "float32")], 1, {}, step))
    >>> len(past), past.pop().position.step
    (2, 2)
    """

    def __init__(self, most_bytes: int = MOST_BYTES, most_steps: int = MOST_STEPS) -> None:
        self.most_bytes = most_bytes
        self.most_steps = most_steps
        self._kept: deque[Kept] = deque()
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._kept)

    def push(self, kept: Kept) -> None:
        """Keep a step."""
        self._kept.append(kept)
        self._bytes += kept.nbytes
        while self._kept and (self._bytes > self.most_bytes or len(self._kept) > self.most_steps):
            self._bytes -= self._kept.popleft().nbytes

    def pop(self) -> Kept:
        """Return the newest step, and keep it no longer."""
        kept = self._kept.pop()
        self._bytes -= kept.nbytes
        return kept

    def newest(self) -> Kept | None:
        """Return the newest step, if there is any."""
        return self._kept[-1] if self._kept else None

    def clear(self) -> None:
        """Forget all."""
        self._kept.clear()
        self._bytes = 0


__all__ = ["Kept", "Past"]
