"""Rows that occur more than once: a test row that the network has learnt by heart proves little."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from chainrule._typing import Array

if TYPE_CHECKING:
    import polars as pl


def marks(table: pl.DataFrame, names: Sequence[str]) -> Array:
    """Return a number per row (n,) that is the same for rows with the same cells in these columns."""
    return table.select(list(names)).hash_rows(seed=0).to_numpy()


def repeated(found: Array) -> int:
    """Return how many rows are equal to an earlier one.

    >>> repeated(np.array([5, 7, 5, 5]))
    2
    """
    return len(found) - len(np.unique(found))


def shared(found: Array, rows: Array, others: Array) -> int:
    """Return how many of some rows are equal to one of the others.

    >>> shared(np.array([5, 7, 5, 8]), np.array([0, 1]), np.array([2, 3]))
    1
    """
    return int(np.isin(found[rows], found[others]).sum())
