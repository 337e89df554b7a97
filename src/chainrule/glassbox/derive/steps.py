"""Layers shown op by op: what the tape recorded, with the numbers and the sentence of each derivative."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from chainrule._typing import Array
from chainrule.autodiff.tape import Record
from chainrule.autodiff.tensor import Tensor
from chainrule.formulas.notation import subscript
from chainrule.glassbox.derive.matrix import array_line, text_of
from chainrule.glassbox.derive.view import View
from chainrule.glassbox.network import Quantity, Steps
from chainrule.glassbox.notation import Math, escape, join, word
from chainrule.glassbox.page import Line

_INFIX = {
    "add": (" + ", " + "),
    "subtract": (" − ", " - "),
    "multiply": (" ⊙ ", r" \odot "),
    "divide": (" / ", " / "),
    "matmul": (" @ ", r" \, "),
}


def forward(view: View, block: Steps) -> list[Line]:
    """Return one line per op: `v⁽²⁾ = batch_normalization(a⁽¹⁾)`, its inputs named, its result for this observation."""
    names = names_of(view, block)
    lines = []
    for record in records_of(view, block):
        symbol = names[id(record.output)]
        formula = _call(record, names, view)
        lines.append(array_line(symbol, formula, _row(view, record.output.value), view.style))
    return lines


def records_of(view: View, block: Steps) -> list[Record]:
    """Return the block's records that lead to its outputs."""
    needed = {id(q.tensor) for q in block.outs}
    kept = []
    for record in reversed(view.recording.records[block.first : block.last]):
        if id(record.output) in needed:
            kept.append(record)
            needed |= {id(v) for v in record.inputs}
    return kept[::-1]


def names_of(view: View, block: Steps) -> dict[int, Math]:
    """Name the tensors of a block: quantities by their symbols, results in between by u₁, u₂, ..."""
    names = {id(q.tensor): view.whole(q) for q in view.network.spans}
    for t in block.sources:
        names.setdefault(id(t), text_of(view, view.ids_of(view.network.ids[id(t)])))
    letter = 0
    for record in records_of(view, block):
        if id(record.output) not in names:
            letter += 1
            names[id(record.output)] = Math("u" + (subscript(str(letter)) or ""), f"u_{{{letter}}}")
    return names


def _call(record: Record, names: dict[int, Math], view: View) -> Math:
    parts = [argument(v, names, view) for v in record.inputs]
    static = [f"{k}={v!r}" for k, v in record.static.items() if k in record.op.defaults and v != record.op.defaults[k]]
    static += [f"{k}={short(v)}" for k, v in record.static.items() if k not in record.op.defaults]
    if record.op.name in _INFIX and len(parts) == 2:
        return join(parts, *_INFIX[record.op.name])
    inside = ", ".join([*(p.text for p in parts), *static])
    latex = ", ".join([*(p.latex for p in parts), *(rf"\text{{{escape(s)}}}" for s in static)])
    return Math(f"{record.op.name}({inside})", rf"\mathrm{{{escape(record.op.name)}}}({latex})")


def short(value: Any) -> str:
    """Return a value's repr, cut where it is long."""
    text = repr(value)
    return text if len(text) <= 30 else text[:27] + "..."


def rule_of(block: Steps) -> Math | None:
    """Return the formula that the class of one of our layers states in the first line of its description."""
    kind = type(block.layer)
    found = (
        re.match(r"`([^`]+)`", (kind.__doc__ or "").strip()) if kind.__module__.startswith("chainrule.layers") else None
    )
    return Math(found[1], rf"\texttt{{{escape(found[1])}}}") if found else None


def argument(value: Any, names: dict[int, Math], view: View) -> Math:
    """Return what an op's argument is called: its name, its number, or its shape."""
    if id(value) in names:
        return names[id(value)]
    array = np.asarray(value)
    if array.ndim == 0 and array.dtype.kind in "fiub":
        from chainrule.glassbox.notation import number

        return number(float(array), view.style)
    rows = view.recording.batch.rows
    if isinstance(value, Tensor | np.ndarray) and array.dtype.kind in "fiu" and array.ndim and array.shape[0] == rows:
        from chainrule.glassbox.derive.arrays import show

        return show(array[view.row], view.style)[0]
    return word("×".join(map(str, array.shape)) + " constant")


def _row(view: View, array: Array) -> Array:
    """Return this observation's part where the first axis counts observations."""
    rows = view.recording.batch.rows
    if array.ndim == 2 and array.shape[0] == 1:
        return np.asarray(array[0])
    counted = array.ndim > 0 and array.shape[0] == rows and (array.ndim > 1 or rows > 1)
    return np.asarray(array[view.row]) if counted else array


# -- backward ---------------------------------------------------------------------------------------------------------


def row_of(view: View, value: Any, array: Array) -> Array:
    """Return this observation's part of an array of a value's shape."""
    held = next((q for q in view.network.spans if q.tensor is value), None)
    return held.row(array, view.row) if held is not None else _row(view, array)


def pulled_back(view: View, block: Any) -> dict[int, float]:
    """Return what comes back through one block alone, for the id of every number it takes."""
    kept = view.__dict__.setdefault("_pulled", {})
    if id(block) not in kept:
        kept[id(block)] = _pull(view, block)
    found: dict[int, float] = kept[id(block)]
    return found


def _pull(view: View, block: Any) -> dict[int, float]:
    outs: list[Quantity] = block.made
    outs = [q for q in outs if id(q) in view.gradients]
    if not outs:
        return {}
    sources = list(block.sources) if isinstance(block, Steps) else [block.source_tensor]
    sources += [q.tensor for q in block.variables] if isinstance(block, Steps) else []
    sources = [t for t in sources if t.dtype.kind == "f"]
    tape = view.recording.part(block.first, block.last)
    seeds = [view.gradients[id(q)] for q in outs]
    found: dict[int, float] = {}
    for tensor, g in zip(sources, tape.gradient([q.tensor for q in outs], sources, seeds), strict=True):
        if g is not None:
            for n, value in zip(view.network.ids[id(tensor)].ravel(), np.asarray(g).ravel(), strict=True):
                found[int(n)] = found.get(int(n), 0.0) + float(value)
    return found
