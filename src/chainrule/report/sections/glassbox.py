"""Glass box: the worst errors and a typical prediction, with every number from the cells to the gradient."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule._typing import Array
from chainrule.errors import MissingExtraError
from chainrule.inspect.contributions import Contributions, contributions
from chainrule.report.facts import Facts
from chainrule.report.html import Html, details, join, table, tag, term
from chainrule.report.numbers import counted, number, percent, signed
from chainrule.report.section import Section
from chainrule.report.sections.data import meter
from chainrule.tabular import recipe
from chainrule.tabular.target import ClassTarget, NumberTarget

if TYPE_CHECKING:
    from chainrule.tabular.train import Prepared

_BUDGET = 800_000  # characters of derivations
_MOST_COLUMNS = 12


def section(facts: Facts) -> Section:
    """Return the worst errors, derived."""
    found = facts.worst
    chosen = [*found.rows.tolist(), *([] if found.typical is None else [found.typical])]
    numbers = {
        "worst": [_as_data(facts, i) for i in found.rows],
        "typical": None if found.typical is None else _as_data(facts, found.typical),
    }
    table_of_all = _overview(facts, chosen)
    if facts.private:
        words = "This report is private: the cells of single rows, and derivations that show them, are left out."
        return Section("glass-box", "Glass box", join([table_of_all, tag("p", words, class_="missing")]), numbers)
    if facts.prepared is None:
        said = tag("p", facts.folder.without, " Without its rows there is no derivation.", class_="missing")
        return Section("glass-box", "Glass box", join([table_of_all, said]), numbers)
    cards: list[Html] = []
    for place, i in enumerate(chosen):
        room = (_BUDGET - sum(map(len, cards))) // (len(chosen) - place)
        cards.append(_card(facts, facts.prepared, i, place, room))
    intro = tag(
        "p", "Each number below is one that the network used, in float64, checked against central differences. ",
        "“Adds” is slope times input (", term("contribution"), "), summed over the inputs that stand for a column.",
    )  # fmt: skip
    return Section("glass-box", "Glass box", join([table_of_all, intro, *cards]), numbers)


def _overview(facts: Facts, chosen: list[int]) -> Html:
    heads = [
        "which",
        "row of the file",
        "it was",
        "the network said",
        "how sure" if facts.is_classification else "error",
    ]
    rows = [[_kind(facts, i), *_said(facts, i)] for i in chosen]
    return join([tag("p", "The largest errors among the test rows, and a typical one that is right."),
                 table(heads, rows, label="the worst errors and a typical prediction", right=(1, 4))])  # fmt: skip


def _kind(facts: Facts, i: int) -> str:
    if i == facts.worst.typical:
        return "✓ typical"
    if not facts.is_classification:
        return "✗ far off"
    return "✗ wrong" if not facts.worst.right[i] else "✓ right, but unsure"


def _said(facts: Facts, i: int) -> list[Any]:
    found = facts.folder.predictions
    row = f"{found.rows[i]:,}"
    if not facts.is_classification:
        truth, guess = found.y[i], found.outputs[i, 0]
        shown = "·" if facts.private else number(float(truth))
        return [row, shown, number(float(guess)), signed_number(float(guess - truth))]
    p = found.outputs[i]
    names = facts.names.classes
    guess = int(p.argmax())
    sure = percent(float(p[guess]))
    if guess != found.y[i]:
        sure += f"; the truth got {percent(float(p[found.y[i]]))}"
    return [row, names[found.y[i]], names[guess], sure]


def signed_number(value: float) -> str:
    """Return a number of four digits with its sign."""
    return f"{'−' if value < 0 else '+'}{number(abs(value))}"


def _as_data(facts: Facts, i: int) -> dict[str, Any]:
    found = facts.folder.predictions
    data: dict[str, Any] = {"row": found.rows[i], "error": facts.worst.errors[i], "outputs": found.outputs[i]}
    if facts.is_classification or not facts.private:
        data["target"] = facts.names.classes[found.y[i]] if facts.is_classification else found.y[i]
    return data


def _card(facts: Facts, prepared: Prepared, i: int, place: int, room: int) -> Html:
    row = int(prepared.split.test[i])
    _, truth, guess, sure = _said(facts, i)
    name = "A typical row" if i == facts.worst.typical else f"Error {place + 1}"
    title = join([tag("b", name), f": row {prepared.rows[row]:,}, it was {truth}, the network said {guess} ({sure})"])
    observation = _traced(facts, prepared, row, "auto")
    body = [_cells(facts, prepared, row), _largest(observation)]
    full = _formulas(observation)
    if len(full) > room:
        full = _formulas(_traced(facts, prepared, row, "matrix"))
    if len(full) > room:
        words = "The whole derivation would make this page too long; chainrule trace RUN TABLE --row "
        body.append(tag("p", f"{words}{prepared.rows[row]} prints it.", class_="muted"))
    else:
        body.append(details("The whole derivation: forward, backward, update, check", full, class_="derivation"))
    return details(title, *body, open_=place == 0, class_="card")


def _traced(facts: Facts, prepared: Prepared, row: int, form: str) -> Any:
    from chainrule.glassbox import trace

    matrix, y = prepared.part(np.array([row]))
    features, classes = facts.names.features, facts.names.classes or None
    made = trace(
        facts.run.model, matrix, y[:, None], form=form, unicode=True, feature_names=features, class_names=classes
    )
    return made[0]


def _explained(facts: Facts, matrix: Array) -> Contributions:
    """Return what the features add to the output that was chosen."""
    outputs = recipe.outputs_of(facts.run.model, matrix)
    chosen = int(outputs[0].argmax()) if outputs.shape[1] > 1 else 0
    return contributions(facts.run.model, matrix, output=chosen, feature_names=facts.names.features)


def _cells(facts: Facts, prepared: Prepared, row: int) -> Html:
    """Return the cells of a row, what the network takes them as, and what they add, the largest first."""
    explained = _explained(facts, prepared.matrix[row : row + 1])
    values = explained.values[0]
    sums = {name: float(values[list(columns)].sum()) for name, columns in facts.names.columns.items()}
    largest = max((abs(v) for v in sums.values()), default=0.0) or 1.0
    order = sorted(sums, key=lambda name: -abs(sums[name]))
    rows = []
    for name in order[:_MOST_COLUMNS]:
        cell = prepared.table.get_column(name)[row]
        columns = facts.names.columns[name]
        inputs = [(facts.names.features[j], float(explained.inputs[0, j])) for j in columns]
        active = [_input(v) if len(inputs) == 1 else f"{n} = {_input(v)}" for n, v in inputs if len(inputs) == 1 or v]
        kind = "negative" if sums[name] < 0 else "positive"
        bar = meter(abs(sums[name]) / largest, kind)
        shown = "missing" if cell is None else str(cell)
        rows.append([name, shown, ", ".join(active) or "all 0", signed(sums[name], 3), bar])
    others = order[_MOST_COLUMNS:]
    if others:
        rows.append([f"{counted(len(others), 'other column')}", "", "", signed(sum(sums[n] for n in others), 3), ""])
    rest, level = signed(float(explained.rest[0]), 3), signed(float(explained.level[0]), 3)
    rows.append([tag("span", "rest (biases, and what bends)", class_="muted"), "", "", rest, ""])
    rows.append([tag("b", f"h of {_output(facts, explained)}"), "", "", tag("b", level), ""])
    heads = ["column", "cell", "input of the network", "adds", "size"]
    return join(
        [table(heads, rows, label="what each column adds to h", right=(3,)), tag("p", _meaning(facts), class_="muted")]
    )


def _input(value: float) -> str:
    return f"{value:.4g}".replace("-", "−")


def _output(facts: Facts, explained: Contributions) -> str:
    target = facts.run.preprocessor.target
    if not isinstance(target, ClassTarget):
        return facts.names.target
    return facts.names.classes[1 if facts.task == "binary" else explained.output]


def _meaning(facts: Facts) -> Html:
    target = facts.run.preprocessor.target
    if isinstance(target, NumberTarget):
        return join(
            [f"The prediction is h · {number(target.scale)} + {number(target.mean)}, in units of {target.name}."]
        )
    last = "sigmoid" if facts.task == "binary" else "softmax"
    return join(["h goes into the ", term(last), ": the larger, the more probable."])


def _formulas(printable: Any) -> Html:
    """Return lines of mathematics: MathML, or text where the package that makes it is not installed."""
    try:
        return Html(printable.html())
    except MissingExtraError:
        return tag("pre", printable.text(unicode=True), tabindex="0")


def _largest(observation: Any) -> Html:
    """Return the chain rule for the weight with the largest gradient."""
    gradients = observation.gradients
    path = max(gradients, key=lambda k: float(np.abs(gradients[k]).max(initial=0)))
    index = np.unravel_index(int(np.abs(gradients[path]).argmax()), gradients[path].shape)
    name = f"{path}[{', '.join(str(int(i)) for i in index)}]"
    words = tag("p", "The largest ", term("gradient"), " of this row's loss is that of ", tag("code", name), ":")
    return join([words, _formulas(observation.node(name))])
