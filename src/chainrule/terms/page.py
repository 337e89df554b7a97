"""The glossary as a page of the documentation: `python -m chainrule.terms.page docs/glossary.md`."""

from __future__ import annotations

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


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(markdown(), encoding="utf-8")
