"""The bits are those of Random123 and jax.random; floats, normals and permutations follow the page in `threefry`."""

from __future__ import annotations

import hashlib
import statistics
from concurrent.futures import ThreadPoolExecutor
from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from chainrule.random import threefry
from chainrule.random.threefry import bits, bits64, blocks, encrypt, fold_in, key_from_seed

JAX = np.load(Path(__file__).parents[2] / "parity" / "fixtures" / "threefry.npz")
KEYS = [(int(a), int(b)) for a, b in JAX["keys"]]
KEY = (3, 4)
words32 = st.integers(0, 2**32 - 1)


# -- bits ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("counter", "key", "expected"),
    [
        ((0, 0), (0, 0), (0x6B200159, 0x99BA4EFE)),
        ((0xFFFFFFFF, 0xFFFFFFFF), (0xFFFFFFFF, 0xFFFFFFFF), (0x1CB996FC, 0xBB002BE7)),
        ((0x243F6A88, 0x85A308D3), (0x13198A2E, 0x03707344), (0xC4923A9C, 0x483DF7A0)),
    ],
)
def test_blocks_are_random123s_known_answers(counter: Any, key: Any, expected: Any) -> None:
    assert encrypt(key, counter) == expected


def test_blocks_are_jaxs() -> None:
    for key, outputs in zip(KEYS, JAX["blocks"], strict=True):
        for counter, output in zip(JAX["counters"], outputs, strict=True):
            assert encrypt(key, (int(counter[0]), int(counter[1]))) == tuple(output)


def test_draws_are_jaxs_random_bits() -> None:
    for key, long, short in zip(KEYS, JAX["bits64"], JAX["bits32"], strict=True):
        np.testing.assert_array_equal(bits64(key, 9), long)
        np.testing.assert_array_equal(bits(key, 18)[::2] ^ bits(key, 18)[1::2], short)


@pytest.mark.parametrize("start", [0, 2**32 - 40])
def test_few_and_many_blocks_are_computed_differently_but_are_the_same(start: int) -> None:
    many = blocks(KEY, 65, start)
    for n in (0, 1, 2, 64):
        assert all(np.array_equal(few, words[:n]) for few, words in zip(blocks(KEY, n, start), many, strict=True))


@pytest.mark.parametrize("start", [0, 5, 2**32 - 3, 2**33])
def test_arrays_of_blocks_equal_single_blocks(start: int) -> None:
    x0, x1 = blocks(KEY, 40_000 if start == 0 else 9, start)  # the first run is longer than one piece
    for i in (0, 1, 7, len(x0) - 1, *([32_767, 32_768] if start == 0 else [])):
        assert (x0[i], x1[i]) == encrypt(KEY, divmod(start + i, 2**32))


@given(n=st.integers(0, 50), m=st.integers(0, 50))
def test_a_longer_draw_begins_with_the_shorter(n: int, m: int) -> None:
    n, m = min(n, m), max(n, m)
    np.testing.assert_array_equal(bits(KEY, m)[:n], bits(KEY, n))
    np.testing.assert_array_equal(bits64(KEY, m)[:n], bits64(KEY, n))


def test_draws_do_not_depend_on_order_repetition_or_threads() -> None:
    keys = [fold_in(KEY, i) for i in range(32)]
    forwards = [bits(key, 1001) for key in keys]
    backwards = [bits(key, 1001) for key in reversed(keys)][::-1]
    with ThreadPoolExecutor(4) as pool:
        threaded = list(pool.map(lambda key: bits(key, 1001), keys))
    np.testing.assert_array_equal(forwards, backwards)
    np.testing.assert_array_equal(forwards, threaded)
    assert len({a.tobytes() for a in forwards}) == 32


# -- keys ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seed", "key"), [(0, (0, 0)), (7, (0, 7)), (2**32 + 5, (1, 5)), (-1, (2**32 - 1,) * 2), (2**64 + 1, (0, 1))]
)
def test_key_from_seed(seed: int, key: Any) -> None:
    assert key_from_seed(seed) == key


@given(k0=words32, k1=words32, data=st.integers(0, 2**63 - 1))
def test_fold_in_is_a_block_that_no_draw_uses(k0: int, k1: int, data: int) -> None:
    assert fold_in((k0, k1), data) == encrypt((k0, k1), (2**31 + (data >> 32), data % 2**32))


def test_fold_in_goes_along_its_data() -> None:
    assert fold_in(KEY, 1, 2, 3) == fold_in(fold_in(fold_in(KEY, 1), 2), 3)
    assert len({fold_in(KEY, epoch, step) for epoch in range(20) for step in range(20)}) == 400
    assert fold_in(KEY) == KEY


@pytest.mark.parametrize("data", [-1, 2**63])
def test_fold_in_says_what_it_takes(data: int) -> None:
    with pytest.raises(ValueError, match=rf"fold_in: expected an integer in \[0, 2\^63\), received {data}\."):
        fold_in(KEY, data)


# -- floats ----------------------------------------------------------------------------------------------------------


def test_uniform_is_the_documented_function_of_the_bits() -> None:
    single, double = threefry.uniform(KEY, (2, 3)), threefry.uniform(KEY, (2, 3), "float64")
    assert single.dtype == np.float32
    assert double.dtype == np.float64
    assert single.ravel().tolist() == [int(w) // 2**8 * 2.0**-24 for w in bits(KEY, 6)]
    assert double.ravel().tolist() == [int(w) // 2**11 * 2.0**-53 for w in bits64(KEY, 6)]


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_uniform_is_uniform(dtype: str) -> None:
    u = threefry.uniform(KEY, (200_000,), dtype)
    assert u.dtype == dtype
    assert 0 <= u.min() < 1e-4
    if dtype == "float16":
        return  # rounded: 1 may occur, the steps are coarse
    assert u.max() < 1
    assert stats.kstest(u, "uniform").pvalue > 0.01


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_normal_is_the_quantile_of_the_documented_probability(dtype: str) -> None:
    z = threefry.normal(KEY, (1000,), dtype)
    if dtype == "float32":
        p = [(int(w) + 0.5) / 2**32 for w in bits(KEY, 1000)]
    else:
        p = [(int(w) // 2**12 + 0.5) / 2**52 for w in bits64(KEY, 1000)]
    expected = np.array([statistics.NormalDist().inv_cdf(value) for value in p])
    assert z.dtype == dtype
    np.testing.assert_allclose(z, expected, rtol=1.2e-7 if dtype == "float32" else 4e-15, atol=1e-16)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_normal_is_normal(dtype: str) -> None:
    assert stats.kstest(threefry.normal(KEY, (200_000,), dtype), "norm").pvalue > 0.01


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_truncated_normal_is_the_conditional_distribution(dtype: str) -> None:
    z = threefry.truncated_normal(KEY, (400, 500), dtype)
    assert z.dtype == dtype
    assert np.abs(z).max() <= 2
    assert stats.kstest(z.ravel(), stats.truncnorm(-2, 2).cdf).pvalue > 0.01
    assert z.std() == pytest.approx(0.87962566103423978, rel=0.005)


def test_the_lowest_and_highest_bits_give_finite_numbers_of_opposite_sign(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threefry, "bits", lambda key, n: np.array([0, 2**32 - 1], np.uint32))
    monkeypatch.setattr(threefry, "bits64", lambda key, n: np.array([0, 2**64 - 1], np.uint64))
    assert threefry.uniform(KEY, (2,)).tolist() == [0, 1 - 2**-24]
    assert threefry.uniform(KEY, (2,), "float64").tolist() == [0, 1 - 2**-53]
    for dtype, largest in (("float32", stats.norm.ppf(2.0**-33)), ("float64", stats.norm.ppf(2.0**-53))):
        low, high = threefry.normal(KEY, (2,), dtype)
        assert low == -high == pytest.approx(largest, rel=1e-6)
        assert threefry.truncated_normal(KEY, (2,), dtype) == pytest.approx([-2, 2], abs=1e-8)


def test_floats_are_refused_for_other_types() -> None:
    for draw in (threefry.uniform, threefry.normal, threefry.truncated_normal):
        with pytest.raises(ValueError, match="Random floats: expected a float type, received dtype='int32'"):
            draw(KEY, (2,), "int32")


def test_numbers_stay_the_same_from_release_to_release_and_machine_to_machine() -> None:
    """Every operation behind them is exact or rounded as IEEE 754 says, so the hashes hold everywhere."""
    drawn = {
        "bits": bits(KEY, 5000),
        "uniform": threefry.uniform(KEY, (5000,)),
        "normal": threefry.normal(KEY, (5000,)),
        "normal64": threefry.normal(KEY, (5000,), "float64"),
        "truncated": threefry.truncated_normal(KEY, (5000,)),
        "permutation": threefry.permutation(KEY, 5000),
        "randint": threefry.randint(KEY, (5000,), -10, 10),
    }
    assert {
        name: hashlib.sha256(np.asarray(a, np.asarray(a).dtype.newbyteorder("<")).tobytes()).hexdigest()[:16]
        for name, a in drawn.items()
    } == HASHES


HASHES = {
    "bits": "295154716be486a7",
    "uniform": "dc3917b47f9f6320",
    "normal": "d8c8a941458831a8",
    "normal64": "bb51a82c258ad906",
    "truncated": "0a0603549d47ed57",
    "permutation": "6b38972255879867",
    "randint": "73d12ec3290c8649",
}


# -- masks, orders, integers -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("rate", [0.0, 0.1, 0.5, 0.93, 1.0])
def test_keep_mask_keeps_the_documented_elements(rate: float) -> None:
    mask = threefry.keep_mask(KEY, (300, 200), rate)
    assert mask.dtype == bool
    np.testing.assert_array_equal(mask.ravel(), [int(w) >= round(rate * 2**32) for w in bits(KEY, 60_000)])
    assert mask.mean() == pytest.approx(1 - rate, abs=4 * (rate * (1 - rate) / 60_000) ** 0.5)


@pytest.mark.parametrize("rate", [-0.1, 1.5, float("nan")])
def test_keep_mask_refuses_other_rates(rate: float) -> None:
    with pytest.raises(ValueError, match=r"keep_mask: expected a rate in \[0, 1\], received"):
        threefry.keep_mask(KEY, (2,), rate)


@pytest.mark.parametrize("n", [0, 1, 2, 3, 64, 65, 1000])
def test_permutation_is_the_documented_order(n: int) -> None:
    k = max(n - 1, 0).bit_length()
    words = sorted((int(w) >> k << k) + i for i, w in enumerate(bits64(KEY, n)))
    order = threefry.permutation(KEY, n)
    assert order.dtype == np.int64
    assert order.tolist() == [w % 2**k for w in words]
    assert sorted(order) == list(range(n))


def test_every_permutation_is_equally_likely() -> None:
    counts = dict.fromkeys(permutations(range(4)), 0)
    for i in range(12_000):
        counts[tuple(threefry.permutation(fold_in(KEY, i), 4).tolist())] += 1
    assert stats.chisquare(list(counts.values())).pvalue > 0.01


def test_every_place_is_equally_likely_in_a_long_permutation() -> None:
    table = np.zeros((20, 20))
    for i in range(3000):
        table[np.arange(20), threefry.permutation(fold_in(KEY, i), 20)] += 1
    statistic = ((table - 150) ** 2 / 150).sum()
    assert 0.01 < stats.chi2(19 * 19).sf(statistic) < 0.999


@pytest.mark.parametrize(
    ("low", "high"), [(0, 1), (0, 7), (-5, 5), (0, 2**32), (0, 2**32 + 1), (-(2**63), 2**63 - 1), (2**40, 2**62 + 3)]
)
def test_randint_is_the_documented_function_of_the_bits(low: int, high: int) -> None:
    expected = [low + (int(w) * (high - low) >> 64) for w in bits64(KEY, 100)]
    assert threefry.randint(KEY, (10, 10), low, high).ravel().tolist() == expected


def test_randint_is_uniform_and_takes_unsigned_types() -> None:
    counts = np.bincount(threefry.randint(KEY, (60_000,), 1, 7))[1:]
    assert stats.chisquare(counts).pvalue > 0.01
    assert threefry.randint(KEY, (50,), 2**63, 2**64 - 1, "uint64").min() >= 2**63


def test_randint_refuses_an_empty_range() -> None:
    with pytest.raises(ValueError, match="randint: expected minval < maxval, received minval=3, maxval=3"):
        threefry.randint(KEY, (1,), 3, 3)
