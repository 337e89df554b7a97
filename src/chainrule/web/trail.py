"""`Trail`: the weights a training has passed through, thinned so that they never take more than a limit."""

from __future__ import annotations

import threading
from bisect import bisect_left, bisect_right
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

    Points may be added late: the thread that makes frames lags behind the one that trains.

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
        """Add the weights after a step; they take the place of others after the same step."""
        point = Point(step, dict(weights))
        with self._lock:
            if self._newest is None or step >= self._newest.step:
                self._newest = point
            self._insert(point)
            bytes_each = sum(a.nbytes for a in weights.values())
            most = min(self.most_points, max(self.most_bytes // max(bytes_each, 1), 3))
            while len(self._points) >= most and len(self._points) > 2:
                self.stride *= 2
                self._points = _spread(self._points, self.stride)

    def _insert(self, point: Point) -> None:
        at = bisect_left(self._points, point.step, key=_step)
        if at < len(self._points) and self._points[at].step == point.step:
            self._points[at] = point
            return
        far = at == 0 or point.step - self._points[at - 1].step >= self.stride
        if far and (at == len(self._points) or self._points[at].step - point.step >= self.stride):
            self._points.insert(at, point)

    def forget_after(self, step: int) -> None:
        """The training has gone back to this step: those after it are no part of its way."""
        with self._lock:
            if self._newest is not None and self._newest.step > step:
                del self._points[bisect_right(self._points, step, key=_step) :]
                self._newest = self._points[-1] if self._points else None

    def points(self) -> list[Point]:
        """Return the points, the oldest first."""
        with self._lock:
            newest = self._newest
            if newest is None or (self._points and self._points[-1].step >= newest.step):
                return [*self._points]
            return [*self._points, newest]

    def clear(self) -> None:
        """Forget the way."""
        with self._lock:
            self._points, self._newest, self.stride = [], None, 1


def _step(point: Point) -> int:
    return point.step


def _spread(points: list[Point], stride: int) -> list[Point]:
    kept = points[:1]
    for point in points[1:]:
        if point.step - kept[-1].step >= stride:
            kept.append(point)
    return kept


__all__ = ["Point", "Trail"]
