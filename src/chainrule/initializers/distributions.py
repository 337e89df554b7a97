"""Weights that start as random numbers of a given distribution."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule import config as settings
from chainrule._typing import Array
from chainrule.errors import ShapeError
from chainrule.initializers.base import MODULE, RandomInitializer, Seed
from chainrule.random import draws
from chainrule.saving.serialization import public


@public(MODULE)
class RandomNormal(RandomInitializer):
    """Normal with the given mean and standard deviation.

    >>> RandomNormal(stddev=1.0, seed=1)((2,)).round(3)
    array([-1.184, -0.173], dtype=float32)
    """

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: Seed = None) -> None:
        self.mean = mean
        self.stddev = stddev
        super().__init__(seed)

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> Array:
        return draws.normal(shape, self.mean, self.stddev, dtype, self.seed)


@public(MODULE)
class TruncatedNormal(RandomInitializer):
    """Normal, drawn within two standard deviations of the mean; `stddev` is that before the cut."""

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: Seed = None) -> None:
        self.mean = mean
        self.stddev = stddev
        super().__init__(seed)

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> Array:
        return draws.truncated_normal(shape, self.mean, self.stddev, dtype, self.seed)


@public(MODULE)
class RandomUniform(RandomInitializer):
    """Uniform on [minval, maxval)."""

    def __init__(self, minval: float = -0.05, maxval: float = 0.05, seed: Seed = None) -> None:
        self.minval = minval
        self.maxval = maxval
        super().__init__(seed)

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> Array:
        return draws.uniform(shape, self.minval, self.maxval, dtype, self.seed)


@public(MODULE, "OrthogonalInitializer")
class Orthogonal(RandomInitializer):
    """`gain` times a matrix with orthonormal columns (rows, if it is wider than high), each equally likely.

    A shape of higher rank is treated as the matrix `(product of all but the last, last)`.

    Raises:
        ShapeError: when called with a shape of rank below 2.

    Source: Saxe, McClelland, Ganguli (2014), "Exact solutions to the nonlinear dynamics of learning in deep
    linear networks".

    >>> q = Orthogonal(seed=1)((2, 2))
    >>> (q @ q.T).round(5).tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """

    def __init__(self, gain: float = 1.0, seed: Seed = None) -> None:
        self.gain = gain
        super().__init__(seed)

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> Array:
        if len(shape) < 2:
            raise ShapeError(f"Orthogonal: expected a shape of rank 2 or more, received {tuple(shape)}.")
        rows, columns = math.prod(shape[:-1]), shape[-1]
        tall = (max(rows, columns), min(rows, columns))
        q, r = np.linalg.qr(draws.normal(tall, dtype=dtype, seed=self.seed).astype(np.float64))
        q *= np.sign(np.diag(r))  # without this, Q is not uniform
        q = q.T if rows < columns else q
        return (self.gain * q).reshape(shape).astype(dtype or settings.floatx())
