"""Two directions through the space of weights, and how far to look along them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from chainrule._typing import Array
from chainrule.records import Record


class Directions(Record):
    """A plane through the weights `origin`: `origin + a * first + b * second`.

    Attributes:
        shares: which share of the way's variance each direction shows; None for chosen weights.
    """

    origin: Array
    first: Array
    second: Array
    shares: Sequence[float] | None = None

    def at(self, a: float, b: float) -> Array:
        """Return the weights at a point of the plane."""
        found: Array = self.origin + a * self.first + b * self.second
        return found

    def coordinates(self, points: Array) -> Array:
        """Return where weights (points, n) lie when they are dropped onto the plane: (points, 2)."""
        found: Array = (points - self.origin) @ np.stack([self.first, self.second], axis=1)
        return found


def principal(path: Array, origin: Array) -> Directions:
    """Return the two directions in which a way (points, n) extends furthest, through its end.

    >>> path = np.array([[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [2.0, 0.01, 0.0]])
    >>> found = principal(path, path[-1])
    >>> bool(abs(found.first[0]) > 0.99), [round(s, 3) for s in found.shares]
    (True, [1.0, 0.0])
    """
    centred = path - path.mean(axis=0)
    _, sizes, axes = np.linalg.svd(centred, full_matrices=False)
    variance = sizes**2
    kept = [axis for axis, v in zip(axes[:2], variance[:2], strict=True) if v > 1e-12 * max(variance[0], 1e-300)]
    for unit in range(len(origin)):  # a straight or a single point leaves directions open
        if len(kept) == 2:
            break
        rest = np.eye(1, len(origin), unit)[0]
        rest = rest - sum(axis * (axis @ rest) for axis in kept)
        if np.linalg.norm(rest) > 1e-3:
            kept.append(rest / np.linalg.norm(rest))
    second = kept[1] if len(kept) == 2 else np.zeros(len(origin))
    total = float(variance.sum())
    shares = [float(v / total) for v in [*variance, 0.0][:2]] if total else None
    return Directions(origin, kept[0], second, shares)


def along_weights(values: Array, first: int, second: int) -> Directions:
    """Return the plane of two single weights; its coordinates are their values.

    >>> plane = along_weights(np.array([3.0, 4.0, 5.0]), 0, 2)
    >>> plane.coordinates(np.array([[3.0, 4.0, 5.0]])).tolist(), plane.at(1.0, 2.0).tolist()
    ([[3.0, 5.0]], [1.0, 4.0, 2.0])
    """
    origin, one, other = values.copy(), np.zeros(len(values)), np.zeros(len(values))
    origin[[first, second]] = 0.0
    one[first] = other[second] = 1.0
    return Directions(origin, one, other)


def span(values: Array, points: int) -> Array:
    """Return points along an axis that hold all values with some room on both sides."""
    low, high = float(values.min()), float(values.max())
    room = max(0.35 * (high - low), 0.5)
    return np.linspace(low - room, high + room, points)


__all__ = ["Directions", "along_weights", "principal", "span"]
