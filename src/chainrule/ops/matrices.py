"""Parts of matrices, and solving with them."""

from __future__ import annotations

import builtins
from typing import Any

import numpy as np

from chainrule._typing import Array, Value
from chainrule.autodiff.op import op
from chainrule.errors import ShapeError
from chainrule.ops.creation import shape as shape_of
from chainrule.ops.indexing import add_at, getitem
from chainrule.ops.reductions import sum
from chainrule.ops.shapes import moveaxis, reshape

__all__ = [
    "det",
    "diag",
    "diagonal",
    "inv",
    "solve",
    "trace",
    "tril",
    "triu",
]


def diag(x: Value, k: int = 0) -> Value:
    """The `k`-th diagonal of a matrix; or the matrix with a vector on its diagonal."""
    lengths = shape_of(x)
    if len(lengths) == 2:
        return diagonal(x, k)
    size = lengths[0] + builtins.abs(k)
    rows = np.arange(lengths[0]) + builtins.max(-k, 0)
    return add_at(x, (rows, rows + k), (size, size))


def diagonal(x: Value, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Value:
    """The elements whose index along `axis2` is that along `axis1` plus `offset`, as the last axis."""
    moved = moveaxis(x, (axis1, axis2), (-2, -1))
    height, width = shape_of(moved)[-2:]
    rows = np.arange(builtins.max(-offset, 0), builtins.min(height, width - offset))
    return getitem(moved, (..., rows, rows + offset))


def trace(x: Value, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Value:
    """The sum of a diagonal."""
    return sum(diagonal(x, offset, axis1, axis2), -1)


@op(x=("tril(g, k)", lambda g, y, x, k: tril(g, k)))
def tril(x: Value, k: int = 0) -> Value:
    """The matrix with zeros above its `k`-th diagonal."""
    return np.tril(x, k)


@op(x=("triu(g, k)", lambda g, y, x, k: triu(g, k)))
def triu(x: Value, k: int = 0) -> Value:
    """The matrix with zeros below its `k`-th diagonal."""
    return np.triu(x, k)


# -- solving, for square matrices; further axes in front are a batch ---------------------------------------------------


def vector_as_column(g: Value, y: Value, inputs: list[Any]) -> Any:
    """Take a vector on the right as one column: the `align` of `solve`."""
    a, b = inputs
    if b.ndim > 1:
        return g, y, inputs
    return reshape(g, (-1, 1)), reshape(y, (-1, 1)), [a, reshape(b, (-1, 1))]


@op(
    x=("-y.mT @ g @ y.mT", lambda g, y, x: -(y.mT @ g @ y.mT)),
    floats=True,
)
def inv(x: Value) -> Value:
    """The inverse matrix."""
    return np.linalg.inv(square_matrix("inv", x))


@op(
    x=(
        "(g * y)[..., None, None] * inv(x).mT",
        lambda g, y, x: _column(g * y) * inv(x).mT,
    ),
    floats=True,
)
def det(x: Value) -> Value:
    """The determinant."""
    return np.linalg.det(x)


@op(
    a=(
        "-solve(a.mT, g) @ y.mT",
        lambda g, y, a, b: -(solve(a.mT, g) @ y.mT),
    ),
    b=("solve(a.mT, g)", lambda g, y, a, b: solve(a.mT, g)),
    align=vector_as_column,
    floats=True,
)
def solve(a: Value, b: Value) -> Value:
    """The `x` with `a @ x = b`; `b` is a vector or a matrix."""
    return np.linalg.solve(square_matrix("solve", a), b)


def square_matrix(name: str, x: Array) -> Array:
    """Return a square matrix; see `identity_for_zeros`.

    Raises:
        ShapeError: it is not square.
    """
    if x.ndim < 2 or x.shape[-1] != x.shape[-2]:
        raise ShapeError(f"ops.{name} needs square matrices (..., n, n), but got shape {x.shape}.")
    return identity_for_zeros(x)


def identity_for_zeros(x: Array) -> Array:
    """Return matrices; while shapes are tried out, with ones added on the diagonal: zeros cannot be worked with."""
    from chainrule.layers.context import on_trial

    return x + np.eye(*x.shape[-2:], dtype=x.dtype) if on_trial() else x


def _column(x: Value) -> Value:
    return reshape(x, (*x.shape, 1, 1))
