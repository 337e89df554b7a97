"""Native matrix products against NumPy in double precision: every size, stride, epilogue and instruction set."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from chainrule._typing import Array

native = pytest.importorskip("chainrule._native")
kernels = native.kernels
MARK = 77  # what lies next to c
LARGE = [(64, 512, 784), (130, 100, 600), (25, 1030, 300), (200, 1100, 33), (97, 45, 1000), (300, 3, 513), (1, 900, 70)]


@pytest.fixture(params=native.isas())
def isa(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=[np.float32, np.float64])
def dtype(request: pytest.FixtureRequest) -> Any:
    return request.param


def drawn(dtype: Any, *shapes: tuple[int, ...]) -> list[Array]:
    rng = np.random.default_rng([n for shape in shapes for n in shape])
    return [rng.normal(size=shape).astype(dtype) for shape in shapes]


def multiplied(isa: str, a: Array, b: Array, start: Array | None = None, gap: int = 0, **options: Any) -> Array:
    """Return a @ b by a kernel, having made sure that nothing beside it was written."""
    shape = (len(a), b.shape[1])
    buffer = np.full((shape[0], shape[1] + gap), MARK, a.dtype)
    if start is not None:
        buffer[:, : shape[1]] = start
    c = kernels.matmul(isa, a, b, buffer, accumulate=start is not None, **options)
    np.testing.assert_array_equal(c[:, shape[1] :], MARK)
    return np.ascontiguousarray(c[:, : shape[1]])


def check(
    c: Array, a: Array, b: Array, start: Array | None = None, bias: Array | None = None, relu: bool = False
) -> None:
    """Compare with the exact result; the bound is that of sums in any order, which blocks make far better."""
    wide = [None if x is None else x.astype(np.longdouble) for x in (a, b, start, bias)]
    exact = wide[0] @ wide[1]
    size = np.abs(wide[0]) @ np.abs(wide[1])
    for more in wide[2:]:
        if more is not None:
            exact, size = exact + more, size + np.abs(more)
    if relu:
        exact = np.maximum(exact, 0)
    bound = (2 + np.sqrt(a.shape[1])) * np.finfo(a.dtype).eps * size
    assert (np.abs(c - exact) <= bound).all()


def layouts(a: Array) -> list[Array]:
    """Return an array row by row, column by column, with gaps between the rows, and with gaps between the columns."""
    roomy = np.full((len(a), a.shape[1] + 3), np.nan, a.dtype)
    roomy[:, : a.shape[1]] = a
    loose = np.full((len(a), 2 * a.shape[1]), np.nan, a.dtype)
    loose[:, ::2] = a
    return [a, np.asfortranarray(a), roomy[:, : a.shape[1]], loose[:, ::2]]


@pytest.mark.parametrize("size", range(1, 71))
def test_every_size(isa: str, dtype: Any, size: int) -> None:
    for shape in (
        (size, 7, 5),
        (5, size, 9),
        (9, 6, size),
        (size, size, 3),
        (33, size, 20),
        (size, 1, 70 - size),
        (40, 3, size),
    ):
        rows, columns, inner = shape
        a, b, start, bias = drawn(dtype, (rows, inner), (inner, columns), (rows, columns), (columns,))
        for one in layouts(a)[:2]:
            check(multiplied(isa, one, b, gap=1), one, b)
            check(multiplied(isa, one, b, start), one, b, start)
            check(multiplied(isa, one, b, bias=bias, relu=True), one, b, bias=bias, relu=True)


@pytest.mark.parametrize("shape", LARGE)
def test_large_ones(isa: str, dtype: Any, shape: tuple[int, int, int]) -> None:
    rows, columns, inner = shape
    a, b, start, bias = drawn(dtype, (rows, inner), (inner, columns), (rows, columns), (columns,))
    plain = multiplied(isa, a, b)
    check(plain, a, b)
    for one in layouts(a)[1:]:
        np.testing.assert_array_equal(multiplied(isa, one, b, gap=5), plain)
    roomy = np.full((inner, columns + 9), np.nan, dtype)
    roomy[:, 4:-5] = b
    np.testing.assert_array_equal(multiplied(isa, a, roomy[:, 4:-5]), plain)
    check(multiplied(isa, a, b, start), a, b, start)
    np.testing.assert_array_equal(
        multiplied(isa, a, b, bias=bias, relu=True), np.maximum(multiplied(isa, a, b, bias=bias), 0)
    )
    check(multiplied(isa, a, b, bias=bias), a, b, bias=bias)


@pytest.mark.parametrize(
    "shape", [(70, 33, 40), (64, 4, 30), (50, 1, 300), (260, 70, 300), (230, 1100, 20), (30, 10, 512)]
)
@pytest.mark.parametrize("turned", [False, True])
def test_bits_do_not_depend_on_how_rows_and_columns_are_cut(
    isa: str, dtype: Any, shape: tuple[int, int, int], turned: bool
) -> None:
    rows, columns, inner = shape
    a, b, start, bias = drawn(dtype, (rows, inner), (inner, columns), (rows, columns), (columns,))
    a = np.asfortranarray(a) if turned else a
    whole = multiplied(isa, a, b, start, bias=bias)
    for cut in (1, 2, 5, 12, 24, 64):
        parts = [multiplied(isa, a[i : i + cut], b, start[i : i + cut], bias=bias) for i in range(0, rows, cut)]
        np.testing.assert_array_equal(np.concatenate(parts), whole)
    for cut in (3, 16, 50):
        if columns > cut:
            at = [slice(j, j + cut) for j in range(0, columns, cut)]
            parts = [multiplied(isa, a, b[:, j], np.ascontiguousarray(start[:, j]), bias=bias[j]) for j in at]
            np.testing.assert_array_equal(np.concatenate(parts, axis=1), whole)


def test_sets_that_round_once_have_the_same_bits(dtype: Any) -> None:
    sets = [isa for isa in native.isas() if isa != "baseline"]
    for rows, columns, inner in ((20, 33, 700), (40, 4, 90), (7, 70, 5)):
        a, b = drawn(dtype, (rows, inner), (inner, columns))
        for isa in sets[1:]:
            np.testing.assert_array_equal(multiplied(isa, a, b), multiplied(sets[0], a, b))


def test_no_products_and_no_numbers(isa: str, dtype: Any) -> None:
    bias = np.array([1, -2, 3], dtype)
    nothing = np.zeros((4, 0), dtype), np.zeros((0, 3), dtype)
    np.testing.assert_array_equal(multiplied(isa, *nothing), np.zeros((4, 3)))
    np.testing.assert_array_equal(multiplied(isa, *nothing, bias=bias, relu=True), np.tile([1, 0, 3], (4, 1)))
    assert multiplied(isa, np.zeros((0, 5), dtype), np.zeros((5, 3), dtype)).shape == (0, 3)


def test_nan_and_infinity_stay_in_their_rows(isa: str, dtype: Any) -> None:
    for columns in (1, 3, 40):
        a, b = drawn(dtype, (30, 20), (20, columns))
        clean = multiplied(isa, a, b, relu=True)
        a[3, 4], a[17, 19] = np.nan, np.inf
        found = multiplied(isa, a, b, relu=True)
        assert np.isnan(found[3]).all()
        np.testing.assert_array_equal(np.isinf(found[17]), b[19] > 0)
        others = [i for i in range(30) if i not in (3, 17)]
        np.testing.assert_array_equal(found[others], clean[others])


@pytest.mark.parametrize(
    "shape", [(1, 1), (1, 40), (40, 1), (7, 9), (16, 16), (33, 65), (64, 64), (130, 67), (129, 200), (70, 300)]
)
def test_transpose(isa: str, dtype: Any, shape: tuple[int, int]) -> None:
    (a,) = drawn(dtype, shape)
    for one in (a, layouts(a)[2]):
        out = kernels.transpose(isa, one, np.full((shape[1], shape[0] + 2), MARK, dtype))
        np.testing.assert_array_equal(out[:, : shape[0]], a.T)
        np.testing.assert_array_equal(out[:, shape[0] :], MARK)
