"""Constraints by hand, and `get` by every spelling; `tests/parity/test_optimizers.py` compares them with Keras."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from chainrule import constraints
from chainrule.errors import UnknownNameError
from chainrule.variables import Variable

W = np.array([[3.0, 0.3], [-4.0, 0.4]])


def test_max_norm() -> None:
    np.testing.assert_allclose(constraints.MaxNorm(2.0)(W), [[1.2, 0.3], [-1.6, 0.4]], rtol=1e-6)


def test_max_norm_of_rows() -> None:
    found = constraints.MaxNorm(1.0, axis=1)(W)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), [1.0, 1.0], rtol=1e-6)


def test_max_norm_of_the_whole() -> None:
    assert np.linalg.norm(constraints.MaxNorm(1.0, axis=[0, 1])(W)) == pytest.approx(1.0, rel=1e-6)


def test_non_neg() -> None:
    assert constraints.NonNeg()(W).tolist() == [[3.0, 0.3], [0.0, 0.4]]


def test_unit_norm() -> None:
    np.testing.assert_allclose(constraints.UnitNorm()(W), [[0.6, 0.6], [-0.8, 0.8]], rtol=1e-6)


def test_min_max_norm() -> None:
    found = constraints.MinMaxNorm(1.0, 2.0, rate=0.5)(W)
    np.testing.assert_allclose(np.linalg.norm(found, axis=0), [3.5, 0.75], rtol=1e-6)


def test_a_norm_of_zero_stays_zero() -> None:
    assert constraints.UnitNorm()(np.zeros((2, 2))).tolist() == [[0.0, 0.0], [0.0, 0.0]]


def test_it_takes_variables_and_keeps_their_type() -> None:
    assert constraints.MaxNorm()(Variable(W.astype("float32"))).dtype == "float32"
    assert constraints.NonNeg()([1, -1]).dtype == "float32"


NAMES = {"MaxNorm": "max_norm", "NonNeg": "non_neg", "UnitNorm": "unit_norm", "MinMaxNorm": "min_max_norm"}


@pytest.mark.parametrize("name", NAMES)
def test_get(name: str) -> None:
    cls = getattr(constraints, name)
    assert getattr(constraints, NAMES[name]) is cls
    for identifier in (name, NAMES[name], cls, cls(), constraints.serialize(cls())):
        found = constraints.get(identifier)
        assert type(found) is cls
        assert found.get_config() == cls().get_config()


def test_get_of_nothing_and_of_functions() -> None:
    assert constraints.get(None) is None
    assert constraints.get(np.abs) is np.abs


@pytest.mark.parametrize("bad", ["maxnorm", 3])
def test_what_get_refuses(bad: Any) -> None:
    with pytest.raises(UnknownNameError, match="constraint"):
        constraints.get(bad)


def test_one_of_the_users_own() -> None:
    class Whole(constraints.Constraint):
        def __init__(self, step: float = 1.0) -> None:
            self.step = step

        def __call__(self, w: Any) -> Any:
            return np.round(np.asarray(w) / self.step) * self.step

    assert Whole(0.5)(W).tolist() == [[3.0, 0.5], [-4.0, 0.5]]
    assert Whole.from_config(Whole(0.5).get_config()).step == 0.5
    assert constraints.Constraint()(W) is W
