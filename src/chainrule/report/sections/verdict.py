"""Verdict: how good the network is, against what it has to beat, in words first; and what to be wary of."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.cli.show import SCORE_NAMES
from chainrule.report.facts import Facts
from chainrule.report.html import Html, items, join, table, tag, term
from chainrule.report.numbers import counted, of_score, percent
from chainrule.report.section import Section
from chainrule.tabular.scores import LOWER_IS_BETTER

LEAK = 0.95
_FEW_ROWS = 100
_RARE_CLASS = 0.1

BETTER, EVEN, WORSE = 1, 0, -1
GOOD, MIXED, BAD = ("good", "✓"), ("mixed", "!"), ("bad", "✗")


def section(facts: Facts) -> Section:
    """Return the verdict."""
    (level, mark), words = judgement(facts)
    card = tag(
        "div",
        tag("span", mark, class_="mark", aria_hidden="true"),
        tag("div", tag("p", words, class_="words"), tag("p", _sentences(facts))),
        class_=f"verdict {level}",
    )
    alerts = alerts_of(facts)
    body = join(
        [
            card,
            _scores(facts),
            tag("h3", "What to be wary of") if alerts else None,
            items(alerts, class_="alerts"),
            None if alerts else tag("p", "Nothing to be wary of was found.", class_="muted"),
        ]
    )
    plain = [_without_tags(a) for a in alerts]
    return Section("verdict", "Verdict", body, {"level": level, "words": words, "alerts": plain})


def judgement(facts: Facts) -> tuple[tuple[str, str], str]:
    """Return the level with its mark, and the verdict in a few words."""
    simple = "majority" if facts.is_classification else "mean"
    of_guess = "always naming the most frequent class" if facts.is_classification else "always predicting the mean"
    guess, linear = _against(facts.metrics, simple), _against(facts.metrics, "linear")
    ahead = _linear_ahead(facts)
    by_linear = f"; a linear model {ahead}" if ahead else ""
    if guess == WORSE:
        return BAD, f"No better than {of_guess}{by_linear}"
    if guess == EVEN:
        return MIXED, f"Hardly better than {of_guess}: chance may give as much{by_linear}"
    if linear == WORSE:
        return MIXED, f"Better than {of_guess}, but a linear model does better"
    if linear == EVEN:
        which = f", which {ahead}" if ahead else ""
        return MIXED, f"Better than {of_guess}, and about as good as a linear model{which}"
    return GOOD, "Better than both baselines, by more than chance may give"


def _linear_ahead(facts: Facts) -> str:
    """Return by how much the linear model scores better than the network, or nothing where it does not."""
    main = facts.metrics["main_score"]
    network, linear = (s[main]["value"] for s in (facts.metrics["test"], facts.metrics["baseline"]["linear"]))
    better = linear < network if main in LOWER_IS_BETTER else linear > network
    theirs, ours = of_score(main, linear), of_score(main, network)
    if not better or theirs == ours:
        return ""
    verb = "has a smaller error" if main in LOWER_IS_BETTER else "scores higher"
    return f"{verb} ({SCORE_NAMES[main]} {theirs} against {ours})"


def _against(metrics: dict[str, Any], other: str) -> int:
    """Return how the network compares with a baseline, going by the interval of the gain where it is known."""
    gain = metrics.get("margin", {}).get(other)
    if gain is None or gain["low"] is None:
        main = metrics["main_score"]
        even = metrics["test"][main]["value"] == metrics["baseline"][other][main]["value"]
        return BETTER if metrics["beats"][other] else EVEN if even and other == "linear" else WORSE
    if not metrics["beats"][other] and other != "linear":
        return WORSE
    return BETTER if gain["low"] > 0 else WORSE if gain["high"] < 0 else EVEN


def _sentences(facts: Facts) -> Html:
    metrics = facts.metrics
    main, rows = metrics["main_score"], metrics["rows"]["test"]
    test, linear = metrics["test"], metrics["baseline"]["linear"]
    between = _interval(main, test[main])
    if facts.is_classification:
        majority = metrics["baseline"]["majority"]["accuracy"]["value"]
        often = facts.names.classes[_most_frequent(facts)]
        return join(
            [
                f"The network names the right class of {facts.names.target} for {percent(test[main]['value'])} of ",
                f"{counted(rows, 'row')} that it had never seen",
                between,
                f". Always saying “{often}” would be right ",
                f"for {percent(majority)}; a linear model is right for {percent(linear[main]['value'])}.",
            ]
        )
    mean = metrics["baseline"]["mean"][main]["value"]
    return join(
        [
            f"On {counted(rows, 'row')} that the network had never seen, its ", term("RMSE", "typical error (RMSE)"),
            f" is {of_score(main, test[main]['value'])} in units of {facts.names.target}", between,
            f". Always predicting the mean has {of_score(main, mean)}; a linear model has ",
            f"{of_score(main, linear[main]['value'])}. The network explains {of_score('r2', test['r2']['value'])} of ",
            "the variance.",
        ]
    )  # fmt: skip


def _interval(name: str, score: dict[str, Any]) -> Html:
    if score["low"] is None:
        return Html()
    words = term("confidence interval", "95 % interval")
    return join([" (", words, f" {of_score(name, score['low'])} to {of_score(name, score['high'])})"])


def _scores(facts: Facts) -> Html:
    metrics = facts.metrics
    others = metrics["baseline"]
    heads = ["score on the test rows", "network", "95 % interval", *others]
    rows = []
    for name, score in metrics["test"].items():
        interval = "–" if score["low"] is None else f"{of_score(name, score['low'])} to {of_score(name, score['high'])}"
        theirs = [of_score(name, other[name]["value"]) for other in others.values()]
        better = " (lower is better)" if name in LOWER_IS_BETTER else ""
        label = join([term(SCORE_NAMES[name]), tag("span", better, class_="muted")])
        rows.append([label, tag("b", of_score(name, score["value"])), interval, *theirs])
    return table(heads, rows, label="scores of the network and of the baselines", right=range(1, len(heads)))


def alerts_of(facts: Facts) -> list[Html]:
    """Return what a reader should be wary of, the most serious first."""
    found: list[Html] = []
    leaks = [c for c in facts.columns if c.alone is not None and c.alone > LEAK]
    for c in leaks:
        found.append(
            join([tag("b", "Suspicious column. "), f"{c.column.name} alone explains {percent(c.alone)} of ",
                  f"{facts.names.target}. Was it known before {facts.names.target} was? If not, it is a ",
                  term("leakage", "leak"), " and has to go."])
        )  # fmt: skip
    for finding in facts.findings:
        if finding["severity"] in ("error", "warning"):
            found.append(join([tag("b", "Training. "), finding["message"], " ", tag("a", "More", href="#training")]))
    drifted = [c.column.name for c in facts.columns if c.drift is not None and c.drift.found]
    if drifted:
        words = "1 column differs" if len(drifted) == 1 else f"{len(drifted)} columns differ"
        found.append(
            join([tag("b", "Drift. "), f"{words} between training and test rows: {', '.join(drifted[:5])}. ",
                  tag("a", "More", href="#data")])
        )  # fmt: skip
    found += _about_rows(facts)
    if not facts.metrics["stopped_early"] and facts.metrics["best_epoch"] >= facts.metrics["epochs"] - 1:
        found.append(
            join([tag("b", "Not finished. "), "The last epochs were the best: more ", term("epoch", "epochs"),
                  " may do better (--epochs)."])
        )  # fmt: skip
    if facts.folder.without:
        found.append(
            join([tag("b", "Without the table. "), facts.folder.without, " What needs its rows is left out below."])
        )
    return found


def _about_rows(facts: Facts) -> list[Html]:
    found = []
    rows = facts.metrics["rows"]["test"]
    if rows < _FEW_ROWS:
        found.append(
            join([tag("b", "Few test rows. "), f"All scores come from {counted(rows, 'row')}: mind the intervals."])
        )
    if facts.is_classification:
        shares = np.bincount(facts.folder.predictions.y, minlength=len(facts.names.classes)) / max(rows, 1)
        rarest = int(shares.argmin())
        if shares[rarest] < _RARE_CLASS and len(shares) == 2:
            found.append(
                join([tag("b", "Unequal classes. "), f"“{facts.names.classes[rarest]}” is {percent(shares[rarest])} ",
                      "of the test rows, so accuracy says little of it; look at ", term("precision"), ", ",
                      term("recall"), " and ", term("ROC AUC"), "."])
            )  # fmt: skip
    return found


def _most_frequent(facts: Facts) -> int:
    """Return the number of the class that the majority baseline names."""
    if facts.prepared is not None:
        y = facts.prepared.y[facts.prepared.split.train]
    else:
        y = facts.folder.predictions.y
    return int(np.bincount(y, minlength=len(facts.names.classes)).argmax())


def _without_tags(words: Html) -> str:
    import html
    import re

    return html.unescape(re.sub(r"<[^>]*>", "", words))
