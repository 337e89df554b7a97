"""Functions of one or two numbers that are seldom needed, applied to each element."""

from __future__ import annotations

import math

import numpy as np

from chainrule._typing import Array, Value
from chainrule.autodiff.op import op
from chainrule.ops.arithmetic import abs, divide, maximum, minimum, multiply
from chainrule.ops.comparison import isnan, select
from chainrule.ops.creation import as_floats, dtype, zeros_like
from chainrule.ops.elementwise import cos, exp2
from chainrule.ops.order import constant

__all__ = [
    "angle",
    "bessel",
    "cbrt",
    "conj",
    "conjugate",
    "deg2rad",
    "divide_no_nan",
    "fabs",
    "fmax",
    "fmin",
    "heaviside",
    "i0",
    "imag",
    "isneginf",
    "isposinf",
    "isreal",
    "ldexp",
    "logaddexp2",
    "nextafter",
    "rad2deg",
    "real",
    "signbit",
    "sinc",
]


@op(x=("g / (3 * y * y)", lambda g, y, x: g / (3 * y * y)), floats=True)
def cbrt(x: Value) -> Value:
    """The cube root."""
    return np.cbrt(x)


def deg2rad(x: Value) -> Value:
    """Degrees as radians."""
    return multiply(as_floats(x), math.pi / 180)


def rad2deg(x: Value) -> Value:
    """Radians as degrees."""
    return multiply(as_floats(x), 180 / math.pi)


def fabs(x: Value) -> Value:
    """The size without the sign, as a float."""
    return abs(as_floats(x))


def _sinc_slope(y: Value, x: Value) -> Value:
    zero = x.value == 0 if hasattr(x, "value") else x == 0
    return select(zero, -(math.pi**2) / 3 * x, (cos(math.pi * x) - y) / select(zero, 1, x))


@op(
    x=(
        "g * where(equal(x, 0), 0, (cos(np.pi * x) - y) / where(equal(x, 0), 1, x))",
        lambda g, y, x: g * _sinc_slope(y, x),
    ),
    floats=True,
)
def sinc(x: Value) -> Value:
    """`sin(πx) / (πx)`, 1 at 0."""
    return np.asarray(np.sinc(x), x.dtype)


@op(x=("g * bessel(x, 1)", lambda g, y, x: g * bessel(x, 1)), floats=True)
def i0(x: Value) -> Value:
    """The modified Bessel function of the first kind of order 0."""
    return np.asarray(np.i0(x), x.dtype)


@op(
    x=(
        "g * (bessel(x, order - 1) + bessel(x, order + 1)) / 2",
        lambda g, y, x, order: g * (bessel(x, order - 1) + bessel(x, order + 1)) / 2,
    ),
    floats=True,
)
def bessel(x: Value, order: int) -> Value:
    """The modified Bessel function of the first kind: `1/π ∫ exp(x cos t) cos(order t) dt` from 0 to π.

    The integrand is periodic, so the trapezoidal rule with 128 places is exact to the last digits until the result
    is beyond float64 (Trefethen and Weideman 2014).
    """
    places = np.arange(1, 256, 2) * (np.pi / 256)
    size = np.asarray(np.abs(x), np.float64)
    with np.errstate(over="ignore"):
        values = np.exp(size[..., None] * np.cos(places)) @ (np.cos(order * places) / len(places))
    return np.asarray(np.where(np.asarray(x) < 0, (-1.0) ** order, 1.0) * values, x.dtype)


@op(
    "x1",
    "x2",
    x1=("ldexp(g, x2)", lambda g, y, x1, x2: ldexp(g, x2)),
    broadcasts=True,
    floats=True,
)
def ldexp(x1: Value, x2: Value) -> Value:
    """`x1 * 2 ** x2` for whole numbers `x2`.

    Raises:
        TypeError: `x2` are not whole numbers.
    """
    if np.asarray(x2).dtype.kind not in "iu":
        raise TypeError(f"ops.ldexp: the exponents x2 must be whole numbers, but their type is {np.asarray(x2).dtype}.")
    return np.ldexp(x1, x2)


@op(
    x1=("g * exp2(x1 - y)", lambda g, y, x1, x2: g * exp2(x1 - y)),
    x2=("g * exp2(x2 - y)", lambda g, y, x1, x2: g * exp2(x2 - y)),
    broadcasts=True,
    floats=True,
)
def logaddexp2(x1: Value, x2: Value) -> Value:
    """`log2(2**x1 + 2**x2)`, without overflow."""
    return np.logaddexp2(x1, x2)


def divide_no_nan(x1: Value, x2: Value) -> Value:
    """`x1 / x2`, and 0 where `x2` is 0."""
    zero = np.equal(np.asarray(x2), 0)
    return select(zero, 0.0, divide(x1, select(zero, 1, x2)))


def fmax(x1: Value, x2: Value) -> Value:
    """The larger one; where one is missing (NaN), the other."""
    return maximum(select(isnan(x1), x2, x1), select(isnan(x2), x1, x2))


def fmin(x1: Value, x2: Value) -> Value:
    """The smaller one; where one is missing (NaN), the other."""
    return minimum(select(isnan(x1), x2, x1), select(isnan(x2), x1, x2))


# -- without a derivative ----------------------------------------------------------------------------------------------


@op("x1", "x2", broadcasts=True, floats=True)
def heaviside(x1: Value, x2: Value) -> Value:
    """0 where `x1` is negative, 1 where it is positive, `x2` where it is 0."""
    return np.heaviside(x1, x2)


@op("x1", "x2", broadcasts=True, floats=True)
def nextafter(x1: Value, x2: Value) -> Value:
    """The number next to `x1` in the direction of `x2`."""
    return np.nextafter(x1, x2)


@op("x")
def signbit(x: Value) -> Value:
    """Whether the sign is minus (that of -0.0 is)."""
    return np.signbit(x) if x.dtype.kind == "f" else np.less(x, 0)


@op("x")
def isposinf(x: Value) -> Value:
    """Whether it is plus infinity."""
    return np.equal(x, np.inf)


@op("x")
def isneginf(x: Value) -> Value:
    """Whether it is minus infinity."""
    return np.equal(x, -np.inf)


# -- complex numbers, of which only `eig` makes any -------------------------------------------------------------------


def _complex(x: Value) -> Array | None:
    return np.asarray(x) if dtype(x).startswith("complex") else None


@op("x")
def isreal(x: Value) -> Value:
    """Whether the imaginary part is 0."""
    return np.isreal(x)


def real(x: Value) -> Value:
    """The real part."""
    parts = _complex(x)
    return multiply(x, 1) if parts is None else constant(parts.real, x, "real")


def imag(x: Value) -> Value:
    """The imaginary part."""
    parts = _complex(x)
    return zeros_like(x) if parts is None else constant(parts.imag, x, "imag")


def conj(x: Value) -> Value:
    """The number with the sign of its imaginary part turned."""
    parts = _complex(x)
    return multiply(x, 1) if parts is None else constant(parts.conj(), x, "conj")


def conjugate(x: Value) -> Value:
    """The same as `conj`."""
    return conj(x)


def angle(x: Value) -> Value:
    """The angle of a complex number in radians; 0 or π for a real one (a constant)."""
    parts = _complex(x)
    return constant(np.angle(np.asarray(as_floats(x)) if parts is None else parts), x, "angle")
