"""The independent check: derivatives by central differences of the loss."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule._typing import Array
from chainrule.glassbox.numbers import largest
from chainrule.glassbox.record import Batch, Runner

STEP = 6e-6
_MOST = 200
_WORK = 200_000
_EFFORT = 1_000_000
_TOLERANCE = 1e-6


@dataclass(frozen=True)
class CheckResult:
    """How far the backward pass is from central differences.

    Args:
        max_abs: largest absolute difference.
        max_rel: largest difference relative to the size of the derivatives.
        ok: whether they agree.
        checked, total: how many weights were compared, of how many.
    """

    max_abs: float
    max_rel: float
    ok: bool
    checked: int = 0
    total: int = 0

    def sentence(self) -> str:
        """Return the line at the foot of a derivation."""
        some = "" if self.checked == self.total else f" ({self.checked} of {self.total} weights)"
        verdict = "✓" if self.ok else "✗ they differ: the loss may have a kink here"
        return (
            f"Check: backward pass vs central differences{some}, largest difference {largest(self.max_abs)}  {verdict}"
        )


def check(
    runner: Runner, batch: Batch, gradients: dict[int, Array], row: int | None = None, limit: int | None = None
) -> CheckResult:
    """Compare derivatives of the loss with central differences.

    Args:
        gradients: of each trainable variable, by identity.
        row: the observation whose loss is meant, or None for that of the batch.
        limit: at most so many weights are tried, evenly spread; by default 200, fewer for thousands of rows or weights.
    """
    variables = [v for v in runner.variables if id(v) in gradients]
    places = [(v, at) for v in variables for at in range(v.size)]
    limit = limit or max(10, min(_MOST, _WORK // batch.rows, _EFFORT // (len(places) or 1)))
    chosen = places if len(places) <= limit else [places[i] for i in np.linspace(0, len(places) - 1, limit).astype(int)]
    worst, size = 0.0, 0.0
    values = runner.copies()
    for v, at in chosen:
        numeric = _slope(runner, batch, values, id(v), at, row)
        analytic = float(gradients[id(v)].flat[at])
        worst = _worse(worst, abs(numeric - analytic))
        size = max(size, abs(analytic), abs(numeric))
    relative = worst / size if size else worst
    ok = bool(worst <= _TOLERANCE * max(1.0, size))
    return CheckResult(worst, relative, ok, len(chosen), len(places))


def _worse(worst: float, difference: float) -> float:
    return difference if difference > worst or not np.isfinite(difference) else worst


def _slope(runner: Runner, batch: Batch, values: dict[int, Array], key: int, at: int, row: Any) -> float:
    array = values[key]
    found = []
    for sign in (1.0, -1.0):
        moved = array.copy()
        moved.flat[at] += sign * STEP
        found.append(runner.loss(batch, {**values, key: moved}, row))
    return (found[0] - found[1]) / (2 * STEP)
