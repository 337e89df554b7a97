"""Pages as text: symbols in one column, results in another."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable

from chainrule.glassbox.ascii import to_ascii
from chainrule.glassbox.page import Line, Page, Section

Convert = Callable[[str], str]
WIDTH = 72
_GAP = 4


def write(page: Page, unicode: bool = True) -> str:
    """Return a page as text."""
    convert: Convert = str if unicode else to_ascii
    rows = [_Row(line, convert) for line in page.lines()]
    columns = _Columns(rows)
    at = iter(rows)
    blocks: list[str] = [convert(page.title)] if page.title else []
    body: list[str] = []
    for section in page.sections:
        body += _head(section, convert, first=not body, indent=section.level > 1)
        for _ in section.lines:
            body += columns.write(next(at))
        body += [f"  {convert(note)}" for note in section.notes]
    blocks.append("\n".join(body))
    if page.foot:
        blocks.append("\n".join(convert(line) for line in page.foot))
    return "\n\n".join(b for b in blocks if b)


def _head(section: Section, convert: Convert, first: bool, indent: bool) -> list[str]:
    if not section.title and section.rule is None:
        return []
    title = convert(section.title)
    if section.rule is not None:
        title = f"{title}   {convert(section.rule.text)}"
    if indent:
        return [f" {title}"]
    return [title] if first else ["", title]


def _width(text: str) -> int:
    """Return how many columns a text takes: combining accents take none."""
    return sum(not unicodedata.combining(c) for c in text)


def _padded(text: str, width: int) -> str:
    return text + " " * (width - _width(text))


class _Row:
    """The parts of a line, converted: symbol, the chain of formulas, relation, result, note."""

    def __init__(self, line: Line, convert: Convert) -> None:
        c = convert
        self.symbol = c(line.symbol.text)
        self.parts = [c(p.text) for p in (line.formula, line.numbers) if p is not None and p.text]
        self.relation = c(line.relation)
        self.value = c(line.shown.text) if line.shown is not None else None
        self.wide = line.value is not None and not isinstance(line.value, float)
        self.assigns = line.note == "←"
        self.note = "" if self.assigns else c(line.note)
        self.arrow = c("←")

    @property
    def body(self) -> str:
        return " = ".join(self.parts)

    @property
    def pieces(self) -> list[str]:
        """The body on as many lines as it needs."""
        if len(self.body) <= WIDTH:
            return [self.body] if self.body else []
        return [piece for part in self.parts for piece in _broken(part)]


class _Columns:
    """Widths common to all lines of a page."""

    def __init__(self, rows: Iterable[_Row]) -> None:
        rows = list(rows)
        self.symbol = max((_width(r.symbol) for r in rows if _width(r.symbol) <= 24), default=0)
        narrow = [r for r in rows if not r.wide and r.value is not None]
        self.value = max((len(r.value or "") for r in narrow), default=0) + 2
        self.body = max((len(pieces[-1]) for r in narrow for pieces in [r.pieces] if pieces), default=0)

    def write(self, row: _Row) -> list[str]:
        head = f"  {_padded(row.symbol, self.symbol)}  "
        if row.value is None:
            return [f"{head}{row.arrow if row.assigns else '='} {row.body}".rstrip()]
        if row.wide:
            return self._wide(row, head)
        if not row.parts:
            return [f"{head}{'':<{self.body + 2}}{'':{_GAP}}{self._result(row)}"]
        lines: list[str] = []
        for i, piece in enumerate(row.pieces):
            sign = "=" if i == 0 or not piece.startswith("+") else " "
            lead = head if i == 0 else " " * _width(head)
            lines.append(f"{lead}{sign} {piece}")
        lines[-1] = f"{_padded(lines[-1], _width(head) + 2 + self.body)}{'':{_GAP}}{self._result(row)}"
        return lines

    def _result(self, row: _Row) -> str:
        note = f"   {row.note}" if row.note else ""
        if row.value == "·" or row.value == "*":
            return f" {row.value:>{self.value}}{note}"
        return f"{row.relation}{row.value:>{self.value}}{note}"

    def _wide(self, row: _Row, head: str) -> list[str]:
        note = f"   {row.note}" if row.note else ""
        if not row.parts:
            return [f"{head}{row.relation} {row.value}{note}"]
        line = f"{head}= {row.body}"
        if len(line) + len(row.value or "") <= _width(head) + WIDTH + 24:
            return [f"{line}  {row.relation} {row.value}{note}"]
        return [line, f"{' ' * _width(head)}{row.relation} {row.value}{note}"]


def _broken(text: str) -> list[str]:
    """Break a long sum before its plus signs."""
    if len(text) <= WIDTH:
        return [text]
    lines: list[str] = []
    current = ""
    for term in text.split(" + "):
        piece = f"{current} + {term}" if current else (f"+ {term}" if lines else term)
        if len(piece) > WIDTH and current:
            lines.append(current)
            piece = f"+ {term}"
        current = piece
    return [*lines, current]
