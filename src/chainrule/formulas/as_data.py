"""Formulas as plain data, from which other programs (the page's scripts) compute and print the same expressions.

`web/static/derive/formula.js` lists the nodes of a tree.
"""

from __future__ import annotations

import ast
from typing import Any

from chainrule.errors import ChainruleError
from chainrule.formulas import Facts, Formula

_OPERATORS: dict[type[ast.operator], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.FloorDiv: "//",
    ast.Pow: "**",
}


def facts_to_json(facts: Facts) -> dict[str, Any]:
    """Return what is known of a function, its formula and derivative as trees.

    >>> from chainrule import activations
    >>> from chainrule.formulas import facts_of
    >>> facts_to_json(facts_of(activations.tanh))["formula"]
    ['call', 'tanh', [['name', 'h']]]
    """
    return {
        "formula": tree_of(facts.formula),
        "derivative": tree_of(facts.derivative),
        "symbol": facts.symbol,
        "title": facts.title,
        "argument": facts.argument,
        "vector": facts.vector,
        "combine": facts.combine,
        "constants": {k: _plain(v) for k, v in facts.constants.items() if not isinstance(v, str) and v is not None},
        "where": [[name, tree_of(formula)] for name, formula in facts.where.items()],
        "inside": None if facts.inside is None else tree_of(facts.inside),
        "display": dict(facts.display),
        "note": facts.note,
    }


def _plain(value: Any) -> Any:
    """Return a constant as JSON knows it: numbers, or lists of them."""
    return value.tolist() if hasattr(value, "tolist") else value


def tree_of(formula: Formula) -> list[Any]:
    """Return the expression of a formula as nested lists.

    >>> tree_of(Formula("-y if y > 0.5 else 1"))
    ['if', ['compare', ['name', 'y'], ['Gt'], [['num', '0.5']]], ['neg', ['name', 'y']], ['num', '1']]
    """
    return _node(formula.tree)


def _node(node: ast.expr) -> list[Any]:
    """Return one node, its first element the kind."""
    match node:
        case ast.Constant():
            return ["num", str(node.value)]
        case ast.Name():
            return ["name", node.id]
        case ast.UnaryOp(op=ast.USub()):
            return ["neg", _node(node.operand)]
        case ast.BinOp():
            return [_OPERATORS[type(node.op)], _node(node.left), _node(node.right)]
        case ast.Compare():
            return [
                "compare",
                _node(node.left),
                [type(o).__name__ for o in node.ops],
                [_node(c) for c in node.comparators],
            ]
        case ast.BoolOp():
            return ["and" if isinstance(node.op, ast.And) else "or", [_node(v) for v in node.values]]
        case ast.IfExp():
            return ["if", _node(node.test), _node(node.body), _node(node.orelse)]
        case ast.Call(func=ast.Name(id=name)):
            return ["call", name, [_node(a) for a in node.args]]
        case ast.Subscript(slice=ast.Slice(lower=ast.expr() as lower, upper=None)):
            return ["from", _node(node.value), _node(lower)]
        case ast.Subscript():
            return ["at", _node(node.value), _node(node.slice)]
        case ast.GeneratorExp() | ast.ListComp():
            return _each(node)
    raise ChainruleError(f"There is no form as data for the formula '{ast.unparse(node)}'.")


def _each(node: ast.GeneratorExp | ast.ListComp) -> list[Any]:
    (generator,) = node.generators
    assert isinstance(generator.target, ast.Name)
    kind = "list" if isinstance(node, ast.ListComp) else "each"
    return [kind, _node(node.elt), generator.target.id, _node(generator.iter)]
