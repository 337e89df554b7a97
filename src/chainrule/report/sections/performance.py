"""Performance on the held-out rows: where the network is right, how sure it may be, and for whom it is worse."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np

from chainrule import plot
from chainrule._typing import Array
from chainrule.report import groups, pictures
from chainrule.report.facts import Facts
from chainrule.report.html import Html, details, figure, figures, join, table, tag, term
from chainrule.report.numbers import number, percent
from chainrule.report.section import Section

_MOST_CLASSES = 30
_MOST_CURVES = 8
_MOST_GROUPINGS = 3
_FEW = 10


def section(facts: Facts) -> Section:
    """Return how the network does on rows it has never seen."""
    rows = len(facts.folder.predictions.y)
    intro = tag("p", f"Everything here comes from the {rows:,} test rows.")
    body, numbers = _classes(facts) if facts.is_classification else _values(facts)
    by_group, more = _by_group(facts)
    return Section("performance", "Performance", join([intro, body, by_group]), {**numbers, **more})


def _classes(facts: Facts) -> tuple[Html, dict[str, Any]]:
    found, names = facts.folder.predictions, facts.names.classes
    y, p = found.y, found.outputs
    present = len(np.unique(y)) > 1
    curves = present and len(names) <= _MOST_CURVES
    scores = p[:, 1] if len(names) == 2 else p  # of two classes one curve is enough: the other is its mirror image
    confusion = plot.numbers.confusion(y, p, classes=names)
    calibration = plot.numbers.calibration(y, scores, classes=names)
    body = figures(
        figure(
            pictures.svg(plot.confusion, confusion),
            "Rows: what it was. Columns: what the network said. On the diagonal it was right.",
            _confusion_table(confusion),
        ),
        figure(
            pictures.svg(plot.calibration, calibration),
            join([
                f"Of the rows given 70 %, 70 % should be {names[1] if len(names) == 2 else 'right'}. ",
                term("Brier score"), f" {number(calibration.brier)}, ",
                term("expected calibration error"), f" {percent(calibration.ece)}.",
            ]),
        ),
        figure(
            pictures.svg(plot.roc, y, scores, classes=names),
            join([term("ROC AUC", "ROC curve"), ": which share of a class is found, at which share of false alarms."]),
        ) if curves else None,
        figure(
            pictures.svg(plot.precision_recall, y, scores, classes=names),
            join([term("precision", "Precision"), " and ", term("recall"), ": how much of what is found is right, ",
                  "and how much of what there is is found."]),
        ) if curves else None,
    )  # fmt: skip
    per_class = groups.by_class(y, p.argmax(axis=1), len(names))
    parts = [body, tag("h3", "Class by class"), _per_class(names, per_class)]
    numbers: dict[str, Any] = {
        "confusion": confusion.counts,
        "brier": calibration.brier,
        "expected_calibration_error": calibration.ece,
        "classes": {n: asdict(c) for n, c in zip(names, per_class, strict=True)},
    }
    if len(names) == 2:
        at = groups.by_threshold(y, p[:, 1])
        parts += [tag("h3", "Other thresholds"), _thresholds(names[1], at)]
        numbers["thresholds"] = [asdict(t) for t in at]
    return join(parts), numbers


def _confusion_table(confusion: Any) -> Html:
    names = confusion.names[:_MOST_CLASSES]
    if len(confusion.names) > _MOST_CLASSES:
        return Html()
    rows = [[name, *(int(n) for n in row)] for name, row in zip(names, confusion.counts, strict=True)]
    right = range(1, len(names) + 1)
    return details("As a table", table(["it was ↓   said →", *names], rows, label="confusion matrix", right=right))


def _per_class(names: tuple[str, ...], found: list[groups.PerClass]) -> Html:
    heads = ["class", "rows", "named so", term("precision"), term("recall"), term("macro F1", "F1")]
    order = sorted(range(len(names)), key=lambda i: -found[i].rows)[:_MOST_CLASSES]
    rows = [
        [
            names[i],
            found[i].rows,
            found[i].named,
            *(percent(v) for v in (found[i].precision, found[i].recall, found[i].f1)),
        ]
        for i in order
    ]
    return table(heads, rows, label="precision and recall of each class", right=range(1, 6))


def _thresholds(name: str, found: list[groups.AtThreshold]) -> Html:
    words = join(["“", tag("b", name), "” is said where its probability is above 0.5. With another ",
                  term("threshold"), " it would be said more or less often:"])  # fmt: skip
    rows = [
        [f"{t.threshold:.1f}", t.flagged, t.hits, percent(t.precision), percent(t.recall), percent(t.accuracy)]
        for t in found
    ]
    heads = ["threshold", f"said to be {name}", "of those right", "precision", "recall", "accuracy"]
    return join([tag("p", words), table(heads, rows, label="scores at other thresholds", right=range(1, 6))])


def _values(facts: Facts) -> tuple[Html, dict[str, Any]]:
    found = facts.folder.predictions
    y, p = found.y, found.outputs[:, 0]
    shown = plot.numbers.residuals(y, p)
    tenths = groups.by_tenth(y, p)
    body = figures(
        figure(
            pictures.svg(plot.predictions, shown), "Each point is a test row; on the line, the prediction is exact."
        ),
        figure(
            pictures.svg(plot.residuals, shown),
            join([term("residual", "Residuals"), ": what is left to explain. A bend or a funnel is something missed."]),
        ),
    )
    rows = [
        [f"{number(t.low)} to {number(t.high)}", t.rows, number(t.predicted), number(t.actual), number(t.rmse)]
        for t in tenths
    ]
    heads = [f"predicted {facts.names.target}", "rows", "mean prediction", "mean truth", term("RMSE")]
    interval, numbers = _interval(facts, y, p)
    parts = [body, interval, tag("h3", "From the lowest to the highest prediction"),
             table(heads, rows, label="error by tenths of the prediction", right=range(1, 5))]  # fmt: skip
    return join(parts), {"tenths": [asdict(t) for t in tenths], **numbers}


def _interval(facts: Facts, y: Array, p: Array) -> tuple[Html, dict[str, Any]]:
    """Return how far off a new prediction may be, from the validation rows, and whether that holds on the test rows."""
    prepared = facts.prepared
    if prepared is None or len(prepared.split.validation) < _FEW:
        return Html(), {}
    rows = prepared.split.validation
    errors = np.abs(prepared.y[rows] - facts.predict(prepared.matrix[rows])[:, 0])
    half = groups.conformal(errors)
    held = float((np.abs(y - p) <= half).mean())
    words = " holds the true value in nine of ten cases, judged by the validation rows; of the test rows it holds "
    shown = join([tag("b", f"Prediction ± {number(half)}"), words, f"{percent(held)}."])
    return tag("p", shown, class_="callout"), {"prediction_interval_90": half, "held_on_test": held}


def _by_group(facts: Facts) -> tuple[Html, dict[str, Any]]:
    """Return the scores of parts of the rows, by the most important columns."""
    prepared = facts.prepared
    if prepared is None:
        return Html(), {}
    found = facts.folder.predictions
    parts, numbers, uneven = [], {}, False
    for name in facts.ranking[:_MOST_GROUPINGS]:
        own = groups.by_column(facts, prepared, name)
        uneven = uneven or groups.uneven(own)
        made = [(g, _group_score(facts, found.y[g.rows], found.outputs[g.rows])) for g in own]
        numbers[name] = {g.name: {"rows": len(g.rows), "score": s[0]} for g, s in made}
        score = "right" if facts.is_classification else term("RMSE", "typical error (RMSE)")
        rows = [[g.name, len(g.rows), s[1], s[2]] for g, s in made]
        heads = [name, "rows", score, "95 % interval" if facts.is_classification else "mean error"]
        parts.append(table(heads, rows, label=f"scores by {name}", right=(1, 2, 3)))
    intro = tag(
        "p",
        "The same score for parts of the test rows, by the columns that matter most: for whom is the network worse?",
        " Quarters are not all of one size: rows with equal values stay together." if uneven else None,
    )
    return join([tag("h3", "By group"), intro, tag("div", *parts, class_="tables")]), {"groups": numbers}


def _group_score(facts: Facts, y: Array, outputs: Array) -> tuple[float, str, str]:
    if facts.is_classification:
        right = int((outputs.argmax(axis=1) == y).sum())
        low, high = groups.wilson(right, len(y))
        return right / len(y), percent(right / len(y)), f"{percent(low, 0)} to {percent(high, 0)}"
    errors = outputs[:, 0] - y
    rmse = float(np.sqrt((errors**2).mean()))
    return rmse, number(rmse), number(float(errors.mean())).replace("-", "−")
