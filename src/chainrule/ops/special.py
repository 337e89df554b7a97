"""The error function, its complement and its inverse on arrays, without SciPy.

Near 0, `erf` is its Taylor series. Further out, `erfc(x) = exp(-x²) q(t) / (1 + x)`, where `q` is a Chebyshev series
in `t = (s - 3.5) / (s + 3.5)`, `s = x - 0.5`, which maps all `x >= 0.5` to `[-1, 1)` (Shepherd and Laframboise 1981).
All is computed in float64: `erf` to about one unit in the last place, `erfc` to a few.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from chainrule._typing import Array

TAYLOR = [2 / math.sqrt(math.pi) * (-1) ** n / (math.factorial(n) * (2 * n + 1)) for n in range(20)]
# Chebyshev coefficients of (1 + x) exp(x²) erfc(x), computed with 40 digits.
CHEBYSHEV = (
    0.7157363686103798,
    -0.1793173797292721,
    0.029525776509252054,
    -0.0008464604061019101,
    -0.0013070392106369472,
    0.0004826502379329653,
    -9.315899357048761e-05,
    8.479078862767172e-06,
    5.903509700435829e-07,
    -2.608690186499892e-07,
    1.3354839520892564e-08,
    5.4288377018953815e-09,
    -7.278850321537119e-10,
    -1.1486954278722697e-10,
    2.608134231457453e-11,
    2.904947338750525e-12,
    -8.871471302619437e-13,
    -9.633828096462948e-14,
    3.033979964737432e-14,
    4.0705805903643716e-15,
    -1.0256786373800537e-15,
    -1.96243949216504e-16,
    3.1912201362466336e-17,
)


def erf(x: Array) -> Array:
    """`2/√π ∫₀ˣ exp(-t²) dt`"""
    v = np.asarray(x, np.float64)
    size = np.abs(v)
    near = _series(np.minimum(size, 1))
    far = 1 - _tail(np.maximum(size, 1))
    return np.asarray(np.copysign(np.where(size < 1, near, far), v), _type(x))


def erfc(x: Array) -> Array:
    """`1 - erf(x)`"""
    v = np.asarray(x, np.float64)
    tail = _tail(np.maximum(np.abs(v), 0.5))
    middle = 1 - np.copysign(_series(np.minimum(np.abs(v), 0.5)), v)
    return np.asarray(np.where(np.abs(v) < 0.5, middle, np.where(v > 0, tail, 2 - tail)), _type(x))


def erfinv(x: Array) -> Array:
    """The `z` with `erf(z) = x`: a rough start (Winitzki 2008), improved by Halley's method until it stands."""
    v = np.asarray(x, np.float64)
    size = np.abs(v)
    with np.errstate(all="ignore"):
        logs = np.log1p(-size * size)
        a = 2 / (math.pi * 0.147) + logs / 2
        z = np.sqrt(np.sqrt(a * a - logs / 0.147) - a)
        for _ in range(3):
            error = np.where(size < 0.5, erf(z) - size, (1 - size) - erfc(z))
            step = error / (2 / math.sqrt(math.pi) * np.exp(-z * z))
            z = z - step / (1 + z * step)
        z = np.where(size < 1, z, np.where(size == 1, np.inf, np.nan))
    return np.asarray(np.copysign(np.where(size == 0, 0, z), v), _type(x))


def _type(x: Any) -> Any:
    return x.dtype if x.dtype.kind == "f" else np.float64


def _series(x: Array) -> Array:
    """Return `erf(x)` for `0 <= x <= 1`."""
    square = x * x
    total = np.zeros_like(x)
    for c in reversed(TAYLOR):
        total = total * square + c
    return x * total


def _tail(x: Array) -> Array:
    """Return `erfc(x)` for `x >= 0.5`."""
    x = np.minimum(x, 30)  # beyond, it is 0 in float64
    t = 1 - 7 / (x + 3)
    b = c = np.zeros_like(x)
    for coefficient in reversed(CHEBYSHEV[1:]):  # Clenshaw's recurrence
        b, c = 2 * t * b - c + coefficient, b
    q = t * b - c + CHEBYSHEV[0]
    head = x.astype(np.float32).astype(np.float64)  # exp(-x²) in two factors, the first of an exact square
    return np.asarray(np.exp(-head * head) * np.exp((head - x) * (head + x)) * (q / (1 + x)))
