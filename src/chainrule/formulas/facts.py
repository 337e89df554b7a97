"""`Facts`: what the glass box says about an activation or a loss, attached to the function itself by `with_facts`."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from chainrule.formulas.formula import Formula, format_number
from chainrule.records import Record, field, replace

F = TypeVar("F", bound=Callable[..., Any])
Names = Mapping[str, str]


class Facts(Record):
    """A function's formula and its derivative, for printing and for an independent computation.

    An activation takes h and gives p; a loss takes the target y and the prediction p (or h, if it takes logits). A
    formula of vectors has the indices i (and j, for the derivative of element i with respect to element j); sums run
    over all elements K, and results over I where there are fewer of them.

    Args:
        formula: the value.
        derivative: with respect to `argument`, in terms of anything in `values`.
        symbol: what the function is called in print: `"σ"`.
        title: its name in words: `"squared error"`.
        argument: what the derivative is taken with respect to: `"h"` or `"p"`.
        vector: whether it takes whole vectors; otherwise it applies to each element.
        combine: for a loss per element, how the elements of one observation are joined: `"mean"` or `"sum"`.
        constants: value of each further symbol; a string names the function's parameter that holds it.
        where: further quantities, in the order in which they are computed.
        inside: the condition under which the derivative holds; elsewhere it is 0.
        display: symbols to print under another name: `{"q": "p"}`.
        note: a sentence to print below.
    """

    formula: Formula
    derivative: Formula
    symbol: str = ""
    title: str = ""
    argument: str = "h"
    vector: bool = False
    combine: str = ""
    constants: Mapping[str, Any] = field(default_factory=dict)
    where: Mapping[str, Formula] = field(default_factory=dict)
    inside: Formula | None = None
    display: Names = field(default_factory=dict)
    note: str = ""

    # -- numbers ------------------------------------------------------------------------------------------------------

    def values(self, **inputs: Any) -> dict[str, Any]:
        """Return the value of every symbol, given those of the inputs (`h`; or `y` and `p`): plain numbers or lists."""
        values = {k: v for k, v in self.constants.items() if not isinstance(v, str)}
        values.update(inputs)
        if self.vector:
            values["K"] = range(len(inputs[self.argument]))
        for name, formula in self.where.items():
            values[name] = formula(**values)
        if self.symbol and "p" not in values:
            values["p"] = _at_each_index(self.formula, {k: v for k, v in values.items() if k not in ("i", "j")})
        return values

    def value(self, **inputs: Any) -> Any:
        """Compute the function on plain Python numbers (lists for vectors)."""
        return _at_each_index(self.formula, self.values(**inputs))

    def slope(self, **inputs: Any) -> Any:
        """Compute the derivative: a number; for vectors a list, or a list of rows."""
        values = self.values(**inputs)
        if self.inside is not None and not self.inside(**values):
            return 0.0
        return _at_each_index(self.derivative, values)

    # -- print --------------------------------------------------------------------------------------------------------

    def text(self, names: Names | None = None) -> str:
        """Return the formula: `'1/(1 + e⁻ʰ)'`."""
        return self.formula.text(self._names(names))

    def derivative_text(self, names: Names | None = None) -> str:
        """Return the derivative: `'p(1 − p)'`."""
        return self.derivative.text(self._names(names))

    def latex(self, names: Names | None = None) -> str:
        """Return the formula in LaTeX."""
        return self.formula.latex(self._names(names))

    def derivative_latex(self, names: Names | None = None) -> str:
        """Return the derivative in LaTeX."""
        return self.derivative.latex(self._names(names))

    def header(self, names: Names | None = None) -> str:
        """Return the formula with the function's symbol: `'σ(h) = 1/(1 + e⁻ʰ)'`."""
        argument = (names or {}).get(self.argument, self.argument)
        head, body = f"{self.symbol}({argument})", self.text(names)
        if self.vector:
            head += "ᵢ"
        return body if not self.symbol or head == body else f"{head} = {body}"

    def put(self, number: Callable[[float], str] = format_number, names: Names | None = None, **inputs: Any) -> str:
        """Return the formula with numbers put in: `'1/(1 + e^(−0.5))'`."""
        return self.formula.put(self.values(**inputs), number, self._names(names))

    def put_derivative(
        self, number: Callable[[float], str] = format_number, names: Names | None = None, **inputs: Any
    ) -> str:
        """Return the derivative with numbers put in: `'0.6225·(1 − 0.6225)'`."""
        return self._derivative_at(inputs)[0].put(self._derivative_at(inputs)[1], number, self._names(names))

    def put_latex(
        self, number: Callable[[float], str] = format_number, names: Names | None = None, **inputs: Any
    ) -> str:
        """As `put`, in LaTeX."""
        return self.formula.put_latex(self.values(**inputs), number, self._names(names))

    def put_derivative_latex(
        self, number: Callable[[float], str] = format_number, names: Names | None = None, **inputs: Any
    ) -> str:
        """As `put_derivative`, in LaTeX."""
        return self._derivative_at(inputs)[0].put_latex(self._derivative_at(inputs)[1], number, self._names(names))

    def _derivative_at(self, inputs: Mapping[str, Any]) -> tuple[Formula, dict[str, Any]]:
        values = self.values(**inputs)
        holds = self.inside is None or self.inside(**values)
        return (self.derivative if holds else Formula("0")), values

    def _names(self, names: Names | None) -> dict[str, str]:
        given = dict(names or {})
        return {**given, **{symbol: given.get(shown, shown) for symbol, shown in self.display.items()}}


def _at_each_index(formula: Formula, values: Mapping[str, Any]) -> Any:
    """Compute a formula; if it has an index i (or i and j) without a value, at each one."""
    for index in ("i", "j"):
        if index in formula.symbols and index not in values:
            every = values.get("I", values["K"]) if index == "i" else values["K"]
            return [_at_each_index(formula, {**values, index: k}) for k in every]
    return formula(**values)


def with_facts(source: Facts | Callable[..., Facts]) -> Callable[[F], F]:
    """Attach facts to a function, or a function that makes them from its parameters (`from_logits=True`, say)."""

    def mark(function: F) -> F:
        function.__dict__["facts"] = source
        return function

    return mark


def facts_of(thing: Any, **parameters: Any) -> Facts | None:
    """Return the facts of an activation or loss for the given parameters, or None if it has none.

    Args:
        thing: a function of `chainrule.activations` or `chainrule.losses`, or a loss object (it knows its parameters).
        parameters: those that differ from the function's defaults.

    >>> from chainrule import activations
    >>> facts_of(activations.sigmoid).header()
    'σ(h) = 1/(1 + e⁻ʰ)'
    >>> facts_of(activations.leaky_relu, negative_slope=0.1).put(h=-3.0)
    '0.1·(−3)'
    """
    if hasattr(thing, "fn"):
        return facts_of(thing.fn, **{**getattr(thing, "parameters", {}), **parameters})
    source = getattr(thing, "facts", None)
    if source is None:
        return None
    signature = inspect.signature(thing).parameters.values()
    known = {p.name: p.default for p in signature if p.default is not inspect.Parameter.empty} | parameters
    if callable(source):
        made: Facts = source(**known)
        return made
    facts: Facts = source
    constants = {s: known.get(p, p) if isinstance(p, str) else p for s, p in facts.constants.items()}
    return replace(facts, constants=constants)
