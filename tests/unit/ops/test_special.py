"""erf, erfc and erfinv against SciPy, to a few units in the last place."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.special

from chainrule import ops
from chainrule.ops import special

X = np.concatenate([np.linspace(-6, 6, 20001), np.logspace(-300, 1, 300), -np.logspace(-300, 1, 300)])


def ulps(actual: np.ndarray, expected: np.ndarray) -> float:
    return float(np.max(np.abs(actual - expected) / np.spacing(np.abs(expected))))


def test_erf_is_exact_to_the_last_places() -> None:
    assert ulps(special.erf(X), scipy.special.erf(X)) <= 4  # SciPy itself is off by 2


def test_erfc_is_exact_relative_to_its_size() -> None:
    np.testing.assert_allclose(special.erfc(X), scipy.special.erfc(X), rtol=1e-14)
    far = np.linspace(6, 26, 2001)
    np.testing.assert_allclose(special.erfc(far), scipy.special.erfc(far), rtol=2e-13)  # SciPy loses digits here


def test_erfc_at_25_is_that_of_40_digits() -> None:
    # mpmath: erfc(25) = 8.300172571196522752044012769513722768714...e-274
    assert abs(float(special.erfc(np.array(25.0))) / 8.300172571196522752e-274 - 1) < 1e-15


def test_erfinv() -> None:
    p = np.concatenate([np.linspace(-0.9999, 0.9999, 4001), 1 - np.logspace(-15, -4, 50), np.logspace(-300, -1, 50)])
    np.testing.assert_allclose(special.erfinv(p), scipy.special.erfinv(p), rtol=2e-15)


@pytest.mark.parametrize("name", ["erf", "erfc", "erfinv"])
def test_ends(name: str) -> None:
    edges = np.array([0.0, -0.0, 1.0, -1.0, np.nan] + ([1e300, np.inf, -np.inf] if name != "erfinv" else [1.5]))
    expected = getattr(scipy.special, name)(edges)
    np.testing.assert_allclose(getattr(special, name)(edges), expected, rtol=1e-15)


def test_float32_in_float32_out() -> None:
    x = np.linspace(-4, 4, 101, dtype=np.float32)
    assert ops.erf(x).dtype == np.float32
    np.testing.assert_allclose(ops.erf(x), scipy.special.erf(x.astype(np.float64)), rtol=6e-8)


def test_stable_forms_far_out() -> None:
    x = np.array([-800.0, -40.0, -1e-20, 1e-20, 40.0, 800.0])
    np.testing.assert_allclose(ops.sigmoid(x), scipy.special.expit(x), rtol=1e-15)
    np.testing.assert_allclose(ops.log_sigmoid(x), scipy.special.log_expit(x), rtol=1e-15)
    np.testing.assert_allclose(ops.softplus(x), np.logaddexp(x, 0), rtol=1e-15)
    np.testing.assert_allclose(ops.logsumexp(x), 800.0)
    np.testing.assert_allclose(ops.logsumexp(np.array([-np.inf, -np.inf])), -np.inf)
    np.testing.assert_allclose(ops.log_softmax(x), x - 800.0)
    np.testing.assert_allclose(ops.softmax(x), [0, 0, 0, 0, 0, 1], atol=1e-300)
