"""Formulas of activations and losses with the symbols and numbers of one observation."""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Callable, Mapping
from typing import Any

from chainrule.formulas import Facts, Formula
from chainrule.formulas.notation import subscript
from chainrule.glassbox.notation import Math, escape, latex_number, parentheses
from chainrule.glassbox.numbers import Style
from chainrule.records import replace

_RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹"
_SQUARED_NAME = re.compile(rf"([\wŷℓ]+⁽[{_RAISED}]+⁾(?:\[\d+\])?)([{_RAISED}])")
_SQUARED_NUMBER = re.compile(r"(\d(?:\.\d+)?e−?\d+)([²³⁴⁵⁶⁷⁸⁹])")
_BRACKET = re.compile(r"\](?=\w)")
_EXPONENT = re.compile(r"(?<![\w.])(\d+(?:\.\d+)?)e(-?\d+)(\^)?")
Symbols = Mapping[str, Math]


def formula(facts: Facts, symbols: Symbols, **indices: int) -> Math:
    """Return the function's formula in symbols, for the elements of vectors that `indices` names (from 0)."""
    return _written(replace(facts, formula=concrete(facts.formula, **indices)), "", symbols, None, {})


def derivative(facts: Facts, symbols: Symbols, **indices: int) -> Math:
    """Return the derivative's formula in symbols."""
    return _written(replace(facts, derivative=concrete(facts.derivative, **indices)), "derivative", symbols, None, {})


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
    return Math(_BRACKET.sub("]·", raised_safely(text)), latex_exponents(latex))


def raised_safely(text: str) -> str:
    """Put what has an exponent of its own in parentheses before another one: `(a₁⁽¹⁾)²`, `(2e−4)²`."""
    return _SQUARED_NUMBER.sub(r"(\1)\2", _SQUARED_NAME.sub(r"(\1)\2", text))


def latex_exponents(latex: str) -> str:
    r"""Write `2e-7` as `2 \cdot 10^{-7}` in LaTeX."""

    def scientific(m: re.Match[str]) -> str:
        number = latex_number(f"{m[1]}e{m[2]}")
        return f"({number})^" if m[3] else number

    return _EXPONENT.sub(scientific, latex)


KINK = "at a kink, where the tape takes a value between both sides"


def put(numbers: Callable[[], Math], expected: Callable[[], Any], value: float) -> tuple[Math | None, str]:
    """Return the numbers put into a formula, if they give what the tape gave; else a remark in their place.

    Args:
        numbers: writes them.
        expected: computes the formula on plain numbers.
        value: what the tape gave.
    """
    try:
        found = float(expected())
        if abs(found - value) <= 1e-6 * max(1.0, abs(value)) or (math.isnan(found) and math.isnan(value)):
            return numbers(), ""
    except (ArithmeticError, ValueError, TypeError, IndexError):
        return None, ""
    return None, KINK if math.isfinite(value) else ""


def function_name(facts: Facts | None, name: str) -> Math:
    """Return what a function is called: `σ`, `relu`."""
    symbol = facts.symbol if facts is not None and facts.symbol else name
    known = {"σ": r"\sigma", "tanh": r"\tanh", "exponential": r"\exp"}
    return Math(symbol, known.get(symbol) or rf"\operatorname{{{escape(symbol)}}}")


def head(facts: Facts | None, name: str, argument: Math, at: int | None = None) -> Math:
    """Return the function applied to its argument: `σ(h)`, `softmax(h)₁`."""
    function = function_name(facts, name)
    whole = Math(f"{function.text}({argument.text})", f"{function.latex}({argument.latex})")
    if at is None:
        return whole
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
    return text.startswith(("−", "Σ"))


class _Put(ast.NodeTransformer):
    """Puts numbers for indices, counted from 1; works out Kronecker's delta; drops the cases that clipping adds."""

    def __init__(self, indices: Mapping[str, int]) -> None:
        self.indices = indices

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return ast.Constant(self.indices[node.id] + 1) if node.id in self.indices else node

    def visit_Call(self, node: ast.Call) -> ast.expr:
        self.generic_visit(node)
        known = all(isinstance(a, ast.Constant) for a in node.args)
        if isinstance(node.func, ast.Name) and node.func.id == "kronecker" and known:
            return ast.Constant(int(len({a.value for a in node.args if isinstance(a, ast.Constant)}) == 1))
        return node

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        self.generic_visit(node)
        if isinstance(node.op, ast.Mult) and ast.unparse(node.left) in ("1", "-1"):
            return node.right if ast.unparse(node.left) == "1" else ast.UnaryOp(ast.USub(), node.right)
        return node

    def visit_IfExp(self, node: ast.IfExp) -> ast.expr:
        self.generic_visit(node)
        return node.body if "epsilon" in ast.unparse(node.test) else node


def concrete(source: Formula, **indices: int) -> Formula:
    """Write a formula of vectors for given elements: `p[i]` for i = 0 becomes `p[1]`, as people count.

    >>> concrete(Formula("y[i] - p[i]"), i=0).text(), concrete(Formula("kronecker(i, c) - p[i]"), i=1, c=0).text()
    ('y₁ − p₁', '0 − p₂')
    """
    return Formula(ast.unparse(_Put(indices).visit(ast.parse(source.source, mode="eval"))))
