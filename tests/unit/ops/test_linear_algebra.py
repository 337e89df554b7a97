"""Decompositions and least squares: laws, gradients through them, what has none, symbolic tensors, errors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.linalg

import chainrule as cr
from chainrule import ops
from chainrule.autodiff import check_vjp, grad
from chainrule.errors import NotDifferentiableError, ShapeError

TALL = np.array([[2.0, 0.3, 0.1], [0.2, 1.0, 0.5], [0.4, 0.1, 0.6], [0.3, -0.5, 0.2]])
SQUARE = TALL[:3]
DEFINITE = SQUARE @ SQUARE.T + np.diag([1.0, 2.0, 4.0])


@pytest.mark.parametrize("x", [SQUARE, TALL, TALL.T, np.stack([TALL, TALL + 1])])
@pytest.mark.parametrize("full", [False, True])
def test_factors_multiply_to_the_matrix(x: Any, full: bool) -> None:
    q, r = ops.qr(x, "complete" if full else "reduced")
    np.testing.assert_allclose(q @ r, x, atol=1e-14)
    np.testing.assert_allclose(
        q.mT @ q, np.broadcast_to(np.eye(q.shape[-1]), q.mT.shape[:-1] + q.shape[-1:]), atol=1e-14
    )
    u, s, vh = ops.svd(x, full)
    k = s.shape[-1]
    np.testing.assert_allclose((u[..., :k] * s[..., None, :]) @ vh[..., :k, :], x, atol=1e-14)


def test_lu_factor_is_that_of_scipy() -> None:
    for x in (SQUARE[::-1], TALL, TALL.T):
        lu, pivots = ops.lu_factor(x)
        expected, rows = scipy.linalg.lu_factor(x)
        np.testing.assert_allclose(lu, expected, atol=1e-15)
        assert pivots.tolist() == rows.tolist()


def test_eig() -> None:
    values, vectors = ops.eig(np.array([[0.0, -1.0], [1.0, 0.0]]))
    np.testing.assert_allclose(sorted(values, key=np.imag), [-1j, 1j])
    np.testing.assert_allclose(np.array([[0, -1], [1, 0]]) @ vectors, vectors * values, atol=1e-15)
    assert ops.imag(values).dtype == ops.real(values).dtype == np.float64
    np.testing.assert_allclose(sorted(ops.angle(values)), [-np.pi / 2, np.pi / 2])
    assert ops.eig(np.eye(2, dtype=np.float32))[0].dtype == np.complex64


@pytest.mark.parametrize(
    "f",
    [
        lambda x: ops.cholesky(x @ x.mT + np.eye(4), upper=True),
        lambda x: ops.cholesky_inverse(x[:3]),
        lambda x: ops.cholesky_inverse(x[:3], upper=True),
        lambda x: ops.qr(x.mT),
        lambda x: ops.svd(x, full_matrices=False),
        lambda x: ops.svd(x)[1:],
        lambda x: ops.svd(x, compute_uv=False),
        lambda x: ops.logdet(x.mT @ x),
        lambda x: ops.solve_triangular(x[:3], x[0]),
        lambda x: ops.solve_triangular(x[:3], x[:3, :2], lower=True),
    ],
)
def test_gradients(f: Any) -> None:
    result = check_vjp(f, TALL)
    assert result.errors
    assert result.max_error <= 1e-7, result


def test_equal_eigenvalues_have_a_finite_derivative() -> None:
    gradient = grad(lambda x: ops.sum(ops.eigh(x)[0] ** 2))(np.eye(3) * 2)
    np.testing.assert_allclose(gradient, np.eye(3) * 4, atol=1e-14)


@pytest.mark.parametrize(
    ("f", "name"),
    [
        (lambda x: ops.qr(x, "complete")[0], "qr"),
        (lambda x: ops.svd(x)[0], "svd"),
        (lambda x: ops.svd(x.mT)[2], "svd"),
        (lambda x: ops.cast(ops.matrix_rank(x), "float64"), "matrix_rank"),
        (lambda x: ops.lu_factor(x)[0], "lu_factor"),
        (lambda x: ops.slogdet(x[:3])[0], "sign_of_det"),
    ],
)
def test_what_has_no_derivative_says_so(f: Any, name: str) -> None:
    with pytest.raises(NotDifferentiableError, match=rf"ops\.{name}"):
        grad(lambda x: ops.sum(f(x)))(TALL)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ops.cholesky(-DEFINITE), "positive definite matrices; this one is not"),
        (lambda: ops.cholesky(TALL), r"ops.cholesky needs square matrices .* \(4, 3\)"),
        (lambda: ops.inv(TALL), "ops.inv needs square matrices"),
        (lambda: ops.qr(TALL[0]), r"ops.qr needs matrices \(..., m, n\), but got shape \(3,\)"),
        (lambda: ops.lstsq(TALL, TALL[0]), r"ops.lstsq needs .* but got shapes \(4, 3\) and \(3,\)"),
        (lambda: ops.pinv(TALL[0]), "ops.pinv needs matrices"),
        (lambda: ops.matrix_rank(TALL[0]), "ops.matrix_rank needs matrices"),
        (lambda: ops.lu_factor(TALL[0]), "ops.lu_factor needs matrices"),
    ],
)
def test_shapes_that_do_not_fit(call: Any, message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        call()


def test_an_unknown_mode() -> None:
    with pytest.raises(ValueError, match="mode is 'reduced' or 'complete', not 'full'"):
        ops.qr(TALL, "full")


@pytest.mark.parametrize(
    "f",
    [
        ops.cholesky,
        ops.inv,
        ops.det,
        ops.logdet,
        ops.eigh,
        ops.eig,
        ops.svd,
        ops.qr,
        ops.pinv,
        ops.slogdet,
        ops.lu_factor,
        ops.matrix_rank,
        lambda x: ops.solve(x, ops.ones((3, 2))),
        lambda x: ops.solve_triangular(x, ops.ones((3, 2))),
    ],
)
def test_symbolic_tensors_have_the_shapes_of_what_is_computed(f: Any) -> None:
    x = cr.Input((3, 3))
    drawn = cr.tree.flatten(f(x))
    computed = cr.tree.flatten(f(np.stack([DEFINITE, DEFINITE]).astype(np.float32)))
    assert [(None, *np.shape(c)[1:]) for c in computed] == [d.shape for d in drawn]
    assert [str(c.dtype) for c in computed] == [d.dtype for d in drawn]
