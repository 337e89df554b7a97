"""A whole report as one page: its head, its contents, its sections, and its numbers as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from chainrule.report.facts import Facts
from chainrule.report.html import Html, join, tag, text
from chainrule.report.numbers import plain_numbers
from chainrule.report.section import Section
from chainrule.report.sections import (
    data,
    glassbox,
    glossary,
    matters,
    model,
    performance,
    reproduce,
    surface,
    training,
    verdict,
)
from chainrule.report.style import style

_PARTS = (verdict, data, model, training, performance, matters, glassbox, surface, reproduce)
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"


def page(facts: Facts) -> str:
    """Return the report as HTML."""
    sections = [part.section(facts) for part in _PARTS]
    explained = glossary.section("".join(s.body for s in sections))
    sections.append(explained)
    title = f"{facts.names.target}: report of a trained network"
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("meta", name="referrer", content="no-referrer"),
        tag("title", title),
        tag("style", Html(style())),
    )
    main = tag("main", *map(_section, sections))
    shown = tag("div", _header(facts), _contents(sections), main, _footer(), class_="layout")
    body = tag("body", shown, _numbers(facts, sections))
    return f"<!DOCTYPE html>\n{tag('html', head, body, lang='en')}\n"


def _header(facts: Facts) -> Html:
    kinds = {"binary": "which of two classes", "multiclass": "which class", "regression": "a number"}
    name = Path(facts.folder.settings.data).name
    said = f"A neural network that predicts {kinds[facts.task]}, trained on {name}."
    private = tag("p", "Private: rows and category names of the table are left out.") if facts.private else None
    return tag("header", tag("h1", facts.names.target), tag("p", said), private)


def _contents(sections: Sequence[Section]) -> Html:
    links = [tag("li", tag("a", s.title, href=f"#{s.key}")) for s in sections]
    return tag("nav", tag("ol", *links), aria_label="Contents")


def _section(found: Section) -> Html:
    return tag("section", tag("h2", found.title, id=f"{found.key}-title"), found.body, id=found.key,
               aria_labelledby=f"{found.key}-title")  # fmt: skip


def _footer() -> Html:
    return tag(
        "footer", "One file: no script, nothing loaded from elsewhere. Its numbers are in the page as JSON, too."
    )


def _numbers(facts: Facts, sections: Sequence[Section]) -> Html:
    """Return all numbers as a block of data that a browser does not run; nothing in it can end the block."""
    found = {s.key: s.numbers for s in sections if s.numbers}
    scores = {k: facts.metrics[k] for k in ("target", "task", "test", "baseline", "main_score")}
    written = json.dumps(plain_numbers({**scores, **found}), ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    safe = written.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    return join([Html(f'<script type="application/json" id="numbers">{safe}</script>'), text("")])
