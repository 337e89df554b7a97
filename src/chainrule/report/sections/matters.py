"""What matters: which columns the network needs, and how its prediction moves with them."""

from __future__ import annotations

from chainrule.inspect.importance import Importance
from chainrule.plot.pictures.inspection import importance
from chainrule.report import drawing, pictures
from chainrule.report.facts import Facts
from chainrule.report.grids import ColumnDependence, days_as_text
from chainrule.report.html import Html, details, figure, figures, join, table, tag, term
from chainrule.report.numbers import number, signed
from chainrule.report.section import Section

_MOST_BARS = 15
_MOST_COLOURS = 8


def section(facts: Facts) -> Section:
    """Return which columns matter and how."""
    found = facts.importance
    if found is None:
        return Section("matters", "What matters", tag("p", facts.folder.without, class_="missing"))
    body = join(
        [
            tag("h3", "Permutation importance"),
            tag("p", _intro(facts, found)),
            figure(pictures.svg(importance, found, most=_MOST_BARS), None, _importance_table(found), wide=True),
            tag("h3", "Partial dependence"),
            tag("p", _about_curves(facts)),
            figures(*(_curve(facts, d) for d in facts.dependences)),
            _slice(facts),
        ]
    )
    each = {n: {"mean": m, "std": s} for n, m, s in zip(found.names, found.mean, found.std, strict=True)}
    numbers = {
        "importance": {"score": found.score, "before": found.before, "rows": found.rows, "columns": each},
        "partial_dependence": {d.name: {"at": d.grid, "mean": d.average} for d in facts.dependences},
    }
    return Section("matters", "What matters", body, numbers)


def _intro(facts: Facts, found: Importance) -> Html:
    score = term("log loss") if facts.is_classification else term("RMSE")
    repeats = found.drops.shape[1]
    return join(
        ["How much the ", score, f" ({number(found.before)} on {found.rows:,} test rows) rises when the cells of a ",
         f"column are shuffled: mean and standard deviation of {repeats} shuffles. Near 0, the network can do without ",
         "the column; where two columns say the same, neither may seem to matter. See ",
         term("permutation importance"), "."]
    )  # fmt: skip


def _importance_table(found: Importance) -> Html:
    rows = [[found.names[i], signed(found.mean[i]), f"{found.std[i]:.4f}"] for i in found.order]
    return details("As a table", table(["column", "rise", "±"], rows, label="permutation importance", right=(1, 2)))


def _about_curves(facts: Facts) -> Html:
    lines = ": the mean over test rows. "
    if not facts.private:
        lines = ": thick, the mean over test rows; thin, single rows (ICE). Where thin lines cross, the effect depends "
        lines += "on the other columns. Of categories: a dot for the mean, a bar for the middle eight rows of ten. "
    return join(
        ["How the ", tag("b", facts.of_what), " moves if only one column changes and all others stay as they are",
         lines, "See ", term("partial dependence"), "."]
    )  # fmt: skip


def _curve(facts: Facts, found: ColumnDependence) -> Html:
    shares = facts.is_classification
    picture = pictures.svg(drawing.dependence, found, facts.of_what, lines=not facts.private, shares=shares)
    rows = [[label(found, i), number(float(found.average[i]))] for i in _some(len(found.grid))]
    right = (0, 1) if found.is_ordered else (1,)
    shown = table([found.name, "mean"], rows, label=f"partial dependence on {found.name}", right=right)
    return figure(picture, None, details("As a table", shown))


def label(found: ColumnDependence, i: int) -> str:
    """Return a place on the axis of a curve as text."""
    if found.kind == "date":
        return days_as_text(found.grid[i])
    return number(float(found.grid[i])) if found.is_ordered else str(found.grid[i])


def _some(n: int) -> list[int]:
    every = -(-n // 12)
    return list(range(0, n, every))


def _slice(facts: Facts) -> Html:
    made = pictures.decision_slice(facts)
    if made is None:
        return Html()
    return join([tag("h3", "The two that matter most, together"), figure(made, _keys(facts))])


def _keys(facts: Facts) -> Html | None:
    """Return which colour stands for which class; points, which a private report leaves out, would tell."""
    if not facts.private or not facts.is_classification:
        return None
    colour = "background:var(--chainrule-class-{})"
    shown = facts.names.classes[:_MOST_COLOURS]
    return join([join([tag("span", class_="swatch", style=colour.format(i)), c]) for i, c in enumerate(shown)])
