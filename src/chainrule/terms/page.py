"""The glossary as a page: of the documentation (`python -m chainrule.terms.page docs/glossary.md`), of the server."""

from __future__ import annotations

import html
import sys
from itertools import groupby
from pathlib import Path

from chainrule.terms import TERMS, Term

_HEAD = """# Glossary

What the words on our pages mean. In Python: `chainrule.glossary("logit")`.
"""


def markdown() -> str:
    """Return all entries as Markdown, in alphabetical order, each with an anchor: `glossary.md#learning-rate`."""
    parts = [_HEAD]
    for letter, terms in groupby(TERMS.values(), key=lambda t: t.name[0].upper()):
        parts.append(f"## {letter}\n")
        parts += [_entry(term) for term in terms]
    return "\n".join(parts)


def _entry(term: Term) -> str:
    also = f" ({', '.join(term.also)})" if term.also else ""
    see = f" See {', '.join(f'[{name}](#{TERMS[name].slug})' for name in term.see)}." if term.see else ""
    return f'<a id="{term.slug}"></a>**{term.name}**{also}: {term.text}{see}\n'


def web_page() -> str:
    """Return all entries as HTML, for the server of the live page: `static/glossary.html#learning-rate`."""
    entries = []
    for term in TERMS.values():
        also = f" ({html.escape(', '.join(term.also))})" if term.also else ""
        links = ", ".join(f'<a href="#{TERMS[name].slug}">{html.escape(name)}</a>' for name in term.see)
        see = f" See {links}." if links else ""
        entries.append(
            f'<dt id="{term.slug}">{html.escape(term.name)}{also}</dt><dd>{html.escape(term.text)}{see}</dd>'
        )
    return (
        '<!doctype html>\n<html lang="en" class="glossary"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark"><title>Glossary · chainrule</title>'
        '<link rel="icon" href="icon.svg" type="image/svg+xml"><link rel="stylesheet" href="teacher.css"></head>\n'
        f"<body><main><h1>Glossary</h1><dl>\n{chr(10).join(entries)}\n</dl></main></body></html>\n"
    )


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(markdown(), encoding="utf-8")
