"""How numbers are printed: rounded to some digits, never -0, and `=` only where nothing was rounded away."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

MINUS = "−"
_LARGE = 1e7


@dataclass(frozen=True)
class Style:
    """How a trace prints its numbers.

    Args:
        digits: decimals.
        single: the model's own numbers are float32, so a number counts as exact if it is the same float32 number.

    >>> style = Style(4)
    >>> style.number(0.62245933), style.number(-0.5), style.number(3.0), style.number(-0.0), style.number(0.00012345)
    ('0.6225', '−0.5', '3', '0', '1.234e−4')
    >>> style.fixed(0.5), style.fixed(-1e-9)
    ('0.5000', '0.0000')
    """

    digits: int = 4
    single: bool = True

    def exact(self, value: float) -> bool:
        """Whether the printed number is the value itself."""
        return self._same(float(self._plain(value)), value)

    def number(self, value: float) -> str:
        """Print a number for a formula: all decimals if it was rounded, only the needed ones if it is exact."""
        return self._plain(value).replace("-", MINUS).replace("inf", "∞")

    def fixed(self, value: float) -> str:
        """Print a number for a column of a table: always with all decimals."""
        if not math.isfinite(value):
            return self.number(value)
        if abs(value) >= _LARGE:
            return f"{value:.{max(self.digits - 1, 1)}e}".replace("-", MINUS)
        text = f"{value:.{self.digits}f}"
        return (text.lstrip("-") if float(text) == 0 else text).replace("-", MINUS)

    def short(self, value: float) -> str:
        """Print a number of the data for a table: without needless decimals."""
        return self.number(value)

    def _plain(self, value: float) -> str:
        value = float(value)
        if value == 0 or not math.isfinite(value):
            return "0" if value == 0 else f"{value}"
        text = f"{value:.{self.digits}f}"
        if abs(value) < _LARGE and self._same(float(text), value):
            return text.rstrip("0").rstrip(".") if "." in text else text
        if abs(value) >= _LARGE or abs(value) < self._smallest():
            return self._scientific(value)
        return text

    def _smallest(self) -> float:
        """Return the size below which too few digits would remain."""
        return float(10.0 ** -(self.digits - 1) if self.digits >= 4 else 0.5 * 10.0**-self.digits)

    def _scientific(self, value: float) -> str:
        text = f"{value:.{max(self.digits - 1, 1)}e}"
        mantissa, exponent = text.split("e")
        if self._same(float(text), value):
            mantissa = mantissa.rstrip("0").rstrip(".")
        return f"{mantissa}e{int(exponent)}"

    def _same(self, shown: float, value: float) -> bool:
        if shown == value or abs(shown - value) <= 4 * np.finfo(np.float64).eps * abs(value):
            return True
        with np.errstate(over="ignore", under="ignore"):
            return self.single and shown != 0 and bool(np.float32(shown) == np.float32(value))


def largest(value: float) -> str:
    """Print the size of a difference: one digit and a power of ten.

    >>> largest(6.5e-12), largest(0.0)
    ('7e-12', '0')
    """
    return "0" if value == 0 else f"{value:.0e}".replace("e-0", "e-").replace("e+0", "e+")
