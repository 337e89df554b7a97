"""Data: the columns and what became of them, the target, the split, drift, and what a column says by itself."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from chainrule.report.columns import ColumnFacts
from chainrule.report.facts import Facts
from chainrule.report.html import Html, items, join, table, tag, term, text
from chainrule.report.numbers import counted, number, percent
from chainrule.report.section import Section
from chainrule.report.sections.verdict import LEAK
from chainrule.tabular.copies import marks, shared
from chainrule.tabular.target import NumberTarget

_MOST_COLUMNS = 150
_MOST_CLASSES = 30
_LONGEST = 56  # letters of how a column looks


def section(facts: Facts) -> Section:
    """Return what there is to say of the data."""
    parts = [_intro(facts), tag("h3", "Rows"), _rows(facts)]
    if facts.prepared is not None:
        parts += [tag("h3", f"Target: {facts.names.target}"), _target(facts)]
        parts += [tag("h3", "Columns"), _columns(facts), _how_to_read(facts)]
    else:
        parts.append(tag("p", facts.folder.without, class_="missing"))
        parts += [tag("h3", "Columns used"), items(facts.names.columns, class_="inline")]
    numbers = {"rows": facts.metrics["rows"], "columns": [_as_data(facts, c) for c in facts.columns]}
    return Section("data", "Data", join(parts), numbers)


def _intro(facts: Facts) -> Html:
    used = len(facts.names.columns)
    inputs = len(facts.names.features)
    rows = sum(facts.metrics["rows"].values())
    taken = f"{counted(used, 'column')} used, as {counted(inputs, 'input')} of the network."
    words = f"{counted(rows, 'row')} with a target; {taken}"
    remarks = [] if facts.private or facts.prepared is None else facts.prepared.remarks
    return join([tag("p", words), items(remarks, class_="muted")])


def _rows(facts: Facts) -> Html:
    uses = {
        "train": "the network learns from these",
        "validation": "they decide when training stops",
        "test": "kept aside: all scores come from these",
    }
    rows = facts.metrics["rows"]
    total = max(sum(rows.values()), 1)
    body = [[name, rows[name], percent(rows[name] / total), use] for name, use in uses.items()]
    split = facts.folder.settings.split_by
    said = f"Rows with the same {split} are in one part." if split else "Rows were assigned by chance, from the seed."
    return join([table(["part", "rows", "share", "what for"], body, label="how the rows were split", right=(1, 2)),
                 tag("p", said, class_="muted"), _copies(facts)])  # fmt: skip


def _copies(facts: Facts) -> Html | None:
    """Say how many test rows the network has seen in training under another number, if any."""
    if facts.prepared is None:
        return None
    prepared, split = facts.prepared, facts.prepared.split
    names = [c.name for c in prepared.columns if c.used]
    count = shared(marks(prepared.table, [*names, prepared.settings.target]), split.test, split.train)
    if not count:
        return None
    words = "is equal to a row" if count == 1 else "are equal to rows"
    return tag(
        "p",
        f"{count:,} of the {len(split.test):,} test rows {words} of the training part, cell by cell. The scores count "
        "them like any other; if they are copies of one measurement, put them into one part with --split-by.",
    )


def _target(facts: Facts) -> Html:
    prepared = facts.prepared
    assert prepared is not None
    parts = {"train": prepared.split.train, "validation": prepared.split.validation, "test": prepared.split.test}
    if isinstance(prepared.preprocessor.target, NumberTarget):
        heads = ["part", "mean", "standard deviation", "lowest", "median", "highest"]
        body = []
        for name, rows in parts.items():
            y = prepared.y[rows]
            ends = ["·", "·"] if facts.private else [number(float(y.min())), number(float(y.max()))]
            body.append(
                [name, number(float(y.mean())), number(float(y.std())), ends[0], number(float(np.median(y))), ends[1]]
            )
        return table(heads, body, label="the target in each part", right=range(1, 6))
    classes = facts.names.classes
    counts = np.array([np.bincount(prepared.y[rows], minlength=len(classes)) for rows in parts.values()])
    order = np.argsort(-counts.sum(axis=0), kind="stable")
    body = []
    for i in order[:_MOST_CLASSES]:
        shares = [f"{percent(c[i] / max(c.sum(), 1))}" for c in counts]
        body.append([classes[i], *shares, counts[:, i].sum(), meter(counts[:, i].sum() / counts.sum())])
    shown = table(
        ["class", *parts, "rows", "share of all"], body, label="how often each class occurs", right=range(1, 5)
    )
    rest = len(order) - _MOST_CLASSES
    return join([shown, tag("p", f"and {rest} rarer classes", class_="muted") if rest > 0 else None])


def meter(share: float, kind: str = "") -> Html:
    """Return a bar as long as a share, from 0 to 1."""
    width = f"width:{min(max(100 * share, 0), 100):.1f}%"
    return tag("span", tag("span", style=width), class_=f"meter {kind}".strip(), aria_hidden="true")


def _columns(facts: Facts) -> Html:
    heads = [
        "column",
        "kind",
        "missing",
        "different",
        "looks like",
        term("explained alone", "explains alone"),
        term("drift"),
    ]
    shown = facts.columns[:_MOST_COLUMNS]
    body = [_row(facts, c) for c in shown]
    made = table(heads, body, label="the columns of the table", right=(2, 3), class_="columns")
    rest = len(facts.columns) - len(shown)
    return join([made, tag("p", f"and {counted(rest, 'more column')}", class_="muted") if rest else None])


def _row(facts: Facts, c: ColumnFacts) -> list[Any]:
    column = c.column
    assert facts.prepared is not None
    missing = percent(column.missing / max(facts.prepared.table.height, 1)) if column.missing else ""
    looks = _looks(facts, c)
    if c.alone is None or c.drift is None:
        note = "left out" if facts.private else column.note or "left out"
        return [column.name, column.kind, missing, column.distinct, looks, tag("span", note, class_="muted"), ""]
    alone = join([meter(c.alone, "bad" if c.alone > LEAK else ""), tag("span", percent(c.alone), class_="beside")])
    words = f"{c.drift.size:.2f}"
    drift = tag("b", f"{words} – differs", class_="bad") if c.drift.found else tag("span", words, class_="muted")
    return [column.name, column.kind, missing, column.distinct, looks, alone, drift]


def _looks(facts: Facts, c: ColumnFacts) -> Html:
    """Return how a column looks, short enough for a table; its number of values has a column of its own."""
    words = "·" if facts.private else re.sub(r"^\d+ values: ", "", c.column.why)
    if len(words) <= _LONGEST:
        return text(words)
    return tag("span", words[:_LONGEST].rsplit(" ", 1)[0].rstrip(" ,.<=>"), " …", title=c.column.why)


def _how_to_read(facts: Facts) -> Html:
    return tag(
        "p",
        "“Explains alone”: the share of the target that the column predicts by itself on the test rows; more than ",
        f"{percent(LEAK)} is suspicious. “Drift”: how far test rows differ from training rows, from 0 to 1; it is ",
        "called so where chance gives as much in one table of a thousand.",
        class_="muted",
    )


def _as_data(facts: Facts, c: ColumnFacts) -> dict[str, Any]:
    found = {"name": c.column.name, "kind": c.column.kind, "missing": c.column.missing, "different": c.column.distinct}
    if c.alone is not None and c.drift is not None:
        found |= {"explains_alone": c.alone, "drift": c.drift.size, "drift_by_chance": c.drift.chance}
    return found
