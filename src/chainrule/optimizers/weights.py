"""What happens to the weights besides the update itself: weight decay before it, the moving average after it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from chainrule.optimizers.state import Run, Scratch
from chainrule.variables import Variable


def decay_weights(
    runs: Sequence[Run], weight_decay: float, learning_rate: float, decays: Callable[[Variable], bool], scratch: Scratch
) -> None:
    """`p -= p * weight_decay * learning_rate` for every variable that `decays` (decoupled weight decay, AdamW's)."""
    for run in runs:
        chosen = [piece.parameters for piece in run.pieces if decays(piece.variable)]
        for p in [run.parameters] if len(chosen) == len(run.pieces) else chosen:
            (loss,) = scratch(p, 1)
            np.multiply(p, weight_decay, out=loss)
            loss *= p.dtype.type(learning_rate)
            p -= loss


def average_weights(runs: Sequence[Run], momentum: float, overwrite: bool, scratch: Scratch) -> None:
    """`average = momentum * average + (1 - momentum) * p`, the first row of the state; `p = average` on `overwrite`."""
    for run in runs:
        average, (fresh,) = run.rows[0], scratch(run.parameters, 1)
        keep = run.parameters.dtype.type(momentum)
        average *= keep
        np.multiply(run.parameters, 1 - keep, out=fresh)
        average += fresh
        if overwrite:
            run.parameters[...] = average
