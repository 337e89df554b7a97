"""Weights that start with given numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule import config as settings
from chainrule._typing import Array
from chainrule.errors import ShapeError
from chainrule.initializers.base import MODULE, Initializer
from chainrule.saving.serialization import public


def _full(shape: Sequence[int], value: Any, dtype: Any) -> Array:
    return np.full(tuple(shape), value, np.dtype(dtype or settings.floatx()))


@public(MODULE)
class Zeros(Initializer):
    """0 everywhere."""

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> Array:
        return _full(shape, 0, dtype)


@public(MODULE)
class Ones(Initializer):
    """1 everywhere."""

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> Array:
        return _full(shape, 1, dtype)


@public(MODULE)
class Constant(Initializer):
    """The given number everywhere, or an array that is broadcast to the shape.

    >>> Constant(3.0)((2,)).tolist()
    [3.0, 3.0]
    """

    def __init__(self, value: Any = 0.0) -> None:
        self.value = value

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> Array:
        return _full(shape, self.value, dtype)


@public(MODULE, "IdentityInitializer")
class Identity(Initializer):
    """`gain` on the diagonal of a matrix, 0 elsewhere.

    Raises:
        ShapeError: when called with a shape that is not a matrix's.

    >>> Identity(2.0)((2, 3)).tolist()
    [[2.0, 0.0, 0.0], [0.0, 2.0, 0.0]]
    """

    def __init__(self, gain: float = 1.0) -> None:
        self.gain = gain

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> Array:
        if len(shape) != 2:
            raise ShapeError(f"Identity: expected the shape of a matrix, received {tuple(shape)} of rank {len(shape)}.")
        kind = np.dtype(dtype or settings.floatx())
        matrix: Array = np.eye(*shape, dtype=kind) * kind.type(self.gain)
        return matrix
