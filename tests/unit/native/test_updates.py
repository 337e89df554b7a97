"""The kernels of the optimizers and of gradients, against the Python they stand for, on every instruction set."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from chainrule import optimizers
from chainrule.engines.native.optimizer import KERNELS
from chainrule.optimizers.clipping import clip_by_value

native = pytest.importorskip("chainrule._native")

ISAS = native.isas()
TYPES = ("float32", "float64")
CASES: list[tuple[str, dict[str, Any]]] = [
    ("SGD", {}),
    ("SGD", {"momentum": 0.9}),
    ("SGD", {"momentum": 0.8, "nesterov": True}),
    ("SGD", {"nesterov": True}),
    ("RMSprop", {}),
    ("RMSprop", {"rho": 0.7, "momentum": 0.5}),
    ("RMSprop", {"centered": True}),
    ("RMSprop", {"momentum": 0.3, "centered": True, "epsilon": 1e-3}),
    ("Adam", {}),
    ("Adam", {"beta_1": 0.8, "beta_2": 0.95, "epsilon": 1e-4}),
    ("Adam", {"amsgrad": True}),
    ("AdamW", {}),
    ("AdamW", {"amsgrad": True, "beta_2": 0.9}),
    ("Adamax", {}),
    ("Adamax", {"beta_1": 0.5, "beta_2": 0.6}),
    ("Nadam", {}),
    ("Nadam", {"beta_1": 0.7, "epsilon": 1e-3}),
    ("Adagrad", {}),
    ("Adagrad", {"epsilon": 0.1}),
    ("Adadelta", {"learning_rate": 1.0}),
    ("Adadelta", {"rho": 0.5, "epsilon": 1e-3}),
    ("Ftrl", {}),
    ("Ftrl", {"l1_regularization_strength": 0.05, "l2_regularization_strength": 0.1, "beta": 0.3}),
    ("Ftrl", {"l2_shrinkage_regularization_strength": 0.2}),
    ("Ftrl", {"learning_rate_power": -0.3, "l1_regularization_strength": 0.01}),
    ("Lion", {}),
    ("Lion", {"beta_1": 0.5, "beta_2": 0.6}),
]


def call(name: str, dtype: str) -> Any:
    return getattr(native.kernels, f"{name}_f{np.dtype(dtype).itemsize * 8}")


def of_size(n: int, rng: np.random.Generator, dtype: str) -> np.ndarray:
    """Return n numbers, some of them zero, tiny or large."""
    g = rng.normal(size=n) * rng.choice([1e-6, 1e-3, 1.0, 30.0], n)
    return np.where(rng.random(n) < 0.1, 0.0, g).astype(dtype)


class Guarded:
    """Numbers in the middle of others that must not change, and that begin on no particular boundary."""

    def __init__(self, value: np.ndarray) -> None:
        self.whole = np.full(value.size + 70, 7.5, value.dtype)
        self.array = self.whole[33 : 33 + value.size].reshape(value.shape)
        self.array[...] = value

    def check(self) -> None:
        around = np.concatenate([self.whole[:33], self.whole[33 + self.array.size :]])
        np.testing.assert_array_equal(around, 7.5)


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize(("name", "settings"), CASES, ids=str)
def test_update_has_the_bits_of_python(name: str, settings: dict[str, Any], dtype: str) -> None:
    rng, n = np.random.default_rng(1), 131
    optimizer = getattr(optimizers, name)(**{"learning_rate": 0.01, **settings})
    numbers = [float(getattr(optimizer, key)) for key in native.kernels.update_settings()[name]]
    start = of_size(n, rng, dtype)
    state = np.zeros((len(optimizer.moments), n), dtype)
    for row, value in optimizer._initial_moments().items():
        state[optimizer.moments.index(row)] = value
    theirs = {isa: (start.copy(), state.copy(), np.ones(1, dtype)) for isa in ISAS}
    if name == "Nadam":
        optimizer._u_product = optimizers.base.Variable(np.ones((), dtype), trainable=False)
    for step in range(1, 26):
        rate = float(np.float32(0.01 / step))
        g = of_size(n, rng, dtype)
        with np.errstate(all="ignore"):
            optimizer.advance(step)
            optimizer.update(start, g, state, np.float32(rate), step)
        for isa, (p, m, product) in theirs.items():
            call("update", dtype)(isa, name, numbers, rate, step, p, g, m, product)
            if "learning_rate_power" in settings:  # libraries round powers each in their way; then / rate
                bound = 4 * np.finfo(dtype).eps * float(state[0].max()) ** 0.3 / rate
                np.testing.assert_allclose(p, start, rtol=bound, atol=bound, err_msg=f"{isa} {step}")
                np.testing.assert_allclose(m, state, rtol=bound, atol=bound, err_msg=f"{isa} {step}")
                p[:], m[:] = start, state
            np.testing.assert_array_equal(p, start, err_msg=f"{isa} {step}")
            np.testing.assert_array_equal(m, state, err_msg=f"{isa} {step}")
            if name == "Nadam":
                assert product[0] == optimizer._u_product.value


WHOLE = {"Adafactor", "Lamb", "LossScaleOptimizer", "MultiOptimizer", "Muon", "OptimizerMap", "ScheduleFreeAdamW"}
"""Those that look at whole variables or wrap others: they run on the reference engine."""


def test_every_optimizer_has_a_kernel_and_is_tested() -> None:
    built_in = {name for name in optimizers.__all__ if name[0].isupper()} - {"Optimizer"} - WHOLE
    assert built_in == set(KERNELS) == set(native.kernels.update_settings()) == {name for name, _ in CASES}


@pytest.mark.parametrize("isa", ISAS)
@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("name", KERNELS)
def test_sizes_and_borders(name: str, dtype: str, isa: str) -> None:
    rng = np.random.default_rng(2)
    numbers = [float(getattr(getattr(optimizers, name)(), key)) for key in native.kernels.update_settings()[name]]
    p, g = of_size(70, rng, dtype), of_size(70, rng, dtype)
    m = np.abs(of_size(4 * 70, rng, dtype)).reshape(4, 70)
    whole_p, whole_m = p.copy(), m.copy()
    call("update", dtype)(isa, name, numbers, 0.01, 3, whole_p, g, whole_m, np.ones(1, dtype))
    assert not np.array_equal(whole_p, p)
    for n in range(1, 70):
        part_p, part_m = Guarded(p[:n]), Guarded(np.ascontiguousarray(m[:, :n]))
        call("update", dtype)(isa, name, numbers, 0.01, 3, part_p.array, g[:n], part_m.array, np.ones(1, dtype))
        np.testing.assert_array_equal(part_p.array, whole_p[:n])
        np.testing.assert_array_equal(part_m.array, whole_m[:, :n])
        part_p.check()
        part_m.check()


@pytest.mark.parametrize("isa", ISAS)
@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("n", [1, 2, 15, 16, 17, 63, 64, 65, 200, 5000])
def test_gradient_kernels(n: int, dtype: str, isa: str) -> None:
    rng, kind = np.random.default_rng(n), np.dtype(dtype).type
    a, b = of_size(n, rng, dtype), of_size(n, rng, dtype)
    clipped = a.copy()
    clip_by_value([clipped], 0.4)
    keep = kind(0.9)
    penalty = (kind(0.3) * np.sign(b) + b * (2 * kind(0.2))).astype(dtype)
    for name, x, y, expected in (
        ("scale", 0.3, 0.0, a * kind(0.3)),
        ("divide", 0.3, 0.0, a / kind(0.3)),
        ("clip", 0.4, 0.0, clipped),
        ("decay", 0.3, 0.01, a - a * kind(0.3) * kind(0.01)),
        ("add", 0.0, 0.0, a + b),
        ("average", 0.9, 0.0, a * keep + b * (1 - keep)),
        ("l1_l2", 0.3, 0.2, a + penalty),
    ):
        found = Guarded(a)
        call("gradients", dtype)(isa, name, found.array, b, x, y)
        np.testing.assert_array_equal(found.array, expected, err_msg=name)
        found.check()
    bound = {"float32": 1e-6, "float64": 1e-14}[dtype]
    wide = a.astype("longdouble")
    squares, total = (call("gradients", dtype)(isa, name, a.copy(), b, 0.0, 0.0) for name in ("sum_squares", "sum_abs"))
    np.testing.assert_allclose(squares, float(np.sum(wide**2)), rtol=bound)
    np.testing.assert_allclose(total, float(np.sum(np.abs(wide))), rtol=bound)


@pytest.mark.parametrize("isa", ISAS)
@pytest.mark.parametrize("dtype", TYPES)
def test_what_is_no_number(dtype: str, isa: str) -> None:
    run = call("gradients", dtype)
    for n in (1, 7, 16, 33, 100):
        a = np.ones(n, dtype)
        assert run(isa, "finite", a, a, 0.0, 0.0) == 1
        for bad in (np.nan, np.inf, -np.inf):
            for at in {0, n // 2, n - 1}:
                a[:] = 1
                a[at] = bad
                assert run(isa, "finite", a.copy(), a, 0.0, 0.0) == 0
                clipped = a.copy()
                run(isa, "clip", clipped, a, 2.0, 0.0)
                np.testing.assert_array_equal(clipped, np.clip(a, -2, 2))
