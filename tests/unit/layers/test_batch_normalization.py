"""The moving averages of `BatchNormalization`, and when they are used."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import ShapeError

L = cr.layers
X = np.array([[1.0, 10.0], [3.0, 30.0], [5.0, 80.0]])


def test_moving_averages_follow_the_batches() -> None:
    layer = L.BatchNormalization(momentum=0.9, dtype="float64")
    mean, variance = np.zeros(2), np.ones(2)
    for shift in (0.0, 5.0, -2.0):
        batch = X + shift
        layer(batch, training=True)
        mean = 0.9 * mean + 0.1 * batch.mean(0)
        variance = 0.9 * variance + 0.1 * batch.var(0)  # the biased one, as in Keras
    np.testing.assert_allclose(layer.moving_mean, mean, rtol=1e-14)
    np.testing.assert_allclose(layer.moving_variance, variance, rtol=1e-14)
    np.testing.assert_allclose(layer(X), (X - mean) / np.sqrt(variance + 1e-3), rtol=1e-12)


def test_at_rest_nothing_moves() -> None:
    layer = L.BatchNormalization()
    layer(X)
    layer(X, training=False)
    assert layer.moving_mean.numpy().tolist() == [0.0, 0.0]
    assert layer.moving_variance.numpy().tolist() == [1.0, 1.0]


def test_frozen_it_uses_and_keeps_the_averages() -> None:
    layer = L.BatchNormalization()
    layer(X)
    layer.trainable = False
    before = layer(X, training=False).numpy()
    np.testing.assert_array_equal(layer(X, training=True), before)
    assert layer.trainable_weights == []
    assert len(layer.non_trainable_weights) == 4


def test_which_variables_are_trained() -> None:
    layer = L.BatchNormalization(name="bn")
    layer.build((None, 2))
    assert [v.path for v in layer.trainable_weights] == ["bn/gamma", "bn/beta"]
    assert [v.path for v in layer.non_trainable_weights] == ["bn/moving_mean", "bn/moving_variance"]
    assert [v.path for v in layer.weights] == ["bn/gamma", "bn/beta", "bn/moving_mean", "bn/moving_variance"]
    bare = L.BatchNormalization(center=False, scale=False)
    bare.build((None, 2))
    assert (bare.gamma, bare.beta) == (None, None)


def test_initializers() -> None:
    layer = L.BatchNormalization(
        moving_mean_initializer="ones", moving_variance_initializer=cr.initializers.Constant(4.0)
    )
    np.testing.assert_allclose(layer([[3.0]]), (3 - 1) / np.sqrt(4 + 1e-3), rtol=1e-6)


def test_fit_moves_the_averages_once_a_step() -> None:
    model = cr.Sequential([cr.Input((2,)), L.BatchNormalization(momentum=0.5), L.Dense(1)])
    model.compile("sgd", "mse")
    model.fit(X, np.ones((3, 1)), batch_size=3, epochs=2, verbose=0)
    np.testing.assert_allclose(model.layers[0].moving_mean, 0.75 * X.mean(0), rtol=1e-6)
    model.evaluate(X, np.ones((3, 1)), verbose=0)
    model.predict(X, verbose=0)
    np.testing.assert_allclose(model.layers[0].moving_mean, 0.75 * X.mean(0), rtol=1e-6)


@pytest.mark.parametrize("axis", [2, -3, 5])
def test_an_axis_that_is_not_there(axis: int) -> None:
    with pytest.raises(ShapeError, match=rf"BatchNormalization 'b': axis {axis} of the input must exist and be known"):
        L.BatchNormalization(axis, name="b").build((None, 2))


def test_an_axis_of_unknown_length() -> None:
    with pytest.raises(ShapeError, match=r"but its shape is \(None, None\)"):
        L.BatchNormalization(name="b").build((None, None))


@pytest.mark.parametrize("axis", [[1], 1.5, None, True])
def test_an_axis_that_is_no_number(axis: Any) -> None:
    with pytest.raises(ValueError, match="BatchNormalization 'b': axis must be one whole number, but is"):
        L.BatchNormalization(axis, name="b")


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        ({"max": 1.0}, r"takes 'rmin', 'rmax' and 'dmax', but has \['max'\]"),
        ({"rmin": 2.0, "rmax": 1.0}, "rmax must not be below rmin, but they are 1.0 and 2.0"),
        ({"dmax": -1.0}, "dmax must not be negative, but is -1.0"),
    ],
)
def test_limits_of_renormalization(limits: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=f"BatchNormalization 'b': .*{message}"):
        L.BatchNormalization(renorm=True, renorm_clipping=limits, name="b")


def test_synchronized() -> None:
    with pytest.raises(ValueError, match="BatchNormalization 'b': synchronized=True is for several devices"):
        L.BatchNormalization(synchronized=True, name="b")


def test_another_width() -> None:
    layer = L.BatchNormalization(name="b")
    layer(X)
    with pytest.raises(
        ShapeError, match=r"Layer 'b' \(BatchNormalization\): expected an input with axis -1 of length 2"
    ):
        layer(np.ones((2, 3)))
