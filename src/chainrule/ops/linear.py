"""Products of matrices and vectors."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from chainrule._typing import Value
from chainrule.autodiff.op import op
from chainrule.ops.arithmetic import multiply
from chainrule.ops.creation import ndim
from chainrule.ops.creation import shape as shape_of
from chainrule.ops.shapes import moveaxis, reshape, stack, transpose

__all__ = [
    "cross",
    "dot",
    "inner",
    "kron",
    "matmul",
    "outer",
    "tensordot",
]


def vectors_as_matrices(g: Value, y: Value, inputs: list[Any]) -> Any:
    """Take a vector on the left as one row, on the right as one column: the `align` of `matmul`."""
    x1, x2 = inputs
    if x1.ndim > 1 and x2.ndim > 1:
        return g, y, inputs
    shape = [*g.shape]
    if x2.ndim == 1:
        shape.append(1)
    if x1.ndim == 1:
        shape.insert(len(shape) - 1, 1)
    rows = reshape(x1, (1, -1)) if x1.ndim == 1 else x1
    columns = reshape(x2, (-1, 1)) if x2.ndim == 1 else x2
    return reshape(g, shape), reshape(y, shape), [rows, columns]


@op(
    x1=("g @ x2.mT", lambda g, y, x1, x2: g @ x2.mT),
    x2=("x1.mT @ g", lambda g, y, x1, x2: x1.mT @ g),
    align=vectors_as_matrices,
)
def matmul(x1: Value, x2: Value) -> Value:
    """The matrix product `x1 @ x2`; further axes in front are a batch."""
    return np.matmul(x1, x2)


def dot(x1: Value, x2: Value) -> Value:
    """The product of vectors or matrices; otherwise summed over the last axis of `x1` and the last but one of `x2`."""
    rank1, rank2 = ndim(x1), ndim(x2)
    if rank1 == 0 or rank2 == 0:
        return multiply(x1, x2)
    if rank1 <= 2 and rank2 <= 2:
        return matmul(x1, x2)
    return tensordot(x1, x2, ([rank1 - 1], [max(rank2 - 2, 0)]))


def tensordot(x1: Value, x2: Value, axes: Any = 2) -> Value:
    """Sum the products over pairs of axes.

    Args:
        x1, x2: arrays.
        axes: `n` for the last `n` axes of `x1` with the first `n` of `x2`, or a pair of lists of axes.
    """
    shape1, shape2 = shape_of(x1), shape_of(x2)
    if isinstance(axes, int | np.integer):
        over1, over2 = list(range(len(shape1) - int(axes), len(shape1))), list(range(int(axes)))
    else:
        over1 = [int(a) % len(shape1) for a in np.atleast_1d(axes[0])]
        over2 = [int(a) % len(shape2) for a in np.atleast_1d(axes[1])]
    free1 = [a for a in range(len(shape1)) if a not in over1]
    free2 = [a for a in range(len(shape2)) if a not in over2]
    count = math.prod(shape1[a] for a in over1)
    left = reshape(transpose(x1, free1 + over1), (math.prod(shape1[a] for a in free1), count))
    right = reshape(transpose(x2, over2 + free2), (count, math.prod(shape2[a] for a in free2)))
    return reshape(matmul(left, right), [shape1[a] for a in free1] + [shape2[a] for a in free2])


def outer(x1: Value, x2: Value) -> Value:
    """Every element of `x1` times every element of `x2`, as a matrix."""
    return multiply(reshape(x1, (-1, 1)), reshape(x2, (1, -1)))


def inner(x1: Value, x2: Value) -> Value:
    """The sum of products over the last axes."""
    if ndim(x1) == 0 or ndim(x2) == 0:
        return multiply(x1, x2)
    return tensordot(x1, x2, ([-1], [-1]))


def kron(x1: Value, x2: Value) -> Value:
    """Every element of `x1` times the whole of `x2`, as one large array."""
    rank = max(ndim(x1), ndim(x2))
    shape1 = (1,) * (rank - ndim(x1)) + shape_of(x1)
    shape2 = (1,) * (rank - ndim(x2)) + shape_of(x2)
    spread1 = reshape(x1, [n for a in shape1 for n in (a, 1)])
    spread2 = reshape(x2, [n for a in shape2 for n in (1, a)])
    return reshape(multiply(spread1, spread2), [a * b for a, b in zip(shape1, shape2, strict=True)])


def cross(x1: Value, x2: Value, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: int | None = None) -> Value:
    """The vector product of vectors with three components."""
    if axis is not None:
        axisa = axisb = axisc = axis
    a, b = moveaxis(x1, axisa, -1), moveaxis(x2, axisb, -1)
    turns = ((1, 2), (2, 0), (0, 1))
    parts = [a[..., i] * b[..., j] - a[..., j] * b[..., i] for i, j in turns]
    return moveaxis(stack(parts, -1), -1, axisc)
