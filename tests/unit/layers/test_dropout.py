"""Layers that draw: shares and scales, what a seed fixes, and what each training step sees."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.random import seeds

L = cr.layers
ONES = np.ones((200, 100), "float32")


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.9])
def test_share_and_scale_of_dropout(rate: float) -> None:
    y = L.Dropout(rate, seed=1)(ONES, training=True).numpy()
    kept = y != 0
    assert np.unique(y[kept]) == np.float32(1 / (1 - rate))
    # 20,000 draws: the share is within 4 standard deviations
    assert abs(kept.mean() - (1 - rate)) < 4 * np.sqrt(rate * (1 - rate) / kept.size)
    assert y.mean() == pytest.approx(1.0, abs=4 * np.sqrt(rate / (1 - rate) / kept.size))


def test_the_extreme_rates() -> None:
    np.testing.assert_array_equal(L.Dropout(0.0)(ONES, training=True), ONES)
    assert not L.Dropout(1.0)(ONES, training=True).numpy().any()


def test_noise_of_the_right_spread() -> None:
    y = L.GaussianNoise(0.5, seed=1)(ONES, training=True).numpy() - 1
    assert abs(y.mean()) < 4 * 0.5 / np.sqrt(y.size)
    assert y.std() == pytest.approx(0.5, rel=0.03)


def test_gaussian_dropout_has_the_spread_of_dropout() -> None:
    y = L.GaussianDropout(0.2, seed=1)(ONES, training=True).numpy()
    assert y.mean() == pytest.approx(1.0, abs=0.02)
    assert y.std() == pytest.approx(np.sqrt(0.2 / 0.8), rel=0.03)


LAYERS: list[Any] = [
    lambda **k: L.Dropout(0.5, **k),
    lambda **k: L.GaussianNoise(1.0, **k),
    lambda **k: L.GaussianDropout(0.5, **k),
]


@pytest.mark.parametrize("make", LAYERS)
def test_at_rest_nothing_happens(make: Any) -> None:
    layer = make()
    np.testing.assert_array_equal(layer(ONES), ONES)
    np.testing.assert_array_equal(layer(ONES, training=False), ONES)


@pytest.mark.parametrize("make", LAYERS)
def test_a_seed_gives_the_same_sequence(make: Any) -> None:
    one, other = make(seed=3), make(seed=3)
    first = one(ONES, training=True).numpy()
    np.testing.assert_array_equal(other(ONES, training=True), first)
    second = one(ONES, training=True).numpy()
    assert not np.array_equal(first, second)
    np.testing.assert_array_equal(other(ONES, training=True), second)
    assert not np.array_equal(make(seed=4)(ONES, training=True), first)


@pytest.mark.parametrize("make", LAYERS)
def test_the_seed_of_the_program_fixes_layers_without_one(make: Any) -> None:
    found = []
    for _ in range(2):
        cr.utils.set_random_seed(5)
        found.append(make()(ONES, training=True).numpy())
    np.testing.assert_array_equal(*found)


@pytest.mark.parametrize("make", LAYERS)
def test_the_key_of_a_training_step_decides(make: Any) -> None:
    layer = make()
    found = []
    for key in ((1, 2), (1, 2), (1, 3)):
        with seeds.step_scope(key):
            found.append(layer(ONES, training=True).numpy())
    np.testing.assert_array_equal(found[0], found[1])
    assert not np.array_equal(found[0], found[2])


def test_two_calls_in_one_step_differ_and_repeat() -> None:
    layer = L.Dropout(0.5)
    found = []
    for _ in range(2):
        with seeds.step_scope((1, 2)):
            found.append([layer(ONES, training=True).numpy() for _ in range(2)])
    assert not np.array_equal(found[0][0], found[0][1])
    np.testing.assert_array_equal(found[0], found[1])


def test_two_layers_of_a_model_draw_different_masks() -> None:
    cr.utils.set_random_seed(1)
    x = cr.Input((100,))
    a, b = L.Dropout(0.5, name="a"), L.Dropout(0.5, name="b")
    model = cr.Model(x, [a(x), b(x)])
    model.compile("sgd", "mse")
    model.number_layers()
    with seeds.step_scope((1, 2)):
        one, other = (np.asarray(v) for v in model(ONES, training=True))
    assert not np.array_equal(one, other)


def test_a_noise_shape_shares_the_mask() -> None:
    y = L.Dropout(0.5, noise_shape=(None, 1), seed=1)(ONES, training=True).numpy()
    assert ((y == 0).all(axis=1) | (y == 2).all(axis=1)).all()
    assert 60 < (y[:, 0] == 0).sum() < 140


def test_types_stay() -> None:
    for make in LAYERS:
        assert make(dtype="float64")(ONES.astype("float64"), training=True).dtype == "float64"
        assert make()(ONES, training=True).dtype == "float32"


@pytest.mark.parametrize("rate", [-0.1, 1.1, True])
def test_rates(rate: Any) -> None:
    with pytest.raises(ValueError, match="'d': rate must be between 0 and 1, but is"):
        L.Dropout(rate, name="d")
    with pytest.raises(ValueError, match="'d': rate must be between 0 and 1, but is"):
        L.GaussianDropout(rate, name="d")


def test_other_arguments() -> None:
    with pytest.raises(ValueError, match="GaussianDropout 'd': rate must be below 1"):
        L.GaussianDropout(1.0, name="d")
    with pytest.raises(ValueError, match=r"GaussianNoise 'd': stddev must not be negative, but is -1.0"):
        L.GaussianNoise(-1.0, name="d")
