"""Building HTML so that no text of a user's becomes markup: strings are escaped unless they are `Html` already."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Sequence
from typing import Any

from chainrule.terms import glossary

_VOID = frozenset({"br", "col", "hr", "meta"})
_LONG = 22  # letters of a cell that may be broken into lines
_OTHER = "�"


class Html(str):
    """Text that is HTML already."""

    __slots__ = ()


def text(value: Any) -> Html:
    """Return a value as text in HTML: markup is escaped; what steers the display (and cannot be seen) is replaced.

    >>> text("<b> & \\x1b[31m")
    '&lt;b&gt; &amp; �[31m'
    """
    if isinstance(value, Html):
        return value
    return Html(html.escape("".join(c if c.isprintable() or c == "\n" else _OTHER for c in str(value))))


def join(parts: Iterable[Any], between: str = "") -> Html:
    """Return parts one after the other, each escaped unless it is HTML; parts that are None are left out."""
    return Html(between.join(text(p) for p in parts if p is not None))


def tag(name: str, /, *children: Any, **attributes: Any) -> Html:
    """Return an element; `class_` and `aria_label` stand for `class` and `aria-label`; None leaves an attribute out.

    >>> tag("p", "1 < 2, ", tag("b", "so"), class_="x", hidden=True, title=None)
    '<p class="x" hidden>1 &lt; 2, <b>so</b></p>'
    """
    given = []
    for key, value in attributes.items():
        if value is None or value is False:
            continue
        key = key.rstrip("_").replace("_", "-")
        given.append(f" {key}" if value is True else f' {key}="{text(value)}"')
    opening = f"<{name}{''.join(given)}>"
    return Html(opening if name in _VOID else f"{opening}{join(children)}</{name}>")


def table(
    heads: Sequence[Any],
    rows: Iterable[Sequence[Any]],
    *,
    label: str,
    right: Iterable[int] = (),
    row_heads: bool = True,
    class_: str | None = None,
) -> Html:
    """Return a table in a box of its own that scrolls sideways.

    Args:
        label: what it shows, for those who cannot see it.
        right: numbers of columns of numbers, which are right-aligned.
        row_heads: whether the first cell of each row names it.
    """
    numeric = frozenset(right)
    kind = ["number" if i in numeric else None for i in range(len(heads))]
    top = tag("tr", *(tag("th", h, scope="col", class_=_kind(kind[i], h)) for i, h in enumerate(heads)))
    body = []
    for row in rows:
        cells = []
        for i, c in enumerate(row):
            first = i == 0 and row_heads
            name, scope = ("th", "row") if first else ("td", None)
            cells.append(tag(name, c, scope=scope, class_=_kind(kind[i], c)))
        body.append(tag("tr", *cells))
    inner = tag("table", tag("thead", top), tag("tbody", *body), class_=class_)
    return tag("div", inner, class_="scroll", role="group", aria_label=label, tabindex="0")


def _kind(kind: str | None, cell: Any) -> str | None:
    bare = re.sub(r"<[^>]*>", "", cell) if isinstance(cell, Html) else str(cell)
    return kind or ("long" if len(bare) > _LONG else None)


def items(parts: Iterable[Any], class_: str | None = None) -> Html:
    """Return a list, or nothing if it would be empty."""
    found = [tag("li", p) for p in parts]
    return tag("ul", *found, class_=class_) if found else Html()


def details(summary: Any, *children: Any, open_: bool = False, class_: str | None = None) -> Html:
    """Return content that is folded away until it is asked for."""
    return tag("details", tag("summary", summary), *children, open=open_, class_=class_)


def figure(picture: Html, caption: Any = None, *more: Any, wide: bool = False) -> Html:
    """Return a picture with what is said below it."""
    said = None if caption is None else tag("figcaption", caption)
    shown = tag("div", picture, class_="picture", tabindex="0")
    return tag("figure", shown, said, *more, class_="wide" if wide else None)


def figures(*parts: Html | None) -> Html:
    """Return pictures side by side, as many as there is room for."""
    found = [p for p in parts if p]
    return tag("div", *found, class_="figures") if found else Html()


def term(name: str, shown: str | None = None) -> Html:
    """Return a word that the glossary explains, as a link to its entry on the same page.

    Raises:
        UnknownNameError: the glossary has no such entry.

    >>> term("learning rates", "how fast")
    '<a class="term" href="#term-learning-rate">how fast</a>'
    """
    return tag("a", shown or name, class_="term", href=f"#term-{glossary(name).slug}")
