"""Glossary: a sentence or two for each term that the page links to."""

from __future__ import annotations

import re

from chainrule.report.html import join, tag
from chainrule.report.section import Section
from chainrule.terms import TERMS

_LINK = re.compile(r'href="#term-([^"]*)"')


def section(page: str) -> Section:
    """Return the explanation of each term that a page links to."""
    used = linked(page)
    entries = [
        join([tag("dt", t.name, id=f"term-{t.slug}"), tag("dd", t.text)]) for t in TERMS.values() if t.slug in used
    ]
    return Section("glossary", "Glossary", tag("dl", *entries))


def linked(page: str) -> set[str]:
    """Return the addresses of the terms that a page links to."""
    return set(_LINK.findall(page))
