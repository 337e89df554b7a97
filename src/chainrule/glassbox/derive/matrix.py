"""Layers too wide for single units: the same derivation with vectors and matrices."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from chainrule._typing import Array
from chainrule.glassbox.derive import facts as f
from chainrule.glassbox.derive import loss as losses
from chainrule.glassbox.derive.arrays import show
from chainrule.glassbox.derive.view import View
from chainrule.glassbox.network import Activation, Affine, Block, Quantity, Steps, Units
from chainrule.glassbox.notation import Math, join, parentheses, plus, same, word
from chainrule.glassbox.numbers import Style
from chainrule.glassbox.page import Line

if TYPE_CHECKING:
    from chainrule.glassbox.derive.backward import Backward

ODOT = Math(" ⊙ ", r" \odot ")


def transposed(piece: Math) -> Math:
    """Return the transpose of a matrix or vector."""
    base = f"{{{piece.latex}}}" if "^" in piece.latex else piece.latex
    return Math(f"{piece.text}ᵀ", rf"{base}^{{\top}}")


def array_line(symbol: Math, formula: Math | None, value: Array, style: Style, note: str = "") -> Line:
    """Return a line whose value is an array."""
    value = np.asarray(value, np.float64)
    shown, exact = show(value, style)
    return Line(symbol, formula, None, value, shown, exact, symbol.text, note)


def text_of(view: View, ids: Array) -> Math:
    """Return the symbol of a vector: of one quantity, or of several put behind each other."""
    if ids.size == 0:
        return same("()")
    names, at, flat = [], 0, ids.ravel()
    while at < flat.size:
        quantity, _ = view.network.quantity_of(int(flat[at]))
        end = at + 1
        while end < flat.size and flat[end] == flat[end - 1] + 1 and flat[end] < quantity.start + quantity.tensor.size:
            end += 1
        whole = view.whole(quantity)
        if end - at != quantity.size:
            whole = Math(f"{whole.text}[{at}:{end}]", rf"{whole.latex}_{{[{at}:{end}]}}")
        names.append(whole)
        at = end
        if len(names) > 4:
            return word("inputs")
    return (
        names[0]
        if len(names) == 1
        else Math("(" + ", ".join(n.text for n in names) + ")", "(" + ", ".join(n.latex for n in names) + ")")
    )


# -- forward ----------------------------------------------------------------------------------------------------------


def forward(view: View, block: Block) -> list[Line]:
    """Return `h⁽¹⁾ = W⁽¹⁾ᵀx + b⁽¹⁾` or `a⁽¹⁾ = relu(h⁽¹⁾)` with the numbers of the result."""
    assert isinstance(block, Affine | Activation)
    source = text_of(view, view.ids_of(block.source))
    symbol, values = view.whole(block.out), view.values(block.out)
    if isinstance(block, Activation):
        return [array_line(symbol, f.head(block.facts, block.name, source), values, view.style)]
    terms = [_product(view, block, source)]
    if block.bias is not None:
        terms.append(view.whole(block.bias))
    return [array_line(symbol, plus(terms), values, view.style)]


def _product(view: View, block: Affine, source: Math) -> Math:
    w = view.whole(block.kernel)
    if view.names.keras or (source.text and view.ids_of(block.source).ndim > 1):
        return join([source, w], " @ " if view.names.keras else "·", " \\, ")
    return transposed(w) + source if view.names.notation == "lecture" else w + source


# -- backward ---------------------------------------------------------------------------------------------------------


def delta(view: View, quantity: Quantity) -> Math:
    """Return the name of the derivative with respect to a layer's `h`: `δ⁽¹⁾`."""
    raised = view.names._raised(quantity.layer)
    return Math("δ" + raised.text, r"\boldsymbol{\delta}" + raised.latex)


def gradient(view: View, quantity: Quantity, backward: Backward, named: bool = False) -> list[Line]:
    """Return the derivative with respect to a whole quantity: of a layer's h, by name δ.

    `named` says that all layers have got their δ, those written unit by unit too.
    """
    symbol, values = view.partial(view.whole(quantity)), view.gradient(quantity)
    after = _activation_after(view, quantity)
    if quantity.kind in ("h", "p") and _made_by_affine(view, quantity):
        name = delta(view, quantity)
        both = Math(f"{name.text} = {symbol.text}", f"{name.latex} = {symbol.latex}")
        if after is None:
            return [array_line(both, gradient_formula(view, quantity, backward, named), values, view.style)]
        outer = gradient_formula(view, after.out, backward, named)
        return [array_line(both, _through(view, after, quantity, outer, backward), values, view.style)]
    passed_on = after is None or _only_feeds_affine(view, quantity)
    if quantity.kind == "a" and passed_on and not _direct(view, quantity, backward):
        return []  # it stands in the formula of the layer's δ
    formula = gradient_formula(view, quantity, backward, named)
    return [] if formula == symbol else [array_line(symbol, formula, values, view.style)]


def _through(view: View, after: Activation, quantity: Quantity, outer: Math, backward: Backward) -> Math:
    """Return `(W⁽²⁾δ⁽²⁾) ⊙ relu′(h⁽¹⁾)`, or with the matrix of derivatives where the function mixes its inputs."""
    if backward.local.mixes(after):
        return _jacobian(view, after, outer)
    function, h = f.function_name(after.facts, after.name), view.whole(quantity)
    return _bracketed(outer) + ODOT + Math(f"{function.text}′({h.text})", f"{function.latex}'({h.latex})")


def _bracketed(piece: Math) -> Math:
    """Return a factor of ⊙: products and sums in parentheses."""
    single = piece.text.startswith("∂") and " " not in piece.text
    return piece if single else parentheses(piece)


def _jacobian(view: View, block: Activation, outer: Math) -> Math:
    inner = view.names.partial(view.whole(block.out), view.names.letter("h"))
    return Math(f"({inner.text})ᵀ ", rf"\left({inner.latex}\right)^{{\top}} ") + outer


def _activation_after(view: View, quantity: Quantity) -> Activation | None:
    return next(
        (
            b
            for b in view.network.blocks
            if isinstance(b, Activation) and np.array_equal(view.ids_of(b.source), view.ids(quantity))
        ),
        None,
    )


def _made_by_affine(view: View, quantity: Quantity) -> bool:
    return any(isinstance(b, Affine) and b.out is quantity for b in view.network.blocks)


def _only_feeds_affine(view: View, quantity: Quantity) -> bool:
    users = consumers(view, quantity)
    return bool(users) and all(isinstance(b, Affine) for b in users)


def consumers(view: View, quantity: Quantity) -> list[Block]:
    """Return the blocks that take numbers of this quantity."""
    mine = view.ids(quantity).ravel()
    found = []
    for b in view.network.blocks:
        sources = [b.source] if isinstance(b, Units) else []
        sources += [view.network.ids[id(t)] for t in b.sources] if isinstance(b, Steps) else []
        if any(np.isin(mine, s).any() for s in sources):
            found.append(b)
    return found


def _direct(view: View, quantity: Quantity, backward: Backward) -> bool:
    return any(p.ids is not None and np.isin(view.ids(quantity), p.ids).any() for p in backward.parts)


def gradient_formula(view: View, quantity: Quantity, backward: Backward, named: bool = False) -> Math:
    """Return where the derivative comes from: `W⁽²⁾δ⁽²⁾`, the loss, or ops."""
    terms = []
    users = consumers(view, quantity)
    if users and all(isinstance(b, Steps) for b in users):
        return view.partial(view.whole(quantity))
    for block in users:
        if isinstance(block, Affine):
            terms.append(_back_product(view, block, named))
        elif isinstance(block, Activation):
            terms.append(view.partial(view.whole(block.out)))
        else:
            terms.append(word(f"back through {getattr(block.layer, 'name', 'ops')}"))
    part = next((p for p in backward.parts if p.ids is not None and np.isin(view.ids(quantity), p.ids).any()), None)
    if part is not None or not terms:
        terms.append(losses.slope_whole(view, part, quantity) if part is not None else word("derivative of the loss"))
    return plus(terms)


def _back_product(view: View, block: Affine, named: bool) -> Math:
    w, d = view.whole(block.kernel), delta(view, block.out)
    if view.is_scalar(block) and not named:  # written unit by unit, so δ has not been introduced
        d = view.partial(view.whole(block.out))
    if view.names.keras:
        return Math(f"{d.text} @ {w.text}.T", rf"{d.latex} \, {transposed(w).latex}")
    return w + d if view.names.notation == "lecture" else transposed(w) + d


def backward(view: View, block: Block) -> list[Line]:
    """Return the derivatives of the weights of a wide layer (an activation has nothing more to say)."""
    if not isinstance(block, Affine):
        return []
    d = delta(view, block.out)
    source = text_of(view, view.ids_of(block.source))
    lines = []
    if view.is_small(block.out):
        lines.append(array_line(d, view.partial(view.whole(block.out)), view.gradient(block.out), view.style))
    for quantity in (block.kernel, block.bias):
        if quantity is None:
            continue
        symbol = view.partial(view.whole(quantity))
        if not quantity.variable.trainable:
            lines.append(
                Line(
                    symbol,
                    None,
                    None,
                    None,
                    Math("·", r"\cdot"),
                    True,
                    symbol.text,
                    "not computed: the layer is frozen",
                )
            )
            continue
        formula = d
        if quantity is block.kernel:
            formula = d + transposed(source) if view.names.notation == "textbook" else source + transposed(d)
            if view.names.keras:
                formula = Math(f"{source.text}.T @ {d.text}", rf"{transposed(source).latex} \, {d.latex}")
        if view.penalized and quantity.variable.regularizer is not None:
            formula = plus([formula, view.names.partial(Math("Ω", r"\Omega"), view.whole(quantity))])
        lines.append(array_line(symbol, formula, view.oriented(quantity, view.gradient(quantity)), view.style))
    return lines
