"""Backward through layers shown op by op: what comes back through each use of a value, and their sum."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from chainrule._typing import Array
from chainrule.autodiff.operators import Operators
from chainrule.autodiff.tape import Record
from chainrule.autodiff.tensor import Tensor
from chainrule.glassbox.derive import steps
from chainrule.glassbox.derive.matrix import array_line
from chainrule.glassbox.derive.view import View
from chainrule.glassbox.network import Steps
from chainrule.glassbox.notation import Math, parentheses, plus, word
from chainrule.glassbox.page import Line

_LONGEST = 120


@dataclass
class Use:
    """One argument of one op: `position` counts the block's ops."""

    position: int
    record: Record
    index: int
    value: Any


def backward(view: View, block: Steps) -> list[Line]:
    """Return the derivatives of all values of a block, last op first: one line per use, and the sum over all uses."""
    names = steps.names_of(view, block)
    gradients = _gradients(view, block)
    groups = _uses(view, block, names, gradients)
    lines: list[Line] = []
    for uses in sorted(groups, key=lambda found: (-found[0].position, found[0].index)):
        lines += _lines(view, uses, names, gradients)
    return lines


def _uses(view: View, block: Steps, names: dict[int, Math], gradients: dict[int, Array]) -> list[list[Use]]:
    """Return the uses of each value whose derivative training needs, first use first."""
    records = steps.records_of(view, block)
    wanted = _wanted(block, records)
    groups: dict[tuple[Math, int], list[Use]] = {}
    for position, record in enumerate(records):
        for index, value in enumerate(record.inputs):
            if {id(value)} <= wanted & gradients.keys() & names.keys():
                groups.setdefault((names[id(value)], value.size), []).append(Use(position, record, index, value))
    return list(groups.values())


def _wanted(block: Steps, records: list[Record]) -> set[int]:
    """Return the tensors whose derivative training needs: those that depend on inputs or trained variables."""
    found = {id(t) for t in block.sources} | {id(q.tensor) for q in block.variables if q.variable.trainable}
    for record in records:
        if any(id(v) in found for v in record.inputs):
            found.add(id(record.output))
    return found


def _gradients(view: View, block: Steps) -> dict[int, Array]:
    """Return the derivative of the loss with respect to every tensor inside the block."""
    loss = view.recording.loss
    tensors = {
        id(v): v
        for r in steps.records_of(view, block)
        for v in [*r.inputs, r.output]
        if isinstance(v, Tensor) and v.dtype.kind == "f"
    }
    if loss is None:
        return {}
    found = view.recording.gradients(loss, list(tensors.values()))
    return {key: g for key, g in zip(tensors, found, strict=True) if g is not None}


# -- the lines of one value -------------------------------------------------------------------------------------------


def _lines(view: View, uses: list[Use], names: dict[int, Math], gradients: dict[int, Array]) -> list[Line]:
    value = uses[0].value
    symbol, total = view.partial(names[id(value)]), _total(view, value, gradients)
    parts = [through(use.record, use.index, gradients) for use in uses]
    shares = [np.zeros(total.shape) if p is None else np.asarray(p, np.float64).reshape(total.shape) for p in parts]
    rest = total - sum(shares)
    size = max(1e-300, *(float(np.max(np.abs(a), initial=0.0)) for a in [total, *shares]))
    elsewhere = bool(np.max(np.abs(rest), initial=0.0) > 1e-11 * size)
    several = len(uses) + elsewhere > 1
    lines = []
    for k, (use, share) in enumerate(zip(uses, shares, strict=True)):
        head = _labelled(symbol, f"use {k + 1}") if several else symbol
        shown = steps.row_of(view, value, share if several else total)
        lines.append(array_line(head, None, shown, view.style, _note(view, use, names, several)))
    if elsewhere:
        head = _labelled(symbol, "elsewhere")
        note = "what comes back from outside these ops"
        lines.append(array_line(head, None, steps.row_of(view, value, rest), view.style, note))
    return [*lines, _sum(view, symbol, lines, steps.row_of(view, value, total))] if several else lines


def _total(view: View, value: Any, gradients: dict[int, Array]) -> Array:
    """Return the derivative with respect to a value, by all its uses, also where it reaches a layer as a copy."""
    ids = view.network.ids.get(id(value))
    if ids is not None and ids.size:
        quantity, _ = view.network.quantity_of(int(ids.flat[0]))
        whole = view.gradients.get(id(quantity))
        at = ids - quantity.start
        if whole is not None and at.min() >= 0 and at.max() < whole.size:
            return np.asarray(whole.ravel()[at], np.float64)
    return np.asarray(gradients[id(value)], np.float64)


def through(record: Record, index: int, gradients: dict[int, Array]) -> Array | None:
    """Return what comes back through one argument of one op alone."""
    g = gradients.get(id(record.output))
    if g is None:
        return None
    plain = [v.value if isinstance(v, Operators) else v for v in record.inputs]
    with np.errstate(all="ignore"):
        found = record.op.pull_back(g, record.output.value, plain, record.static, [index])[0]
    return None if found is None else np.asarray(found)


def _labelled(symbol: Math, label: str) -> Math:
    return Math(f"{symbol.text}, {label}", rf"{symbol.latex}\text{{, {label}}}")


def _sum(view: View, symbol: Math, terms: list[Line], total: Array) -> Line:
    """Return `∂ℓ/∂x = use 1 + use 2 = (1, 2) + (3, 4)`."""
    formula = plus([word(term.symbol.text.rpartition(", ")[2]) for term in terms])
    numbers = plus([_term(term) for term in terms])
    line = array_line(symbol, formula, total, view.style, "the sum over all uses")
    fits = total.size <= 12 and len(numbers.text) <= _LONGEST
    return replace(line, numbers=numbers) if fits else line


def _term(line: Line) -> Math:
    assert line.shown is not None
    return parentheses(line.shown) if line.shown.text.startswith("−") else line.shown


def _note(view: View, use: Use, names: dict[int, Math], several: bool) -> str:
    """Return `by ops.multiply: g * x2, g = ∂ℓ/∂u₁, x2 = x`: the rule's sentence and what its names stand for."""
    record, sentence = use.record, sentence_of(use.record, use.index)
    if not sentence:
        return ""
    op = record.op
    stand_for = {"g": view.partial(names[id(record.output)]).text, "y": names[id(record.output)].text}
    if op.variadic:
        stand_for["index"] = str(use.index)
    else:
        stand_for |= {n: steps.argument(v, names, view).text for n, v in zip(op.tensors, record.inputs, strict=True)}
    stand_for |= {k: steps.short(v) for k, v in record.static.items()}
    used = [f"{k} = {v}" for k, v in stand_for.items() if re.search(rf"(?<![\w.]){k}\b(?!\s*=[^=])", sentence)]
    which = f" (argument {op.tensors[0] if op.variadic else op.tensors[use.index]})" if several else ""
    return f"by ops.{op.name}{which}: {', '.join([sentence, *used])}"


def sentence_of(record: Record, index: int) -> str:
    """Return the printed rule of the derivative with respect to one input."""
    op = record.op
    rule = op.derivatives.get(op.tensors[0] if op.variadic else op.tensors[index])
    return re.sub(r"\s+", " ", rule.sentence) if rule is not None else ""
