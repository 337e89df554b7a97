"""Prints a parsed formula as text or LaTeX, with its symbols or with numbers in their places.

The walk over the expression decides where parentheses and signs go; a `Notation` decides what a fraction, a power, a
sum or a case looks like. Both kinds of output come from one walk, so they cannot disagree.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping
from typing import Any

from chainrule.formulas.notation import Notation
from chainrule.formulas.symbols import symbols
from chainrule.records import Record

CONDITION, COMPARISON, SUM, PRODUCT, POWER, ATOM = range(6)
MAX_TERMS = 8

Number = Callable[[float], str]


class Piece(Record):
    """Printed text, how tightly it binds, and what the neighbours of a product must know about it.

    `value` marks text with numbers put in, `single` one such number by itself, `call` a named function like `log(p)`.
    """

    text: str
    strength: int
    value: bool = False
    single: bool = False
    call: bool = False

    @property
    def signed(self) -> bool:
        return self.text[0] in "−-"


class Printer:
    """Prints the nodes of an expression.

    Args:
        notation: text or LaTeX.
        names: what a symbol is printed as, where that differs from the notation's own choice.
        values: numbers (or sequences of them) to print in place of symbols.
        number: how a number is printed.
        evaluate: gives the value of a node, for conditions and for what only exists as a number.
    """

    def __init__(
        self,
        notation: Notation,
        names: Mapping[str, str],
        values: Mapping[str, Any],
        number: Number,
        evaluate: Callable[[ast.expr, Mapping[str, Any]], Any],
    ) -> None:
        self.notation = notation
        self.names = names
        self.values = dict(values)
        self.number = number
        self.evaluate = evaluate

    def print(self, node: ast.expr) -> str:
        return self.piece(node).text

    def piece(self, node: ast.expr) -> Piece:
        method: Callable[[Any], Piece] = getattr(self, f"_{type(node).__name__.lower()}")
        return method(node)

    # -- leaves -------------------------------------------------------------------------------------------------------

    def _value(self, value: float) -> Piece:
        return self._single(self.notation.number(self.number(float(value))))

    def _single(self, text: str) -> Piece:
        return Piece(text, SUM if text[0] in "−-" else ATOM, value=True, single=True)

    def _constant(self, node: ast.Constant) -> Piece:
        return Piece(self.notation.number(str(node.value)), ATOM)

    def _name(self, node: ast.Name) -> Piece:
        if node.id in self.values:
            return self._value(self.values[node.id])
        return Piece(self._symbol(node.id), ATOM)

    def _symbol(self, name: str) -> str:
        return self.names.get(name) or self.notation.symbol(name)

    def _subscript(self, node: ast.Subscript) -> Piece:
        assert isinstance(node.value, ast.Name)
        if node.value.id in self.values and self._known(node.slice):
            return self._value(self.evaluate(node, self.values))
        return Piece(self.notation.subscript(self._symbol(node.value.id), ast.unparse(node.slice)), ATOM)

    def _known(self, node: ast.AST) -> bool:
        """Whether everything in an expression has a value; false when only symbols are printed."""
        return bool(self.values) and symbols(node) <= self.values.keys()

    # -- arithmetic ---------------------------------------------------------------------------------------------------

    def _wrap(self, piece: Piece, unless: bool) -> str:
        return piece.text if unless else self.notation.parentheses(piece.text)

    def _unaryop(self, node: ast.UnaryOp) -> Piece:
        inner = self.piece(node.operand)
        if inner.single:
            negated = inner.text if inner.text == "0" else self.notation.minus + inner.text
            return self._single(inner.text[1:] if inner.signed else negated)
        text = self._wrap(inner, inner.strength >= PRODUCT and not inner.signed)
        return Piece(self.notation.minus + text, PRODUCT, value=inner.value)

    def _operand(self, node: ast.expr) -> Piece:
        """Print a part of an arithmetic expression; a comparison counts as 1 or 0 (Iverson's bracket)."""
        if not isinstance(node, ast.Compare):
            return self.piece(node)
        if self._known(node):
            return self._value(float(self.evaluate(node, self.values)))
        return Piece(self.notation.bracket(self.print(node)), ATOM)

    def _binop(self, node: ast.BinOp) -> Piece:
        if isinstance(node.op, ast.Pow):
            return self._power(self._operand(node.left), node.right)
        left, right = self._operand(node.left), self._operand(node.right)
        value = left.value or right.value
        if isinstance(node.op, ast.Add | ast.Sub):
            sign = "+" if isinstance(node.op, ast.Add) else self.notation.minus
            first = self._wrap(left, left.strength >= SUM)
            second = self._wrap(right, right.strength >= PRODUCT and not right.signed)
            return Piece(f"{first} {sign} {second}", SUM, value=value)
        if isinstance(node.op, ast.Div):
            return self._quotient(left, right)
        leading = left.strength >= PRODUCT or (left.signed and isinstance(node.left, ast.UnaryOp))
        first = self._wrap(left, leading)
        second = self._wrap(right, right.strength >= PRODUCT and not right.signed)
        text = self._product(first, self._times(left, right, second), second)
        return Piece(text, PRODUCT, value=value, call=right.call)

    def _product(self, first: str, times: str, second: str) -> str:
        """Put a product together; a command of LaTeX must end before a letter: `\\alpha h`."""
        runs_on = not times and second[0].isalpha() and re.search(r"\\[A-Za-z]+$", first)
        return first + (" " if runs_on else times) + second

    def _times(self, left: Piece, right: Piece, second: str) -> str:
        """Return the sign between two factors: nothing between symbols, where a reader sees a product anyway."""
        if self.values or left.call or right.call or second[0].isdigit() or second.startswith("e^("):
            return self.notation.times
        return ""

    def _quotient(self, left: Piece, right: Piece) -> Piece:
        value = left.value or right.value
        if self.notation.stacks_fractions:
            sign = left.text[0] if left.signed and (left.single or left.strength >= PRODUCT) else ""
            text = sign + self.notation.fraction(left.text[len(sign) :], right.text)
            return Piece(text, PRODUCT if sign else POWER, value=value)
        top = self._wrap(left, left.strength >= PRODUCT or left.single)
        bottom = self._wrap(right, right.strength >= POWER and not right.signed)
        return Piece(f"{top}/{bottom}", PRODUCT, value=value)

    def _power(self, base: Piece, exponent: ast.expr) -> Piece:
        bottom = self._wrap(base, base.strength == ATOM)
        return Piece(self.notation.power(bottom, self.print(exponent)), POWER, value=base.value)

    # -- functions ----------------------------------------------------------------------------------------------------

    def _call(self, node: ast.Call) -> Piece:
        assert isinstance(node.func, ast.Name)
        name = node.func.id
        if name == "sum":
            return self._sum(node.args[0])
        if name == "kronecker":
            if self._known(node):
                return self._value(self.evaluate(node, self.values))
            return Piece(self.notation.kronecker(*(ast.unparse(a) for a in node.args)), ATOM)
        arguments = [self.piece(a) for a in node.args]
        value = any(a.value for a in arguments)
        texts = [a.text for a in arguments]
        if name == "exp":
            return Piece(self.notation.power("e", texts[0]), POWER, value=value)
        if name == "sqrt":
            return Piece(
                self.notation.sqrt(texts[0], arguments[0].strength == ATOM and not arguments[0].call), ATOM, value=value
            )
        if name == "abs" and "|" not in texts[0]:
            return Piece(self.notation.abs(texts[0]), ATOM, value=value)
        return Piece(self.notation.function(name, ", ".join(texts)), ATOM, value=value, call=True)

    def _sum(self, node: ast.expr) -> Piece:
        assert isinstance(node, ast.GeneratorExp)
        (generator,) = node.generators
        assert isinstance(generator.target, ast.Name)
        index = generator.target.id
        if not self._known(node):
            body = self._operand(node.elt)
            return Piece(self.notation.sum(index, self._wrap(body, body.strength >= PRODUCT)), PRODUCT, call=True)
        terms: list[str] = []
        for k in self.evaluate(generator.iter, self.values):
            self.values[index] = k
            term = self._operand(node.elt)
            terms.append(self._wrap(term, term.strength >= PRODUCT and not (term.signed and terms)))
        del self.values[index]
        if len(terms) > MAX_TERMS:
            terms = [*terms[:3], self.notation.dots, terms[-1]]
        return Piece(" + ".join(terms), SUM if len(terms) > 1 else PRODUCT, value=True)

    # -- conditions ---------------------------------------------------------------------------------------------------

    def _compare(self, node: ast.Compare) -> Piece:
        parts = [self.print(node.left)]
        for operator, right in zip(node.ops, node.comparators, strict=True):
            parts += [self.notation.comparison(type(operator).__name__), self.print(right)]
        return Piece(" ".join(parts), COMPARISON)

    def _boolop(self, node: ast.BoolOp) -> Piece:
        word = self.notation.word("and" if isinstance(node.op, ast.And) else "or")
        return Piece(f" {word} ".join(self.print(v) for v in node.values), COMPARISON)

    def _ifexp(self, node: ast.IfExp) -> Piece:
        if self._known(node.test):
            return self.piece(node.body if self.evaluate(node.test, self.values) else node.orelse)
        cases: list[tuple[str, str]] = []
        rest: ast.expr = node
        while isinstance(rest, ast.IfExp):
            cases.append((self.print(rest.body), self.print(rest.test)))
            rest = rest.orelse
        return Piece(self.notation.cases(cases, self.print(rest)), CONDITION)

    def _listcomp(self, node: ast.ListComp) -> Piece:
        """Print a vector by its general element."""
        return self.piece(node.elt)
