"""Two directions through the weights of a model: of single weights, of the path of a training, or random ones."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from chainrule._typing import Array
from chainrule.errors import DataError, within
from chainrule.plot.arrays.trail import Parameters
from chainrule.records import Record

_FLAT = 1e-12  # a share of the path's extent that is none
_MARGIN = 0.25
_AT_ONCE = 2_000_000  # numbers in one block of weights


class Directions(Record):
    """A plane through the space of weights: `origin + (a - at) · axes` for coordinates `a`, each a pair.

    Attributes:
        origin: the weights that the plane goes through (size,).
        at: the coordinates of the origin (2,): of chosen weights their values there, else 0.
        axes: the two directions (2, size).
        labels: what they are.
        explained: shares of the path's variance along them, or None.
        single: whether each is one weight, so that coordinates are its values.
    """

    origin: Array
    at: Array
    axes: Array
    labels: tuple[str, str]
    explained: Array | None = None
    single: bool = False

    def coordinates(self, points: Array) -> Array:
        """Return where weights (points, size) lie when they are dropped onto the plane: (points, 2)."""
        return np.asarray(self.at + (points - self.origin) @ np.linalg.pinv(self.axes))

    def blocks(self, across: Array, up: Array) -> Iterator[Array]:
        """Give the weights of all points of a grid, row by row, as several arrays (points, size)."""
        shifts = np.stack(np.meshgrid(across - self.at[0], up - self.at[1]), axis=-1).reshape(-1, 2)
        at_once = max(1, _AT_ONCE // len(self.origin))
        for first in range(0, len(shifts), at_once):
            yield self.origin + shifts[first : first + at_once] @ self.axes

    def around(self, path: Array | None, grid: int) -> tuple[Array, Array]:
        """Return the values of a grid's columns and rows that hold a path (moments, 2), and some room around it."""
        finite = None if path is None else path[np.isfinite(path).all(axis=1)]
        found = []
        for k in range(2):
            reach = max(1.0, abs(float(self.at[k]))) if self.single else 1.0
            if finite is None or len(finite) < 2:
                low, high = float(self.at[k]) - reach, float(self.at[k]) + reach
            else:
                low, high = float(finite[:, k].min()), float(finite[:, k].max())
                widest = float(np.ptp(finite, axis=0).max()) or reach
                margin = max(_MARGIN * (high - low), _MARGIN * widest)  # a straight path is seen with its surroundings
                low, high = low - margin, high + margin
            found.append(np.linspace(low, high, grid))
        return found[0], found[1]


def directions(
    parameters: Parameters, origin: Array, weights: Sequence[str] | None, points: Array | None, seed: int = 0
) -> Directions:
    """Return the directions to look along: of two chosen weights, else of the path, and without one random ones.

    Args:
        parameters: of the model.
        origin: the weights that the plane goes through (size,).
        weights: two numbers of the model, such as `('dense/kernel[0,0]', 'dense/bias[0]')`, or None.
        points: the path (moments, size), or None.
        seed: of random directions.

    Raises:
        UnknownNameError, DataError: there are no such two weights.
    """
    if weights is not None:
        axes = _single(parameters, weights)
        at = np.array([origin[axis.argmax()] for axis in axes])
        return Directions(origin, at, axes, (weights[0], weights[1]), single=True)
    if points is not None and len(points) > 1:
        axes, explained = principal(points, seed)
        labels = ("first direction of the path", "second direction")
        return Directions(origin, np.zeros(2), axes, labels, explained)
    return Directions(origin, np.zeros(2), random_directions(parameters, seed), ("first random direction", "second"))


def _single(parameters: Parameters, weights: Sequence[str]) -> Array:
    if len(weights) != 2:
        raise DataError(f"weights: expected two, such as ('dense/kernel[0,0]', 'dense/bias[0]'), got {len(weights)}.")
    i, j = (parameters.position(w) for w in weights)
    if i == j:
        raise DataError(f"weights: expected two different ones, received {weights[0]!r} twice.")
    axes = np.zeros((2, parameters.size))
    axes[0, i] = axes[1, j] = 1.0
    return axes


@within("plot.numbers.principal")
def principal(path: Array, seed: int = 0) -> tuple[Array, Array]:
    """Return the two directions (2, size) in which a path extends most, and the shares of its variance they hold.

    As in Li et al. (2018), "Visualizing the Loss Landscape of Neural Nets", differences from the last moment are taken.

    >>> directions, shares = principal(np.array([[0.0, 0.0, 0.0], [4.0, 0.0, 0.0], [4.0, 3.0, 0.0]]))
    >>> np.abs(directions).round(2).tolist(), shares.round(2).tolist()
    ([[0.68, 0.74, 0.0], [0.74, 0.68, 0.0]], [0.85, 0.15])
    """
    moved = path[np.isfinite(path).all(axis=1)]
    moved = moved - moved[-1] if len(moved) else np.zeros((1, path.shape[1]))
    # Moments are few and weights many: the small matrix of products is taken apart, not the long one of the path.
    products = moved @ moved.T
    squares, turned = (part[..., ::-1] for part in np.linalg.eigh(products))
    total = float(np.trace(products))
    shares = np.array([max(squares[k], 0.0) / total if total and k < len(squares) else 0.0 for k in range(2)])
    rng = np.random.default_rng(seed)
    found: list[Array] = []
    for k in range(2):
        straight = shares[k] > _FLAT
        direction: Any = turned[:, k] @ moved if straight else rng.normal(size=path.shape[1])
        direction = direction / np.linalg.norm(direction)
        for other in found:
            direction = direction - (direction @ other) * other
        direction = np.asarray(direction / np.linalg.norm(direction))
        if straight and direction @ (moved[0] - moved[-1]) > 0:  # so that the path goes to the right, and upwards
            direction = -direction
        found.append(direction)
    return np.stack(found), shares


def random_directions(parameters: Parameters, seed: int = 0) -> Array:
    """Return two random directions (2, size), each variable's part as long as the variable ("filter normalisation")."""
    rng = np.random.default_rng(seed)
    lengths: Sequence[Array] = parameters.parts(parameters.vector())
    found = []
    for _ in range(2):
        parts = [rng.normal(size=v.shape) for v in parameters.variables]
        sized = [d * (np.linalg.norm(v) or 1.0) / np.linalg.norm(d) for d, v in zip(parts, lengths, strict=True)]
        found.append(np.concatenate([d.ravel() for d in sized]))
    return np.stack(found)
