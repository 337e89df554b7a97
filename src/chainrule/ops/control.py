"""Choices and loops. They are Python's own, so a tape sees whatever the chosen branch or each round computes."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

from chainrule import tree
from chainrule._typing import Value
from chainrule.autodiff.op import Derivative, Op
from chainrule.autodiff.operators import Operators
from chainrule.errors import DataError
from chainrule.ops.shapes import stack

__all__ = [
    "cond",
    "custom_gradient",
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
    _need_slices("scan", count)
    order = range(count - 1, -1, -1) if reverse else range(count)
    results: list[Any] = [None] * count
    for i in order:
        init, results[i] = f(init, None if xs is None else tree.map_structure(lambda x, i=i: x[i], xs))
    return init, tree.map_structure(lambda *ys: None if ys[0] is None else stack(list(ys)), *results)


def map(f: Callable[[Any], Any], xs: Any) -> Any:
    """Call `f` on each slice along the first axis and stack what it returns."""
    count = len(tree.flatten(xs)[0])
    _need_slices("map", count)
    results = [f(tree.map_structure(lambda x, i=i: x[i], xs)) for i in range(count)]
    return tree.map_structure(lambda *ys: stack(list(ys)), *results)


def _need_slices(where: str, count: int) -> None:
    """Refuse to stack nothing, whose shape nobody knows."""
    if not count:
        raise DataError(f"ops.{where}: there are no slices along the first axis, so the result has no shape.")


def vectorized_map(function: Callable[[Any], Any], elements: Any) -> Any:
    """The same as `map`."""
    return map(function, elements)


def custom_gradient(f: Callable[..., Any]) -> Callable[..., Any]:
    """Let a function bring its own derivative: `f(*args)` returns `(y, pull_back)`, and `pull_back(g)` the gradients.

    >>> import chainrule as cr
    >>> @custom_gradient
    ... def twice_as_steep(x):
    ...     return x * x, lambda g: g * 4.0 * x
    >>> cr.autodiff.grad(twice_as_steep)(3.0)
    array(12., dtype=float32)
    """

    @functools.wraps(f)
    def called(*args: Any) -> Any:
        pulls: dict[str, Any] = {}

        def forward(inputs: Sequence[Any]) -> Any:
            y, pulls["back"] = f(*inputs)
            return y.value if isinstance(y, Operators) else y

        def rule(g: Any, y: Any, index: int, inputs: Sequence[Any]) -> Any:
            parts = pulls["back"](g)
            return (parts if isinstance(parts, tuple | list) else (parts,))[index]

        forward.__name__ = getattr(f, "__name__", "custom_gradient")
        return Op(forward, ("inputs",), {"inputs": Derivative("pull_back(g)[index]", rule)}, variadic=True)(args)

    return called
