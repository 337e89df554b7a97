"""The functions a formula may use, and which names in it are symbols."""

from __future__ import annotations

import ast
import math
from collections.abc import Callable
from typing import Any


def _exp(x: float) -> float:
    try:
        return math.exp(x)
    except OverflowError:
        return math.inf


def _sigma(x: float) -> float:
    return 1 / (1 + _exp(-x))


def _kronecker(i: int, j: int) -> int:
    return int(i == j)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "abs": abs,
    "cosh": math.cosh,
    "erf": math.erf,
    "exp": _exp,
    "kronecker": _kronecker,
    "len": len,
    "log": math.log,
    "max": max,
    "min": min,
    "range": range,
    "sigma": _sigma,
    "sorted": sorted,
    "sqrt": math.sqrt,
    "sum": sum,
    "tanh": math.tanh,
}
"""On plain Python numbers, on purpose: a check of the arrays' arithmetic must not share its code."""

CONSTANTS = {"pi": math.pi}


def symbols(node: ast.AST) -> set[str]:
    """Return the names in an expression that stand for values: not its functions, constants and running indices.

    >>> sorted(symbols(ast.parse("sum(exp(h[k]) for k in K) * pi")))
    ['K', 'h']
    """
    names = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
    running = {
        n.target.id for n in ast.walk(node) if isinstance(n, ast.comprehension) and isinstance(n.target, ast.Name)
    }
    return names - running - FUNCTIONS.keys() - CONSTANTS.keys()
