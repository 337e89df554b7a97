"""Formulas of activations and losses with the symbols and numbers of one observation."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from chainrule.formulas import Facts, Formula
from chainrule.glassbox.notation import Math, latex_number, parentheses
from chainrule.glassbox.numbers import Style

_SQUARED_NAME = re.compile(r"([\wŷℓ]+[₀-₉]*⁽\d+⁾(?:\[\d+\])?)([²³⁰-⁹⁻ʰ]+)(?!⁾)")
_EXPONENT = re.compile(r"(?<![\w.])(\d+(?:\.\d+)?)e(-?\d+)")
Symbols = Mapping[str, Math]


def formula(facts: Facts, symbols: Symbols, at: int | None = None) -> Math:
    """Return the function's formula in symbols; `at` is the element of a vector it is written for."""
    source = facts.formula if at is None else concrete(facts.formula, i=at)
    return _written(replace(facts, formula=source), "", symbols, None, {})


def derivative(facts: Facts, symbols: Symbols, at: int | None = None) -> Math:
    """Return the derivative's formula in symbols."""
    source = facts.derivative if at is None else concrete(facts.derivative, i=at)
    return _written(replace(facts, derivative=source), "derivative", symbols, None, {})


def formula_numbers(facts: Facts, symbols: Symbols, style: Style, **inputs: Any) -> Math:
    """Return the formula with numbers put in."""
    return _written(facts, "", symbols, style, inputs)


def derivative_numbers(facts: Facts, symbols: Symbols, style: Style, **inputs: Any) -> Math:
    """Return the derivative with numbers put in."""
    return _written(facts, "derivative", symbols, style, inputs)


def _written(facts: Facts, what: str, symbols: Symbols, style: Style | None, inputs: Mapping[str, Any]) -> Math:
    text_names = {k: v.text for k, v in symbols.items()}
    latex_names = {k: f"{{{v.latex}}}" if "^" in v.latex else v.latex for k, v in symbols.items()}
    if style is None:
        prefix = f"{what}_" if what else ""
        text, latex = getattr(facts, f"{prefix}text")(text_names), getattr(facts, f"{prefix}latex")(latex_names)
    else:
        name = f"put_{what}" if what else "put"
        text = getattr(facts, name)(style.number, text_names, **inputs)
        latex = getattr(facts, f"{name}_latex")(style.number, latex_names, **inputs)
    return Math(_SQUARED_NAME.sub(r"(\1)\2", text), latex_exponents(latex))


def latex_exponents(latex: str) -> str:
    r"""Write `2e-7` as `2 \cdot 10^{-7}` in LaTeX."""
    return _EXPONENT.sub(lambda m: latex_number(m[0]), latex)


def head(facts: Facts | None, name: str, argument: Math, at: int | None = None) -> Math:
    """Return the function applied to its argument: `σ(h)`, `softmax(h)₁`."""
    symbol = facts.symbol if facts is not None and facts.symbol else name
    latex = {"σ": r"\sigma", "tanh": r"\tanh", "exponential": r"\exp"}.get(
        symbol, rf"\operatorname{{{symbol}}}".replace("_", r"\_")
    )
    whole = Math(symbol + f"({argument.text})", latex + f"({argument.latex})")
    if at is None:
        return whole
    from chainrule.formulas.notation import subscript

    return Math(whole.text + (subscript(str(at + 1)) or ""), whole.latex + f"_{{{at + 1}}}")


def wrapped(piece: Math) -> Math:
    """Return the piece fit for being a factor: sums, differences, negative numbers and cases in parentheses."""
    return parentheses(piece) if is_sum(piece.text) else piece


def is_sum(text: str) -> bool:
    """Whether a printed formula is a sum, a difference, a case or begins with a minus.

    >>> is_sum("(a + b)c"), is_sum("a − b"), is_sum("−a"), is_sum("1 if h > 0 else 0")
    (False, True, True, True)
    """
    depth = 0
    for at, c in enumerate(text):
        depth += (c in "([|" and not (c == "|" and depth)) - (c in ")]")
        if c == "|":
            depth = 0 if depth else 1
        if depth == 0 and (text[at : at + 3] in (" + ", " − ") or text[at : at + 4] == " if "):
            return True
    return text.startswith("−") or text.startswith("Σ")


def concrete(source: Formula, **indices: int) -> Formula:
    """Write a formula of vectors for given elements: `p[i]` for i = 0 becomes `p[1]`, as people count.

    >>> concrete(Formula("y[i] - p[i]"), i=0).text()
    'y₁ − p₁'
    """

    class Put(ast.NodeTransformer):
        def visit_Name(self, node: ast.Name) -> ast.expr:
            return ast.Constant(indices[node.id] + 1) if node.id in indices else node

    return Formula(ast.unparse(Put().visit(ast.parse(source.source, mode="eval"))))
