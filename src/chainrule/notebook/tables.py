"""Tables as HTML, in the look of the derivations: readable in light and dark, and on a narrow screen."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence

from chainrule.glassbox.render.html import scrolling, wrap


def box(*parts: str) -> str:
    """Return parts with the style they need, as one fragment."""
    return wrap("\n".join(part for part in parts if part), full=False)


def paragraph(text: str) -> str:
    """Return a line of text."""
    return f"<p>{html.escape(text)}</p>"


def table(headers: Sequence[str], rows: Iterable[Sequence[str]], right: Iterable[int] = ()) -> str:
    """Return a table that scrolls sideways by itself.

    Args:
        headers: titles of the columns.
        rows: their cells.
        right: numbers of the columns that hold numbers.

    >>> "<td style='text-align:right'>1</td>" in table(["a"], [["1"]], right=[0])
    True
    """
    numeric = set(right)

    def cell(kind: str, text: str, column: int) -> str:
        look = " style='text-align:right'" if column in numeric else " style='text-align:left'"
        return f"<{kind}{look}>{html.escape(text)}</{kind}>"

    head = "".join(cell("th", text, k) for k, text in enumerate(headers))
    body = "".join(f"<tr>{''.join(cell('td', text, k) for k, text in enumerate(row))}</tr>" for row in rows)
    whole = f"<table class='cr-num'><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    return scrolling(whole, ", ".join(headers) or "Table")
