"""Numbers beside lines: each gets the place along its line where it is least in the way."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from chainrule.diagram.shapes import Point

_STEPS = tuple(0.14 + 0.04 * k for k in range(19))
_OVERLAP, _CROSSED, _OFF_MIDDLE = 12.0, 1.5, 0.4


@dataclass(frozen=True)
class Request:
    """A label of some size that belongs to a line."""

    line: tuple[Point, ...]
    width: float
    height: float


def spread(requests: list[Request], taken: list[tuple[float, float, float, float]]) -> list[Point]:
    """Return the middle of each label: on its line, away from other labels, other lines and what is `taken`.

    Args:
        requests: the labels.
        taken: boxes (left, top, right, bottom) that no label should cover.

    >>> spread([Request(((0.0, 0.0), (100.0, 0.0)), 20.0, 10.0)], [])
    [(50.0, 0.0)]
    """
    placed: list[tuple[float, float, float, float]] = []
    found: list[Point] = []
    for number, request in enumerate(requests):
        best, cheapest = (0.0, 0.0), float("inf")
        for share in sorted(_STEPS, key=lambda s: abs(s - 0.5)):
            at = _along(request.line, share)
            box = _box(at, request)
            cost = _OFF_MIDDLE * abs(share - 0.5)
            cost += _OVERLAP * sum(_overlap(box, other) for other in (*placed, *taken))
            cost += _CROSSED * sum(
                _crosses(box, other.line) for n, other in enumerate(requests) if n != number and cost < cheapest
            )
            if cost < cheapest - 1e-9:
                best, cheapest = at, cost
        found.append(best)
        placed.append(_box(best, request))
    return found


def _box(at: Point, request: Request) -> tuple[float, float, float, float]:
    w, h = request.width / 2, request.height / 2
    return at[0] - w, at[1] - h, at[0] + w, at[1] + h


def _along(line: tuple[Point, ...], share: float) -> Point:
    """Return the point at a share of a line's width."""
    x = line[0][0] + share * (line[-1][0] - line[0][0])
    for (x1, y1), (x2, y2) in pairwise(line):
        if x <= x2 or (x2, y2) == line[-1]:
            return x, y1 + (y2 - y1) * ((x - x1) / (x2 - x1) if x2 != x1 else 0.5)
    return line[-1]


def _overlap(a: tuple[float, float, float, float], b: tuple[float, float, float, float]) -> float:
    """Return which share of the first box the second one covers."""
    width, height = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    return max(width, 0.0) * max(height, 0.0) / ((a[2] - a[0]) * (a[3] - a[1]))


def _crosses(box: tuple[float, float, float, float], line: tuple[Point, ...]) -> float:
    """Return how deep a line runs through a box, from 0 to 1."""
    middle, half = (box[1] + box[3]) / 2, (box[3] - box[1]) / 2
    if box[0] > line[-1][0] or box[2] < line[0][0]:
        return 0.0
    width = max(line[-1][0] - line[0][0], 1e-9)
    near = [
        _along(line, min(max((x - line[0][0]) / width, 0.0), 1.0))[1] for x in (box[0], (box[0] + box[2]) / 2, box[2])
    ]
    inside = [max(0.0, 1.0 - abs(y - middle) / half) for y in near]
    return max(inside)
