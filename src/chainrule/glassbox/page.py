"""What a derivation is made of, before anyone decides how it looks: lines, sections, pages. Pure data."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from chainrule.glassbox.notation import Math, number
from chainrule.glassbox.numbers import Style


@dataclass(frozen=True)
class Line:
    """`symbol = formula = numbers ≈ value`.

    Args:
        symbol: what is computed.
        formula: from which symbols.
        numbers: the formula with the numbers put in.
        value: the unrounded result: a number, an array, or None where the line only states a formula.
        shown: the result as printed.
        exact: whether `shown` is the value itself, so that `=` may stand before it.
        name: plain name of the symbol, for `to_dict`.
        note: a remark behind the value.
    """

    symbol: Math
    formula: Math | None
    numbers: Math | None
    value: Any = None
    shown: Math | None = None
    exact: bool = False
    name: str = ""
    note: str = ""

    @property
    def relation(self) -> str:
        return "=" if self.exact else "≈"


def scalar(
    symbol: Math, formula: Math | None, numbers: Math | None, value: float, style: Style, note: str = ""
) -> Line:
    """Return a line whose value is one number."""
    value = float(value) + 0.0
    if numbers is not None and formula is not None and numbers.text in (formula.text, style.number(value)):
        numbers = None
    return Line(symbol, formula, numbers, value, number(value, style), style.exact(value), symbol.text, note)


@dataclass(frozen=True)
class Section:
    """Lines under a title; `rule` is the formula the title announces, `notes` stand below."""

    title: str
    lines: list[Line] = field(default_factory=list)
    rule: Math | None = None
    notes: list[str] = field(default_factory=list)
    level: int = 1
    key: str = ""


@dataclass(frozen=True)
class Page:
    """A whole derivation."""

    title: str
    sections: list[Section]
    foot: list[str] = field(default_factory=list)

    def lines(self) -> Iterator[Line]:
        """Yield all lines in order."""
        for section in self.sections:
            yield from section.lines
