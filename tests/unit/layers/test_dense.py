"""`Dense` beyond what `test_against_keras.py` compares: arguments, messages, names, penalties in training."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import ShapeError

L = cr.layers


@pytest.mark.parametrize("units", [0, -1, 2.0, 2.5, "3", None, True, [3]])
def test_units(units: Any) -> None:
    with pytest.raises(ValueError, match=r"Dense 'd': units must be a positive whole number, but is"):
        L.Dense(units, name="d")


def test_units_of_numpy() -> None:
    assert L.Dense(np.int64(3)).units == 3
    assert type(L.Dense(np.int64(3)).units) is int


def test_what_is_left_out() -> None:
    with pytest.raises(ValueError, match="lora_rank and quantization_config are not supported; leave them out"):
        L.Dense(2, lora_rank=4)


def test_an_unknown_width() -> None:
    with pytest.raises(
        ShapeError, match=r"Dense 'd': the last axis of the input must be known, but its shape is \(None, N"
    ):
        L.Dense(2, name="d").build((None, None))


def test_another_width_than_it_was_built_for() -> None:
    layer = L.Dense(2, name="d")
    layer(np.ones((1, 3)))
    with pytest.raises(
        ShapeError, match=r"Layer 'd' \(Dense\): expected an input with axis -1 of length 3, received shape"
    ):
        layer(np.ones((1, 4)))
    with pytest.raises(ShapeError, match=r"at least 2 axes.*One observation is a batch of one"):
        layer(np.ones(3))


def test_variables_and_their_names() -> None:
    layer = L.Dense(2, name="d")
    layer.build((None, 3))
    assert [v.path for v in layer.weights] == ["d/kernel", "d/bias"]
    assert [v.shape for v in layer.weights] == [(3, 2), (2,)]
    assert not np.any(layer.bias)
    assert np.abs(layer.kernel.numpy()).max() <= np.sqrt(6 / 5)  # glorot_uniform
    bare = L.Dense(2, use_bias=False)
    bare.build((None, 3))
    assert bare.bias is None
    assert bare.count_params() == 6


def test_initializers_as_strings_objects_and_functions() -> None:
    layer = L.Dense(2, kernel_initializer=lambda shape, dtype: np.full(shape, 3.0), bias_initializer="ones")
    assert layer(np.ones((1, 2))).numpy().tolist() == [[7.0, 7.0]]


def test_constraints_after_each_step() -> None:
    model = cr.Sequential([cr.Input((3,)), L.Dense(2, kernel_constraint="non_neg", bias_constraint="max_norm")])
    model.compile(cr.optimizers.SGD(1.0), "mse")
    model.fit(np.eye(3), -np.ones((3, 2)) * 5, epochs=3, verbose=0)
    kernel, bias = model.get_weights()
    assert kernel.min() >= 0
    assert np.linalg.norm(bias) <= 2 + 1e-6


def test_penalties_enter_the_loss() -> None:
    layer = L.Dense(1, kernel_regularizer="l2", activity_regularizer="l1", kernel_initializer="ones", use_bias=False)
    model = cr.Sequential([cr.Input((2,)), layer])
    model.compile("sgd", "mse")
    loss = model.evaluate(np.array([[1.0, 2.0], [3.0, 0.0]]), np.array([[3.0], [3.0]]), verbose=0)
    assert loss == pytest.approx(0.01 * 2 + 0.01 * (3 + 3) / 2)


def test_an_unknown_activation() -> None:
    with pytest.raises(ValueError, match=r"Unknown activation 'rellu'. Did you mean 'relu'"):
        L.Dense(1, activation="rellu")


def test_an_activation_of_ones_own_is_no_step() -> None:
    from chainrule.engines.lower import lower
    from chainrule.engines.plan import CannotLower

    def mine(x: Any) -> Any:
        return x

    with pytest.raises(CannotLower, match="the activation 'mine' of layer 'd' is Python code"):
        lower(cr.Sequential([cr.Input((2,)), L.Dense(1, activation=mine, name="d")]))
