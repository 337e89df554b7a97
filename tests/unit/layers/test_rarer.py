"""`stateless_call` as in Keras, and what layers say of what is not here."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.autodiff import GradientTape

L = cr.layers
X = np.random.default_rng(0).normal(2.0, 3.0, (6, 3)).astype("float32")


def network() -> Any:
    model = cr.Sequential(
        [cr.Input((3,)), L.Dense(4, kernel_regularizer="l2"), L.BatchNormalization(momentum=0.5), L.Dense(1)]
    )
    model(X)
    return model


def test_a_stateless_call_changes_nothing_and_returns_what_would_change() -> None:
    model = network()
    before = model.get_weights()
    trainable = [np.ones(v.shape, "float32") for v in model.trainable_variables]
    fixed = [v.numpy() for v in model.non_trainable_variables]
    y, moved = model.stateless_call(trainable, fixed, X, training=True)
    for a, b in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(a, b)
    hidden = X.sum(axis=1, keepdims=True) + np.ones(4, "float32")
    np.testing.assert_allclose(moved[0], hidden.mean(axis=0) * 0.5, rtol=1e-5)
    np.testing.assert_allclose(moved[1], 0.5 + hidden.var(axis=0) * 0.5, rtol=1e-5)
    for v, value in zip(model.trainable_variables, trainable, strict=True):
        v.assign(value)
    np.testing.assert_array_equal(np.asarray(y), np.asarray(model(X, training=True)))
    np.testing.assert_array_equal(moved[0], model.non_trainable_variables[0].numpy())


def test_its_losses_are_those_of_the_given_values() -> None:
    model = network()
    trainable = [np.full(v.shape, 2.0, "float32") for v in model.trainable_variables]
    _, _, losses = model.stateless_call(trainable, model.non_trainable_variables, X, return_losses=True)
    assert [float(v) for v in losses] == pytest.approx([0.01 * 4.0 * 12])
    assert [float(v) for v in model.losses] != pytest.approx([0.01 * 4.0 * 12])


def test_losses_of_the_last_call_stay() -> None:
    layer = L.Dense(2, activity_regularizer="l2")
    layer(X)
    (before,) = layer.losses
    layer.stateless_call([np.ones((3, 2)), np.ones(2)], [], X)
    assert layer.losses == [before]


def test_gradients_go_to_the_values_given() -> None:
    layer = L.Dense(1, use_bias=False)
    layer.build((None, 3))
    kernel = cr.ops.convert_to_tensor(np.ones((3, 1), "float32"))
    with GradientTape() as tape:
        tape.watch(kernel)
        y, _ = layer.stateless_call([kernel], [], X)
        total = cr.ops.sum(y)
    np.testing.assert_allclose(tape.gradient(total, kernel), X.sum(axis=0)[:, None], rtol=1e-5)


def test_what_a_stateless_call_refuses() -> None:
    with pytest.raises(ValueError, match="Dense 'd' must be built before stateless_call"):
        L.Dense(2, name="d").stateless_call([], [], X)
    layer = L.Dense(2, name="d")
    layer.build((None, 3))
    with pytest.raises(ValueError, match="needs a value for each of its 2 trainable_variables, but received 1"):
        layer.stateless_call([np.ones((3, 2))], [], X)
    with pytest.raises(ValueError, match="needs a value for each of its 0 non_trainable_variables, but received 1"):
        layer.stateless_call([np.ones((3, 2)), np.ones(2)], [np.ones(1)], X)
    with pytest.raises(ValueError, match=r"'d/kernel' has shape \(3, 2\), but received shape \(2, 3\)"):
        layer.stateless_call([np.ones((2, 3)), np.ones(2)], [], X)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda layer: layer.add_metric(1.0, name="m"), r"Layer 'd': add_metric does not exist in Keras 3.*compile\("),
        (lambda layer: layer.quantize("int8"), r"Layer 'd': quantised weights are not supported \(mode='int8'\)"),
        (lambda layer: layer.enable_lora(4), r"Layer 'd': low-rank adaptation \(rank=4\) is not supported"),
    ],
)
def test_what_is_not_here(call: Any, message: str) -> None:
    with pytest.raises(NotImplementedError, match=message):
        call(L.Dense(2, name="d"))


@pytest.mark.parametrize("kind", ["Dense", "EinsumDense", "Embedding"])
def test_adapters_and_quantisation_may_be_none_and_nothing_else(kind: str) -> None:
    arguments = {"Dense": (2,), "EinsumDense": ("ab,bc->ac", 2), "Embedding": (5, 2)}[kind]
    make = getattr(L, kind)
    make(*arguments, lora_rank=None, lora_alpha=None, quantization_config=None)
    for option in ({"lora_rank": 2}, {"quantization_config": {"bits": 8}}):
        with pytest.raises(ValueError, match=f"{kind} 'd': lora_rank and quantization_config are not supported"):
            make(*arguments, name="d", **option)


# -- symbolic calls by one's own rules --------------------------------------------------------------------------------


def test_a_layer_of_ones_own_may_say_what_comes_out() -> None:
    class Odd(L.Layer):
        def call(self, x: Any) -> Any:
            raise AssertionError("never called symbolically")

        def compute_output_spec(self, x: Any) -> Any:
            return cr.KerasTensor((x.shape[0], 7), "float32")

    assert Odd()(cr.Input((3,))).shape == (None, 7)


def test_output_shapes_of_several_inputs_and_options() -> None:
    class Pair(L.Layer):
        def call(self, a: Any, b: Any, wide: bool = False) -> Any:
            return a + b

        def compute_output_shape(self, a_shape: Any, b_shape: Any, wide: bool = False) -> Any:
            return (*a_shape[:-1], a_shape[-1] + b_shape[-1] + (10 if wide else 0))

    a, b = cr.Input((3,)), cr.Input((4,))
    assert Pair()(a, b).shape == (None, 7)
    assert Pair()(a, b=b, wide=True).shape == (None, 17)


def test_a_reversible_embedding_there_and_back() -> None:
    x = cr.Input((4,), dtype="int32")
    layer = L.ReversibleEmbedding(7, 3, tie_weights=False, logit_soft_cap=2.0)
    model = cr.Model(x, layer(layer(x), reverse=True))
    assert model.output_shape == (None, 4, 7)
    table, back = layer.get_weights()
    numbers = np.array([[0, 3, 6, 1]])
    wanted = 2.0 * np.tanh(table[numbers] @ back / 2.0)
    np.testing.assert_allclose(model.predict(numbers, verbose=0), wanted, rtol=1e-5)
    tied = L.ReversibleEmbedding(7, 3, reverse_dtype="float64")
    y = tied(tied(numbers), reverse=True)
    assert y.dtype == "float64"
    np.testing.assert_allclose(y, tied.get_weights()[0][numbers] @ tied.get_weights()[0].T, rtol=1e-5)
