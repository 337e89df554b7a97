"""The seldom used functions that are made of others: gradients, symbolic tensors, functions of functions, errors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import ops
from chainrule.autodiff import check_vjp, grad
from chainrule.errors import NotDifferentiableError, ShapeError

rng = np.random.default_rng(5)
X = rng.permutation(np.linspace(-2, 2, 12) + 0.07).reshape(3, 4)
HOLES = np.where(X > 1.2, np.nan, 1.0)
CUBE = rng.permutation(np.linspace(-3, 3, 24)).reshape(2, 3, 4)
IDS = np.array([2, 0, 2])


def with_holes(f: Any) -> Any:
    return lambda x: f(ops.where(np.isnan(HOLES), np.nan, x))


CALLS: list[Any] = [
    *(ops.deg2rad, ops.rad2deg, ops.fabs, ops.swish, ops.real, ops.conj, ops.fliplr, ops.flipud, ops.diagflat),
    *(ops.ptp, ops.corrcoef, ops.rms_normalization, ops.trapezoid),
    lambda x: ops.fmax(x, X[0] + 0.01),
    lambda x: ops.fmin(x, X[0] + 0.01),
    lambda x: ops.divide_no_nan(x, np.where(X > 0, X, 0)),
    lambda x: ops.rot90(x, 3),
    lambda x: ops.array_split(x, 3, axis=1),
    lambda x: ops.hsplit(x, 2),
    lambda x: ops.vsplit(x, [1]),
    lambda x: ops.dsplit(ops.reshape(x, (1, 3, 4)), 2),
    lambda x: ops.dstack([x, x]),
    lambda x: ops.cdist(x, X[:2] + 1),
    lambda x: ops.vdot(x, X),
    lambda x: ops.percentile(x, 30.0, axis=1),
    lambda x: ops.trapezoid(x, X**2, axis=0),
    lambda x: ops.rearrange(x, "a (b c) -> (c a) b", c=2),
    lambda x: ops.segment_min(x, IDS, 3)[::2],
    lambda x: ops.segment_prod(x, IDS, 3),
    lambda x: ops.select([X > 1, X > 0], [x, 2 * x], default=x * x),
    lambda x: ops.get_item(x, (0, slice(1, 3))),
    lambda x: ops.associative_scan(ops.multiply, x, axis=1),
    lambda x: ops.associative_scan(ops.multiply, x, reverse=True),
    *[with_holes(f) for f in (ops.nancumsum, ops.nancumprod, ops.nanprod, ops.nanmedian)],
    with_holes(lambda x: ops.nanquantile(x, [0.2, 0.7], axis=1)),
    with_holes(lambda x: ops.nanpercentile(x, 40, axis=0, keepdims=True)),
]
NUMBERS = range(len(CALLS))


@pytest.mark.parametrize("n", NUMBERS)
def test_gradients(n: int) -> None:
    result = check_vjp(CALLS[n], X)
    assert result.errors
    assert result.max_error <= 1e-7, result


@pytest.mark.parametrize("n", NUMBERS)
def test_symbolic_tensors_have_the_shapes_of_what_is_computed(n: int) -> None:
    drawn = cr.tree.flatten(CALLS[n](cr.KerasTensor((3, 4), "float64")))
    computed = cr.tree.flatten(CALLS[n](X))
    assert [np.shape(c) for c in computed] == [d.shape for d in drawn]


@pytest.mark.parametrize("name", ["nanprod", "nancumsum", "nancumprod", "nanmedian", "nanargmax", "nanargmin"])
def test_missing_values_as_in_numpy(name: str) -> None:
    for axis in (None, 0, 1):
        expected = getattr(np, name)(X * HOLES, axis=axis)
        np.testing.assert_allclose(getattr(ops, name)(X * HOLES, axis=axis), expected, rtol=1e-13)
    assert ops.nanargmax(np.array([np.nan, np.nan])) == -1


@pytest.mark.parametrize("mode", ["valid", "same", "full"])
def test_correlate(mode: Any) -> None:
    for n in (1, 2, 3, 6):
        a, b = X.ravel()[:5], X.ravel()[:n]
        np.testing.assert_allclose(ops.correlate(a, b, mode), np.correlate(a, b, mode), rtol=1e-13)
        assert check_vjp(lambda v, w: ops.correlate(v, w, mode), a, b).ok


def test_powers() -> None:
    v = np.array([0.5, 2.0, 3.0])
    np.testing.assert_allclose(ops.vander(v, 4), np.vander(v, 4))
    assert check_vjp(lambda x: ops.vander(x, 4, increasing=True), v).ok


def test_the_slope_of_sinc_at_0_and_its_slope() -> None:
    np.testing.assert_allclose(grad(ops.sinc)(0.0), 0.0)
    np.testing.assert_allclose(grad(grad(ops.sinc))(0.0), -(np.pi**2) / 3, rtol=1e-6)


def test_equal_points_have_a_distance_with_a_finite_derivative() -> None:
    assert np.isfinite(grad(lambda x: ops.sum(ops.cdist(x, x)))(X)).all()


def test_jvp_is_the_change_along_a_direction() -> None:
    def f(x: Any, w: Any) -> Any:
        return ops.tanh(ops.matmul(x, w)) * 2

    w, dx, dw = X.T + 0.5, np.cos(X), np.sin(X.T)
    y, slope = ops.jvp(f, (X, w), (dx, dw))
    h = 1e-6
    np.testing.assert_allclose(y, f(X, w))
    np.testing.assert_allclose(slope, (f(X + h * dx, w + h * dw) - f(X - h * dx, w - h * dw)) / (2 * h), atol=1e-8)
    assert ops.linalg.jvp(lambda x: (x * x, "more"), (3.0,), (1.0,), has_aux=True)[2] == "more"


def test_vectorize() -> None:
    larger = ops.vectorize(lambda a, b: ops.where(a > b, a, b))
    np.testing.assert_array_equal(larger(X, X[0]), np.maximum(X, X[0]))
    product = ops.vectorize(lambda a, b, scale: ops.sum(a * b) * scale, excluded={2}, signature="(n),(n)->()")
    np.testing.assert_allclose(product(X, X[0], 2.0), X @ X[0] * 2)
    assert check_vjp(lambda x: product(x, x + 1, 2.0), X).ok
    with pytest.raises(ValueError, match="has 2 inputs, the call has 1"):
        ops.vectorize(len, signature="(n),(n)->()")(X)


def test_running_combinations_of_structures() -> None:
    def compose(a: Any, b: Any) -> Any:
        return a[0] * b[0], b[0] * a[1] + b[1]

    slopes, offsets = ops.associative_scan(compose, (X[:, 0], X[:, 1]))
    state = 0.0
    for i, (s, o) in enumerate(X[:, :2]):
        state = s * state + o
        np.testing.assert_allclose([slopes[i], offsets[i]], [np.prod(X[: i + 1, 0]), state])


def test_rearrange_with_further_axes_and_axes_of_length_1() -> None:
    np.testing.assert_array_equal(
        ops.rearrange(CUBE, "... a b -> (b ...) 1 a"), CUBE.transpose(2, 0, 1).reshape(8, 1, 3)
    )


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: ops.rearrange(X, "a b"), ValueError, "a pattern is 'axes -> axes'"),
        (lambda: ops.rearrange(X, "a -> a"), ValueError, r"names 1 axes, but the shape is \(3, 4\)"),
        (lambda: ops.rearrange(X, "a b -> a c"), ValueError, "each axis stands once on both sides"),
        (lambda: ops.rearrange(X, "a (b c) -> a b c"), ValueError, "the lengths of b, c .* must be given, but one"),
        (lambda: ops.rearrange(X, "a (b c) -> a b c", c=3), ValueError, r"length 4 cannot be \(b c\)"),
        (lambda: ops.rot90(X, axes=(0, -2)), ValueError, "two different axes"),
        (lambda: ops.correlate(X[0], X[0], "all"), ValueError, "mode is 'valid', 'same' or 'full', not 'all'"),
        (lambda: ops.select([X > 0], [X, X]), ValueError, "1 conditions, but 2 choices"),
        (lambda: ops.cdist(X, X[:, :2]), ShapeError, r"got \(3, 4\), \(3, 2\)"),
        (lambda: ops.ldexp(X, 1.5), TypeError, "must be whole numbers"),
    ],
)
def test_wrong_arguments_say_so(call: Any, error: Any, message: str) -> None:
    with pytest.raises(error, match=message):
        call()


def test_the_bytes_read_as_another_type_have_no_gradient() -> None:
    with pytest.raises(NotDifferentiableError, match=r"ops\.view"):
        grad(lambda x: ops.sum(ops.view(x, "float32")))(X)


def test_keras_has_modules_of_ops() -> None:
    import chainrule.ops.linalg
    from chainrule.ops.nn import relu, swish
    from chainrule.ops.numpy import mean, vander

    assert (relu, swish, mean, vander) == (ops.relu, ops.swish, ops.mean, ops.vander)
    assert chainrule.ops.linalg.qr is ops.qr
    with pytest.raises(Exception, match="conv"):
        ops.nn.conv  # noqa: B018
