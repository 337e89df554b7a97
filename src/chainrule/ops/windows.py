"""Weights that fall off towards both ends of a window: for smoothing, with `x` the number of weights."""

from __future__ import annotations

import numpy as np

from chainrule import config
from chainrule._typing import Array, Value

__all__ = ["bartlett", "blackman", "hamming", "hanning", "kaiser"]


def bartlett(x: Value) -> Array:
    """A triangle: `1 - |2n / (x - 1) - 1|` for `n = 0 ... x - 1`."""
    return np.bartlett(int(x)).astype(config.floatx())


def blackman(x: Value) -> Array:
    """`0.42 - 0.5 cos(t) + 0.08 cos(2t)` with `t = 2πn / (x - 1)`."""
    return np.blackman(int(x)).astype(config.floatx())


def hamming(x: Value) -> Array:
    """`0.54 - 0.46 cos(t)` with `t = 2πn / (x - 1)`."""
    return np.hamming(int(x)).astype(config.floatx())


def hanning(x: Value) -> Array:
    """`0.5 - 0.5 cos(t)` with `t = 2πn / (x - 1)`."""
    return np.hanning(int(x)).astype(config.floatx())


def kaiser(x: Value, beta: Value) -> Array:
    """`i0(beta √(1 - t²)) / i0(beta)` with `t = 2n / (x - 1) - 1`."""
    return np.kaiser(int(x), float(beta)).astype(config.floatx())
