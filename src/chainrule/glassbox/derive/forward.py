"""The forward pass: each unit's formula with its numbers."""

from __future__ import annotations

import functools
from typing import Any

from chainrule._typing import Array
from chainrule.formulas import Facts
from chainrule.glassbox import page
from chainrule.glassbox.derive import facts as f
from chainrule.glassbox.derive import matrix, steps
from chainrule.glassbox.derive.view import View
from chainrule.glassbox.network import Activation, Affine, Block, Steps
from chainrule.glassbox.notation import Math, factor, join, plus, times
from chainrule.glassbox.page import Line, Section


def sections(view: View) -> list[Section]:
    """Return the sections of the forward pass, one per layer (one in all if there is only one layer)."""
    found: list[Section] = []
    for block in view.network.blocks:
        title = view.title(block) if view.names.layered else ""
        lines = block_lines(view, block)
        if found and isinstance(block, Activation) and found[-1].key == str(block.number):
            found[-1].lines.extend(lines)
        else:
            rule = steps.rule_of(block) if isinstance(block, Steps) else None
            found.append(Section(title, lines, rule, level=2, key=str(block.number)))
    return found


def block_lines(view: View, block: Block) -> list[Line]:
    """Return the lines of one block."""
    if isinstance(block, Steps):
        return steps.forward(view, block)
    if not view.is_scalar(block):
        return matrix.forward(view, block)
    if isinstance(block, Affine):
        return affine(view, block)
    return activation(view, block) if isinstance(block, Activation) else []


def affine(view: View, block: Affine) -> list[Line]:
    """`h₁ = w₁₁x₁ + w₂₁x₂ + b₁`, one line for each unit."""
    source = view.ids_of(block.source)
    lines = []
    for j, out in enumerate(view.ids(block.out)):
        formula, numbers = affine_terms(view, block, source, j)
        lines.append(page.scalar(view.symbol(out), plus(formula), plus(numbers), view.value(out), view.style))
    return lines


def affine_terms(view: View, block: Affine, source: Array, j: int) -> tuple[list[Math], list[Math]]:
    """Return the terms of unit `j` in symbols and in numbers."""
    formula, numbers = [], []
    kernel = view.network.ids[id(block.kernel.tensor)]
    for i, x in enumerate(source):
        w = kernel[i, j]
        formula.append(juxtapose(view, view.symbol(w), view.symbol(x)))
        numbers.append(times([factor(view.value(w), view.style), factor(view.value(x), view.style)]))
    if block.bias is not None:
        b = view.network.ids[id(block.bias.tensor)][j]
        formula.append(view.symbol(b))
        numbers.append(factor(view.value(b), view.style))
    return formula, numbers


def juxtapose(view: View, *pieces: Math) -> Math:
    """Return a product of symbols: `w₁x₁`, or with a dot where names have several letters."""
    return times(pieces) if view.names.keras else join(pieces, "", " ")


def activation(view: View, block: Activation) -> list[Line]:
    """`p = σ(h) = 1/(1 + e^(−0.5))`, one line for each unit."""
    source, out = view.ids_of(block.source), view.ids(block.out)
    values = [view.value(n) for n in source]
    lines = []
    for k, number in enumerate(out):
        if block.facts is None:
            argument = (
                view.symbol(source[k])
                if len(source) == len(out)
                else view.whole(view.network.quantity_of(source[0])[0])
            )
            lines.append(
                page.scalar(
                    view.symbol(number), f.head(None, block.name, argument), None, view.value(number), view.style
                )
            )
            continue
        symbols = {"h": view.vector(source) if block.vector else view.symbol(source[k]), "p": view.symbol(number)}
        inputs = {"h": values, "i": k} if block.vector else {"h": values[k]}
        formula = f.head(block.facts, block.name, symbols["h"], k if block.vector else None)
        numbers, note = f.put(
            functools.partial(f.formula_numbers, block.facts, symbols, view.style, **inputs),
            functools.partial(element, block.facts, k if block.vector else None, h=inputs["h"]),
            view.value(number),
        )
        lines.append(page.scalar(view.symbol(number), formula, numbers, view.value(number), view.style, note))
    return lines


def element(facts: Facts, at: int | None, **inputs: Any) -> float:
    """Compute a function on plain numbers; of a vector function the element `at`."""
    found = facts.value(**inputs)
    return float(found if at is None else found[at])
