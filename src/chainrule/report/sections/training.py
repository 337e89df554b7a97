"""Training: how loss and metrics went, what the optimizer did, how gradients and units fared, what was found."""

from __future__ import annotations

from typing import Any

from chainrule.report import pictures
from chainrule.report.facts import Facts
from chainrule.report.html import Html, details, figure, items, join, table, tag, term
from chainrule.report.numbers import number
from chainrule.report.section import Section

_MOST_EPOCHS = 200
_SEVERITY = {"error": "✗ broken", "warning": "! warning", "note": "i note"}


def section(facts: Facts) -> Section:
    """Return how the training went."""
    from chainrule import plot

    history = facts.folder.history
    body = join(
        [
            figure(pictures.svg(plot.training, history), join([
                "Solid: training rows. Dashed: validation rows. Where the dashed curve rises while the solid one ",
                "falls, the network begins to learn its rows by heart (", term("overfitting"), ")."]), wide=True),
            _as_table(history),
            tag("h3", "Health"),
            _health(facts),
            _inside(facts),
        ]
    )  # fmt: skip
    return Section("training", "Training", body, {"history": history, "findings": facts.findings})


def _as_table(history: dict[str, list[float]]) -> Html:
    names = list(history)
    epochs = len(history["loss"])
    every = -(-epochs // _MOST_EPOCHS)
    rows = [[i + 1, *(number(history[n][i]) for n in names)] for i in range(0, epochs, every)]
    inner = table(["epoch", *names], rows, label="loss and metrics of each epoch", right=range(len(names) + 1))
    return details("The curves as a table", inner)


def _health(facts: Facts) -> Html:
    if facts.folder.recording is None:
        return tag("p", "The run holds no recording of weights and gradients, so only the curves above can be judged.",
                   class_="missing")  # fmt: skip
    if not facts.findings:
        words = "Nothing was found: no dead or saturated units, no vanishing or exploding gradients, no divergence."
        return tag("p", tag("span", "✓ ", class_="good"), words)
    rows = [[_at(f), _SEVERITY.get(f["severity"], f["severity"]), f["where"], _what(f)] for f in facts.findings]
    return table(["step", "how bad", "where", "what, and what to try"], rows, label="what the health checks found")


def _at(finding: dict[str, Any]) -> str:
    return "–" if finding["step"] is None else f"{finding['step']:,}"


def _what(finding: dict[str, Any]) -> Html:
    return join([tag("p", finding["message"]), items(finding["tries"], class_="tries")])


def _inside(facts: Facts) -> Html:
    made = pictures.inside(facts)
    if not made:
        return Html()
    return join([tag("h3", "Inside the network"), *(figure(p, said, wide=True) for p, said in made)])
