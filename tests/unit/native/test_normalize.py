"""Native normalisation kernels against the reference engine's layers, values and gradients."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import ops
from chainrule._typing import Array
from chainrule.autodiff.tape import GradientTape

native = pytest.importorskip("chainrule._native")
kernels = native.kernels
BOUNDS = {np.float32: 2e-5, np.float64: 1e-13}
SHAPES = [(2, 1), (7, 1), (40, 1), (3, 2), (9, 4), (5, 7), (33, 16), (4, 17), (12, 30), (3, 65), (2, 150), (100, 5)]
EPSILON = 1e-3


@pytest.fixture(params=native.isas())
def isa(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def drawn(dtype: Any, *shapes: tuple[int, ...]) -> list[Array]:
    rng = np.random.default_rng(sum(shapes[0]))
    return [(rng.normal(size=shape) + 0.5).astype(dtype) for shape in shapes]


def close(actual: Any, expected: Any, dtype: Any) -> None:
    """Compare relative to the largest number."""
    expected = np.asarray(expected)
    bound = BOUNDS[dtype] * max(float(np.abs(expected).max()), 1.0)
    np.testing.assert_allclose(actual, expected, rtol=0, atol=bound)


def layer_of(kind: type, dtype: Any, x: Array, gamma: Array, beta: Array) -> Any:
    layer = kind(dtype=np.dtype(dtype).name)
    layer.build(x.shape)
    layer.gamma.assign(gamma)
    layer.beta.assign(beta)
    return layer


def reference(layer: Any, x: Array, gy: Array, **arguments: Any) -> tuple[Array, Array, Array, Array]:
    """Return what a layer gives, and the gradients of its input, gamma and beta."""
    with GradientTape() as tape:
        watched = ops.convert_to_tensor(x)
        tape.watch(watched)
        y = layer(watched, **arguments)
        total = ops.sum(y * gy)
    return (y.numpy(), *(np.asarray(g) for g in tape.gradient(total, [watched, layer.gamma, layer.beta])))


@pytest.mark.parametrize("dtype", BOUNDS)
@pytest.mark.parametrize("shape", SHAPES)
def test_batch_normalisation_is_the_layers(isa: str, shape: tuple[int, int], dtype: Any) -> None:
    x, gy, gamma, beta = drawn(dtype, shape, shape, shape[1:], shape[1:])
    layer = layer_of(cr.layers.BatchNormalization, dtype, x, gamma, beta)
    y, gx, g_gamma, g_beta = reference(layer, x, gy, training=True)
    mean, variance = kernels.column_moments(isa, x, 0, shape[1])
    close(mean, x.mean(0), dtype)
    close(variance, x.var(0), dtype)
    rstd = (1 / np.sqrt(variance + dtype(EPSILON))).astype(dtype)
    close(kernels.columns_forward(isa, x, mean, rstd, gamma, beta), y, dtype)
    for middle in (0, shape[1] // 2, shape[1]):
        found = kernels.columns_backward(isa, x, gy, mean, rstd, gamma, middle)
        for one, wanted in zip(found, (gx, g_beta, g_gamma), strict=True):
            close(one, wanted, dtype)


@pytest.mark.parametrize("dtype", BOUNDS)
def test_batch_normalisation_without_gamma_and_beta(isa: str, dtype: Any) -> None:
    x, gy = drawn(dtype, (9, 21), (9, 21))
    mean, variance = kernels.column_moments(isa, x, 0, 21)
    rstd, ones = 1 / np.sqrt(variance + dtype(EPSILON)), np.ones(21, dtype)
    bare, full = (kernels.columns_forward(isa, x, mean, rstd, g, b) for g, b in ((None, None), (ones, 0 * ones)))
    np.testing.assert_array_equal(bare, full)
    bare, full = (kernels.columns_backward(isa, x, gy, mean, rstd, g, 0)[0] for g in (None, ones))
    np.testing.assert_array_equal(bare, full)


@pytest.mark.parametrize("dtype", BOUNDS)
@pytest.mark.parametrize("shape", SHAPES)
def test_moments_of_any_range_of_columns_have_the_same_bits(isa: str, shape: tuple[int, int], dtype: Any) -> None:
    (x,) = drawn(dtype, shape)
    whole = kernels.column_moments(isa, x, 0, shape[1])
    for middle in range(shape[1] + 1):
        left, right = kernels.column_moments(isa, x, 0, middle), kernels.column_moments(isa, x, middle, shape[1])
        for one, a, b in zip(whole, left, right, strict=True):
            np.testing.assert_array_equal(one, a + b)  # each leaves 0 outside its range


@pytest.mark.parametrize("dtype", BOUNDS)
@pytest.mark.parametrize("shape", [(r, w) for r, w in SHAPES if w > 1])
def test_layer_normalisation_is_the_layers(isa: str, shape: tuple[int, int], dtype: Any) -> None:
    x, gy, gamma, beta = drawn(dtype, shape, shape, shape[1:], shape[1:])
    layer = layer_of(cr.layers.LayerNormalization, dtype, x, gamma, beta)
    y, gx, _, _ = reference(layer, x, gy)
    for one, wanted in zip(kernels.normalize_rows(isa, x, gy, EPSILON, gamma, beta), (y, gx), strict=True):
        close(one, wanted, dtype)
    ones = np.ones(shape[1], dtype)
    bare = kernels.normalize_rows(isa, x, gy, EPSILON, None, None)
    full = kernels.normalize_rows(isa, x, gy, EPSILON, ones, 0 * ones)
    for one, wanted in zip(bare, full, strict=True):
        np.testing.assert_array_equal(one, wanted)


@pytest.mark.parametrize("dtype", BOUNDS)
def test_instruction_sets_agree(dtype: Any) -> None:
    x, gy, gamma, beta = drawn(dtype, (6, 61), (6, 61), (61,), (61,))
    first, *others = (kernels.normalize_rows(isa, x, gy, EPSILON, gamma, beta) for isa in native.isas())
    for other in others:
        for a, b in zip(first, other, strict=True):
            np.testing.assert_allclose(a, b, rtol=0, atol=4 * np.finfo(dtype).eps * np.abs(a).max())
