"""The GELU as files have it that do not know an operator of that name: `0.5 * x * (1 + erf(x / sqrt(2)))`."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from chainrule.saving.onnx.build import Builder
from chainrule.saving.onnx.read import Node


def gelu_input(to: Builder, last: Node) -> str | None:
    """Return the name of x if a product is the GELU of x, in whatever order it is written."""
    factors = _factors(to, last, 3)
    halves = [n for n in factors if _is(to, n, 0.5)]
    if len(factors) != 3 or len(halves) != 1:
        return None
    first, second = [n for n in factors if n not in halves] if len(set(factors)) == 3 else ("", "")
    for x, other in ((first, second), (second, first)):
        if other in to.makers and _erf_of(to, to.makers[other]) == x != "":
            return x
    return None


def _factors(to: Builder, node: Node, depth: int) -> list[str]:
    """Return the names of what a product is made of, taking apart products inside."""
    found: list[str] = []
    for name in node.inputs:
        maker = to.makers.get(name)
        inner = maker is not None and maker.kind == "Mul" and depth > 0 and to.only_reader(name) is not None
        found += _factors(to, maker, depth - 1) if maker is not None and inner else [name]
    return found


def _erf_of(to: Builder, node: Node) -> str | None:
    """Return the name of x if a node makes `1 + erf(x / sqrt(2))`."""
    others = [n for n in node.inputs if not _is(to, n, 1.0)]
    erf = to.makers.get(others[0]) if node.kind == "Add" and len(others) == 1 else None
    scaled = to.makers.get(erf.inputs[0]) if erf is not None and erf.kind == "Erf" else None
    if scaled is None or scaled.kind not in ("Div", "Mul") or len(scaled.inputs) != 2:
        return None
    a, b = scaled.inputs
    if scaled.kind == "Div":
        return a if _is(to, b, math.sqrt(2)) else None
    return a if _is(to, b, math.sqrt(0.5)) else b if _is(to, a, math.sqrt(0.5)) else None


def _is(to: Builder, name: str, number: float) -> bool:
    """Whether a value is a constant of one number, to the precision of float32."""
    if name not in to.described.constants and not isinstance(to.values.get(name), np.ndarray):
        return False
    value: Any = to.take(name)
    return value.size == 1 and value.dtype.kind == "f" and math.isclose(float(value.item()), number, rel_tol=1e-6)
