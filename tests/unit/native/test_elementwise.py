"""Native element-wise kernels against NumPy: the same bits, as nothing is fused and columns are summed row by row."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from chainrule._typing import Array

native = pytest.importorskip("chainrule._native")
kernels = native.kernels
FLOATS = (np.float32, np.float64)
SIZES = (*range(1, 71), 255, 300)
SHAPES = [
    (1, 1),
    (7, 1),
    (5, 2),
    (4, 3),
    (9, 4),
    (3, 7),
    (2, 15),
    (6, 16),
    (3, 17),
    (5, 30),
    (2, 33),
    (3, 65),
    (2, 150),
]


@pytest.fixture(params=native.isas())
def isa(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def drawn(dtype: Any, *shapes: tuple[int, ...]) -> Iterator[Array]:
    rng = np.random.default_rng(sum(shapes[0]))
    return (rng.normal(size=shape).astype(dtype) for shape in shapes)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("name", ["add", "multiply", "maximum", "minimum"])
def test_combinations_are_numpys(isa: str, name: str, dtype: Any) -> None:
    for n in SIZES:
        a, b = drawn(dtype, (n,), (n,))
        np.testing.assert_array_equal(kernels.combine(isa, name, a, b), getattr(np, name)(a, b))


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("name", ["add", "multiply", "maximum", "minimum"])
def test_combinations_hand_on_what_is_not_finite(isa: str, name: str, dtype: Any) -> None:
    values = np.array([np.nan, np.inf, -np.inf, 0.0, 1.0], dtype)
    a, b = (np.ascontiguousarray(m.reshape(-1)) for m in np.meshgrid(values, values))
    with np.errstate(invalid="ignore"):
        np.testing.assert_array_equal(kernels.combine(isa, name, a, b), getattr(np, name)(a, b))


@pytest.mark.parametrize("dtype", FLOATS)
def test_affine_rounds_twice(isa: str, dtype: Any) -> None:
    for n in SIZES:
        (a,) = drawn(dtype, (n,))
        np.testing.assert_array_equal(kernels.affine(isa, a, 1.1, -0.7), a * dtype(1.1) + dtype(-0.7))


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("shape", SHAPES)
def test_columns_are_scaled_as_numpy_does(isa: str, shape: tuple[int, int], dtype: Any) -> None:
    a, factor, offset = drawn(dtype, shape, shape[1:], shape[1:])
    np.testing.assert_array_equal(kernels.scale_columns(isa, a, factor, offset), a * factor + offset)
    np.testing.assert_array_equal(kernels.scale_columns(isa, a, factor, None), a * factor)
    np.testing.assert_array_equal(kernels.standardize(isa, a, offset, factor), (a - offset) / factor)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("shape", SHAPES)
def test_columns_are_summed_in_the_order_of_the_rows(isa: str, shape: tuple[int, int], dtype: Any) -> None:
    a, start = drawn(dtype, shape, shape[1:])
    total, onto = np.zeros(shape[1], dtype), start.copy()
    for row in a:
        total, onto = total + row, onto + row
    np.testing.assert_array_equal(kernels.sum_columns(isa, a, None), total)
    np.testing.assert_array_equal(kernels.sum_columns(isa, a, start), onto)


def test_a_sum_of_rows_in_two_parts_has_the_bits_of_one(isa: str) -> None:
    (a,) = drawn(np.float32, (50, 21))
    first = kernels.sum_columns(isa, np.ascontiguousarray(a[:17]), None)
    np.testing.assert_array_equal(
        kernels.sum_columns(isa, np.ascontiguousarray(a[17:]), first), kernels.sum_columns(isa, a, None)
    )
