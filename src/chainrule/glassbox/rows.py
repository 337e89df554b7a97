"""Which rows of a large batch are printed: the first, the worst, the last."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from chainrule._typing import Array

_ALL = 20
_FEW = 15


@dataclass(frozen=True)
class Choice:
    """Rows to print, in groups: the first ones, then those with the largest loss, then the last ones."""

    head: list[int]
    worst: list[int]
    tail: list[int]

    @property
    def rows(self) -> list[int]:
        """All rows that are printed."""
        return [*self.head, *self.worst, *self.tail]

    def walk(self) -> Iterator[tuple[str, int | None]]:
        """Yield `("", row)` for each row, and `(sentence, None)` between the groups."""
        for rows, title in ((self.head, ""), (self.worst, "the worst of the others"), (self.tail, "the last")):
            if title and rows:
                yield title, None
            for row in rows:
                yield "", row


def choose(n: int, losses: Array | None, most: int | None) -> Choice:
    """Choose the rows of `n` to print.

    Args:
        n: how many there are.
        losses: one per row, or None if there are none.
        most: how many to print; by default all up to 20, else 15.

    >>> choose(4, None, None).rows
    [0, 1, 2, 3]
    >>> choose(100, np.arange(100.0), 6)
    Choice(head=[0, 1], worst=[97, 96], tail=[98, 99])
    """
    if n <= (_ALL if most is None else max(most, 1)):
        return Choice(list(range(n)), [], [])
    most = _FEW if most is None else max(most, 1)
    if losses is None:
        head = (most + 1) // 2
        return Choice(list(range(head)), [], list(range(n - (most - head), n)))
    tail = most // 3
    worst = (most + 1) // 3
    head = most - tail - worst
    middle = np.arange(head, n - tail)
    order = middle[np.argsort(-losses[middle], kind="stable")]
    return Choice(list(range(head)), [int(i) for i in order[:worst]], list(range(n - tail, n)))
