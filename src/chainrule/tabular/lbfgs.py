"""The minimum of a smooth convex function by L-BFGS (Nocedal and Wright, Numerical Optimization, algorithm 7.5)."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from chainrule._typing import Array

Objective: TypeAlias = Callable[[Array], tuple[float, Array]]
"""Point to value and gradient."""

_MEMORY = 10
_ENOUGH = 1e-4
_SMALLEST_STEP = 1e-10


def minimise(objective: Objective, start: Array, tolerance: float = 1e-6, most: int = 500) -> Array:
    """Return where the function is least.

    Args:
        start: point to begin from (n,).
        tolerance: stop when no component of the gradient is larger.
        most: stop after so many steps.

    >>> minimise(lambda x: (float(((x - 3) ** 2).sum()), 2 * (x - 3)), np.zeros(2)).round(6)
    array([3., 3.])
    """
    x = start
    value, gradient = objective(x)
    pairs: deque[tuple[Array, Array]] = deque(maxlen=_MEMORY)
    for _ in range(most):
        if np.abs(gradient).max(initial=0) <= tolerance:
            break
        direction = _direction(gradient, pairs)
        slope = float(direction @ gradient)
        step = 1.0 if pairs else min(1.0, 1 / float(np.abs(gradient).sum()))
        while True:  # halve the step until the value falls enough
            there = x + step * direction
            new_value, new_gradient = objective(there)
            if new_value <= value + _ENOUGH * step * slope:
                break
            step /= 2
            if step < _SMALLEST_STEP:
                return x
        moved, turned = there - x, new_gradient - gradient
        if float(moved @ turned) > 1e-10 * float(np.linalg.norm(moved) * np.linalg.norm(turned)):
            pairs.append((moved, turned))
        x, value, gradient = there, new_value, new_gradient
    return x


def _direction(gradient: Array, pairs: deque[tuple[Array, Array]]) -> Array:
    """Return minus the gradient times the approximate inverse Hessian that the last steps tell of."""
    q = gradient.copy()
    shares = []
    for moved, turned in reversed(pairs):
        share = float(moved @ q) / float(moved @ turned)
        q -= share * turned
        shares.append(share)
    if pairs:
        moved, turned = pairs[-1]
        q *= float(moved @ turned) / float(turned @ turned)
    for (moved, turned), share in zip(pairs, reversed(shares), strict=True):
        q += (share - float(turned @ q) / float(moved @ turned)) * moved
    return -q
