"""The quantile and the logarithm behind it against SciPy and the standard library."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special

from chainrule.random.quantile import logarithm, normal_quantile


def test_quantile_is_scipys() -> None:
    tails = 2.0 ** -np.linspace(2, 52, 2001)
    q = np.concatenate([np.linspace(-0.4999, 0.4999, 20_001), tails - 0.5, 0.5 - tails])
    expected = np.where(q < 0, special.ndtri(0.5 + q), -special.ndtri(0.5 - q))
    np.testing.assert_allclose(normal_quantile(q.copy()), expected, rtol=2e-14, atol=1e-16)


def test_quantile_is_odd_and_monotone_across_its_three_pieces() -> None:
    evenly, border, far = (
        np.linspace(0, 0.4999, 5000),
        0.425 + np.arange(-5, 6) * 1e-15,
        np.exp(-np.linspace(20, 30, 500)),
    )
    q = np.unique(np.concatenate([evenly, border, 0.5 - far]))
    z = normal_quantile(q.copy())
    np.testing.assert_array_equal(normal_quantile(-q), -z)
    assert (np.diff(z) >= -1e-14).all()


def test_quantile_works_in_pieces_of_any_length() -> None:
    q = np.linspace(-0.49, 0.49, 8193)
    expected = np.concatenate([normal_quantile(q[i : i + 1].copy()) for i in (0, 8191, 8192)])
    np.testing.assert_array_equal(normal_quantile(q.copy())[[0, 8191, 8192]], expected)
    assert normal_quantile(np.empty(0)).shape == (0,)


@given(st.floats(1e-300, 1e300))
def test_logarithm_is_the_logarithm(x: float) -> None:
    assert logarithm(np.array([x]))[0] == pytest.approx(math.log(x), rel=5e-16, abs=5e-17)
