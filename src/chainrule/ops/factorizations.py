"""Matrices as products of triangular and orthonormal ones: Cholesky, QR. Axes in front are a batch.

An op has one result, so the factors of a decomposition are computed as one array, one above the other, and cut apart;
the rules see the parts of the gradient and of the result by name. Derivatives: Giles 2008, "Collected matrix derivative
results"; Murray 2016 (Cholesky); Walter and Lehmann 2013 (QR).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from chainrule._typing import Array, Value
from chainrule.autodiff.op import op
from chainrule.errors import ShapeError
from chainrule.ops.creation import shape as shape_of
from chainrule.ops.indexing import getitem
from chainrule.ops.matrices import identity_for_zeros, inv, square_matrix, tril, triu
from chainrule.ops.order import constant
from chainrule.ops.shapes import concatenate, swapaxes

__all__ = [
    "cholesky",
    "cholesky_inverse",
    "lower_factor",
    "qr",
    "qr_parts",
    "symmetric",
]


def symmetric(x: Value) -> Value:
    """The mean of a matrix and its transpose."""
    return (x + swapaxes(x, -1, -2)) / 2


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
    height, width = matrix_shape("qr", x)
    if height < width:  # the first columns decide on `q`
        q, first = qr(getitem(x, (..., slice(None), slice(None, height))))
        rest = swapaxes(q, -1, -2) @ getitem(x, (..., slice(None), slice(height, None)))
        return q, concatenate([first, rest], -1)
    parts = qr_parts(x)
    if mode == "complete" and height > width:
        full = np.linalg.qr(floats_like(x, parts), "complete")
        return constant(full[0], x, "qr"), constant(full[1], x, "qr")
    return tuple(_qr_of(parts, height))


def matrix_shape(name: str, x: Value) -> tuple[int, int]:
    shape = shape_of(x)
    if len(shape) < 2:
        raise ShapeError(f"ops.{name} needs matrices (..., m, n), but got shape {shape}.")
    return shape[-2], shape[-1]


def floats_like(x: Value, like: Value) -> Array:
    return np.asarray(x, np.asarray(like).dtype)
