"""Functions of one number, applied to each element: exponentials, logarithms, angles, rounding.

One row each: the derivative rule (sentence, rule) above, the forward pass below; `g` is the gradient of the result `y`.
"""

from __future__ import annotations

import numpy as np

from chainrule._typing import Value
from chainrule.autodiff.op import op
from chainrule.ops import special
from chainrule.ops.comparison import isfinite

__all__ = [
    "arccos",
    "arccosh",
    "arcsin",
    "arcsinh",
    "arctan",
    "arctanh",
    "ceil",
    "cos",
    "cosh",
    "erf",
    "erfc",
    "erfinv",
    "exp",
    "exp2",
    "expm1",
    "floor",
    "log",
    "log1p",
    "log2",
    "log10",
    "nan_to_num",
    "round",
    "sin",
    "sinh",
    "tan",
    "tanh",
    "trunc",
]


@op(x=("g * y", lambda g, y, x: g * y), floats=True)
def exp(x: Value) -> Value:
    """`e` to the power of `x`."""
    return np.exp(x)


@op(x=("g * y * np.log(2)", lambda g, y, x: g * y * _LOG_2), floats=True)
def exp2(x: Value) -> Value:
    """2 to the power of `x`."""
    return np.exp2(x)


@op(x=("g * (y + 1)", lambda g, y, x: g * (y + 1)), floats=True)
def expm1(x: Value) -> Value:
    """`exp(x) - 1`, exact for small `x`."""
    return np.expm1(x)


@op(x=("g / x", lambda g, y, x: g / x), floats=True)
def log(x: Value) -> Value:
    """The natural logarithm."""
    return np.log(x)


@op(x=("g / (1 + x)", lambda g, y, x: g / (1 + x)), floats=True)
def log1p(x: Value) -> Value:
    """`log(1 + x)`, exact for small `x`."""
    return np.log1p(x)


@op(x=("g / (x * np.log(2))", lambda g, y, x: g / (x * _LOG_2)), floats=True)
def log2(x: Value) -> Value:
    """The logarithm to base 2."""
    return np.log2(x)


@op(x=("g / (x * np.log(10))", lambda g, y, x: g / (x * _LOG_10)), floats=True)
def log10(x: Value) -> Value:
    """The logarithm to base 10."""
    return np.log10(x)


@op(x=("g * cos(x)", lambda g, y, x: g * cos(x)), floats=True)
def sin(x: Value) -> Value:
    """The sine of an angle in radians."""
    return np.sin(x)


@op(x=("-g * sin(x)", lambda g, y, x: -g * sin(x)), floats=True)
def cos(x: Value) -> Value:
    """The cosine of an angle in radians."""
    return np.cos(x)


@op(x=("g * (1 + y * y)", lambda g, y, x: g * (1 + y * y)), floats=True)
def tan(x: Value) -> Value:
    """The tangent of an angle in radians."""
    return np.tan(x)


@op(x=("g * rsqrt(1 - x * x)", lambda g, y, x: g * (1 - x * x) ** -0.5), floats=True)
def arcsin(x: Value) -> Value:
    """The angle whose sine is `x`."""
    return np.arcsin(x)


@op(x=("-g * rsqrt(1 - x * x)", lambda g, y, x: -g * (1 - x * x) ** -0.5), floats=True)
def arccos(x: Value) -> Value:
    """The angle whose cosine is `x`."""
    return np.arccos(x)


@op(x=("g / (1 + x * x)", lambda g, y, x: g / (1 + x * x)), floats=True)
def arctan(x: Value) -> Value:
    """The angle whose tangent is `x`."""
    return np.arctan(x)


@op(x=("g * cosh(x)", lambda g, y, x: g * cosh(x)), floats=True)
def sinh(x: Value) -> Value:
    """The hyperbolic sine."""
    return np.sinh(x)


@op(x=("g * sinh(x)", lambda g, y, x: g * sinh(x)), floats=True)
def cosh(x: Value) -> Value:
    """The hyperbolic cosine."""
    return np.cosh(x)


@op(x=("g * (1 - y * y)", lambda g, y, x: g * (1 - y * y)), floats=True)
def tanh(x: Value) -> Value:
    """The hyperbolic tangent."""
    return np.tanh(x)


@op(x=("g * rsqrt(x * x + 1)", lambda g, y, x: g * (x * x + 1) ** -0.5), floats=True)
def arcsinh(x: Value) -> Value:
    """The inverse of `sinh`."""
    return np.arcsinh(x)


@op(x=("g * rsqrt(x * x - 1)", lambda g, y, x: g * (x * x - 1) ** -0.5), floats=True)
def arccosh(x: Value) -> Value:
    """The inverse of `cosh`."""
    return np.arccosh(x)


@op(x=("g / (1 - x * x)", lambda g, y, x: g / (1 - x * x)), floats=True)
def arctanh(x: Value) -> Value:
    """The inverse of `tanh`."""
    return np.arctanh(x)


@op(x=("g * 2 / np.sqrt(np.pi) * exp(-x * x)", lambda g, y, x: g * (_2_BY_SQRT_PI * exp(-x * x))), floats=True)
def erf(x: Value) -> Value:
    """The error function `2/√π ∫₀ˣ exp(-t²) dt`."""
    return special.erf(x)


@op(x=("-g * 2 / np.sqrt(np.pi) * exp(-x * x)", lambda g, y, x: g * (-_2_BY_SQRT_PI * exp(-x * x))), floats=True)
def erfc(x: Value) -> Value:
    """`1 - erf(x)`, exact for large `x`."""
    return special.erfc(x)


@op(x=("g * np.sqrt(np.pi) / 2 * exp(y * y)", lambda g, y, x: g * (exp(y * y) / _2_BY_SQRT_PI)), floats=True)
def erfinv(x: Value) -> Value:
    """The inverse of `erf`."""
    return special.erfinv(x)


@op(
    x=("where(isfinite(x), g, 0)", lambda g, y, x, nan, posinf, neginf: g * isfinite(x)),
)
def nan_to_num(x: Value, nan: float = 0.0, posinf: float | None = None, neginf: float | None = None) -> Value:
    """Replace NaN by `nan` and infinities by `posinf` and `neginf` (by default the largest numbers of the type)."""
    return np.nan_to_num(x, nan=nan, posinf=posinf, neginf=neginf)


@op("x")
def round(x: Value, decimals: int = 0) -> Value:
    """Round to `decimals` places, halves to the even digit."""
    return np.round(x, decimals)


@op("x", floats=True)
def floor(x: Value) -> Value:
    """The largest whole number not above `x`, as a float."""
    return np.floor(x)


@op("x", floats=True)
def ceil(x: Value) -> Value:
    """The smallest whole number not below `x`, as a float."""
    return np.ceil(x)


@op("x", floats=True)
def trunc(x: Value) -> Value:
    """The whole part of `x`, as a float."""
    return np.trunc(x)


_LOG_2 = float(np.log(2))
_LOG_10 = float(np.log(10))
_2_BY_SQRT_PI = float(2 / np.sqrt(np.pi))
