"""Some rows of many: the same ones each time."""

from __future__ import annotations

import numpy as np

from chainrule._typing import Array


def some(n: int, most: int, seed: int = 0) -> Array:
    """Return the numbers of at most `most` of `n` rows, ascending, drawn by `seed`.

    >>> some(3, 10).tolist(), len(some(1000, 10)), some(1000, 10).tolist() == some(1000, 10).tolist()
    ([0, 1, 2], 10, True)
    """
    if n <= most:
        return np.arange(n)
    return np.sort(np.random.default_rng(seed).choice(n, most, replace=False))
