"""Which lines of a derivation become blanks, and how the numbers of those lines are hidden elsewhere on the page."""

from __future__ import annotations

import math
import random
import re
from dataclasses import dataclass, replace

from chainrule.errors import DataError
from chainrule.glassbox.notation import Math, latex_number
from chainrule.glassbox.page import Line, Page, Section

MOST = 26
_PLACES = re.compile(r"\.(\d+)")


@dataclass(frozen=True)
class Blank:
    """One number to be worked out.

    Attributes:
        name: a letter, in the order of the page.
        line: the line it stands on.
        part: title of the part of the page: forward, backward, update.
        key: of its section.
        rule: the formula that the section announces, or ''.
    """

    name: str
    line: Line
    part: str
    key: str
    rule: str = ""

    @property
    def symbol(self) -> str:
        return self.line.symbol.text

    @property
    def value(self) -> float:
        return float(self.line.value)

    @property
    def shown(self) -> str:
        """The value as the page would print it."""
        assert self.line.shown is not None
        return self.line.shown.text

    @property
    def mark(self) -> str:
        """The letter in brackets, which stands for the number."""
        return f"[{self.name}]"

    @property
    def decimals(self) -> int:
        """How many decimals are asked for."""
        found = _PLACES.search(self.shown)
        return len(found[1]) if found else 0

    @property
    def tolerance(self) -> float:
        """How far an answer may be off: one in the last digit shown, as rounding on the way makes it."""
        mantissa, _, exponent = self.shown.replace("−", "-").partition("e")
        found = _PLACES.search(mantissa)
        places = len(found[1]) if found else 0
        return 1.0001 * float(10.0 ** (int(exponent or 0) - places)) if places or exponent else 1e-9


def choose(page: Page, count: int, seed: int) -> list[Blank]:
    """Return lines to blank out, from all parts of the page, drawn by seed.

    Raises:
        DataError: not a number from 1 to 26, or the page has no number to ask for.
    """
    if not isinstance(count, int) or not 1 <= count <= MOST:
        raise DataError(f"quiz: blanks must be a whole number from 1 to {MOST}, but is {count!r}.")
    found = _candidates(page)
    if not found:
        raise DataError("quiz: this derivation has no line with a number of its own to ask for.")
    draw = random.Random(seed)
    parts: dict[str, list[Blank]] = {}
    for blank in found:
        parts.setdefault(blank.part, []).append(blank)
    for members in parts.values():
        draw.shuffle(members)
        members.sort(key=lambda b: b.line.exact)  # rounded numbers first: an exact one may stand elsewhere by chance
    picked: list[Blank] = []
    while len(picked) < count and any(parts.values()):
        picked += [members.pop(0) for members in parts.values() if members]
    order = {id(b): k for k, b in enumerate(found)}
    picked = sorted(picked[:count], key=lambda b: order[id(b)])
    return [replace(b, name=chr(ord("A") + k)) for k, b in enumerate(picked)]


def _candidates(page: Page) -> list[Blank]:
    """Return the lines whose number is new on the page and follows from a formula."""
    found: list[Blank] = []
    part, rule, results, inside = "", "", "", ""
    for section in page.sections:
        if section.level == 1 and section.title:
            part, rule = section.title, section.rule.text if section.rule is not None else ""
        for line in section.lines:
            inside += " " + " ".join(p.text for p in (line.formula, line.numbers) if p is not None)
            asked = isinstance(line.value, float) and math.isfinite(line.value) and line.shown is not None
            if asked and (line.formula or line.numbers) and line.value != int(line.value) and not line.note:
                blank = Blank("", line, part, section.key, rule)
                known = results if line.exact else results + inside  # 0.5 may stand in a formula by chance
                if not re.search(_number(blank.shown.removeprefix("−")), known):
                    found.append(blank)
            results += f" {line.shown.text}" if line.shown is not None else ""
    return found


# -- hiding -----------------------------------------------------------------------------------------------------------


def blanked(page: Page, blanks: list[Blank], box: str = "{mark}") -> Page:
    """Return the page with marks in place of the numbers asked for, wherever they stand.

    Args:
        page: the whole derivation.
        blanks: what to hide.
        box: what stands where an answer belongs; `{mark}` and `{name}` are filled in.
    """
    own = {id(b.line): b for b in blanks}
    sections = []
    for section in page.sections:
        lines = [_without(line, own.get(id(line)), blanks, box) for line in section.lines]
        sections.append(Section(section.title, lines, section.rule, section.notes, section.level, section.key))
    return Page(page.title, sections, page.foot)


def _without(line: Line, blank: Blank | None, blanks: list[Blank], box: str) -> Line:
    formula, numbers, shown = line.formula, line.numbers, line.shown
    for b in blanks:
        mentioned = line.formula is not None and b.symbol in line.formula.text
        if not b.line.exact or mentioned:
            numbers = None if numbers is None else _hidden(numbers, b)
        if not b.line.exact:
            formula = None if formula is None else _hidden(formula, b)
            shown = None if shown is None else _hidden(shown, b)
    if blank is not None:
        text = box.format(mark=blank.mark, name=blank.name)
        shown = Math(text, rf"\text{{{text}}}")
    return replace(line, formula=formula, numbers=numbers, shown=shown)


def _hidden(piece: Math, blank: Blank) -> Math:
    """Return a formula in which a number is replaced by its mark, with the sign that it has there."""
    size = blank.shown.removeprefix("−")
    mark = blank.mark
    text = _replaced(piece.text, size, "−", mark, blank.value < 0)
    latex = _replaced(piece.latex, latex_number(size), "-", rf"\boxed{{\mathbf{{{blank.name}}}}}", blank.value < 0)
    return Math(text, latex)


def _replaced(text: str, size: str, minus: str, mark: str, negative: bool) -> str:
    number = _number(size)
    signed = rf"\({minus}{number}\)|(?<![\w)}}] ){minus}{number}"
    text = re.sub(signed, lambda _: mark if negative else f"({minus}{mark})", text)
    return re.sub(number, lambda _: f"({minus}{mark})" if negative else mark, text)


def _number(size: str) -> str:
    """Return the pattern of a printed number that is not a part of another one."""
    return rf"(?<![\d.]){re.escape(size)}(?![\d.e]| \\cdot 10)"
