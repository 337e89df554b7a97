"""The first thing a trace prints: the network in a few lines, and one row for each observation."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from chainrule._typing import Array
from chainrule.glassbox.ascii import to_ascii
from chainrule.glassbox.derive import facts as f
from chainrule.glassbox.derive.predict import Decision, class_name, decision_of
from chainrule.glassbox.derive.view import SMALL, View
from chainrule.glassbox.network import Activation, Affine, Block, Quantity, Steps
from chainrule.glassbox.notation import Math, latex_number
from chainrule.glassbox.rows import Choice

_MOST_OUTPUTS = 5


@dataclass
class Column:
    """One column: `header`, one text per observation, the room before it, and the raw values under a plain `name`."""

    header: str
    cells: list[str]
    name: str
    values: list[Any]
    gap: int = 3
    least: int = 0

    @property
    def width(self) -> int:
        return self.gap + max([self.least, len(self.header), *map(len, self.cells)])


@dataclass
class Table:
    """Columns, a verdict for each row, and what stands above and below."""

    head: list[str]
    columns: list[Column]
    verdicts: list[str]
    choice: Choice
    foot: str = ""
    line: str = "─"
    dots: str = "…"

    def text(self) -> str:
        """Return the table as text."""
        widths = [c.width for c in self.columns]
        header = "".join(f"{c.header:>{w}}" for c, w in zip(self.columns, widths, strict=True))
        line = "  " + self.line * (len(header) - 2 + 6)
        body = []
        for sentence, row in self.choice.walk():
            if row is None:
                body.append(f"  {self.dots} {sentence}")
                continue
            cells = "".join(f"{c.cells[row]:>{w}}" for c, w in zip(self.columns, widths, strict=True))
            body.append(f"{cells}  {self.verdicts[row]}".rstrip())
        parts = [*self.head, "", header, line, *body, line]
        return "\n".join([*parts, *([f"  {self.foot}"] if self.foot else [])])


# -- what stands above ------------------------------------------------------------------------------------------------


def header(view: View) -> list[str]:
    """Return the kind of network, its formulas, and its weights where they are few."""
    return [summary(view), *formulas(view), *weights(view)]


def summary(view: View) -> str:
    """Return `Perceptron  2 → 1   activation sigmoid   loss squared error   threshold 0.5`."""
    network = view.network
    affine = [b for b in network.blocks if isinstance(b, Affine)]
    single = (
        len(affine) == 1 and all(isinstance(b, Affine | Activation) for b in network.blocks) and affine[0].out.size == 1
    )
    parts = [f"{'Perceptron' if single else 'Network'}  {_widths(view)}"]
    names = [b.name for b in network.blocks if isinstance(b, Activation)] or ["linear"]
    parts.append(f"activation{'s' if len(names) > 1 else ''} {', '.join(names)}")
    losses = [_loss_title(p.loss) for p in network.recording.parts]
    if losses:
        parts.append(f"loss{'es' if len(losses) > 1 else ''} {', '.join(losses)}")
    decision = decision_of(network)
    if decision.kind in ("threshold", "each"):
        parts.append(f"threshold {view.style.number(decision.threshold)}")
    return "   ".join(parts)


def _widths(view: View) -> str:
    network = view.network
    first = " + ".join(str(q.size) for q in network.inputs)
    others = [b for b in network.blocks if not isinstance(b, Activation)]
    return " → ".join([first, *(str(b.out.size) if isinstance(b, Affine) else _class_of(b) for b in others)])


def _class_of(block: Block) -> str:
    return type(block.layer).__name__ if block.layer is not None else "ops"


def _loss_title(loss: Any) -> str:
    from chainrule.formulas import facts_of

    facts = facts_of(loss)
    return facts.title if facts is not None and facts.title else str(loss.name).replace("_", " ")


def formulas(view: View) -> list[str]:
    """Return the formulas of all layers, of ŷ and of the loss."""
    rows = []
    row: list[str] = []
    for block in view.network.blocks:
        if isinstance(block, Affine) and row:
            rows.append("    ".join(row))
            row = []
        row.append(_formula(view, block))
    row += _decision_formula(view)
    row += _loss_formula(view)
    rows.append("    ".join(row))
    return rows + _legend(view)


def _legend(view: View) -> list[str]:
    from chainrule.glassbox.derive import loss

    found = [loss.legend(part) for part in loss.parts(view)] if view.recording.loss is not None else []
    return list(dict.fromkeys(filter(None, found)))


def _formula(view: View, block: Block) -> str:
    from chainrule.glassbox.derive import forward, matrix

    if isinstance(block, Affine):
        source = view.ids_of(block.source)
        if view.is_scalar(block) and len(view.ids(block.out)) == 1 and len(view.network.blocks) <= 2:
            terms, _ = forward.affine_terms(view, block, source, 0)
            return f"{view.symbol(view.ids(block.out)[0]).text} = {' + '.join(t.text for t in terms)}"
        line = matrix.forward(view, block)[0]
        return f"{line.symbol.text} = {line.formula.text if line.formula else ''}"
    if isinstance(block, Activation):
        return _activation_formula(view, block)
    assert isinstance(block, Steps)
    inputs = ", ".join(matrix.text_of(view, view.ids_of(view.network.ids[id(t)])).text for t in block.sources)
    inputs = inputs or ", ".join(view.whole(q).text for q in _whole_numbers(view, block))
    return f"{', '.join(view.whole(q).text for q in block.outs)} = {_class_of(block)}({inputs})"


def _whole_numbers(view: View, block: Steps) -> list[Quantity]:
    """Return the model's inputs that a block takes as indices, which no derivative reaches: those of an Embedding."""
    taken = [v for r in view.recording.records[block.first : block.last] for v in r.inputs]
    found = []
    for q in view.network.inputs:
        array = q.tensor.value
        if any(np.shape(v) == array.shape and np.array_equal(np.asarray(v), array) for v in taken):
            found.append(q)
    return found


def _activation_formula(view: View, block: Activation) -> str:
    from chainrule.glassbox.derive import matrix

    out, source = view.whole(block.out), matrix.text_of(view, view.ids_of(block.source))
    if block.facts is None:
        return f"{out.text} = {block.name}({source.text})"
    if block.vector:
        source = view.vector(view.ids_of(block.source).ravel())
        head, body = f.head(block.facts, block.name, source).text, f.formula(block.facts, {"h": source}).text
        return f"{out.text}ᵢ = {head}ᵢ = {body}"
    head = f.head(block.facts, block.name, source).text
    body = f.formula(block.facts, {"h": source, "p": out}).text
    return f"{out.text} = {head}" + (f" = {body}" if body != head else "")


def _decision_formula(view: View) -> list[str]:
    decision = decision_of(view.network)
    out = view.network.outputs[0]
    if out is None or len(view.network.outputs) > 1:
        return []
    p, n = view.whole(out).text, view.style.number
    if decision.kind == "threshold":
        return [f"ŷ = {n(decision.high)} if {p} > {n(decision.threshold)} else {n(decision.low)}"]
    if decision.kind == "each":
        return [f"ŷₖ = {n(decision.high)} if {p}ₖ > {n(decision.threshold)} else {n(decision.low)}"]
    return [f"ŷ = the class of the largest {p}"] if decision.kind == "largest" else []


def _loss_formula(view: View) -> list[str]:
    from chainrule.glassbox.derive import loss

    found = []
    for part in loss.parts(view) if view.recording.loss is not None else []:
        if part.facts is None:
            found.append(f"{part.symbol.text} = {part.record.loss.name}(y, p)")
            continue
        out = view.network.outputs[part.record.position]
        assert out is not None
        y = view.names.unit("y", None, part.layer)
        if part.facts.vector:
            symbols = {"y": y, part.facts.argument: view.whole(out)}
            found.append(f"{part.symbol.text} = {f.formula(part.facts, symbols).text}")
        elif len(part.ids) == 1:
            symbols = {"y": view.names.unit("y", 0, part.layer, 1), part.facts.argument: view.symbol(int(part.ids[0]))}
            found.append(f"{part.symbol.text} = {f.formula(part.facts, symbols).text}")
        else:
            symbols = {"y": y + Math("ₖ", "_k"), part.facts.argument: view.whole(out) + Math("ₖ", "_k")}
            each = f.wrapped(f.formula(part.facts, symbols)).text
            found.append(f"{part.symbol.text} = Σₖ {each}" + (f"/{len(part.ids)}" if part.share != 1 else ""))
    return found


def weights(view: View) -> list[str]:
    """Return the values of all weights, a line for each layer, where they are few."""
    rows, total = [], 0
    layers: dict[Any, list[str]] = {}
    for block in view.network.blocks:
        for q in (block.kernel, block.bias) if isinstance(block, Affine) else ():
            if q is None or not view.is_scalar(block):
                continue
            ids = view.network.ids[id(q.tensor)]
            cells = [
                f"{view.symbol(int(n)).text} = {view.style.number(view.value(int(n)))}"
                for n in (ids.T if ids.ndim == 2 else ids).ravel()
            ]
            if f"{q.start}" not in {key[1] for key in layers}:
                layers[(block.number, f"{q.start}")] = cells
                total += len(cells)
    for number in dict.fromkeys(key[0] for key in layers):
        rows.append("    ".join(cell for key, cells in layers.items() if key[0] == number for cell in cells))
    if total > 24 or any(len(row) > 160 for row in rows) or not rows:
        count = sum(q.tensor.size for q in view.network.variables.values() if q.variable.trainable)
        return [f"{count} weights"]
    return rows


# -- the columns ------------------------------------------------------------------------------------------------------


def columns(view: View, choice: Choice, losses: Array | None) -> tuple[list[Column], list[str], Array | None]:
    """Return the columns, the verdicts, and whether each observation is right (None for regression)."""
    n = view.recording.batch.rows
    found = [Column("obs", [str(i + 1) for i in range(n)], "observation", list(range(n)), gap=2)]
    data = _inputs(view) + _targets(view)
    if all(len(c) <= 4 for col in data for c in col.cells):
        least = max([2, *(len(c) for col in data for c in [col.header, *col.cells])]) if data else 0
        for col in data:
            col.least = least
    found += data
    right: Array | None = None
    for position in range(len(view.network.outputs)):
        more, hits = _outputs(view, position)
        found += more
        if hits is not None:
            right = hits if right is None else right & hits
    if losses is not None:
        found.append(_numbers(view, view.names.letters["loss"], "loss", losses))
    verdicts = [""] * n if right is None else ["✓" if r else "✗ wrong" for r in right]
    return found, _mark_ties(view, verdicts), right


def _numbers(view: View, head: str, name: str, values: Array, fixed: bool = True) -> Column:
    write = view.style.fixed if fixed else view.style.short
    return Column(head, [write(float(v)) for v in values], name, [float(v) for v in values])


def _inputs(view: View) -> list[Column]:
    network, names = view.network, view.options.feature_names
    if any(len(q.shape) != 1 for q in network.inputs) or sum(q.size for q in network.inputs) > SMALL:
        return []
    found: list[Column] = []
    for q in network.inputs:
        for k, n in enumerate(view.ids(q)):
            symbol = names[len(found)] if len(found) < len(names) else view.symbol(int(n)).text
            values = q.tensor.value[:, k]
            if values.dtype.kind in "fiub":
                found.append(_numbers(view, symbol, symbol, values, fixed=False))
            else:
                found.append(Column(symbol, [str(v) for v in values], symbol, values.tolist()))
    return found


def _targets(view: View) -> list[Column]:
    found = []
    for part in view.recording.parts:
        y = np.asarray(part.y)
        y = y.reshape(len(y), -1) if y.ndim else y.reshape(1, 1)
        out = view.network.outputs[part.position]
        layer = out.layer if len(view.network.outputs) > 1 and out is not None else None
        if y.shape[1] == 1:
            symbol = view.names.unit("y", None, layer).text
            names = view.options.class_names
            cells = [
                names[int(v)] if names and float(v).is_integer() and 0 <= v < len(names) else view.style.short(float(v))
                for v in y[:, 0]
            ]
            found.append(Column(symbol, cells, symbol, y[:, 0].tolist()))
        elif _is_one_hot(y) and decision_of(view.network, part.position).kind == "largest":
            symbol = view.names.unit("y", None, layer).text
            found.append(Column(symbol, [class_name(view, int(k)) for k in y.argmax(1)], symbol, y.argmax(1).tolist()))
        elif y.shape[1] <= _MOST_OUTPUTS:
            for k in range(y.shape[1]):
                symbol = view.names.unit("y", k, layer, y.shape[1]).text
                found.append(_numbers(view, symbol, symbol, y[:, k], fixed=False))
    return found


def _is_one_hot(y: Array) -> bool:
    return bool(np.isin(y, (0, 1)).all() and (y.sum(axis=1) == 1).all())


def _outputs(view: View, position: int) -> tuple[list[Column], Array | None]:
    """Return the columns of one output: h of a single unit, p, ŷ; and which rows are right."""
    network = view.network
    out, tensor = network.outputs[position], network.recording.outputs[position]
    if out is None or tensor.ndim != 2:
        return [], None
    found = []
    block = next((b for b in network.blocks if isinstance(b, Activation) and b.out is out), None)
    if block is not None and out.size == 1 and block.source_tensor.shape == tensor.shape:
        symbol = view.symbol(view.ids_of(block.source)[0]).text
        found.append(_numbers(view, symbol, symbol, block.source_tensor.value[:, 0]))
    for k in range(out.size) if out.size <= _MOST_OUTPUTS else ():
        symbol = view.symbol(int(view.ids(out)[k])).text
        found.append(_numbers(view, symbol, symbol, tensor.value[:, k]))
    decision = decision_of(network, position)
    if not decision.kind:
        return found, None
    classes = decision.of(tensor.value)
    raised = view.names._raised(out.layer).text if len(network.outputs) > 1 else ""
    if decision.kind == "each" and out.size <= _MOST_OUTPUTS:
        for k in range(out.size):
            found.append(
                _numbers(
                    view, view.names.unit("ŷ", k, None, out.size).text + raised, f"ŷ{k}", classes[:, k], fixed=False
                )
            )
    elif decision.kind != "each":
        flat = classes.reshape(len(classes))
        found.append(Column(f"ŷ{raised}", [class_name(view, int(c)) for c in flat], f"ŷ{raised}", flat.tolist()))
    return found, _hits(view, position, decision, classes)


def _hits(view: View, position: int, decision: Decision, classes: Array) -> Array | None:
    part = next((p for p in view.recording.parts if p.position == position), None)
    if part is None:
        return None
    y = np.asarray(part.y)
    y = y.reshape(len(y), -1)
    if decision.kind == "largest":
        return np.asarray((y.argmax(1) if y.shape[1] > 1 else y[:, 0]) == classes)
    low = decision.low if not np.any(y == 0) else 0
    target = np.where(y > (low + decision.high) / 2, decision.high, decision.low)
    return np.asarray((target == classes).all(axis=1))


def _mark_ties(view: View, verdicts: list[str]) -> list[str]:
    """Mark rows whose output is exactly the threshold."""
    decision = decision_of(view.network)
    out = view.network.outputs[0] if len(view.network.outputs) == 1 else None
    if decision.kind != "threshold" or out is None:
        return verdicts
    symbol = view.whole(out).text
    mark = (
        f"  {symbol} is exactly {view.style.number(decision.threshold)}, counted as {view.style.number(decision.low)}"
    )
    ties = view.recording.outputs[0].value.reshape(-1) == decision.threshold
    return [v + mark if tie else v for v, tie in zip(verdicts, ties, strict=True)]


# -- other forms ------------------------------------------------------------------------------------------------------


def in_ascii(table: Table) -> Table:
    """Return the table without Unicode."""
    columns = [replace(c, header=to_ascii(c.header), cells=[to_ascii(v) for v in c.cells]) for c in table.columns]
    verdicts = [to_ascii(v) for v in table.verdicts]
    return replace(
        table,
        head=[to_ascii(h) for h in table.head],
        columns=columns,
        verdicts=verdicts,
        foot=to_ascii(table.foot),
        line="-",
        dots="...",
    )


def as_latex(table: Table) -> str:
    """Return the table as a LaTeX array."""
    from chainrule.glassbox.render.latex import words

    heads = " & ".join(rf"\text{{{words(c.header)}}}" for c in table.columns)
    lines = [heads + r" & \\ \hline"]
    for sentence, row in table.choice.walk():
        if row is not None:
            cells = [
                latex_number(c.cells[row]) if _is_number(c.cells[row]) else rf"\text{{{words(c.cells[row])}}}"
                for c in table.columns
            ]
            lines.append(" & ".join([*cells, rf"\text{{{words(table.verdicts[row])}}}"]) + r" \\")
        else:
            lines.append(rf"\text{{{words(sentence)}}} \\")
    return "\\begin{array}{" + "r" * len(table.columns) + "l}\n" + "\n".join(lines) + "\n\\end{array}"


def _is_number(text: str) -> bool:
    try:
        float(text.replace("−", "-"))
    except ValueError:
        return False
    return True
