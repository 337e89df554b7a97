"""`Trail`: the weights a training has passed through, thinned so that they never take more than a limit."""

from __future__ import annotations

import threading
from collections.abc import Mapping

from chainrule._typing import Array
from chainrule.records import Record

MOST_POINTS = 256
MOST_BYTES = 16 << 20


class Point(Record):
    """The weights at a step."""

    step: int
    weights: Mapping[str, Array]


class Trail:
    """The points of the way so far, with the first and the newest; their distance doubles when there are too many.

    >>> trail = Trail(most_points=4)
    >>> for step in range(10):
    ...     trail.add(step, {})
    >>> [p.step for p in trail.points()]
    [0, 4, 8, 9]
    """

    def __init__(self, most_points: int = MOST_POINTS, most_bytes: int = MOST_BYTES) -> None:
        self.most_points = most_points
        self.most_bytes = most_bytes
        self.stride = 1
        self._points: list[Point] = []
        self._newest: Point | None = None
        self._lock = threading.Lock()

    def add(self, step: int, weights: Mapping[str, Array]) -> None:
        """Add the weights after a step; going back to a step takes those after it away."""
        point = Point(step, dict(weights))
        with self._lock:
            self._points = [p for p in self._points if p.step < step]
            if not self._points or step - self._points[-1].step >= self.stride:
                self._points.append(point)
            self._newest = point
            size = sum(a.nbytes for a in weights.values()) * (len(self._points) + 1)
            if len(self._points) > 2 and (len(self._points) >= self.most_points or size > self.most_bytes):
                self.stride *= 2
                self._points = _spread(self._points, self.stride)

    def points(self) -> list[Point]:
        """Return the points, the oldest first."""
        with self._lock:
            newest = [self._newest] if self._newest is not None and self._newest is not self._points[-1] else []
            return [*self._points, *newest]

    def clear(self) -> None:
        """Forget the way."""
        with self._lock:
            self._points, self._newest, self.stride = [], None, 1


def _spread(points: list[Point], stride: int) -> list[Point]:
    kept = points[:1]
    for point in points[1:]:
        if point.step - kept[-1].step >= stride:
            kept.append(point)
    return kept


__all__ = ["Point", "Trail"]
