"""Ops made of other ops, control flow, awkward points of rules: values against NumPy, gradients by differences."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.special

from chainrule import ops
from chainrule.autodiff import GradientTape, check_vjp, grad, vjp
from chainrule.errors import DataError, NotDifferentiableError, ShapeError

rng = np.random.default_rng(3)
X = rng.normal(size=(3, 4))
SPREAD = rng.permutation(np.linspace(-3, 3, 24) + 0.11).reshape(2, 3, 4)
TARGET = np.array([[1.0, 0, 0, 0], [0, 0, 1, 0], [0.2, 0.3, 0.1, 0.4]])
P = scipy.special.softmax(X, -1)
IDS = np.array([0, 2, 3])
STATISTICS = np.abs(X.T) + 0.1

DIFFERENTIABLE: list[tuple[str, Any, list[Any]]] = [
    ("std", lambda x: ops.std(x, axis=1), [X]),
    ("norm 1", lambda x: ops.norm(x, 1, axis=1), [SPREAD]),
    ("norm 3", lambda x: ops.norm(x, 3, axis=1), [SPREAD]),
    ("norm fro", lambda x: ops.norm(x, "fro", axis=(0, 2)), [SPREAD]),
    ("norm inf", lambda x: ops.norm(x, np.inf, axis=-1), [SPREAD]),
    ("norm matrix 1", lambda x: ops.norm(x, 1, axis=(1, 2)), [SPREAD]),
    ("norm matrix -inf", lambda x: ops.norm(x, -np.inf, axis=(0, 1), keepdims=True), [SPREAD]),
    ("average", lambda x, w: ops.average(x, axis=1, weights=w), [X, np.abs(X[0]) + 1]),
    ("gelu", ops.gelu, [X]),
    ("gelu exact", lambda x: ops.gelu(x, approximate=False), [X]),
    ("selu", ops.selu, [SPREAD]),
    ("hard_sigmoid", ops.hard_sigmoid, [SPREAD]),
    ("normalize", ops.normalize, [X]),
    ("normalize 1", lambda x: ops.normalize(x, order=1, axis=0), [SPREAD]),
    ("moments", lambda x: ops.moments(x, (0, 2), keepdims=True), [SPREAD]),
    (
        "batch_normalization",
        lambda *a: ops.batch_normalization(a[0], *a[1:3], 1, *a[3:]),
        [SPREAD, *(np.abs(X[:, :4].T) + 0.1)],
    ),
    ("layer_normalization", ops.layer_normalization, [X, X[0], X[1]]),
    ("layer_normalization 2", lambda *a: ops.layer_normalization(*a, axis=(1, 2)), [SPREAD, SPREAD[0], SPREAD[1]]),
    ("binary_crossentropy", ops.binary_crossentropy, [P, 1 - P]),
    ("binary_crossentropy logits", lambda t, x: ops.binary_crossentropy(t, x, from_logits=True), [P, X]),
    ("categorical_crossentropy", ops.categorical_crossentropy, [TARGET, P * 1.7]),
    ("categorical_crossentropy logits", lambda t, x: ops.categorical_crossentropy(t, x, True), [TARGET, X]),
    ("sparse_categorical_crossentropy", lambda p: ops.sparse_categorical_crossentropy(IDS, p), [P]),
    ("sparse_categorical_crossentropy logits", lambda x: ops.sparse_categorical_crossentropy(IDS, x, True), [X]),
    ("dot", ops.dot, [SPREAD, rng.normal(size=(5, 4, 2))]),
    ("tensordot", lambda a, b: ops.tensordot(a, b, [[0, 2], [0, 1]]), [SPREAD, rng.normal(size=(2, 4, 3))]),
    ("outer", ops.outer, [X, X[0]]),
    ("inner", ops.inner, [X, SPREAD]),
    ("kron", ops.kron, [X, X[0]]),
    ("cross", lambda a, b: ops.cross(a, b, axis=0), [X, X + 1]),
    ("einsum", lambda a, b: ops.einsum("...ij,kj->...k", a, b), [SPREAD, X]),
    ("einsum diagonal", lambda a: ops.einsum("iji->j", a), [rng.normal(size=(2, 3, 2))]),
    ("diag", lambda a: ops.diag(a, -1), [X[0]]),
    ("diag of a matrix", lambda a: ops.diag(a, 1), [X]),
    ("trace", lambda a: ops.trace(a, 1, 0, 2), [SPREAD]),
    ("tile", lambda a: ops.tile(a, (2, 1, 3)), [X]),
    ("repeat", lambda a: ops.repeat(a, [2, 0, 1], axis=0), [X]),
    ("pad reflect", lambda a: ops.pad(a, ((1, 2), (0, 1)), "reflect"), [X]),
    ("split", lambda a: ops.split(a, [1, 3], axis=1), [X]),
    ("unstack", lambda a: ops.unstack(a, axis=1), [X]),
    ("hstack", lambda a, b: ops.hstack([a, b]), [X, X]),
    ("vstack", lambda a, b: ops.vstack([a, b]), [X[0], X[1]]),
    ("append", ops.append, [X, X[0]]),
    ("meshgrid", lambda a, b: ops.meshgrid(a, b), [X[0], X[1]]),
    ("sort", lambda a: ops.sort(a, axis=1), [SPREAD]),
    ("sort flat", lambda a: ops.sort(a, axis=None), [SPREAD]),
    ("top_k", lambda a: ops.top_k(a, 2)[0], [SPREAD]),
    ("median", lambda a: ops.median(a, axis=(0, 2)), [SPREAD]),
    ("quantile", lambda a: ops.quantile(a, np.array([0.1, 0.6]), axis=1, keepdims=True), [SPREAD]),
    ("diff", lambda a: ops.diff(a, 2, axis=0), [X]),
    ("cumprod", lambda a: ops.cumprod(a, axis=1), [X]),
    ("slice", lambda a: ops.slice(a, (1, 0), (2, -1)), [X]),
    ("slice_update", lambda a, b: ops.slice_update(a, (1, 2), b), [X, X[:2, :2]]),
    ("scatter", lambda a: ops.scatter(np.array([[0, 1], [2, 0], [0, 1]]), a, (3, 2)), [X[:, 0]]),
    ("scatter_update", lambda a, b: ops.scatter_update(a, np.array([[0], [2], [0]]), b), [X, X + 1]),
    ("scatter_update add", lambda a, b: ops.scatter_update(a, np.array([[0], [2], [0]]), b, "add"), [X, X + 1]),
    ("segment_sum", lambda a: ops.segment_sum(a, np.array([1, 0, 1])), [X]),
    ("bincount", lambda w: ops.bincount(np.array([1, 0, 1]), weights=w), [X[:, 0]]),
    ("nanmean", lambda a: ops.nanmean(ops.where(a > 1, np.nan, a), axis=1), [SPREAD]),
    ("nanvar", lambda a: ops.nanvar(ops.where(a > 1, np.nan, a)), [SPREAD]),
    ("nanmax", lambda a: ops.nanmax(ops.where(a > 1, np.nan, a), axis=(0, 1)), [SPREAD]),
    ("saturate_cast", lambda a: ops.saturate_cast(a, "float64"), [X]),
    ("scan", lambda a: ops.scan(lambda c, x: (c * x, c + x), a[0], a), [X]),
    ("map", lambda a: ops.map(lambda row: ops.sum(row * row), a), [X]),
    ("while_loop", lambda a: ops.while_loop(lambda i, v: i < 3, lambda i, v: (i + 1, v * a), (0, a))[1], [X]),
    ("fori_loop", lambda a: ops.fori_loop(0, 3, lambda i, v: v * a + i, a), [X]),
    ("cond", lambda a: ops.cond(ops.sum(a) > -99, lambda: a * a, lambda: a), [X]),
    ("switch", lambda a: ops.switch(1, [ops.sin, ops.cos], a), [X]),
]


@pytest.mark.parametrize(("f", "args"), [pytest.param(f, args, id=name) for name, f, args in DIFFERENTIABLE])
def test_gradients(f: Any, args: Any) -> None:
    result = check_vjp(f, *args)
    assert len(result.errors) == len(args)
    assert result.max_error <= 1e-7, result


@pytest.mark.parametrize(
    "f",
    [
        lambda m: (m.std(X, axis=0), m.median(X, axis=1), m.quantile(X, 0.3), m.quantile(X, [0.1, 0.5], axis=0)),
        lambda m: (m.tile(X, (2, 1)), m.repeat(X, 2), m.repeat(X, [1, 0, 2], axis=0), m.roll(X, 1, 1)),
        lambda m: (m.tensordot(X, X.T, 1), m.outer(X, X), m.kron(X, X), m.inner(X, X), m.trace(X, 1), m.diag(X, 1)),
        lambda m: (m.dot(X, X[0]), m.dot(X[0], X[0]), m.dot(SPREAD, X.T), m.dot(2.0, X)),
        lambda m: (m.einsum("ij,kj", X, X), m.einsum("...i->...", X), m.einsum("ii", X[:, :3])),
        lambda m: (m.swapaxes(SPREAD, 0, -1), m.moveaxis(SPREAD, 0, 1), m.moveaxis(SPREAD, (0, 1), (-1, 0))),
        lambda m: (m.diff(X, 2), m.cumprod(X, 0), m.cumprod(X), m.nansum(X), m.average(X, 1, X[0] ** 2)),
        lambda m: (m.pad(X, 1, "symmetric"), m.pad(X, ((2, 1), (1, 0)), "wrap"), m.pad(X, 2, "edge")),
        lambda m: (*m.meshgrid(X[0], X[1][:2]), *m.split(X, 2, 1), *m.split(X, [1], 0), m.vstack([X[0], X[1]])),
        lambda m: (
            m.sort(X, 0),
            m.sort(X, axis=None),
            m.diagonal(SPREAD, 1, 1, 2),
            m.hstack([X, X]),
            m.hstack([X[0], X[1]]),
        ),
        lambda m: (*m.histogram(X[0], 3), m.unique([3, 1, 3]), *m.nonzero(X > 0), *m.unravel_index([1, 5], (2, 3))),
        lambda m: (m.squeeze(X[None]), m.cross(X[:2, :3], X[:2, 1:]), m.append(X, X), m.append(X, X, 0)),
    ],
)
def test_values_are_numpys(f: Any) -> None:
    for actual, expected in zip(f(ops), f(np), strict=True):
        assert np.shape(actual) == np.shape(expected)
        np.testing.assert_allclose(actual, expected, rtol=1e-12, atol=1e-13)


def test_a_product_with_zeros_has_its_derivatives() -> None:
    for zeros in ([], [1], [0, 2]):
        x = np.array([2.0, 3.0, 5.0])
        x[zeros] = 0
        others = [x[1] * x[2], x[0] * x[2], x[0] * x[1]]
        np.testing.assert_allclose(grad(ops.prod)(x), others)
        hessian = [[0, x[2], x[1]], [x[2], 0, x[0]], [x[1], x[0], 0]]
        for i, row in enumerate(hessian):
            np.testing.assert_allclose(grad(lambda v, i=i: grad(ops.prod)(v)[i])(x), row, atol=1e-14)
    y = np.array([[[0.0, 2.0], [3.0, 0.0]], [[1.0, 4.0], [0.0, 2.0]]])
    for axis in (0, 2, (0, 2), (1, 0), None):
        assert check_vjp(lambda v, axis=axis: ops.prod(v, axis=axis), y).ok


def test_equal_elements_share_the_derivative_of_an_extreme() -> None:
    x = np.array([[1.0, 3.0, 3.0], [2.0, 2.0, 2.0]])
    np.testing.assert_allclose(grad(lambda v: ops.sum(ops.max(v, axis=1)))(x), [[0, 0.5, 0.5], [1 / 3] * 3])
    np.testing.assert_allclose(grad(lambda v: ops.sum(ops.max(v, axis=1, initial=2.5)))(x), [[0, 0.5, 0.5], [0, 0, 0]])
    np.testing.assert_allclose(grad(ops.min)(x), [[1, 0, 0], [0, 0, 0]])
    np.testing.assert_allclose(grad(lambda v: ops.sum(ops.segment_max(v, np.array([0, 0]))))(x), [[0, 1, 1], [1, 0, 0]])


def test_the_power_of_zero() -> None:
    np.testing.assert_allclose(grad(lambda x: x**2)(0.0), 0.0)
    np.testing.assert_allclose(grad(lambda x: x**0)(0.0), 0.0)
    np.testing.assert_allclose(grad(lambda x: x**1)(0.0), 1.0)
    np.testing.assert_allclose(grad(grad(lambda x: x**2))(0.0), 2.0)
    np.testing.assert_allclose(grad(lambda x: 0.0**x)(2.0), 0.0)


def test_where_without_choices_gives_indices() -> None:
    assert [i.tolist() for i in ops.where(np.array([[0, 1], [2, 0]]))] == [[0, 1], [1, 0]]
    with pytest.raises(ValueError, match="both x1 and x2, or neither"):
        ops.where(X > 0, X)


def test_one_hot_beyond_the_classes_is_zero() -> None:
    assert ops.one_hot(np.array([-1, 1, 5]), 3).tolist() == [[0, 0, 0], [0, 1, 0], [0, 0, 0]]
    with pytest.raises(ValueError, match="sparse"):
        ops.one_hot(IDS, 3, sparse=True)


def test_constants_may_stand_beside_what_is_followed() -> None:
    with GradientTape() as tape:
        x = ops.convert_to_tensor(X)
        tape.watch(x)
        y = ops.sum(ops.one_hot(ops.argmax(x, axis=-1), 4) * x)
    np.testing.assert_array_equal(tape.gradient(y, x), np.eye(4)[X.argmax(-1)])


def test_losses_refuse_shapes_that_do_not_fit() -> None:
    with pytest.raises(ShapeError, match=r"binary_crossentropy: target and output .* \(3, 4\) and \(4,\)"):
        ops.binary_crossentropy(P, P[0])
    with pytest.raises(ShapeError, match=r"target has shape \(2,\), but output of shape \(3, 4\) needs \(3,\)"):
        ops.sparse_categorical_crossentropy(IDS[:2], P)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ops.split(X, 3, axis=1), "axis 1 of length 4 cannot be cut into 3 equal parts"),
        (lambda: ops.unstack(X, 5), "num=5, but axis 0 has length 3"),
        (lambda: ops.pad(X, 1, "reflect", 2.0), "constant_values goes with mode='constant'"),
        (lambda: ops.norm(X, "nuc"), "no norm of order 'nuc' over 2 axes"),
        (lambda: ops.quantile(X, 0.5, method="cubic"), "method is one of linear, lower"),
        (lambda: ops.normalize(X, order=0), "order must be a whole number of at least 1"),
        (lambda: ops.einsum("ij,jk", X), "names 2 operands, but 1 were given"),
        (lambda: ops.multi_hot(IDS), "`num_classes` must be given"),
        (lambda: ops.moments(X, 0, synchronized=True), "synchronized"),
        (lambda: ops.histogram(X), r"a vector, not an array of shape \(3, 4\)"),
        (lambda: ops.scatter_update(X, np.array([[0]]), X[:1], "max"), "None or 'add'"),
    ],
)
def test_wrong_arguments_say_so(call: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()


def test_a_function_may_bring_its_own_derivative() -> None:
    @ops.custom_gradient
    def clipped(x: Any, w: Any) -> Any:
        return ops.exp(x) * w, lambda g: (ops.clip(g * ops.exp(x) * w, -1.0, 1.0), g * ops.exp(x))

    np.testing.assert_allclose(clipped(2.0, 3.0), 3 * np.exp(2), rtol=1e-6)
    gx, gw = grad(lambda x, w: ops.sum(clipped(x, w)), argnums=(0, 1))(np.array([0.1, 9.0]), np.array([0.5, 0.5]))
    np.testing.assert_allclose(gx, [np.exp(0.1) / 2, 1.0])
    np.testing.assert_allclose(gw, np.exp([0.1, 9.0]))


def test_gradients_stop_where_they_are_told() -> None:
    _, pullback = vjp(lambda x: ops.stop_gradient(x) * x, X)
    np.testing.assert_allclose(pullback(np.ones_like(X))[0], X)
    with pytest.raises(NotDifferentiableError, match=r"ops\.stop_gradient"):
        grad(lambda x: ops.sum(ops.stop_gradient(x)))(X)


@pytest.mark.parametrize("f", [ops.unique, lambda x: ops.histogram(ops.ravel(x))[1]])
def test_values_found_by_numpy_are_constants(f: Any) -> None:
    with pytest.raises(NotDifferentiableError, match=r"only through ops\.(unique|histogram)"):
        grad(lambda x: ops.sum(f(x)))(X)
    assert type(f(X)) is np.ndarray


def test_new_arrays() -> None:
    assert ops.arange(3).tolist() == [0, 1, 2]
    assert ops.arange(1, 2, 0.25).dtype == np.float32
    values, step = ops.linspace(0, 1, 3, retstep=True)
    assert (values.tolist(), step) == ([0, 0.5, 1], 0.5)
    assert ops.eye(2).tolist() == ops.identity(2).tolist() == [[1, 0], [0, 1]]
    assert ops.full((2,), 7.0).tolist() == [7, 7]
    assert (ops.empty(2).shape, ops.ones(2).tolist(), ops.zeros(2, "int32").dtype) == ((2,), [1, 1], np.int32)


def test_sizes_and_types() -> None:
    x = ops.convert_to_tensor(X)
    assert (ops.shape(x), ops.ndim(x), ops.size(x), ops.dtype(x)) == ((3, 4), 2, 12, "float64")
    assert (ops.shape([[1], [2]]), ops.ndim(3.0), ops.size([1, 2]), ops.dtype(3)) == ((2, 1), 0, 2, "int32")
    assert ops.is_tensor(x)
    assert not ops.is_tensor(X)
    mine = ops.convert_to_numpy(x)
    assert type(mine) is np.ndarray
    assert mine.flags.writeable


def test_loops_over_nothing_and_with_limits() -> None:
    assert ops.while_loop(lambda i: True, lambda i: i + 1, 0, maximum_iterations=4) == 4
    carry, ys = ops.scan(lambda c, x: (c + 1, c * 2), 0, length=3)
    assert (carry, ys.tolist()) == (3, [0, 2, 4])
    _, backwards = ops.scan(lambda c, x: (c + x, c), 0.0, np.array([1.0, 2.0, 4.0]), reverse=True)
    assert backwards.tolist() == [6, 4, 0]
    assert ops.switch(9, [lambda: "a", lambda: "b"]) == "b"
    assert ops.vectorized_map(lambda v: v * 2, X).shape == X.shape


@pytest.mark.parametrize("loop", [lambda x: ops.scan(lambda c, v: (c + v, c), 0.0, x), lambda x: ops.map(ops.exp, x)])
def test_a_loop_over_nothing_is_refused(loop: Any) -> None:
    with pytest.raises(DataError, match=r"^ops\.\w+: there are no slices along the first axis"):
        loop(np.zeros((0, 3)))
