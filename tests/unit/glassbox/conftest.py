"""An independent reader of printed formulas: parses `1·1 + (−1)·0 + (−0.5)` and computes it with intervals.

A printed number stands for every number that is rounded to it, so each becomes an interval; a row is right if the
unrounded value lies in the interval that its formula gives. Nothing here uses the library's own arithmetic.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
import pytest

import chainrule as cr

_SUPERSCRIPTS = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺", "0123456789-+", strict=True))
_TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+(?:\.\d+)?(?:e−?\d+)?)|(?P<power>[⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺]+)|(?P<name>[A-Za-zσπ]+)|(?P<sign>[−+·/^(),|√]))"
)


class Interval(NamedTuple):
    """All numbers from `low` to `high`."""

    low: float
    high: float

    def __contains__(self, value: object) -> bool:
        assert isinstance(value, float)
        slack = 1e-13 * max(1.0, abs(value))
        return self.low - slack <= value <= self.high + slack


def around(corners: list[float]) -> Interval:
    """Return the interval of some results; one that is no number makes it everything."""
    if any(math.isnan(c) for c in corners):
        return Interval(-math.inf, math.inf)
    return Interval(min(corners), max(corners))


def number(text: str, digits: int) -> Interval:
    """Return what a printed number may stand for: all that is rounded to it, if it shows all decimals allowed."""
    text = text.replace("−", "-")
    mantissa, _, exponent = text.partition("e")
    decimals = len(mantissa.partition(".")[2])
    scale = 10.0 ** int(exponent or 0)
    full = decimals == (max(digits - 1, 1) if exponent else digits)
    half = 0.5 * 10.0**-decimals * scale * (1 + 1e-9) if full else 0.0
    value = float(mantissa) * scale
    return Interval(value - half, value + half)


class Reader:
    """A recursive-descent parser that computes while it reads.

    Args:
        text: the printed expression.
        digits: decimals shown.
    """

    def __init__(self, text: str, digits: int) -> None:
        self.digits = digits
        self.tokens: list[tuple[str, str]] = []
        at = 0
        text = text.rstrip()
        while at < len(text):
            found = _TOKEN.match(text, at)
            if found is None:
                raise ValueError(f"cannot read {text[at:]!r} in {text!r}")
            kind = str(found.lastgroup)
            self.tokens.append((kind, found[kind]))
            at = found.end()
        self.at = 0

    def read(self) -> Interval:
        """Return the value of the whole expression."""
        value = self.sum()
        if self.at != len(self.tokens):
            raise ValueError(f"left over: {self.tokens[self.at :]}")
        return value

    # -- grammar ------------------------------------------------------------------------------------------------------

    def peek(self) -> str:
        return self.tokens[self.at][1] if self.at < len(self.tokens) else ""

    def kind(self) -> str:
        return self.tokens[self.at][0] if self.at < len(self.tokens) else ""

    def take(self, expected: str = "") -> str:
        text = self.peek()
        if expected and text != expected:
            raise ValueError(f"expected {expected!r}, found {text!r} in {self.tokens}")
        self.at += 1
        return text

    def sum(self) -> Interval:
        value = self.product()
        while self.peek() in ("+", "−"):
            if self.take() == "+":
                other = self.product()
                value = Interval(value.low + other.low, value.high + other.high)
            else:
                other = self.product()
                value = Interval(value.low - other.high, value.high - other.low)
        return value

    def product(self) -> Interval:
        value = self.signed()
        while self.peek() in ("·", "/"):
            sign = self.take()
            other = self.signed()
            if sign == "/" and other.low <= 0 <= other.high:
                value = Interval(-math.inf, math.inf)
            else:
                value = around([_combine(a, b, sign) for a in value for b in other])
        return value

    def signed(self) -> Interval:
        if self.peek() == "−":
            self.take()
            value = self.signed()
            return Interval(-value.high, -value.low)
        return self.power()

    def power(self) -> Interval:
        euler = self.peek() == "e"
        base = self.atom()
        if self.peek() == "^":
            self.take()
            exponent = self.atom()
        elif self.kind() == "power":
            whole = float("".join(_SUPERSCRIPTS[c] for c in self.take()))
            exponent = Interval(whole, whole)
        else:
            return base
        if euler:
            return Interval(_exp(exponent.low), _exp(exponent.high))
        corners = [_power(b, e) for b in base for e in exponent]
        if base.low < 0 < base.high:
            corners.append(0.0)
        return around(corners)

    def atom(self) -> Interval:
        kind, text = self.tokens[self.at]
        if kind == "number":
            return number(self.take(), self.digits)
        if text == "(":
            self.take()
            value = self.sum()
            self.take(")")
            return value
        if text == "|":
            self.take()
            value = self.sum()
            self.take("|")
            return _abs(value)
        if text == "√":
            self.take()
            return _monotone(_sqrt, self.atom())
        if kind == "name":
            return self.function(self.take())
        raise ValueError(f"unexpected {text!r} in {self.tokens}")

    def function(self, name: str) -> Interval:
        if name == "e":
            return Interval(math.e, math.e)
        if name == "π":
            return Interval(math.pi, math.pi)
        self.take("(")
        arguments = [self.sum()]
        while self.peek() == ",":
            self.take()
            arguments.append(self.sum())
        self.take(")")
        return _FUNCTIONS[name](*arguments)


def _combine(a: float, b: float, sign: str) -> float:
    if sign == "/":
        return a / b
    return 0.0 if a == 0 or b == 0 else a * b


def _exp(x: float) -> float:
    return math.exp(x) if x < 700 else math.inf


def _power(base: float, exponent: float) -> float:
    try:
        result = base**exponent
    except (OverflowError, ZeroDivisionError):
        return math.inf
    return math.nan if isinstance(result, complex) else result


def _sqrt(x: float) -> float:
    return math.sqrt(max(x, 0.0))


def _log(x: float) -> float:
    return math.log(x) if x > 0 else -math.inf


def _abs(x: Interval) -> Interval:
    low = 0.0 if x.low <= 0 <= x.high else min(abs(x.low), abs(x.high))
    return Interval(low, max(abs(x.low), abs(x.high)))


def _monotone(function: Callable[[float], float], x: Interval) -> Interval:
    return Interval(function(x.low), function(x.high))


def _sigmoid(x: float) -> float:
    return 1 / (1 + _exp(-x))


def _cosh(x: Interval) -> Interval:
    size = _abs(x)
    return Interval(math.cosh(size.low), math.cosh(size.high))


_FUNCTIONS: dict[str, Callable[..., Interval]] = {
    "log": lambda x: _monotone(_log, x),
    "tanh": lambda x: _monotone(math.tanh, x),
    "erf": lambda x: _monotone(math.erf, x),
    "σ": lambda x: _monotone(_sigmoid, x),
    "sigma": lambda x: _monotone(_sigmoid, x),
    "cosh": _cosh,
    "exp": lambda x: _monotone(_exp, x),
    "sign": lambda x: Interval(math.copysign(1, x.low) if x.low else 0.0, math.copysign(1, x.high) if x.high else 0.0),
    "max": lambda *xs: Interval(max(x.low for x in xs), max(x.high for x in xs)),
    "min": lambda *xs: Interval(min(x.low for x in xs), min(x.high for x in xs)),
}


def read(text: str, digits: int) -> Interval:
    """Return the interval of values that a printed expression can stand for."""
    return Reader(text, digits).read()


# -- fixtures ---------------------------------------------------------------------------------------------------------


def wrong_rows(page: Any, digits: int) -> tuple[list[str], int]:
    """Return the rows of a page whose numbers do not give the value they stand before, and how many were read."""
    wrong, count = [], 0
    for line in page.lines():
        if line.numbers is None or not isinstance(line.value, float) or "…" in line.numbers.text:
            continue
        if "∞" in line.numbers.text or not math.isfinite(line.value):
            continue
        count += 1
        found = read(line.numbers.text, digits)
        if line.value not in found:
            wrong.append(f"{line.symbol.text} = {line.numbers.text} gives {found}, not {line.value}")
    return wrong, count


@pytest.fixture
def reread() -> Callable[[Any, int], tuple[list[str], int]]:
    """The reader of printed rows."""
    return wrong_rows


@pytest.fixture
def doubles() -> Iterator[None]:
    """Within the test everything is float64, so that a row can be held to its last digit."""
    cr.config.set_floatx("float64")
    yield
    cr.config.set_floatx("float32")


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(7)
