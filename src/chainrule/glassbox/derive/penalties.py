"""What regularizers add to the loss: Ω, and its derivative with respect to single weights."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule import regularizers
from chainrule.glassbox import page
from chainrule.glassbox.derive.view import SMALL, View
from chainrule.glassbox.network import Quantity
from chainrule.glassbox.notation import Math, escape, factor, number, parentheses, plus, times, word
from chainrule.glassbox.page import Line

OMEGA = Math("Ω", r"\Omega")


def forward(view: View) -> list[Line]:
    """Return the lines of the penalties and of the sum of loss and penalties."""
    if not view.penalized:
        return []
    recording = view.recording
    regularized = [q for q in view.network.variables.values() if _regularizer(q) is not None]
    values = [float(p) for p in recording.penalties]
    others = len(values) - len(regularized)
    lines = []
    names = []
    for k, value in enumerate(values):
        name = OMEGA if len(values) == 1 else Math(f"Ω{_SUB[k + 1]}", rf"\Omega_{k + 1}") if k < 9 else OMEGA
        names.append(name)
        formula, numbers = _formula(view, regularized[k - others]) if k >= others else (word("added by a layer"), None)
        lines.append(page.scalar(name, formula, numbers, value, view.style))
    data = [] if recording.data_loss is None else [(view.names.loss(), recording.data_value)]
    terms = [*data, *zip(names, values, strict=True)]
    formula = plus([m for m, _ in terms])
    lines.append(
        page.scalar(view.target, formula, plus([factor(v, view.style) for _, v in terms]), recording.value, view.style)
    )
    return lines


_SUB = "₀₁₂₃₄₅₆₇₈₉"


def _regularizer(quantity: Quantity) -> Any:
    variable = quantity.variable
    return variable.regularizer if variable is not None and variable.trainable else None


def _formula(view: View, quantity: Quantity) -> tuple[Math, Math | None]:
    """Return `0.01·(w₁² + w₂²)` in symbols and numbers."""
    regularizer, tensor = _regularizer(quantity), quantity.tensor
    factors = _factors(regularizer)
    whole = view.whole(quantity)
    if not factors:
        return _named(regularizer, whole), None
    formula, numbers = [], []
    for power, strength in factors:
        if tensor.size > SMALL:
            inner = Math("Σ|w|", r"\sum |w|") if power == 1 else Math("Σw²", r"\sum w^2")
            formula.append(times([number(strength, view.style), inner]))
            continue
        ids = view.network.ids[id(tensor)].ravel()
        symbols = [_power(view.symbol(n), power, False) for n in ids]
        values = [_power(factor(view.value(n), view.style), power, True) for n in ids]
        pair = [plus(symbols), plus(values)]
        if len(ids) > 1:
            pair = [parentheses(m) for m in pair]
        formula.append(times([number(strength, view.style), pair[0]]))
        numbers.append(times([number(strength, view.style), pair[1]]))
    return plus(formula), plus(numbers) if numbers else None


def _named(regularizer: Any, whole: Math) -> Math:
    name = getattr(regularizer, "__name__", type(regularizer).__name__)
    name = name if name.isidentifier() else "penalty"
    return Math(f"{name}({whole.text})", rf"\mathrm{{{escape(name)}}}({whole.latex})")


def _factors(regularizer: Any) -> list[tuple[int, float]]:
    """Return `(power, strength)` of the terms of an L1 or L2 penalty, nothing for any other."""
    kind = type(regularizer)
    if kind in (regularizers.L1, regularizers.L2, regularizers.L1L2):
        pairs = [(1, getattr(regularizer, "l1", 0.0)), (2, getattr(regularizer, "l2", 0.0))]
        return [(p, s) for p, s in pairs if s]
    return []


def _power(piece: Math, power: int, value: bool) -> Math:
    if power == 1:
        inside = piece.text.strip("()") if value else piece.text
        latex = piece.latex.removeprefix("(").removesuffix(")") if value else piece.latex
        return Math(f"|{inside}|", f"|{latex}|")
    raised = Math(f"{piece.text}²", f"{{{piece.latex}}}^2" if "^" in piece.latex else f"{piece.latex}^2")
    needs = piece.text.endswith("⁾") or ("e" in piece.text and value and not piece.text.endswith(")"))
    bare = "10^" in piece.latex and not piece.latex.startswith("(")
    latex = f"({piece.latex})^2" if bare else f"{piece.latex}^2" if "10^" in piece.latex else raised.latex
    return Math(f"({piece.text})²", latex) if needs else raised


def slope(view: View, quantity: Quantity, at: int, value: float) -> tuple[Math, Math] | None:
    """Return the derivative of Ω with respect to one weight, in symbols and numbers; None if it has no part in Ω."""
    regularizer = _regularizer(quantity)
    if regularizer is None or not view.penalized:
        return None
    number_ = int(view.network.ids[id(quantity.tensor)].flat[at])
    w, w_value = view.symbol(number_), view.value(number_)
    formula, numbers = [], []
    for power, strength in _factors(regularizer):
        lead = number(strength, view.style)
        if power == 1:
            formula.append(times([lead, Math(f"sign({w.text})", rf"\operatorname{{sign}}({w.latex})")]))
            numbers.append(times([lead, factor(float(np.sign(w_value)), view.style)]))
        else:
            two = number(2, view.style)
            formula.append(times([two, lead, w]))
            numbers.append(times([two, lead, factor(w_value, view.style)]))
    if not formula:
        return view.names.partial(OMEGA, w), factor(value, view.style)
    return plus(formula), plus(numbers)
