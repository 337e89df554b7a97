"""Functions of functions: running combinations, loops over elements, derivatives along a direction."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Collection, Iterable
from typing import Any

import numpy as np

from chainrule import tree
from chainrule.autodiff.functional import vjp
from chainrule.ops.creation import convert_to_tensor
from chainrule.ops.creation import shape as shape_of
from chainrule.ops.shapes import broadcast_to, concatenate, flip, reshape, split, stack

__all__ = ["associative_scan", "jvp", "vectorize"]


def associative_scan(f: Callable[[Any, Any], Any], elems: Any, reverse: bool = False, axis: int = 0) -> Any:
    """The running combination `e1, f(e1, e2), f(f(e1, e2), e3), ...` along an axis.

    Args:
        f: combines two structures like `elems`, whose arrays have length 1 along the axis.
        elems: an array, or a nested structure of arrays.
        reverse: begin at the end.
        axis: the axis.

    >>> import numpy as np, chainrule as cr
    >>> associative_scan(cr.ops.maximum, np.array([1, 3, 2]))
    array([1, 3, 3])
    """
    if reverse:
        elems = tree.map_structure(lambda x: flip(x, axis), elems)
    pieces = [split(x, shape_of(x)[axis], axis) for x in tree.flatten(elems)]
    results: list[Any] = []
    for parts in zip(*pieces, strict=True):
        element = tree.pack_sequence_as(elems, list(parts))
        results.append(f(results[-1], element) if results else element)
    joined = tree.map_structure(lambda *xs: concatenate(list(xs), axis), *results)
    return tree.map_structure(lambda x: flip(x, axis), joined) if reverse else joined


def jvp(fun: Callable[..., Any], primals: Iterable[Any], tangents: Iterable[Any], has_aux: bool = False) -> Any:
    """Return `fun(*primals)`, and how it changes as the primals move along the tangents.

    The gradient of `u · fun` is the Jacobian's transpose times `u`; differentiating that by `u`, along the tangents,
    gives the Jacobian times these.

    Args:
        fun: a function of arrays, written with `chainrule.ops`.
        primals, tangents: its arguments, and a direction for each.
        has_aux: `fun` returns `(result, anything)`, and so the anything is returned as a third.

    >>> import chainrule as cr
    >>> jvp(cr.ops.square, (3.0,), (1.0,))
    (array(9., dtype=float32), array(6., dtype=float32))
    """
    others: list[Any] = []

    def result_of(*args: Any) -> Any:
        if not has_aux:
            return fun(*args)
        result, aux = fun(*args)
        others[:] = [aux]
        return result

    y, pull = vjp(result_of, *primals)
    weights = tree.map_structure(lambda v: np.zeros(shape_of(v), v.dtype), y)
    _, push = vjp(lambda u: pull(u), weights)
    (slope,) = push(tuple(tangents))
    return (y, slope, *others)


def vectorize(
    pyfunc: Callable[..., Any], *, excluded: Collection[int | str] | None = None, signature: str | None = None
) -> Callable[..., Any]:
    """Turn a function of single elements into one of arrays, which are broadcast together.

    Args:
        pyfunc: the function, written with `chainrule.ops`.
        excluded: numbers and names of arguments that are passed on as they are.
        signature: what it takes and returns where that is not single numbers: `"(n),(n)->()"`, vectors to a number.

    >>> import numpy as np, chainrule as cr
    >>> vectorize(lambda a, b: a if a > b else b)(np.array([1, 5]), 3)
    array([3, 5])
    """
    left_out = set(excluded or ())

    @functools.wraps(pyfunc, updated=())
    def called(*args: Any, **kwargs: Any) -> Any:
        places = [i for i in range(len(args)) if i not in left_out]
        names = [n for n in kwargs if n not in left_out]
        arrays = [_as_array(v) for v in (*(args[i] for i in places), *(kwargs[n] for n in names))]
        inner = _inner_ranks(signature, len(arrays))
        outer = [shape_of(a)[: len(shape_of(a)) - n] for a, n in zip(arrays, inner, strict=True)]
        loop = np.broadcast_shapes(*outer)
        rows = [_rows(a, n, loop) for a, n in zip(arrays, inner, strict=True)]
        results = []
        for i in range(int(np.prod(loop))):
            filled, named = list(args), dict(kwargs)
            for place, row in zip(places, rows, strict=False):
                filled[place] = row[i]
            for name, row in zip(names, rows[len(places) :], strict=True):
                named[name] = row[i]
            results.append(pyfunc(*filled, **named))
        return tree.map_structure(lambda *ys: _with_shape(stack(list(ys)), loop), *results)

    return called


def _as_array(value: Any) -> Any:
    return value if hasattr(value, "shape") else convert_to_tensor(value).value


def _inner_ranks(signature: str | None, count: int) -> list[int]:
    """Return how many axes of each argument the function takes at once.

    >>> _inner_ranks("(n),()->(n)", 2), _inner_ranks(None, 1)
    ([1, 0], [0])
    """
    if signature is None:
        return [0] * count
    groups = re.findall(r"\(([^()]*)\)", signature.partition("->")[0])
    if len(groups) != count:
        raise ValueError(f"ops.vectorize: the signature {signature!r} has {len(groups)} inputs, the call has {count}.")
    return [len(re.findall(r"\w+", group)) for group in groups]


def _rows(array: Any, inner: int, loop: tuple[int, ...]) -> Any:
    shape = shape_of(array)
    own = shape[len(shape) - inner :]
    return reshape(broadcast_to(array, (*loop, *own)), (-1, *own))


def _with_shape(array: Any, loop: tuple[int, ...]) -> Any:
    return reshape(array, (*loop, *shape_of(array)[1:]))
