"""Arrays in few numbers: how they are spread, and a small picture."""

from __future__ import annotations

import numpy as np

from chainrule._typing import Array
from chainrule.plot.arrays import histograms
from chainrule.web.protocol import Json

SIDE = 48


def histogram(array: Array, bins: int) -> Json:
    """Return counts between edges, fewer bins for few numbers; those that are not finite are left out and counted.

    >>> histogram(np.array([0.0, 0.1, 1.0, np.nan]), 2)
    {'edges': [0.0, 0.5, 1.0], 'counts': [2, 1], 'not_finite': 1}
    """
    found = histograms.histogram("", array, bins)
    return {"edges": found.edges.tolist(), "counts": found.counts.tolist(), "not_finite": found.lost}


def picture(array: Array) -> Json:
    """Return a matrix as one of at most 48 rows and columns, each number the mean of those it stands for.

    >>> picture(np.arange(4.0).reshape(2, 2))["rows"]
    2
    """
    matrix = np.atleast_2d(np.asarray(array, np.float32).reshape(len(array) if array.ndim > 1 else 1, -1))
    small = _reduced(_reduced(matrix).T).T
    return {"rows": small.shape[0], "columns": small.shape[1], "values": np.ascontiguousarray(small)}


def _reduced(matrix: Array) -> Array:
    """Return means of groups of neighbouring rows, at most 48."""
    n = len(matrix)
    if n <= SIDE:
        return matrix
    starts = np.linspace(0, n, SIDE, endpoint=False).astype(int)
    found: Array = np.add.reduceat(matrix, starts, axis=0) / np.diff([*starts, n])[:, None]
    return found.astype(np.float32)


__all__ = ["histogram", "picture"]
