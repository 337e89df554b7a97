"""Building HTML so that no text of a user's becomes markup: strings are escaped unless they are `Html` already."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from typing import Any

_VOID = frozenset({"br", "col", "hr", "meta"})
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
    top = tag("tr", *(tag("th", h, scope="col", class_=kind[i]) for i, h in enumerate(heads)))
    body = []
    for row in rows:
        cells = [
            tag("th", c, scope="row", class_=kind[i]) if i == 0 and row_heads else tag("td", c, class_=kind[i])
            for i, c in enumerate(row)
        ]
        body.append(tag("tr", *cells))
    inner = tag("table", tag("thead", top), tag("tbody", *body), class_=class_)
    return tag("div", inner, class_="scroll", role="region", aria_label=label, tabindex="0")


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
    return tag("figure", tag("div", picture, class_="picture"), said, *more, class_="wide" if wide else None)


def figures(*parts: Html | None) -> Html:
    """Return pictures side by side, as many as there is room for."""
    found = [p for p in parts if p]
    return tag("div", *found, class_="figures") if found else Html()


def term(name: str, shown: str | None = None) -> Html:
    """Return a word that the glossary explains, as a link to it (see `sections/glossary.py`)."""
    return tag("a", shown or name, class_="term", href=f"#term-{slug(name)}")


def slug(name: str) -> str:
    """Return a name as part of an address.

    >>> slug("ROC AUC"), slug("R²")
    ('roc-auc', 'r2')
    """
    plain = name.lower().replace("²", "2")
    return "-".join("".join(c if c.isalnum() else " " for c in plain).split())
