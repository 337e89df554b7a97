"""Layers around layers: what they refuse, what they keep, and how they train."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import ShapeError

L = cr.layers
X = np.random.default_rng(0).normal(size=(6, 4, 3)).astype("float32")


@pytest.mark.parametrize("kind", ["Wrapper", "TimeDistributed", "SpectralNormalization"])
def test_only_layers_can_be_wrapped(kind: str) -> None:
    with pytest.raises(ValueError, match=f"{kind}: expected a layer, such as .*, but received 'dense'"):
        getattr(L, kind)("dense")


def test_a_wrapper_of_ones_own() -> None:
    class Twice(L.Wrapper):
        def call(self, x: Any) -> Any:
            return 2 * self.layer(x)

    wrapped = Twice(L.Dense(2, name="inner"))
    y = wrapped(X)
    assert wrapped.layer.built
    np.testing.assert_allclose(y, 2 * np.asarray(wrapped.layer(X)))
    again = Twice.from_config(wrapped.get_config())
    assert (again.layer.name, again.layer.units) == ("inner", 2)


def test_steps_need_an_axis_of_their_own() -> None:
    with pytest.raises(ShapeError, match=r"TimeDistributed 't': expected an input with at least 3 axes .* \(6, 3\)"):
        L.TimeDistributed(L.Dense(2), name="t")(X[:, 0])


def test_each_step_is_treated_by_itself() -> None:
    dense = L.Dense(2, activation="tanh")
    y = L.TimeDistributed(dense)(X)
    for t in range(4):
        np.testing.assert_allclose(np.asarray(y)[:, t], dense(X[:, t]), rtol=1e-6)


def test_each_step_has_a_draw_of_its_own() -> None:
    y = np.asarray(L.TimeDistributed(L.Dropout(0.5, seed=1))(np.ones((1, 6, 50), "float32"), training=True))
    assert len({tuple(step) for step in y[0]}) == 6


def test_steps_of_any_number() -> None:
    x = cr.Input((None, 3))
    model = cr.Model(x, L.TimeDistributed(cr.Sequential([cr.Input((3,)), L.Dense(2), L.Dense(1)]))(x))
    assert model.output_shape == (None, None, 1)
    for steps in (1, 5):
        assert model(np.ones((2, steps, 3), "float32")).shape == (2, steps, 1)


def test_the_mask_of_a_step_reaches_the_layer_within() -> None:
    mask = cr.ops.convert_to_tensor(np.random.default_rng(1).random((6, 4, 3)) > 0.4)
    y = np.asarray(L.TimeDistributed(L.Softmax())(X, mask=mask))
    assert (y[~np.asarray(mask)] == 0).all()
    np.testing.assert_allclose(y.sum(axis=-1), np.asarray(mask).any(axis=-1), atol=1e-6)


# -- the largest singular value ---------------------------------------------------------------------------------------


def largest(kernel: Any) -> float:
    return float(np.linalg.svd(np.asarray(kernel))[1][0])


def test_training_divides_the_kernel_by_its_largest_singular_value() -> None:
    layer = L.SpectralNormalization(L.Dense(5), power_iterations=30)
    layer.build((None, 3))
    layer.layer.kernel.assign(np.random.default_rng(2).normal(size=(3, 5)) * 4)
    before = layer.layer.kernel.numpy()
    layer(X[:, 0])
    np.testing.assert_array_equal(layer.layer.kernel.numpy(), before)
    layer(X[:, 0], training=True)
    assert largest(layer.layer.kernel) == pytest.approx(1.0, rel=1e-4)
    np.testing.assert_allclose(layer.layer.kernel.numpy() * largest(before), before, rtol=1e-3)


def test_a_kernel_of_zeros_stays_one() -> None:
    layer = L.SpectralNormalization(L.Dense(2, kernel_initializer="zeros"))
    y = layer(X[:, 0], training=True)
    assert not np.asarray(y).any()
    assert not layer.layer.kernel.numpy().any()


def test_embeddings_are_divided_too() -> None:
    layer = L.SpectralNormalization(L.Embedding(7, 2), power_iterations=30)
    assert layer(np.array([[1, 2]]), training=True).shape == (1, 2, 2)
    assert largest(layer.layer.embeddings) == pytest.approx(1.0, rel=1e-4)


def test_layers_without_a_kernel() -> None:
    with pytest.raises(
        ValueError, match=r"SpectralNormalization 's': the layer 'a' \(Activation\) has neither a kernel"
    ):
        L.SpectralNormalization(L.Activation("tanh", name="a"), name="s")(X)
    with pytest.raises(ValueError, match="power_iterations must be positive, but is 0"):
        L.SpectralNormalization(L.Dense(2), power_iterations=0)


# -- one after the other ----------------------------------------------------------------------------------------------


def test_a_pipeline_trains_unless_told_otherwise() -> None:
    pipeline = L.Pipeline([L.Dropout(0.5, seed=1), L.Dense(2, use_bias=False)])
    assert [layer.name for layer in pipeline.layers] == [layer.name for layer in pipeline._flatten_layers()[1:]]
    ones = np.ones((4, 200), "float32")
    rest = np.asarray(pipeline(ones, training=False))
    assert np.array_equal(rest[0], rest[1])
    trained = np.asarray(pipeline(ones))
    assert not np.array_equal(trained[0], trained[1])
    model = cr.Sequential([cr.Input((200,)), pipeline])
    np.testing.assert_allclose(model.predict(ones, verbose=0), rest, rtol=1e-6)


def test_a_pipeline_hands_masks_on() -> None:
    pipeline = L.Pipeline([L.Masking(), L.Activation("tanh"), L.GlobalAveragePooling1D()])
    x = np.array([[[1.0], [3.0], [0.0]]], "float32")
    np.testing.assert_allclose(pipeline(x), [[np.tanh([1.0, 3.0]).mean()]], rtol=1e-6)
    again = L.Pipeline.from_config(pipeline.get_config())
    np.testing.assert_array_equal(np.asarray(again(x)), np.asarray(pipeline(x)))
