"""The standard normal quantile with `+ - * / sqrt` only, so that its last bit is the same on every machine.

Source: Wichura (1988), "Algorithm AS 241: the percentage points of the normal distribution",
PPND16, relative error about 1e-16.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Doubles = npt.NDArray[np.float64]

_CHUNK = 1 << 13
_CENTRE = 0.425
_LN2 = 0.6931471805599453
_SQRT_HALF = 0.7071067811865476

# Numerator and denominator, highest power first: |q| <= 0.425; then sqrt(-log(tail)) <= 5; then beyond.
_CENTRAL = (
    (2509.0809287301226727, 33430.575583588128105, 67265.770927008700853, 45921.953931549871457,
     13731.693765509461125, 1971.5909503065514427, 133.14166789178437745, 3.387132872796366608),
    (5226.495278852854561, 28729.085735721942674, 39307.89580009271061, 21213.794301586595867,
     5394.1960214247511077, 687.1870074920579083, 42.313330701600911252, 1.0),
)  # fmt: skip
_NEAR = (
    (7.7454501427834140764e-4, 0.0227238449892691845833, 0.24178072517745061177, 1.27045825245236838258,
     3.64784832476320460504, 5.7694972214606914055, 4.6303378461565452959, 1.42343711074968357734),
    (1.05075007164441684324e-9, 5.475938084995344946e-4, 0.0151986665636164571966, 0.14810397642748007459,
     0.68976733498510000455, 1.6763848301838038494, 2.05319162663775882187, 1.0),
)  # fmt: skip
_FAR = (
    (2.01033439929228813265e-7, 2.71155556874348757815e-5, 0.0012426609473880784386, 0.026532189526576123093,
     0.29656057182850489123, 1.7848265399172913358, 5.4637849111641143699, 6.6579046435011037772),
    (2.04426310338993978564e-15, 1.4215117583164458887e-7, 1.8463183175100546818e-5, 7.868691311456132591e-4,
     0.0148753612908506148525, 0.13692988092273580531, 0.59983220655588793769, 1.0),
)  # fmt: skip
_ATANH = tuple(1.0 / k for k in range(23, 0, -2))


def normal_quantile(q: Doubles) -> Doubles:
    """Return `z` with `P(Z <= z) = 1/2 + q` for a standard normal `Z`; overwrites `q`, of shape (n,) with |q| < 1/2.

    >>> normal_quantile(np.array([0.0, 0.25, -0.475])).round(6)
    array([ 0.      ,  0.67449 , -1.959964])
    """
    for low in range(0, q.size, _CHUNK):  # pieces that stay in the processor's cache
        _quantile_in_place(q[low : low + _CHUNK])
    return q


def _quantile_in_place(q: Doubles) -> None:
    outside = np.flatnonzero(np.abs(q) > _CENTRE)
    tails = q[outside]
    np.clip(q, -_CENTRE, _CENTRE, out=q)
    r = 0.180625 - q * q
    q *= _polynomial(_CENTRAL[0], r)
    q /= _polynomial(_CENTRAL[1], r)
    if outside.size:
        q[outside] = _tail(tails)


def _tail(q: Doubles) -> Doubles:
    r = np.sqrt(-logarithm(0.5 - np.abs(q)))
    z = _ratio(_NEAR, r - 1.6)
    far = np.flatnonzero(r > 5.0)
    if far.size:
        z[far] = _ratio(_FAR, r[far] - 5.0)
    return np.copysign(z, q, out=z)


def logarithm(x: Doubles) -> Doubles:
    """Return the natural logarithm of positive numbers, `e log 2 + 2 atanh((m - 1) / (m + 1))` with `x = m 2^e`.

    >>> logarithm(np.array([1.0, 2.0, 0.01])).round(12).tolist()
    [0.0, 0.69314718056, -4.605170185988]
    """
    m, e = np.frexp(x)
    small = m < _SQRT_HALF
    m = np.where(small, 2.0 * m, m)
    s = (m - 1.0) / (m + 1.0)
    log_x: Doubles = (e - small) * _LN2 + 2.0 * s * _polynomial(_ATANH, s * s)
    return log_x


def _ratio(coefficients: tuple[Sequence[float], Sequence[float]], r: Doubles) -> Doubles:
    return _polynomial(coefficients[0], r) / _polynomial(coefficients[1], r)


def _polynomial(coefficients: Sequence[float], x: Doubles) -> Doubles:
    """Horner's scheme, highest power first."""
    value: Doubles = np.full_like(x, coefficients[0])
    for c in coefficients[1:]:
        value *= x
        value += c
    return value
