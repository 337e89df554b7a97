"""Glossary: one or two sentences for each term that the page uses."""

from __future__ import annotations

import re

from chainrule.report.html import Html, join, slug, tag
from chainrule.report.section import Section

_LINK = re.compile(r'href="#term-([^"]*)"')


def section(page: str) -> Section:
    """Return the explanation of each term that a page links to."""
    used = set(_LINK.findall(page))
    found = {name: words for name, words in _terms().items() if slug(name) in used}
    entries = [
        join([tag("dt", name, id=f"term-{slug(name)}"), tag("dd", words)])
        for name, words in sorted(found.items(), key=lambda e: e[0].lower())
    ]
    return Section("glossary", "Glossary", tag("dl", *entries), {})


def unexplained(page: str) -> set[str]:
    """Return the addresses of terms that a page links to and the glossary lacks."""
    return set(_LINK.findall(page)) - {slug(name) for name in _terms()}


def without_dead_links(page: Html) -> Html:
    """Return a page in which terms that the glossary lacks are plain words."""
    for name in unexplained(page):
        page = Html(re.sub(rf'<a class="term" href="#term-{re.escape(name)}">(.*?)</a>', r"\1", page))
    return page


def _terms() -> dict[str, str]:
    from chainrule.terms import TERMS

    return {term.name: term.text for term in TERMS.values()}
