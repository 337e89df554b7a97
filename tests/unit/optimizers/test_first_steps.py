"""The first steps of every optimizer, worked by hand from its paper's formulas with Keras's epsilons."""

from __future__ import annotations

from math import sqrt
from typing import Any

import numpy as np
import pytest

from chainrule import optimizers
from chainrule.variables import Variable


def after(optimizer: Any, gradients: list[float], p: float = 1.0) -> list[float]:
    """Return p after each step (in float64: a learning rate that float32 holds exactly keeps the arithmetic exact)."""
    variable = Variable(np.array([p]))
    found = []
    for g in gradients:
        optimizer.apply([np.array([g])], [variable])
        found.append(variable.value.item())
    return found


def test_sgd() -> None:
    assert after(optimizers.SGD(0.5), [2.0, -1.0]) == [0.0, 0.5]


def test_sgd_momentum() -> None:
    # m: -1, then 0.5 * -1 - 0.5 * 2 = -1.5
    assert after(optimizers.SGD(0.5, momentum=0.5), [2.0, 2.0]) == [0.0, -1.5]


def test_sgd_nesterov() -> None:
    # m: -1, then -1.5; p moves by 0.5 * m - 0.5 * 2
    assert after(optimizers.SGD(0.5, momentum=0.5, nesterov=True), [2.0, 2.0]) == [-0.5, -2.25]


def test_rmsprop() -> None:
    v1 = 0.1 * 4
    v2 = 0.9 * v1 + 0.1 * 1
    one = 1 - 0.5 * 2 / sqrt(v1 + 1e-7)
    two = one + 0.5 * 1 / sqrt(v2 + 1e-7)
    assert after(optimizers.RMSprop(0.5), [2.0, -1.0]) == pytest.approx([one, two], rel=1e-14)


def test_rmsprop_centered_with_momentum() -> None:
    step1 = 0.5 * 2 / sqrt(0.1 * 4 - 0.2**2 + 1e-7)
    step2 = 0.5 * 2 / sqrt(0.19 * 4 - 0.38**2 + 1e-7)
    one = 1 - step1
    two = one - (0.5 * step1 + step2)
    found = after(optimizers.RMSprop(0.5, momentum=0.5, centered=True), [2.0, 2.0])
    assert found == pytest.approx([one, two], rel=1e-14)


def test_adagrad() -> None:
    one = 1 - 0.5 * 2 / sqrt(0.1 + 4 + 1e-7)
    two = one - 0.5 * 1 / sqrt(0.1 + 4 + 1 + 1e-7)
    assert after(optimizers.Adagrad(0.5), [2.0, 1.0]) == pytest.approx([one, two], rel=1e-14)


def test_adadelta() -> None:
    d1 = sqrt(1e-7) * 2 / sqrt(0.05 * 4 + 1e-7)
    s1 = 0.05 * d1**2
    d2 = sqrt(s1 + 1e-7) * 2 / sqrt(0.0975 * 4 + 1e-7)
    expected = [1 - 0.5 * d1, 1 - 0.5 * d1 - 0.5 * d2]
    assert after(optimizers.Adadelta(0.5), [2.0, 2.0]) == pytest.approx(expected, rel=1e-14)


def adam(amsgrad: bool) -> list[float]:
    p, m, v, largest, found = 1.0, 0.0, 0.0, 0.0, []
    for t, g in enumerate([2.0, -1.0, 0.01], 1):
        m = 0.9 * m + 0.1 * g
        v = 0.5 * v + 0.5 * g * g
        largest = max(largest, v)
        alpha = 0.5 * sqrt(1 - 0.5**t) / (1 - 0.9**t)
        p -= alpha * m / (sqrt(largest if amsgrad else v) + 1e-7)
        found.append(p)
    return found


@pytest.mark.parametrize("amsgrad", [False, True])
def test_adam(amsgrad: bool) -> None:
    found = after(optimizers.Adam(0.5, beta_2=0.5, amsgrad=amsgrad), [2.0, -1.0, 0.01])
    assert found == pytest.approx(adam(amsgrad), rel=1e-13)
    assert adam(True) != adam(False)


def test_adams_epsilon_stands_outside_the_bias_correction() -> None:
    # sqrt(v) = sqrt(0.001) * g; an epsilon of the same size halves the step
    g = 1e-5
    found = after(optimizers.Adam(0.5, epsilon=sqrt(1 - 0.999) * g), [g])
    assert found == pytest.approx([0.75], rel=1e-12)


def test_adamw_decays_before_the_update() -> None:
    # 1 - 0.5 * 0.25 * 1, then Adam's first step of 0.5 (up to epsilon)
    found = after(optimizers.AdamW(0.5, weight_decay=0.25, epsilon=0.0), [2.0])
    assert found == pytest.approx([0.875 - 0.5], rel=1e-12)


def test_adamax() -> None:
    # u: 2, then max(0.999 * 2, 1); m / (1 - 0.9**t): 2, then (0.9 * 0.2 - 0.1) / 0.19
    one = 1 - 0.5 * 2 / (2 + 1e-7)
    two = one - 0.5 * (0.08 / 0.19) / (1.998 + 1e-7)
    assert after(optimizers.Adamax(0.5), [2.0, -1.0]) == pytest.approx([one, two], rel=1e-13)


def test_nadam() -> None:
    u = [0.9 * (1 - 0.5 * 0.96**t) for t in range(1, 4)]
    p, m, v, product, expected = 1.0, 0.0, 0.0, 1.0, []
    for t, g in enumerate([2.0, -1.0], 1):
        product *= u[t - 1]
        m = 0.9 * m + 0.1 * g
        v = 0.999 * v + 0.001 * g * g
        m_hat = u[t] * m / (1 - product * u[t]) + (1 - u[t - 1]) * g / (1 - product)
        p -= 0.5 * m_hat / (sqrt(v / (1 - 0.999**t)) + 1e-7)
        expected.append(p)
    assert after(optimizers.Nadam(0.5), [2.0, -1.0]) == pytest.approx(expected, rel=1e-12)


def test_ftrl() -> None:
    # n' = 4, z = 2 - (2 - 0) / 0.5 * 1 = -2, p = 2 / (2 / 0.5) = 0.5
    assert after(optimizers.Ftrl(0.5, initial_accumulator_value=0.0), [2.0]) == [0.5]


def test_ftrl_with_penalties() -> None:
    # g' = 2 + 2 * 0.25 * 1, z = 2.5 - 4 = -1.5, p = (-0.5 + 1.5) / (4 + 2 * (0.75 + 1 / (2 * 0.5)))
    optimizer = optimizers.Ftrl(
        0.5,
        initial_accumulator_value=0.0,
        l1_regularization_strength=0.5,
        l2_regularization_strength=0.75,
        l2_shrinkage_regularization_strength=0.25,
        beta=1.0,
    )
    assert after(optimizer, [2.0]) == pytest.approx([1.0 / 7.5], rel=1e-14)


def test_ftrl_sets_weights_to_zero_under_l1() -> None:
    assert after(optimizers.Ftrl(0.5, l1_regularization_strength=10.0), [0.1]) == [0.0]


def test_lion() -> None:
    # directions: sign(0.1 * 2), then m = 0.02 and sign(0.018 - 0.01), then sign(0.9 * 0.0188 - 0.1)
    assert after(optimizers.Lion(0.5), [2.0, -0.1, -1.0]) == [0.5, 0.0, 0.5]
