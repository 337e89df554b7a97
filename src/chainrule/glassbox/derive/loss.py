"""The loss of one observation and its derivative with respect to the outputs."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.formulas import Facts, facts_of
from chainrule.glassbox import page
from chainrule.glassbox.derive import facts as f
from chainrule.glassbox.derive import penalties
from chainrule.glassbox.derive.view import SMALL, View
from chainrule.glassbox.network import Quantity
from chainrule.glassbox.notation import Math, escape, factor, plus, same, times
from chainrule.glassbox.numbers import Style
from chainrule.glassbox.page import Line
from chainrule.glassbox.record import OutputLoss


@dataclass
class Part:
    """The loss of one output: its facts, the ids of the outputs it takes, the target, and the factors before it."""

    record: OutputLoss
    facts: Facts | None
    ids: Any
    y: Any
    factors: list[tuple[Math, float]]
    symbol: Math
    layer: int | None
    single: bool
    names: tuple[str, ...] = ()

    @property
    def class_name(self) -> str:
        """The observation's class, by its name if it has one."""
        c = int(self.y)
        return self.names[c] if 0 <= c < len(self.names) else str(c)

    @property
    def scale(self) -> float:
        return float(np.prod([v for _, v in self.factors])) if self.factors else 1.0

    @property
    def share(self) -> float:
        """What each element's loss is divided by."""
        return float(len(self.ids)) if self.facts is not None and self.facts.combine == "mean" else 1.0

    @property
    def sparse(self) -> bool:
        """Whether the target is a class number."""
        return np.ndim(self.y) == 0 and self.facts is not None and self.facts.vector

    def output_factor(self, style: Style) -> list[tuple[Math, float]]:
        """Return the weight of this output's loss where there are several outputs."""
        weight = self.record.factor
        return [] if self.single or weight in (None, 1.0) else [(factor(weight, style), float(weight))]

    @property
    def classes(self) -> dict[str, int]:
        """The class number under the name the formulas give it."""
        return {"c": int(self.y)} if self.sparse else {}

    @property
    def note(self) -> str:
        """A remark on the formula."""
        note = plain_numbers(self.facts.note) if self.facts is not None else ""
        if not self.sparse:
            return note
        rest = note.partition("; ")[2] if note.startswith("c is") else note
        return "; ".join(filter(None, [f"class {self.class_name} is output {int(self.y) + 1}", rest]))


def plain_numbers(note: str) -> str:
    """Write small numbers of a note as the rest of the page does: `1e−7` for `1e-07`."""
    return re.sub(r"(\d)e-0?(\d+)", r"\1e−\2", note)


def legend(part: Part) -> str:
    """Return what the letters of the loss's formula mean that no other line explains: q and c."""
    if part.facts is None:
        return ""
    found = []
    if "q[" in part.facts.formula.source and "epsilon" in part.facts.constants:
        small = plain_numbers(f"{float(part.facts.constants['epsilon']):g}")
        found.append(f"q: p as shares of their sum, kept inside [{small}, 1 − {small}]")
    if "[c]" in part.facts.formula.source:
        found.append("c: the observation's class")
    return "; ".join(found)


def parts(view: View) -> list[Part]:
    """Return the losses of all outputs."""
    recording = view.recording
    several = len(recording.parts) > 1
    found = []
    for record in recording.parts:
        out = view.network.outputs[record.position]
        ids = view.ids_of(view.network.ids[id(recording.outputs[record.position])]).ravel() if out is not None else None
        facts = facts_of(record.loss)
        if ids is None or (out is not None and len(out.shape) > 1):
            facts = None
        layer = out.layer if several and out is not None else None
        target = _target(record, facts, ids)
        if facts is not None and ids is not None and not facts.vector and np.size(target) != len(ids):
            facts = None
        factors = _factors(view, record)
        inner = [] if several else [fac for fac in [_weight_factor(record)] if fac is not None]
        found.append(
            Part(
                record,
                facts,
                ids,
                target,
                inner + factors,
                view.names.loss(layer),
                layer,
                len(recording.parts) == 1,
                view.options.class_names if out is not None and len(view.options.class_names) == out.size else (),
            )
        )
    return found


def _target(record: OutputLoss, facts: Facts | None, ids: Any) -> Any:
    """Return the target of the observation as the formula takes it: a number per output, or a class number."""
    y = np.asarray(record.y)
    y = y[0] if y.ndim else y
    size = 0 if ids is None else len(ids)
    if facts is not None and facts.vector and y.size == 1 and size != 1:
        return int(y.reshape(-1)[0])
    flat = y.astype(np.float64).reshape(-1)
    if (
        facts is not None
        and "hinge" in facts.title
        and not facts.vector
        and np.isin(np.asarray(record.y), (0, 1)).all()
    ):
        flat = 2 * flat - 1
    return flat


def _factors(view: View, record: OutputLoss) -> list[tuple[Math, float]]:
    """Return the sample weight, if it matters."""
    plain = float(np.mean(record.losses))
    if record.weight is None or not np.isfinite(plain) or np.isclose(float(record.value), plain, rtol=1e-12):
        return []
    weight = float(np.asarray(record.weight).reshape(-1)[0])
    if np.ndim(record.losses) and np.shape(record.losses) != (1,):
        return []
    return [(same("s"), weight)]


def _weight_factor(record: OutputLoss) -> tuple[Math, float] | None:
    return None if record.factor in (None, 1.0) else (Math("λ", r"\lambda"), float(record.factor or 0.0))


# -- forward ----------------------------------------------------------------------------------------------------------


def forward(view: View) -> list[Line]:
    """Return the lines of the loss."""
    recording = view.recording
    if recording.loss is None:
        return []
    if not recording.parts and recording.data_loss is None and not recording.penalties:
        name = type(recording.model).__name__
        return [page.scalar(view.names.loss(), same(f"{name}.compute_loss"), None, recording.value, view.style)]
    found = parts(view)
    lines = [line for part in found for line in _part_lines(view, part)]
    if len(found) > 1:
        lines.append(_total(view, found))
    return lines + penalties.forward(view)


def _part_lines(view: View, part: Part) -> list[Line]:
    style, name = view.style, part.record.loss.name
    value = view.recording.data_value if part.single else float(part.record.value)
    if part.facts is None:
        formula, _ = _scaled(part, Math(f"{name}(y, p)", rf"\mathrm{{{escape(name)}}}(y, p)"), None, style)
        return [page.scalar(part.symbol, formula, None, value, style)]
    if not part.facts.vector and len(part.ids) > 1:
        return _element_lines(view, part, value)
    at = None if part.facts.vector else 0
    symbols, inputs = symbols_of(view, part, at), inputs_of(view, part, at)
    numbers, note = f.put(
        functools.partial(f.formula_numbers, part.facts, symbols, style, **inputs),
        functools.partial(_scaled_value, part, inputs),
        value,
    )
    formula, put = _scaled(part, f.formula(part.facts, symbols, **part.classes), numbers, style)
    return [page.scalar(part.symbol, formula, put, value, style, note)]


def _plain_value(facts: Facts, inputs: dict[str, Any]) -> float:
    """Compute the loss of one output, NaN where it has none."""
    try:
        return float(facts.value(**inputs))
    except (ArithmeticError, ValueError, TypeError):
        return float("nan")


def _scaled_value(part: Part, inputs: dict[str, Any]) -> float:
    assert part.facts is not None
    return part.scale * float(part.facts.value(**inputs))


def _element_lines(view: View, part: Part, value: float) -> list[Line]:
    """One line per output, then their mean or sum; beyond 8 outputs only the latter."""
    assert part.facts is not None
    lines, names, values = [], [], []
    for k in range(len(part.ids)):
        symbols, inputs = symbols_of(view, part, k), inputs_of(view, part, k)
        names.append(view.names.unit("loss", k, part.layer, len(part.ids)))
        values.append(_plain_value(part.facts, inputs))
        numbers, note = f.put(
            functools.partial(f.formula_numbers, part.facts, symbols, view.style, **inputs),
            functools.partial(_plain_value, part.facts, inputs),
            values[-1],
        )
        lines.append(page.scalar(names[-1], f.formula(part.facts, symbols), numbers, values[-1], view.style, note))
    formula, joined = plus(names), plus([factor(v, view.style) for v in values])
    if part.share != 1:
        n = len(part.ids)
        formula, joined = (Math(f"({m.text})/{n}", rf"\frac{{{m.latex}}}{{{n}}}") for m in (formula, joined))
    formula, put = _scaled(part, formula, joined, view.style)
    total = page.scalar(part.symbol, formula, put, value, view.style)
    if len(part.ids) <= SMALL:
        return [*lines, total]
    symbols = {"y": same("yₖ"), "p": same("pₖ"), "h": same("hₖ")}
    one = f.wrapped(f.formula(part.facts, symbols))
    spread = Math(f"Σₖ {one.text}" + (f"/{len(part.ids)}" if part.share != 1 else ""), r"\sum_k " + one.latex)
    return [page.scalar(part.symbol, spread, None, value, view.style)]


def _scaled(part: Part, formula: Math, numbers: Math | None, style: Style) -> tuple[Math, Math | None]:
    """Put the factors (loss weight, sample weight) before a formula."""
    values = [factor(v, style) for _, v in part.factors]
    return _times([m for m, _ in part.factors], formula), None if numbers is None else _times(values, numbers)


def _total(view: View, found: list[Part]) -> Line:
    formula, numbers = [], []
    for part in found:
        weight = part.record.factor
        symbol, value = part.symbol, factor(float(part.record.value), view.style)
        if weight not in (None, 1.0):
            symbol, value = (times([factor(weight, view.style), m]) for m in (symbol, value))
        formula.append(symbol)
        numbers.append(value)
    return page.scalar(view.names.loss(), plus(formula), plus(numbers), view.recording.data_value, view.style)


# -- symbols and numbers of the formulas ------------------------------------------------------------------------------


def symbols_of(view: View, part: Part, at: int | None) -> dict[str, Math]:
    """Return the names of y and of the prediction in a formula, for one element or the whole vector."""
    assert part.facts is not None
    argument = part.facts.argument
    letter = view.names.unit("y", None, part.layer)
    if at is None:
        return {"y": letter, argument: view.vector(part.ids)}
    y = view.names.unit("y", at, part.layer, len(part.ids))
    return {"y": y, argument: view.symbol(part.ids[at])}


def inputs_of(view: View, part: Part, at: int | None) -> dict[str, Any]:
    """Return the values of y and of the prediction."""
    assert part.facts is not None
    values = [view.value(n) for n in part.ids]
    if at is not None:
        return {"y": float(part.y[at]), part.facts.argument: values[at]}
    return {"y": part.y if part.sparse else [float(v) for v in part.y], part.facts.argument: values}


# -- derivative -------------------------------------------------------------------------------------------------------


def slope(view: View, part: Part, at: int, value: float) -> tuple[Math, Math | None, str]:
    """Return the derivative of the loss with respect to output `at`: in symbols, in numbers, and a remark.

    Args:
        value: what the tape gave; numbers are only put in if the formula gives the same.
    """
    if part.facts is None:
        name = part.record.loss.name
        return Math(f"{name}′(y, p)", rf"\mathrm{{{escape(name)}}}'(y, p)"), None, ""
    facts, vector = part.facts, part.facts.vector
    symbols, inputs = symbols_of(view, part, None if vector else at), inputs_of(view, part, None if vector else at)
    formula = f.derivative(part.facts, symbols, **({"i": at, **part.classes} if vector else {}))
    indices = {"i": at} if vector else {}
    outer = [*part.output_factor(view.style), *part.factors]
    scale = float(np.prod([v for _, v in outer])) / part.share
    numbers, note = f.put(
        functools.partial(f.derivative_numbers, part.facts, symbols, view.style, **inputs, **indices),
        lambda: scale * _slope_at(facts, at, inputs),
        value,
    )
    return _shared(part, _times([m for m, _ in outer], formula)), _put_shared(view, part, outer, numbers), note


def _slope_at(facts: Facts, at: int, inputs: dict[str, Any]) -> float:
    """Compute the derivative on plain numbers; of a loss of vectors its element `at`."""
    found = facts.slope(**inputs)
    return float(found[at] if facts.vector else found)


def _put_shared(view: View, part: Part, outer: list[tuple[Math, float]], numbers: Math | None) -> Math | None:
    if numbers is None:
        return None
    return _shared(part, _times([factor(v, view.style) for _, v in outer], numbers))


def _times(factors: list[Math], piece: Math) -> Math:
    """Put factors before a formula."""
    return times([*factors, f.wrapped(piece)]) if factors else piece


def _shared(part: Part, piece: Math) -> Math:
    """Divide by the number of outputs where the loss is their mean."""
    if part.share == 1:
        return piece
    top = f.wrapped(piece).text if f.is_sum(piece.text.removeprefix("−")) else piece.text
    return Math(f"{top}/{part.share:g}", rf"\frac{{{piece.latex}}}{{{part.share:g}}}")


def slope_whole(view: View, part: Part, quantity: Quantity) -> Math:
    """Return the derivative of the loss with respect to a whole output, in symbols."""
    if part.facts is None:
        return view.names.partial(part.symbol, view.whole(quantity))
    y = view.names.whole("y", part.layer)
    formula = f.derivative(part.facts, {"y": y, part.facts.argument: view.whole(quantity)}, **part.classes)
    outer = [*part.output_factor(view.style), *part.factors]
    return _shared(part, _times([m for m, _ in outer], formula))


def part_of(found: list[Part], number_: int) -> tuple[Part, int] | None:
    """Return the loss that takes the number of this id, and its place among the outputs."""
    for part in found:
        if part.ids is not None:
            at = np.flatnonzero(part.ids == number_)
            if at.size:
                return part, int(at[0])
    return None
