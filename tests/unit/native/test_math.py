"""The native exponentials, logarithms and their relatives against the C library's wider numbers."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

native = pytest.importorskip("chainrule._native").kernels

WIDE = np.longdouble


def instruction_sets() -> list[str]:
    found = []
    for isa in ("avx512", "avx2", "baseline", "neon"):
        try:
            native.math(isa, "exp", np.ones(1), np.ones(1), np.ones(1))
        except ValueError:
            continue
        found.append(isa)
    return found


ISAS = instruction_sets()


def sigmoid(x: np.ndarray) -> np.ndarray:
    e = np.exp(-np.abs(x))
    return np.where(x < 0, e, 1) / (1 + e)


def softplus(x: np.ndarray) -> np.ndarray:
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


def each(function: Callable[[float], float]) -> Callable[[np.ndarray], np.ndarray]:
    return lambda x: np.array([function(float(v)) for v in x], WIDE)


# name: the true function, in wider numbers; largest error in units in the last place (float32, float64)
FUNCTIONS: dict[str, tuple[Callable[[np.ndarray], np.ndarray], float, float]] = {
    "exp": (np.exp, 2, 2),
    "expm1": (np.expm1, 2, 2),
    "log": (np.log, 2, 2),
    "log1p": (np.log1p, 2, 2),
    "tanh": (np.tanh, 3, 3),
    "sigmoid": (sigmoid, 3, 3),
    "softplus": (softplus, 2, 2),
    "log_sigmoid": (lambda x: -softplus(-x), 2, 2),
    "erf": (each(math.erf), 3, 3),
    "erfc": (each(math.erfc), 4, 4.5),  # half a unit is the C library's own
}
SPECIAL = [0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 2.0, np.inf, -np.inf, np.nan, 1e-5, -1e-5, 1e-9, -1e-9, 1e-16, 20.0, -20.0]


def inputs(dtype: str) -> np.ndarray:
    """Numbers of every size that both signs of this type have, and those that functions treat apart."""
    info = np.finfo(dtype)
    rng = np.random.default_rng(7)
    sizes = np.exp(rng.uniform(np.log(float(info.tiny)), np.log(float(info.max)), 1500))
    some = [rng.normal(size=3000), rng.normal(size=3000) * 10, rng.uniform(-1, 1, 1500) * np.log(float(info.max))]
    bounds = [info.max, -info.max, info.tiny, -info.tiny, info.smallest_subnormal, -info.smallest_subnormal]
    tiny = info.smallest_subnormal * np.arange(1, 40)
    return np.concatenate([*some, sizes, -sizes, tiny, -tiny, bounds, SPECIAL]).astype(dtype)


def call(isa: str, name: str, x: np.ndarray, second: np.ndarray | None = None) -> np.ndarray:
    y = np.full_like(x, 7.5)
    native.math(isa, name, x, x if second is None else second, y)
    return y


def error(found: np.ndarray, true: np.ndarray) -> np.ndarray:
    """Return the difference in units in the last place; NaN and infinity are right or infinitely wrong."""
    with np.errstate(all="ignore"):
        rounded = true.astype(found.dtype)
        same = (found == rounded) | (np.isnan(found) & np.isnan(true))
        unit = np.maximum(np.spacing(np.abs(rounded)), np.finfo(found.dtype).smallest_subnormal)
        difference = np.abs(found.astype(WIDE) - true) / unit.astype(WIDE)
    return np.where(same, 0.0, np.where(np.isfinite(difference), difference, np.inf)).astype(float)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("isa", ISAS)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_errors_are_within_the_stated_units_in_the_last_place(name: str, isa: str, dtype: str) -> None:
    function, *bounds = FUNCTIONS[name]
    x = inputs(dtype)
    with np.errstate(all="ignore"):
        true = function(x.astype(WIDE))
    wrong = error(call(isa, name, x), true)
    assert wrong.max() <= bounds[dtype == "float64"], (x[wrong.argmax()], wrong.max())


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("isa", ISAS)
@pytest.mark.parametrize(
    "exponent", [0.0, 0.5, 1.0, 2.0, 3.0, -1.0, -2.5, 0.1, 1e-3, 17.0, 300.0, np.inf, -np.inf, np.nan]
)
def test_powers(exponent: float, isa: str, dtype: str) -> None:
    x = inputs(dtype)
    second = np.full_like(x, exponent)
    with np.errstate(all="ignore"):
        true = np.power(x.astype(WIDE), second.astype(WIDE))
    assert error(call(isa, "pow", x, second), true).max() <= 2


@pytest.mark.parametrize("isa", ISAS)
@pytest.mark.parametrize("base", [0.0, 0.5, 0.9, 0.999, 1.0, 1.001, 10.0, -2.0, np.inf])
def test_powers_of_one_number(base: float, isa: str) -> None:
    exponents = np.concatenate([np.random.default_rng(3).uniform(-800, 800, 500), np.arange(-70.0, 70.0)])
    with np.errstate(all="ignore"):
        true = np.power(WIDE(base), exponents.astype(WIDE))
    assert error(call(isa, "pow", np.full_like(exponents, base), exponents), true).max() <= 2


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("isa", ISAS)
def test_results_stay_within_the_range_of_the_function(isa: str, dtype: str) -> None:
    x = inputs(dtype)
    x = x[~np.isnan(x)]
    assert np.abs(call(isa, "tanh", x)).max() == 1
    assert call(isa, "sigmoid", x).max() == 1
    assert call(isa, "sigmoid", x).min() >= 0
    assert np.abs(call(isa, "erf", x)).max() == 1
    assert np.array_equal(np.signbit(call(isa, "tanh", x)), np.signbit(x))
    assert np.array_equal(call(isa, "tanh", -x), -call(isa, "tanh", x))


@pytest.mark.parametrize("isa", ISAS)
def test_every_size_gives_the_same_numbers_and_stays_within_its_array(isa: str) -> None:
    x = np.linspace(-3, 3, 70).astype("float32")
    whole = call(isa, "tanh", x)
    for n in range(71):
        around = np.full(n + 64, 7.5, "float32")
        native.math(isa, "tanh", x[:n], x[:n], around[32 : 32 + n])
        assert np.array_equal(around[32 : 32 + n], whole[:n])
        assert (around[:32] == 7.5).all()
        assert (around[32 + n :] == 7.5).all()
