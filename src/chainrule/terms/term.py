"""`Term`: a word with what it means."""

from __future__ import annotations

import html
import textwrap

from chainrule.records import Record


class Term(Record):
    """One entry of the glossary; prints as text, and notebooks show it.

    Attributes:
        name: the word.
        text: one or two sentences.
        also: other words for the same.
        see: names of related entries.
    """

    name: str
    text: str
    also: tuple[str, ...] = ()
    see: tuple[str, ...] = ()

    @property
    def slug(self) -> str:
        """The name as part of an address: `learning-rate`."""
        return slug(self.name)

    def __str__(self) -> str:
        head = f"{self.name} ({', '.join(self.also)})" if self.also else self.name
        tail = f"\nSee also: {', '.join(self.see)}." if self.see else ""
        return textwrap.fill(f"{head}: {self.text}", 100) + tail

    __repr__ = __str__

    def _repr_html_(self) -> str:
        also = f" ({html.escape(', '.join(self.also))})" if self.also else ""
        see = f"<br><small>See also: {html.escape(', '.join(self.see))}.</small>" if self.see else ""
        return f"<p><b>{html.escape(self.name)}</b>{also}: {html.escape(self.text)}{see}</p>"


def slug(name: str) -> str:
    """Return a name as part of an address.

    >>> slug("ROC AUC"), slug("R²"), slug("L2 regularisation")
    ('roc-auc', 'r2', 'l2-regularisation')
    """
    plain = name.lower().replace("²", "2")
    return "-".join("".join(c if c.isalnum() else " " for c in plain).split())


def entry(name: str, text: str, also: str = "", see: str = "") -> Term:
    """Return an entry; `also` and `see` are lists with commas."""
    return Term(name, text, tuple(_listed(also)), tuple(_listed(see)))


def _listed(words: str) -> list[str]:
    return [w.strip() for w in words.split(",") if w.strip()]
