"""Approximate quantiles from a stream of batches, with the numbers of Keras's `Discretization`.

A summary is an array of two rows: values in ascending order, and how many observations each stands for. Batches are
thinned to about `1 / epsilon` values, summaries are merged and thinned again.
"""

from __future__ import annotations

import numpy as np

from chainrule._typing import Array

EMPTY = np.zeros((2, 0), np.float32)


def summarize(values: Array, epsilon: float) -> Array:
    """Return the summary of one batch: every k-th of its values in order, each with weight k."""
    ordered = np.sort(values.reshape(-1))
    step = max(len(ordered) / (1.0 / epsilon), 1)
    picked = ordered[int(step - 1) :: int(step)]
    return np.stack([picked, np.ones_like(picked) * step])


def merge(first: Array, second: Array, epsilon: float) -> Array:
    """Return the summary of two batches together."""
    together = np.concatenate([first, second], axis=1)
    return compress(together[:, np.argsort(together[0])], epsilon)


def boundaries(summary: Array, bins: int) -> Array:
    """Return the `bins - 1` values that cut the observations into parts of about equal size."""
    return compress(summary, 1.0 / bins)[0, :-1]


def compress(summary: Array, epsilon: float) -> Array:
    """Return a summary of `1 / epsilon` values, found by interpolation at equal steps of the cumulated weight."""
    if summary.shape[1] * epsilon < 1:
        return summary
    wanted = epsilon + np.arange(0.0, 1.0, epsilon)
    cumulated = summary[1].cumsum()
    share = cumulated / cumulated[-1]
    values = np.interp(wanted, share, summary[0])
    weights = np.diff(np.interp(wanted, share, cumulated), prepend=0.0)
    return np.stack([values, weights]).astype(np.float32)
