"""Native random numbers against `chainrule.random`: the same bits."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chainrule._typing import Array
from chainrule.random import threefry

native = pytest.importorskip("chainrule._native")
kernels = native.kernels
KEYS = st.tuples(st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1))
STARTS = (0, 1, 2, 7, 255, 2**32 - 3, 2**33 - 5, 2**33 - 64)


def words(key: threefry.Key, first: int, n: int) -> Array:
    """Return words of a key from any place, by way of whole blocks."""
    pairs = np.stack(threefry.blocks(key, n // 2 + 2, first // 2), axis=1)
    return pairs.reshape(-1)[first % 2 :][:n]


@pytest.mark.parametrize("isa", native.isas())
@pytest.mark.parametrize("first", STARTS)
def test_words_are_those_of_threefry(isa: str, first: int) -> None:
    key = (0x13198A2E, 0x03707344)
    for n in (*range(70), 127, 128, 129, 300):
        np.testing.assert_array_equal(kernels.bits(isa, key, first, n), words(key, first, n))


@pytest.mark.parametrize("isa", native.isas())
@pytest.mark.parametrize(("kind", "dtype"), [("keep32", np.float32), ("keep64", np.float64)])
def test_masks_keep_what_keep_mask_keeps(isa: str, kind: str, dtype: type) -> None:
    rate, key = 0.3, (5, 6)
    for n in (1, 2, 31, 70, 301):
        mask = getattr(kernels, kind)(isa, key, 0, n, round(rate * 2**32), 1.5)
        assert mask.dtype == dtype
        np.testing.assert_array_equal(mask, threefry.keep_mask(key, (n,), rate) * 1.5)
        later = getattr(kernels, kind)(isa, key, 3, n, round(rate * 2**32), 1.5)
        np.testing.assert_array_equal(later, threefry.keep_mask(key, (n + 3,), rate)[3:] * 1.5)


@given(st.integers(0, 2**64 - 1), st.integers(0, 2**63 - 1))
def test_keys_are_those_of_python(seed: int, data: int) -> None:
    key = kernels.key_from_seed(seed)
    assert key == threefry.key_from_seed(seed)
    assert kernels.fold_in(key, data) == threefry.fold_in(key, data)


def test_permutations_of_every_size_are_those_of_python() -> None:
    for n in (*range(1001), 20_000, 100_000):
        key = threefry.fold_in((1, 2), n)
        np.testing.assert_array_equal(kernels.permutation(key, n), threefry.permutation(key, n))


@settings(max_examples=200)
@given(KEYS, st.integers(0, 300))
def test_permutations_of_every_key_are_those_of_python(key: threefry.Key, n: int) -> None:
    np.testing.assert_array_equal(kernels.permutation(key, n), threefry.permutation(key, n))


@pytest.mark.parametrize("bits", [32, 64])
@pytest.mark.parametrize("n", [0, 1, 2, 511, 512, 513, 20_000])
def test_numbers_are_those_of_python(bits: int, n: int) -> None:
    key, dtype = (n, 7), f"float{bits}"
    uniform, normal = getattr(kernels, f"uniform{bits}"), getattr(kernels, f"normal{bits}")
    np.testing.assert_array_equal(uniform(key, 0, n), threefry.uniform(key, (n,), dtype))
    expected = threefry.normal(key, (n + 3,), dtype)
    np.testing.assert_array_equal(normal(key, 0, n, 1.0, 0.0), expected[:n])
    np.testing.assert_array_equal(normal(key, 3, n, 0.3, 0.0), expected[3:] * np.asarray(0.3, dtype))
    assert normal(key, 0, n, 1.0, 0.0).dtype == dtype
