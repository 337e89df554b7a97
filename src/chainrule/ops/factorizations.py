"""Matrices as products of simpler ones: Cholesky, QR, eigenvalues, singular values. Axes in front are a batch.

An op has one result, so the factors of a decomposition are computed as one array, one above the other, and cut apart;
the rules see the parts of the gradient and of the result by name. Derivatives: Giles 2008, "Collected matrix derivative
results"; Murray 2016 (Cholesky); Townsend 2016 (singular values); Walter and Lehmann 2013 (QR).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from chainrule._typing import Array, Value
from chainrule.autodiff.op import op
from chainrule.errors import ShapeError
from chainrule.ops.comparison import equal, select
from chainrule.ops.creation import shape as shape_of
from chainrule.ops.indexing import getitem
from chainrule.ops.matrices import identity_for_zeros, inv, square_matrix, tril, triu
from chainrule.ops.order import constant
from chainrule.ops.shapes import concatenate, expand_dims, swapaxes

__all__ = [
    "cholesky",
    "cholesky_inverse",
    "eigen_parts",
    "eigh",
    "gaps",
    "lower_factor",
    "on_diagonal",
    "qr",
    "qr_parts",
    "svd",
    "svd_parts",
    "symmetric",
]


def symmetric(x: Value) -> Value:
    """The mean of a matrix and its transpose."""
    return (x + swapaxes(x, -1, -2)) / 2


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


# -- Cholesky ----------------------------------------------------------------------------------------------------------


@op(
    x=(
        "symmetric(inv(y).mT @ (tril(y.mT @ g) + tril(y.mT @ g, -1)) @ inv(y)) / 2",
        lambda g, y, x: symmetric(inv(y).mT @ (tril(y.mT @ g) + tril(y.mT @ g, -1)) @ inv(y)) / 2,
    ),
    floats=True,
)
def lower_factor(x: Value) -> Value:
    """See `cholesky`."""
    x = square_matrix("cholesky", x)
    try:
        return np.linalg.cholesky((x + x.swapaxes(-1, -2)) / 2)
    except np.linalg.LinAlgError:
        raise ShapeError("ops.cholesky needs positive definite matrices; this one is not.") from None


def cholesky(x: Value, upper: bool = False) -> Value:
    """The lower triangular matrix `L` with `L @ L.mT = x`.

    Args:
        x: positive definite matrices (..., n, n). Of one that is not symmetric, the symmetric part is meant.
        upper: return `L.mT`.

    Raises:
        ShapeError: a matrix is not square, or not positive definite.

    >>> import chainrule as cr
    >>> cr.ops.cholesky([[4.0, 2.0], [2.0, 5.0]])
    array([[2., 0.],
           [1., 2.]], dtype=float32)
    """
    lower = lower_factor(x)
    return swapaxes(lower, -1, -2) if upper else lower


def cholesky_inverse(x: Value, upper: bool = False) -> Value:
    """The inverse of the matrix whose Cholesky factor is `x`."""
    inverse = inv(triu(x) if upper else tril(x))
    turned = swapaxes(inverse, -1, -2)
    return inverse @ turned if upper else turned @ inverse


# -- QR ----------------------------------------------------------------------------------------------------------------


class QR(NamedTuple):
    """Orthonormal columns, and an upper triangular matrix."""

    q: Any
    r: Any


def _qr_of(joined: Value, height: int) -> QR:
    return QR(
        getitem(joined, (..., slice(None, height), slice(None))),
        getitem(joined, (..., slice(height, None), slice(None))),
    )


def _as_qr(g: Value, y: Value, inputs: list[Any]) -> Any:
    height = inputs[0].shape[-2]
    return _qr_of(g, height), _qr_of(y, height), inputs


def _copied(x: Value) -> Value:
    """Return the symmetric matrix with the lower triangle of `x`."""
    return tril(x) + swapaxes(tril(x, -1), -1, -2)


def _qr_back(g: QR, y: QR) -> Value:
    middle = _copied(y.r @ g.r.mT - g.q.mT @ y.q)
    return (g.q + y.q @ middle) @ inv(y.r).mT


@op(
    x=(
        "(g.q + y.q @ (tril(y.r @ g.r.mT - g.q.mT @ y.q) + tril(y.r @ g.r.mT - g.q.mT @ y.q, -1).mT)) @ inv(y.r).mT",
        lambda g, y, x: _qr_back(g, y),
    ),
    align=_as_qr,
    floats=True,
)
def qr_parts(x: Value) -> Value:
    """`q` above `r`: see `qr`; for matrices at least as high as wide."""
    return np.concatenate(np.linalg.qr(identity_for_zeros(x)), axis=-2)


def qr(x: Value, mode: str = "reduced") -> tuple[Value, Value]:
    """Orthonormal columns `q` and an upper triangular `r` with `q @ r = x`.

    Args:
        x: matrices (..., m, n).
        mode: `"reduced"`: `q` is (..., m, k) with `k = min(m, n)`; `"complete"`: (..., m, m). The columns that come on
            top are not unique, so then `q` and `r` have no derivative if `m > n`.

    Raises:
        ValueError: another mode was asked for.

    >>> import chainrule as cr
    >>> q, r = cr.ops.qr(np.array([[3.0, 1.0], [4.0, 2.0]]))
    >>> np.round(q @ r, 6)
    array([[3., 1.],
           [4., 2.]])
    """
    if mode not in ("reduced", "complete"):
        raise ValueError(f"ops.qr: mode is 'reduced' or 'complete', not {mode!r}.")
    height, width = _matrix_shape("qr", x)
    if height < width:  # the first columns decide on `q`
        q, first = qr(getitem(x, (..., slice(None), slice(None, height))))
        rest = swapaxes(q, -1, -2) @ getitem(x, (..., slice(None), slice(height, None)))
        return q, concatenate([first, rest], -1)
    parts = qr_parts(x)
    if mode == "complete" and height > width:
        full = np.linalg.qr(_floats_like(x, parts), "complete")
        return constant(full[0], x, "qr"), constant(full[1], x, "qr")
    return tuple(_qr_of(parts, height))


def _matrix_shape(name: str, x: Value) -> tuple[int, int]:
    shape = shape_of(x)
    if len(shape) < 2:
        raise ShapeError(f"ops.{name} needs matrices (..., m, n), but got shape {shape}.")
    return shape[-2], shape[-1]


def _floats_like(x: Value, like: Value) -> Array:
    return np.asarray(x, np.asarray(like).dtype)


# -- eigenvalues and singular values -----------------------------------------------------------------------------------


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
    height, width = _matrix_shape("svd", x)
    parts = svd_parts(x)
    u, s, v = _svd_of(parts, height)
    if not compute_uv:
        return s
    vh = swapaxes(v, -1, -2)
    if full_matrices and height != width:
        full = np.linalg.svd(_floats_like(x, parts))
        if height > width:
            u = constant(full[0], x, "svd")
        else:
            vh = constant(full[2], x, "svd")
    return u, s, vh
