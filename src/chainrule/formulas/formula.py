"""`Formula`: a formula written once, as a Python expression, from which every printed form and its value are made."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

from chainrule.formulas.notation import LATEX, TEXT, Notation
from chainrule.formulas.printing import Printer
from chainrule.formulas.symbols import CONSTANTS, FUNCTIONS, symbols


def format_number(value: float, digits: int = 4) -> str:
    """Print a number with `digits` decimals, or shorter where that is exact.

    >>> format_number(0.62245933), format_number(-0.5), format_number(3.0), format_number(-0.0), format_number(2e-7)
    ('0.6225', '−0.5', '3', '0', '2e−7')
    """
    if value == 0:
        return "0"
    text = f"{value:.{digits}f}"
    if float(text) == value:
        text = text.rstrip("0").rstrip(".") if "." in text else text
    elif float(text) == 0:
        mantissa, exponent = f"{value:.{max(digits - 1, 0)}e}".split("e")
        mantissa = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
        text = f"{mantissa}e{int(exponent)}"
    return text.replace("-", "−")


class Formula:
    """A formula such as `"1 / (1 + exp(-h))"`: callable, printable as text and as LaTeX, with or without numbers.

    It may use `+ - * / **`, comparisons, `a if c else b`, the functions of `chainrule.formulas.symbols`, elements
    `h[i]` of vectors and sums over them: `sum(exp(h[k]) for k in K)`.

    Args:
        source: the expression; its free names are the symbols.

    >>> f = Formula("1 / (1 + exp(-h))")
    >>> f.text(), f.put({"h": 0.5}), f.put({"h": -0.5})
    ('1/(1 + e⁻ʰ)', '1/(1 + e^(−0.5))', '1/(1 + e^0.5)')
    >>> f(h=0.5)
    0.6224593312018546
    >>> print(f.latex())
    \\frac{1}{1 + e^{-h}}
    """

    def __init__(self, source: str) -> None:
        self.source = source

    def __repr__(self) -> str:
        return f"Formula({self.source!r})"

    @cached_property
    def tree(self) -> ast.expr:
        """The parsed expression."""
        return ast.parse(self.source, mode="eval").body

    @cached_property
    def symbols(self) -> set[str]:
        """The names that stand for values."""
        return symbols(self.tree)

    def __call__(self, **values: Any) -> Any:
        """Compute the formula on plain Python numbers, and lists of them for vectors."""
        return _evaluate(self.tree, values)

    def text(self, names: Mapping[str, str] | None = None) -> str:
        """Print it with symbols; `names` renames them: `{"h": "h₁"}`."""
        return self._print(TEXT, names, {}, format_number)

    def latex(self, names: Mapping[str, str] | None = None) -> str:
        """Print it with symbols, as LaTeX."""
        return self._print(LATEX, names, {}, format_number)

    def put(
        self,
        values: Mapping[str, Any],
        number: Callable[[float], str] = format_number,
        names: Mapping[str, str] | None = None,
    ) -> str:
        """Print it with numbers in place of the symbols that have a value; of cases, the one that applies."""
        return self._print(TEXT, names, values, number)

    def put_latex(
        self,
        values: Mapping[str, Any],
        number: Callable[[float], str] = format_number,
        names: Mapping[str, str] | None = None,
    ) -> str:
        """As `put`, in LaTeX."""
        return self._print(LATEX, names, values, number)

    def _print(
        self,
        notation: Notation,
        names: Mapping[str, str] | None,
        values: Mapping[str, Any],
        number: Callable[[float], str],
    ) -> str:
        return Printer(notation, names or {}, values, number, _evaluate).print(self.tree)


def _evaluate(node: ast.expr, values: Mapping[str, Any]) -> Any:
    code = compile(ast.Expression(node), "<formula>", "eval")
    return eval(code, {"__builtins__": {}, **FUNCTIONS, **CONSTANTS, **values})
