"""Matrices that need not be square or regular: pseudoinverse, least squares, rank; triangular systems, determinants."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule._typing import Array, Value
from chainrule.autodiff.op import op
from chainrule.errors import ShapeError
from chainrule.ops.creation import as_floats
from chainrule.ops.matrices import inv, solve, square_matrix, tril, triu
from chainrule.ops.order import constant
from chainrule.ops.shapes import expand_dims, reshape

__all__ = [
    "eig",
    "log_size_of_det",
    "logdet",
    "lstsq",
    "lu_factor",
    "matrix_rank",
    "pinv",
    "sign_of_det",
    "slogdet",
    "solve_triangular",
]


@op(
    x=(
        "-y.mT @ g @ y.mT + (g.mT - x @ y @ g.mT) @ y @ y.mT + y.mT @ y @ (g.mT - g.mT @ y @ x)",
        lambda g, y, x, rcond: (
            -(y.mT @ g @ y.mT) + (g.mT - x @ (y @ g.mT)) @ y @ y.mT + y.mT @ y @ (g.mT - (g.mT @ y) @ x)
        ),
    ),
    floats=True,
)
def pinv(x: Value, rcond: float | None = None) -> Value:
    """The pseudoinverse (Moore and Penrose).

    Args:
        x: matrices (..., m, n).
        rcond: singular values of at most this part of the largest count as 0; by default 10 max(m, n) times the
            distance from 1 to the next number. The derivative is that at constant rank.

    >>> import chainrule as cr
    >>> cr.ops.pinv([[2.0], [0.0]])
    array([[0.5, 0. ]], dtype=float32)
    """
    if x.ndim < 2:
        raise ShapeError(f"ops.pinv needs matrices (..., m, n), but got shape {x.shape}.")
    if rcond is None:
        rcond = 10 * max(x.shape[-2:]) * float(np.finfo(x.dtype).eps)
    return np.linalg.pinv(x, rcond)


def vector_as_column(g: Value, y: Value, inputs: list[Any], **static: Any) -> Any:
    """Take a vector on the right as one column: the `align` of `lstsq`."""
    a, b = inputs
    return (g, y, inputs) if b.ndim > 1 else (reshape(g, (-1, 1)), reshape(y, (-1, 1)), [a, reshape(b, (-1, 1))])


def _lstsq_back(g: Value, y: Value, a: Value, b: Value, rcond: float | None) -> Value:
    inverse = pinv(a, rcond)
    pulled = inverse.mT @ g
    return (b - a @ y) @ (inverse @ pulled).mT - pulled @ y.mT + (inverse.mT @ y) @ (g - inverse @ (a @ g)).mT


@op(
    a=(
        "(b - a @ y) @ (pinv(a, rcond) @ pinv(a, rcond).mT @ g).mT - pinv(a, rcond).mT @ g @ y.mT"
        " + pinv(a, rcond).mT @ y @ (g - pinv(a, rcond) @ a @ g).mT",
        _lstsq_back,
    ),
    b=("pinv(a, rcond).mT @ g", lambda g, y, a, b, rcond: pinv(a, rcond).mT @ g),
    align=vector_as_column,
    floats=True,
)
def lstsq(a: Value, b: Value, rcond: float | None = None) -> Value:
    """The `x` for which `a @ x` is closest to `b`; of several the shortest.

    Args:
        a: a matrix (m, n).
        b: a vector (m) or matrix (m, k).
        rcond: singular values of at most this part of the largest count as 0; by default max(m, n) times the distance
            from 1 to the next number.

    >>> import chainrule as cr
    >>> cr.ops.lstsq([[1.0], [1.0]], [1.0, 3.0])
    array([2.], dtype=float32)
    """
    if a.ndim != 2 or b.ndim not in (1, 2) or len(a) != len(b):
        raise ShapeError(
            f"ops.lstsq needs a matrix (m, n) and m numbers or rows, but got shapes {a.shape} and {b.shape}."
        )
    return np.linalg.lstsq(a, b, rcond)[0]


def solve_triangular(a: Value, b: Value, lower: bool = False) -> Value:
    """The `x` with `a @ x = b`, where of `a` only the upper triangle (or the lower one) counts."""
    return solve(tril(a) if lower else triu(a), b)


# -- determinants ------------------------------------------------------------------------------------------------------


@op("x", floats=True)
def sign_of_det(x: Value) -> Value:
    """See `slogdet`."""
    return np.asarray(np.linalg.slogdet(square_matrix("slogdet", x))[0])


@op(
    x=(
        "expand_dims(g, (-2, -1)) * inv(x).mT",
        lambda g, y, x: expand_dims(g, (-2, -1)) * inv(x).mT,
    ),
    floats=True,
)
def log_size_of_det(x: Value) -> Value:
    """See `slogdet`."""
    return np.asarray(np.linalg.slogdet(square_matrix("slogdet", x))[1])


def slogdet(x: Value) -> tuple[Value, Value]:
    """The sign of the determinant and the logarithm of its size; the sign is a constant.

    >>> import chainrule as cr
    >>> cr.ops.slogdet([[0.0, 1.0], [1.0, 0.0]])
    (array(-1., dtype=float32), array(0., dtype=float32))
    """
    return sign_of_det(x), log_size_of_det(x)


def logdet(x: Value) -> Value:
    """The logarithm of the determinant of positive definite matrices."""
    return log_size_of_det(x)


# -- constants: no derivative ------------------------------------------------------------------------------------------


def matrix_rank(x: Value, tol: float | None = None) -> Value:
    """The number of linearly independent rows: of singular values above `tol` (a constant).

    Args:
        x: matrices (..., m, n).
        tol: by default the largest singular value times max(m, n) times the distance from 1 to the next number.
    """
    array = np.asarray(as_floats(x))
    if array.ndim < 2:
        raise ShapeError(f"ops.matrix_rank needs matrices (..., m, n), but got shape {array.shape}.")
    return constant(np.asarray(np.linalg.matrix_rank(array, tol), np.int32), x, "matrix_rank")


def eig(x: Value) -> tuple[Value, Value]:
    """The eigenvalues of square matrices and the eigenvectors as columns, as complex numbers (constants)."""
    array = square_matrix("eig", np.asarray(as_floats(x)))
    kind = np.result_type(array.dtype, np.complex64)
    values, vectors = np.linalg.eig(array)
    return constant(values.astype(kind), x, "eig"), constant(vectors.astype(kind), x, "eig")


def lu_factor(x: Value) -> tuple[Value, Value]:
    """A lower triangular matrix with ones on its diagonal times an upper one, rows exchanged (constants).

    Returns:
        Both triangles in one matrix (without the ones), and for each row the number of the row it was exchanged with.
    """
    array = np.array(as_floats(x))
    if array.ndim < 2:
        raise ShapeError(f"ops.lu_factor needs matrices (..., m, n), but got shape {array.shape}.")
    matrices = array.reshape(-1, *array.shape[-2:])
    pivots = np.asarray([_eliminate(matrix) for matrix in matrices], np.int32)
    pivots = pivots.reshape(*array.shape[:-2], min(array.shape[-2:]))
    return constant(matrices.reshape(array.shape), x, "lu_factor"), constant(pivots, x, "lu_factor")


def _eliminate(matrix: Array) -> list[int]:
    """Turn a matrix into its factors, in place, and return which rows were exchanged."""
    pivots = []
    for i in range(min(matrix.shape)):
        pivot = i + int(np.argmax(np.abs(matrix[i:, i])))
        pivots.append(pivot)
        matrix[[i, pivot]] = matrix[[pivot, i]]
        if matrix[i, i] != 0:
            matrix[i + 1 :, i] /= matrix[i, i]
            matrix[i + 1 :, i + 1 :] -= np.outer(matrix[i + 1 :, i], matrix[i, i + 1 :])
    return pivots
