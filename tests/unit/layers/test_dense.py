"""`Dense`: worked by hand, its arguments, its errors, and penalties of its output."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import ShapeError, UnknownNameError

L = cr.layers


def test_worked_by_hand() -> None:
    layer = L.Dense(2, activation="relu", kernel_initializer="ones")
    layer.build((None, 3))
    layer.set_weights([[[1, -1], [2, 0], [0, 1]], [0.5, -0.5]])
    assert layer([[1.0, 2.0, 3.0], [-4.0, 1.0, 0.0]]).numpy().tolist() == [[5.5, 1.5], [0.0, 3.5]]
    assert [v.path for v in layer.weights] == [f"{layer.name}/kernel", f"{layer.name}/bias"]
    assert layer.count_params() == 8


def test_a_list_may_hold_numpys_numbers() -> None:
    layer = L.Dense(1, kernel_initializer="ones")
    assert layer([[np.float64(1.0), 2.0], [np.int64(3), np.float32(4.0)]]).numpy().tolist() == [[3.0], [7.0]]


def test_without_a_bias() -> None:
    layer = L.Dense(2, use_bias=False)
    layer(np.zeros((1, 3)))
    assert layer.bias is None
    assert [v.name for v in layer.weights] == ["kernel"]


@pytest.mark.parametrize("units", [0, -2, 2.0, "2", True, None])
def test_units_must_be_a_positive_whole_number(units: Any) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        L.Dense(units, name="d")
    assert str(caught.value) == f"Dense 'd': units must be a positive whole number, but is {units!r}."


def test_an_unknown_argument_gets_a_suggestion() -> None:
    with pytest.raises(UnknownNameError) as caught:
        L.Dense(2, activations="relu")
    assert str(caught.value).startswith("Unknown argument of Dense: 'activations'. Did you mean 'activation'")


def test_another_width_after_build() -> None:
    layer = L.Dense(2, name="d")
    layer(np.zeros((4, 3)))
    with pytest.raises(ShapeError) as caught:
        layer(np.zeros((4, 5)))
    assert str(caught.value) == (
        "Layer 'd' (Dense): expected an input with axis -1 of length 3, received shape (4, 5). "
        "Feed 3 features per row, or build the model anew for 5."
    )


def test_one_axis_and_unknown_width() -> None:
    with pytest.raises(ShapeError) as caught:
        L.Dense(2, name="d")(np.zeros(3))
    assert str(caught.value) == (
        "Layer 'd' (Dense): expected an input with at least 2 axes (the first is the batch), received shape (3,). "
        "One observation is a batch of one: x[None, :], or x.reshape(1, -1)."
    )
    with pytest.raises(ShapeError) as caught:
        L.Dense(2, name="d").build((None, None))
    assert str(caught.value) == ("Dense 'd': the last axis of the input must be known, but its shape is (None, None).")


def test_penalties() -> None:
    layer = L.Dense(1, kernel_initializer="ones", kernel_regularizer=cr.regularizers.L2(0.5), activity_regularizer="l1")
    layer([[1.0, 2.0], [3.0, 4.0]])
    activity, kernel = layer.losses
    assert float(activity) == pytest.approx(0.01 * (3 + 7) / 2)  # divided by the batch size
    assert float(kernel) == pytest.approx(0.5 * 2)
    layer.trainable = False
    assert len(layer.losses) == 1  # variables at rest are not penalised


def test_freezing() -> None:
    layer = L.Dense(1)
    layer.build((None, 2))
    layer.trainable = False
    assert layer.trainable_weights == []
    assert [v.name for v in layer.non_trainable_weights] == ["kernel", "bias"]
    layer.trainable = True
    assert [v.name for v in layer.trainable_weights] == ["kernel", "bias"]


def test_a_layer_of_the_users_own_trains() -> None:
    class Scale(L.Layer):
        def build(self, input_shape: Any) -> None:
            self.factor = self.add_weight(shape=(input_shape[-1],), initializer="ones", name="factor")

        def call(self, x: Any) -> Any:
            return x * self.factor

    x = np.random.default_rng(0).normal(size=(64, 2)).astype(np.float32)
    model = cr.Sequential([cr.Input((2,)), Scale()])
    model.compile(optimizer=cr.optimizers.SGD(0.5), loss="mse")
    model.fit(x, x * [2.0, -3.0], epochs=50, batch_size=64, verbose=0)
    np.testing.assert_allclose(model.get_weights()[0], [2.0, -3.0], atol=1e-3)
