"""`grad`, `value_and_grad` and `vjp`: derivatives of functions, as in JAX."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule import tree
from chainrule.autodiff.operators import Operators
from chainrule.autodiff.promotion import as_array
from chainrule.autodiff.tape import GradientTape, active
from chainrule.autodiff.tensor import Tensor
from chainrule.errors import NotDifferentiableError


def grad(f: Callable[..., Any], argnums: int | tuple[int, ...] = 0) -> Callable[..., Any]:
    """Return the function that computes the gradient of `f`, whose result must be one number.

    Args:
        f: a function of arrays, tensors, variables, or nested structures of them, written with `chainrule.ops`.
        argnums: the position of the argument to differentiate, or several; then a tuple of gradients is returned.

    Raises:
        NotDifferentiableError: the result is not one number, an argument is not of floats, or there is no derivative.

    >>> import chainrule as cr
    >>> grad(lambda w, x: cr.ops.sum(w * x))(np.array([1.0, 2.0]), 3.0)
    array([3., 3.])
    >>> grad(grad(lambda x: x ** 3))(2.0)
    array(12., dtype=float32)
    """
    both = value_and_grad(f, argnums)

    @functools.wraps(f, updated=())
    def gradient(*args: Any, **kwargs: Any) -> Any:
        return both(*args, **kwargs)[1]

    return gradient


def value_and_grad(
    f: Callable[..., Any], argnums: int | tuple[int, ...] = 0, has_aux: bool = False
) -> Callable[..., tuple[Any, Any]]:
    """Return the function that computes `(value, gradient)` of `f`; see `grad`.

    Args:
        f: as for `grad`; with `has_aux` it returns `(value, anything)`.
        argnums: as for `grad`.
        has_aux: return `((value, anything), gradient)`.

    >>> value_and_grad(lambda x: x * x)(3.0)
    (array(9., dtype=float32), array(6., dtype=float32))
    """
    positions = (argnums,) if isinstance(argnums, int) else tuple(argnums)

    @functools.wraps(f, updated=())
    def both(*args: Any, **kwargs: Any) -> tuple[Any, Any]:
        plain, tape, followed = _open(args, positions)
        with tape:
            result = f(*followed, **kwargs)
        value, aux = result if has_aux else (result, None)
        _require_number(value)
        wanted = tuple(followed[i] for i in _normal(positions, len(args)))
        gradients = tape.gradient(value, wanted, unconnected_gradients="zero") if _depends(value) else _zeros(wanted)
        if isinstance(argnums, int):
            gradients = gradients[0]
        if plain:
            value, aux, gradients = _arrays((value, aux, gradients))
        return ((value, aux) if has_aux else value), gradients

    return both


def vjp(f: Callable[..., Any], *primals: Any) -> tuple[Any, Callable[..., tuple[Any, ...]]]:
    """Return `f(*primals)` and the function that pulls gradients back: `pullback(g)` is `g` times the Jacobian.

    Args:
        f: a function of arrays, tensors, variables, or nested structures of them, written with `chainrule.ops`.
        primals: its arguments.

    Returns:
        The result, and `pullback`, which takes weights in the structure of the result and returns one gradient for each
        of the primals. It may be called several times.

    >>> import chainrule as cr
    >>> y, pullback = vjp(cr.ops.sin, 0.0)
    >>> pullback(2.0)
    (array(2., dtype=float32),)
    """
    plain, tape, followed = _open(primals, tuple(range(len(primals))), persistent=True)
    with tape:
        y = f(*followed)

    def pullback(g: Any) -> tuple[Any, ...]:
        pairs = [(t, w) for t, w in zip(tree.flatten(y), tree.flatten(g), strict=True) if isinstance(t, Operators)]
        weights = [w if isinstance(w, Tensor) else np.asarray(w, t.dtype) for t, w in pairs]
        gradients = tape.gradient([t for t, _ in pairs], tuple(followed), weights, unconnected_gradients="zero")
        return tuple(_arrays(gradients)) if plain and not active() else gradients

    return (_arrays(y) if plain else y), pullback


def _normal(positions: tuple[int, ...], count: int) -> tuple[int, ...]:
    for i in positions:
        if not -count <= i < count:
            raise TypeError(f"argnums={i}, but the function was called with {count} positional arguments.")
    return tuple(i % count for i in positions)


def _open(
    args: tuple[Any, ...], positions: tuple[int, ...], persistent: bool = False
) -> tuple[bool, GradientTape, list[Any]]:
    """Return whether results go back as arrays, a tape that follows the chosen arguments, and the tensors for these."""
    tape = GradientTape(persistent=persistent, watch_accessed_variables=False)
    followed = list(args)
    plain = not active()
    for i in _normal(positions, len(args)):
        plain = plain and not any(isinstance(v, Operators) for v in tree.flatten(args[i]))
        followed[i] = tree.map_structure(lambda v, i=i: _as_source(v, i, persistent), args[i])
        tape.watch(followed[i])
    return plain, tape, followed


def _as_source(value: Any, position: int, private: bool) -> Any:
    if isinstance(value, Operators):
        return value
    array = as_array(value)
    if array.dtype.kind != "f":
        raise NotDifferentiableError(
            f"Argument {position} holds {array.dtype} values, which have no gradient. "
            "Pass floats (2.0, not 2; x.astype('float32')), or leave the argument out of argnums."
        )
    return Tensor(array.copy() if private else array)  # a pullback may be called after the caller changed the array


def _require_number(value: Any) -> None:
    shape = getattr(value, "shape", None)
    if shape is None and isinstance(value, float):
        return
    if shape != ():
        found = f"an array of shape {shape}" if shape is not None else f"a {type(value).__name__}"
        raise NotDifferentiableError(
            f"grad needs a function that returns one number, but it returned {found}. Take its mean or sum, or use vjp."
        )


def _depends(value: Any) -> bool:
    return isinstance(value, Operators)


def _zeros(structure: Any) -> Any:
    return tree.map_structure(lambda s: Tensor(np.zeros(s.shape, s.dtype), "gradient"), structure)


def _arrays(structure: Any) -> Any:
    """Return the structure with arrays in place of tensors."""
    return tree.map_structure(lambda v: v.value if isinstance(v, Tensor) else v, structure)
