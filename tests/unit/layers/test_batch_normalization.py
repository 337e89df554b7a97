"""`BatchNormalization`: which statistics it uses, and how the moving averages follow."""

from __future__ import annotations

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import ShapeError

L = cr.layers
BATCHES = np.random.default_rng(2).normal(3.0, 2.0, (3, 8, 2)).astype(np.float32)


def test_moving_averages_after_three_batches() -> None:
    layer = L.BatchNormalization(momentum=0.9)
    mean, variance = np.zeros(2), np.ones(2)
    for batch in BATCHES:
        layer(batch, training=True)
        mean = 0.9 * mean + 0.1 * batch.mean(0)
        variance = 0.9 * variance + 0.1 * batch.var(0)  # divided by n, as Keras does
    np.testing.assert_allclose(layer.moving_mean.numpy(), mean, rtol=1e-5)
    np.testing.assert_allclose(layer.moving_variance.numpy(), variance, rtol=1e-5)
    expected = (BATCHES[0] - mean) / np.sqrt(variance + 1e-3)
    np.testing.assert_allclose(layer(BATCHES[0]).numpy(), expected, rtol=1e-4, atol=1e-5)


def test_inference_moves_nothing() -> None:
    layer = L.BatchNormalization()
    layer(BATCHES[0])
    layer(BATCHES[0], training=False)
    assert layer.moving_mean.numpy().tolist() == [0.0, 0.0]
    assert layer.moving_variance.numpy().tolist() == [1.0, 1.0]


def test_frozen_means_at_rest_even_in_training() -> None:
    layer = L.BatchNormalization()
    layer.build((None, 2))
    layer.trainable = False
    np.testing.assert_array_equal(layer(BATCHES[0], training=True).numpy(), layer(BATCHES[0]).numpy())
    assert layer.moving_mean.numpy().tolist() == [0.0, 0.0]


def test_what_is_trained() -> None:
    layer = L.BatchNormalization()
    layer.build((None, 2))
    assert [v.name for v in layer.trainable_weights] == ["gamma", "beta"]
    assert [v.name for v in layer.non_trainable_weights] == ["moving_mean", "moving_variance"]


def test_the_normalised_batch() -> None:
    y = L.BatchNormalization(epsilon=1e-7)(BATCHES[0], training=True).numpy()
    np.testing.assert_allclose(y.mean(0), 0, atol=1e-6)
    np.testing.assert_allclose(y.var(0), 1, rtol=1e-5)


def test_bad_axes() -> None:
    with pytest.raises(ValueError, match=r"^BatchNormalization 'b': axis must be one whole number, but is \[1\]\.$"):
        L.BatchNormalization(axis=[1], name="b")
    with pytest.raises(ShapeError) as caught:
        L.BatchNormalization(axis=2, name="b")(BATCHES[0])
    assert str(caught.value) == (
        "BatchNormalization 'b': axis 2 of the input must exist and be known, but its shape is (8, 2)."
    )
