"""The update: what the compiled optimizer makes of the derivatives, moments included, with the numbers put in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from chainrule._typing import Array
from chainrule.glassbox import page
from chainrule.glassbox.derive.facts import latex_exponents, raised_safely
from chainrule.glassbox.derive.matrix import array_line
from chainrule.glassbox.derive.view import View
from chainrule.glassbox.network import Affine, Quantity
from chainrule.glassbox.notation import Math, latex_number, number, same
from chainrule.glassbox.optimizers import SYMBOLS, WHOLE, Recipe, Rule
from chainrule.glassbox.page import Line, Section
from chainrule.glassbox.step import Step
from chainrule.optimizers.multi_optimizer import MultiOptimizer
from chainrule.optimizers.muon import Muon

_MOST_LINES = 64
_CLIPPING = {
    "clipvalue": "each g is cut to at most",
    "clipnorm": "the g of each variable together are scaled to a norm of at most",
    "global_clipnorm": "all g together are scaled to a norm of at most",
}


def section(view: View, step: Step, before: float, after: float | None) -> Section:
    """Return the section of the update; `before` and `after` are the loss with the old and the new weights."""
    optimizer, recipe = step.optimizer, step.recipe
    notes: list[str] = []
    lines: list[Line] = []
    plain = type(optimizer).__name__ == "SGD" and recipe is not None and len(recipe.rules) == 1
    rate = "several learning rates" if step.rate is None else f"learning rate η = {view.style.number(step.rate)}"
    g = view.partial(same("w"))
    rule: Math | None = None
    title = f"Update, {rate}"
    if plain:
        rule = Math(f"w ← w − η·{g.text}", rf"w \leftarrow w - \eta \, {g.latex}")
    else:
        title = f"Update by {type(optimizer).__name__}, step t = {step.number}, {rate}"
        if recipe is not None:
            title += "".join(f", {_symbol(k).text} = {view.style.number(v)}" for k, v in recipe.constants.items())
            lines += _rules(recipe, g)
            notes.append("each formula takes the new values of what stands above it")
    notes += _notes(view, step)
    if recipe is not None and step.due and step.taken:
        lines += _shared(view, step, recipe)
    for quantity in view.network.variables.values():
        if quantity.variable.trainable and step.path(quantity.variable) in step.gradients:
            lines += _variable(view, step, quantity, recipe, plain)
    if after is not None:
        text = f"{view.style.number(before)} before, after the update"
        latex = rf"{latex_number(view.style.number(before))} \text{{ before, after the update}}"
        lines.append(page.scalar(view.target, Math(text, latex), None, after, view.style))
    return Section(title, lines, rule, notes, key="update")


def _symbol(name: str) -> Math:
    from chainrule.formulas.notation import LATEX, TEXT

    return SYMBOLS.get(name) or Math(TEXT.symbol(name), LATEX.symbol(name))


def _rules(recipe: Recipe, g: Math) -> list[Line]:
    """Return the formulas in symbols, without values."""
    names = {k: v.text for k, v in SYMBOLS.items()}
    latex = {k: v.latex for k, v in SYMBOLS.items()}
    lines = [Line(same("g"), g, None)]
    for rule in recipe.rules:
        formula = Math(rule.formula.text(names), rule.formula.latex(latex))
        lines.append(Line(_symbol(rule.symbol), formula, None, note="←"))
    return lines


def _notes(view: View, step: Step) -> list[str]:
    """Say what happens around the formulas: clipping, decay, accumulation, averages, constraints."""
    o, number_ = step.optimizer, view.style.number
    found = []
    if o.loss_scale_factor is not None:
        found.append(
            f"in training the loss is multiplied by {number_(o.loss_scale_factor)} and g divided by it again; "
            "the numbers below are without both"
        )
    if step.scaled:
        found.append(
            "in training LossScaleOptimizer multiplies the loss and divides g again, and leaves a step out whose g is "
            "not finite; the numbers below are without it"
        )
    if isinstance(o, MultiOptimizer):
        found.append("each variable has its own optimizer: " + "; ".join(_chosen(o, step, number_)))
    elif step.recipe is None and type(o).__name__ in WHOLE:
        found.append(f"there is no formula for one weight alone: {WHOLE[type(o).__name__]}")
    if o.gradient_accumulation_steps:
        found.append(
            f"gradients of {o.gradient_accumulation_steps} calls are averaged into one update; "
            + ("this call completes them" if step.due else "this call only stores its own, so the weights stay")
        )
    for name, words in _CLIPPING.items():
        limit = getattr(o, name)
        if limit:
            found.append(f"{name}: {words} {number_(limit)}; the numbers below are the clipped ones")
    if isinstance(o, Muon):
        found.append(
            f"first w ← w − η·d·w with the weight decay d = {o.weight_decay} for matrices, {o.adam_weight_decay} for "
            "what follows Adam"
        )
    elif o.weight_decay is not None:
        found.append(
            f"weight decay {number_(o.weight_decay)}: first w ← w − η·{number_(o.weight_decay)}·w; "
            "the numbers below are the decayed weights"
        )
    if o.use_ema:
        found.append(f"a moving average of the weights with momentum {number_(o.ema_momentum)} is kept beside them")
    constrained = [v.path for v in view.recording.model.trainable_variables if v.constraint is not None]
    if constrained:
        found.append(f"a constraint is applied afterwards to {', '.join(constrained)}")
    return found


def _chosen(optimizer: MultiOptimizer, step: Step, number_: Any) -> list[str]:
    """Say which of several optimizers each variable has."""
    return [
        f"{', '.join(step.path(v) for v in mine)} by {type(inner).__name__}, η = {number_(float(inner.learning_rate))}"
        for inner, mine in optimizer._parts(optimizer._trainable_variables)
    ]


def _variable(view: View, step: Step, quantity: Quantity, recipe: Recipe | None, plain: bool) -> list[Line]:
    key = step.path(quantity.variable)
    if not _in_scalar_block(view, quantity) or _lines_needed(view, recipe) > _MOST_LINES:
        return _whole(view, step, quantity)
    lines: list[Line] = []
    ids = view.network.ids[id(quantity.tensor)]
    for n in ids.T.ravel() if quantity.tensor.ndim == 2 else ids.ravel():
        at = int(n) - quantity.start
        if recipe is None or not step.due or key not in step.taken:
            symbol = view.symbol(int(n))
            formula = Math(
                f"{view.style.number(view.value(int(n)))} before",
                rf"{number(view.value(int(n)), view.style).latex} \text{{ before}}",
            )
            lines.append(page.scalar(symbol, formula, None, float(step.after[key].flat[at]), view.style))
        else:
            lines += _weight(view, step, quantity, int(n), at, recipe)
    return lines


def _lines_needed(view: View, recipe: Recipe | None) -> int:
    rules = 1 if recipe is None else sum(not r.shared for r in recipe.rules)
    return rules * sum(q.tensor.size for q in view.network.variables.values() if q.variable.trainable)


def _in_scalar_block(view: View, quantity: Quantity) -> bool:
    return any(
        isinstance(b, Affine) and quantity in (b.kernel, b.bias) and view.is_scalar(b) for b in view.network.blocks
    )


def _shared(view: View, step: Step, recipe: Recipe) -> list[Line]:
    """Return the lines of what is one number for all weights, such as Adam's step size α."""
    values: dict[str, Any] = {**recipe.constants, "eta": step.rate, "t": step.number}
    lines = []
    for rule in recipe.rules:
        if rule.shared:
            values[rule.symbol] = result = float(rule.formula(**_used(rule, values)))
            lines.append(page.scalar(_symbol(rule.symbol), None, _put(view, rule, values), result, view.style))
    return lines


def _weight(view: View, step: Step, quantity: Quantity, n: int, at: int, recipe: Recipe) -> list[Line]:
    """Return one line per step of the recipe for one weight."""
    values = environment(step, quantity, at, recipe)
    symbol = view.symbol(n)
    lines = []
    for rule in recipe.rules:
        if rule.shared:
            continue
        numbers = _put(view, rule, values)
        values[rule.symbol] = result = _result(step, quantity, at, rule, values)
        name = symbol if rule.symbol == "w" else _symbol(rule.symbol) + Math(f"({symbol.text})", f"({symbol.latex})")
        constrained = rule.symbol == "w" and quantity.variable.constraint is not None
        lines.append(
            page.scalar(name, None, numbers, result, view.style, "after the constraint" if constrained else "")
        )
    return lines


def environment(step: Step, quantity: Quantity, at: int, recipe: Recipe) -> dict[str, Any]:
    """Return the values that an optimizer's formulas start from, for one weight."""
    key = step.path(quantity.variable)
    w, g = (float(a.flat[at]) for a in step.taken[key])
    values: dict[str, Any] = {**recipe.constants, "w": w, "g": g, "eta": step.rate, "t": step.number}
    for rule in recipe.rules:
        if rule.shared:
            values[rule.symbol] = float(rule.formula(**_used(rule, values)))
        elif rule.moment:
            values[rule.symbol] = float(step.moments_before[key][rule.moment].flat[at])
    return values


def _result(step: Step, quantity: Quantity, at: int, rule: Rule, values: Mapping[str, Any]) -> float:
    """Return what a step gave: the optimizer's own number where it keeps one."""
    key = step.path(quantity.variable)
    if rule.moment:
        return float(step.moments_after[key][rule.moment].flat[at])
    if rule.symbol == "w":
        return float(step.after[key].flat[at])
    return float(rule.formula(**_used(rule, values)))


def _used(rule: Rule, values: Mapping[str, Any]) -> dict[str, Any]:
    return {k: values[k] for k in rule.formula.symbols}


def _put(view: View, rule: Rule, values: Mapping[str, Any]) -> Math:
    names = {k: v.text for k, v in SYMBOLS.items()}
    used = _used(rule, values)
    text = rule.formula.put(used, view.style.number, names)
    latex = rule.formula.put_latex(used, view.style.number, {k: v.latex for k, v in SYMBOLS.items()})
    return Math(raised_safely(text), latex_exponents(latex))


def _whole(view: View, step: Step, quantity: Quantity) -> list[Line]:
    """Return the new values of a large variable and of its moments."""
    key, symbol = step.path(quantity.variable), view.whole(quantity)
    lines: list[Line] = []
    for name, array in step.moments_after.get(key, {}).items():
        head = Math(f"{name}({symbol.text})", rf"\mathrm{{{name}}}({symbol.latex})".replace("_", r"\_"))
        lines.append(array_line(head, None, view.oriented(quantity, array), view.style))
    old: Array = np.asarray(step.before[key])
    change = number(float(np.linalg.norm(step.after[key] - old)), view.style)
    lines.append(
        array_line(symbol, None, view.oriented(quantity, step.after[key]), view.style, f"moved by {change.text}")
    )
    return lines
