"""Layers that disturb their input: shares, sizes, moments, and where the numbers come from."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.random import seeds

L = cr.layers
ONES = np.ones((100, 200), np.float32)


def in_step(layer: Any, key: tuple[int, int] = (1, 2), x: Any = ONES) -> Any:
    with seeds.step_scope(key):
        return layer(x, training=True).numpy()


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.75])
def test_a_share_is_dropped_and_the_rest_made_larger(rate: float) -> None:
    y = L.Dropout(rate, seed=1)(ONES, training=True).numpy()
    kept = y[y != 0]
    np.testing.assert_allclose(kept, 1 / (1 - rate), rtol=1e-6)
    deviation = np.sqrt(rate * (1 - rate) / y.size)
    assert abs((y == 0).mean() - rate) < 5 * deviation


@pytest.mark.parametrize("make", [L.Dropout, L.GaussianDropout, L.GaussianNoise])
def test_nothing_happens_in_inference_or_at_rate_0(make: Any) -> None:
    np.testing.assert_array_equal(make(0.4)(ONES).numpy(), ONES)
    np.testing.assert_array_equal(make(0.4)(ONES, training=False).numpy(), ONES)
    np.testing.assert_array_equal(make(0)(ONES, training=True).numpy(), ONES)
    assert not np.array_equal(make(0.4)(ONES, training=True).numpy(), ONES)


def test_rate_1_drops_everything() -> None:
    assert not L.Dropout(1.0)(ONES, training=True).numpy().any()


def test_noise_shape_shares_the_mask() -> None:
    y = L.Dropout(0.5, noise_shape=(None, 1), seed=2)(ONES, training=True).numpy()
    assert (y == y[:, :1]).all()
    assert 20 < (y[:, 0] == 0).sum() < 80
    y = L.Dropout(0.5, noise_shape=(1, 200), seed=2)(ONES, training=True).numpy()
    assert (y == y[:1]).all()
    assert 60 < (y[0] == 0).sum() < 140


def test_moments() -> None:
    noise = L.GaussianNoise(0.5, seed=3)(np.zeros((200, 500)), training=True).numpy()
    assert abs(noise.mean()) < 5 * 0.5 / np.sqrt(noise.size)
    assert abs(noise.std() - 0.5) < 5 * 0.5 / np.sqrt(2 * noise.size)
    factors = L.GaussianDropout(0.2, seed=3)(np.ones((200, 500)), training=True).numpy()
    assert abs(factors.mean() - 1) < 5 * 0.5 / np.sqrt(factors.size)
    assert abs(factors.std() - 0.5) < 5 * 0.5 / np.sqrt(2 * factors.size)  # sqrt(0.2 / 0.8)


@pytest.mark.parametrize("make", [L.Dropout, L.GaussianDropout, L.GaussianNoise])
def test_a_step_has_numbers_of_its_own(make: Any) -> None:
    np.testing.assert_array_equal(in_step(make(0.5)), in_step(make(0.5)))
    assert not np.array_equal(in_step(make(0.5)), in_step(make(0.5), (1, 3)))
    assert not np.array_equal(in_step(make(0.5, seed=1)), in_step(make(0.5, seed=2)))
    second = make(0.5)
    second._random_index = 1
    assert not np.array_equal(in_step(make(0.5)), in_step(second))


def test_a_shared_layer_draws_anew_in_each_call_of_a_step() -> None:
    layer = L.Dropout(0.5)
    with seeds.step_scope((1, 2)):
        first, second = (layer(ONES, training=True).numpy() for _ in range(2))
    assert not np.array_equal(first, second)
    np.testing.assert_array_equal(first, in_step(L.Dropout(0.5)))
    in_step(layer, (5, 5))
    np.testing.assert_array_equal(first, in_step(layer))


@pytest.mark.parametrize("make", [L.Dropout, L.GaussianDropout, L.GaussianNoise])
def test_outside_of_steps_the_seed_decides(make: Any) -> None:
    one, other = make(0.5, seed=7), make(0.5, seed=7)
    first = one(ONES, training=True).numpy()
    np.testing.assert_array_equal(first, other(ONES, training=True).numpy())
    assert not np.array_equal(first, one(ONES, training=True).numpy())
    assert not np.array_equal(make(0.5)(ONES, training=True).numpy(), make(0.5)(ONES, training=True).numpy())


def test_the_gradient_is_dropped_where_the_value_was() -> None:
    x = cr.ops.convert_to_tensor(ONES)
    with cr.autodiff.GradientTape() as tape:
        tape.watch(x)
        y = L.Dropout(0.5, seed=1)(x, training=True)
    np.testing.assert_array_equal(tape.gradient(y, x).numpy(), y.numpy())


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: L.Dropout(1.5, name="d"), "'d': rate must be between 0 and 1, but is 1.5."),
        (lambda: L.Dropout(-0.1, name="d"), "'d': rate must be between 0 and 1, but is -0.1."),
        (lambda: L.Dropout(True, name="d"), "'d': rate must be between 0 and 1, but is True."),
        (lambda: L.GaussianDropout(1, name="d"), "GaussianDropout 'd': rate must be below 1."),
        (lambda: L.GaussianNoise(-1, name="d"), "GaussianNoise 'd': stddev must not be negative, but is -1."),
    ],
)
def test_bad_arguments(make: Any, message: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        make()
    assert str(caught.value) == message
