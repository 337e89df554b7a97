"""Choices and loops. They are Python's own, so a tape sees whatever the chosen branch or each round computes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from chainrule import tree
from chainrule._typing import Value
from chainrule.ops.shapes import stack

__all__ = [
    "cond",
    "fori_loop",
    "map",
    "scan",
    "switch",
    "vectorized_map",
    "while_loop",
]


def cond(pred: Value, true_fn: Callable[[], Any], false_fn: Callable[[], Any]) -> Any:
    """Call one of two functions."""
    return true_fn() if bool(pred) else false_fn()


def switch(index: Value, branches: Sequence[Callable[..., Any]], *operands: Any) -> Any:
    """Call the function with that number, the first or last one if it is out of range."""
    return branches[min(max(int(index), 0), len(branches) - 1)](*operands)


def while_loop(
    cond: Callable[..., Any], body: Callable[..., Any], loop_vars: Any, maximum_iterations: int | None = None
) -> Any:
    """Call `body` on the variables, and again on what it returns, while `cond` of them is true."""
    several = isinstance(loop_vars, tuple | list)
    values = tuple(loop_vars) if several else (loop_vars,)
    rounds = 0
    while (maximum_iterations is None or rounds < maximum_iterations) and bool(cond(*values)):
        result = body(*values)
        values = tuple(result) if isinstance(result, tuple | list) else (result,)
        rounds += 1
    return values if several else values[0]


def fori_loop(lower: Any, upper: Any, body_fun: Callable[[int, Any], Any], init_val: Any) -> Any:
    """Call `body_fun(i, value)` for each `i` from `lower` up to `upper`, passing on what it returns."""
    for i in range(int(lower), int(upper)):
        init_val = body_fun(i, init_val)
    return init_val


def scan(
    f: Callable[[Any, Any], Any],
    init: Any,
    xs: Any = None,
    length: int | None = None,
    reverse: bool = False,
    unroll: int = 1,
) -> tuple[Any, Any]:
    """Call `carry, y = f(carry, x)` along the first axis of `xs`; return the last carry and the stacked `y`s."""
    count = len(tree.flatten(xs)[0]) if xs is not None else int(length or 0)
    order = range(count - 1, -1, -1) if reverse else range(count)
    results: list[Any] = [None] * count
    for i in order:
        init, results[i] = f(init, None if xs is None else tree.map_structure(lambda x, i=i: x[i], xs))
    return init, tree.map_structure(lambda *ys: None if ys[0] is None else stack(list(ys)), *results)


def map(f: Callable[[Any], Any], xs: Any) -> Any:
    """Call `f` on each slice along the first axis and stack what it returns."""
    results = [f(tree.map_structure(lambda x, i=i: x[i], xs)) for i in range(len(tree.flatten(xs)[0]))]
    return tree.map_structure(lambda *ys: stack(list(ys)), *results)


def vectorized_map(function: Callable[[Any], Any], elements: Any) -> Any:
    """The same as `map`."""
    return map(function, elements)
