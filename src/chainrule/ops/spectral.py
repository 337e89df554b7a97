"""Eigenvalues of symmetric matrices, and singular values. Axes in front are a batch.

As in `factorizations`, the parts of a result are computed as one array and cut apart. Derivatives: Giles 2008,
"Collected matrix derivative results"; Townsend 2016 (singular values).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from chainrule._typing import Value
from chainrule.autodiff.op import op
from chainrule.ops.comparison import equal, select
from chainrule.ops.creation import shape as shape_of
from chainrule.ops.factorizations import floats_like, matrix_shape, symmetric
from chainrule.ops.indexing import getitem
from chainrule.ops.matrices import square_matrix
from chainrule.ops.order import constant
from chainrule.ops.shapes import expand_dims, swapaxes

__all__ = ["eigen_parts", "eigh", "gaps", "on_diagonal", "svd", "svd_parts"]


def on_diagonal(x: Value) -> Value:
    """The matrix with a vector on its diagonal; axes in front are a batch."""
    return expand_dims(x, -1) * np.eye(shape_of(x)[-1], dtype=x.dtype)


def gaps(x: Value) -> Value:
    """`1 / (x_j - x_i)` in row `i` and column `j`, 0 where both are equal.

    >>> gaps(np.array([1.0, 3.0]))
    array([[ 0. ,  0.5],
           [-0.5,  0. ]])
    """
    distances = expand_dims(x, -2) - expand_dims(x, -1)
    same = equal(distances, 0)
    return select(same, 0, 1 / select(same, 1, distances))


class Eigen(NamedTuple):
    """Eigenvalues in rising order, and eigenvectors as columns."""

    values: Any
    vectors: Any


def _eigen_of(joined: Value) -> Eigen:
    return Eigen(getitem(joined, (..., 0, slice(None))), getitem(joined, (..., slice(1, None), slice(None))))


@op(
    x=(
        "symmetric(y.vectors @ (on_diagonal(g.values) + gaps(y.values) * (y.vectors.mT @ g.vectors)) @ y.vectors.mT)",
        lambda g, y, x: symmetric(
            y.vectors @ (on_diagonal(g.values) + gaps(y.values) * (y.vectors.mT @ g.vectors)) @ y.vectors.mT
        ),
    ),
    align=lambda g, y, inputs: (_eigen_of(g), _eigen_of(y), inputs),
    floats=True,
)
def eigen_parts(x: Value) -> Value:
    """The eigenvalues as a row above the eigenvectors: see `eigh`."""
    x = square_matrix("eigh", x)
    values, vectors = np.linalg.eigh((x + x.swapaxes(-1, -2)) / 2)
    return np.concatenate([values[..., None, :], vectors], axis=-2)


def eigh(x: Value) -> tuple[Value, Value]:
    """The eigenvalues of symmetric matrices, in rising order, and the eigenvectors as columns.

    Args:
        x: matrices (..., n, n). Of one that is not symmetric, the symmetric part is meant.

    Returns:
        The values (..., n) and the vectors (..., n, n). The vectors' derivative is that of distinct eigenvalues; among
        equal ones it is taken as 0.

    >>> import chainrule as cr
    >>> cr.ops.eigh([[2.0, 0.0], [0.0, 1.0]])[0]
    array([1., 2.], dtype=float32)
    """
    return tuple(_eigen_of(eigen_parts(x)))


class SVD(NamedTuple):
    """Left singular vectors as columns, singular values in falling order, right singular vectors as columns."""

    u: Any
    s: Any
    v: Any


def _svd_of(joined: Value, height: int) -> SVD:
    return SVD(
        getitem(joined, (..., slice(None, height), slice(None))),
        getitem(joined, (..., height, slice(None))),
        getitem(joined, (..., slice(height + 1, None), slice(None))),
    )


def _as_svd(g: Value, y: Value, inputs: list[Any]) -> Any:
    height = inputs[0].shape[-2]
    return _svd_of(g, height), _svd_of(y, height), inputs


def _svd_back(g: SVD, y: SVD) -> Value:
    left, right = y.u.mT @ g.u, y.v.mT @ g.v
    size, apart = on_diagonal(y.s), gaps(y.s * y.s)
    turn = (apart * (left - left.mT)) @ size + on_diagonal(g.s) + size @ (apart * (right - right.mT))
    beside = expand_dims(1 / y.s, -2)  # vectors that are not among the singular vectors
    result = y.u @ turn @ y.v.mT
    if y.u.shape[-2] > y.u.shape[-1]:
        result = result + ((g.u - y.u @ left) * beside) @ y.v.mT
    if y.v.shape[-2] > y.v.shape[-1]:
        result = result + (y.u * beside) @ (g.v - y.v @ right).mT
    return result


@op(
    x=(
        "y.u @ ((gaps(y.s ** 2) * (y.u.mT @ g.u - g.u.mT @ y.u)) @ on_diagonal(y.s) + on_diagonal(g.s)"
        " + on_diagonal(y.s) @ (gaps(y.s ** 2) * (y.v.mT @ g.v - g.v.mT @ y.v))) @ y.v.mT"
        " + (g.u - y.u @ y.u.mT @ g.u) @ on_diagonal(1 / y.s) @ y.v.mT"
        " + y.u @ on_diagonal(1 / y.s) @ (g.v - y.v @ y.v.mT @ g.v).mT",
        lambda g, y, x: _svd_back(g, y),
    ),
    align=_as_svd,
    floats=True,
)
def svd_parts(x: Value) -> Value:
    """The left vectors, the values as a row, and the right vectors, one above the other: see `svd`."""
    u, s, vh = np.linalg.svd(x, full_matrices=False)
    return np.concatenate([u, s[..., None, :], vh.swapaxes(-1, -2)], axis=-2)


def svd(x: Value, full_matrices: bool = True, compute_uv: bool = True) -> Any:
    """The singular value decomposition: `x = (u * s) @ vh` with orthonormal columns of `u` and rows of `vh`.

    Args:
        x: matrices (..., m, n).
        full_matrices: fill `u` up to (..., m, m) and `vh` to (..., n, n). The vectors that come on top are not unique,
            so the one that is filled up has no derivative.
        compute_uv: False: return `s` alone.

    Returns:
        `u`, the singular values `s` (..., k) in falling order, `k = min(m, n)`, and `vh`.

    >>> import chainrule as cr
    >>> cr.ops.svd([[0.0, 2.0], [1.0, 0.0]])[1]
    array([2., 1.], dtype=float32)
    """
    height, width = matrix_shape("svd", x)
    parts = svd_parts(x)
    u, s, v = _svd_of(parts, height)
    if not compute_uv:
        return s
    vh = swapaxes(v, -1, -2)
    if full_matrices and height != width:
        full = np.linalg.svd(floats_like(x, parts))
        if height > width:
            u = constant(full[0], x, "svd")
        else:
            vh = constant(full[2], x, "svd")
    return u, s, vh
