"""Arguments and messages of the activation layers, and masks of `Softmax`."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import ShapeError

L = cr.layers


@pytest.mark.parametrize("name", ["max_value", "negative_slope", "threshold"])
def test_relu_of_negative_arguments(name: str) -> None:
    with pytest.raises(ValueError, match=rf"ReLU 'r': {name} must not be negative, but is -1.0"):
        L.ReLU(**{name: -1.0}, name="r")


@pytest.mark.parametrize("slope", [-0.1, None])
def test_slopes_of_leaky_relu(slope: Any) -> None:
    with pytest.raises(ValueError, match="LeakyReLU 'l': negative_slope must not be negative, but is"):
        L.LeakyReLU(slope, name="l")


def test_the_name_of_keras_2() -> None:
    assert L.LeakyReLU(alpha=0.5).negative_slope == 0.5


def test_variables_of_prelu() -> None:
    layer = L.PReLU(alpha_initializer="ones", shared_axes=1, name="p")
    layer.build((None, 4, 3))
    assert [(v.path, v.shape) for v in layer.weights] == [("p/alpha", (1, 3))]
    np.testing.assert_array_equal(layer(-np.ones((2, 4, 3))), -np.ones((2, 4, 3)))
    assert layer(np.ones((2, 7, 3))).shape == (2, 7, 3)
    with pytest.raises(ShapeError, match=r"expected an input with axis 2 of length 3, received shape \(2, 4, 5\)"):
        layer(np.ones((2, 4, 5)))


def test_prelu_of_unknown_length() -> None:
    with pytest.raises(ShapeError, match=r"the variable 'alpha' needs a known shape, but \(None, 3\) was asked for"):
        L.PReLU().build((None, None, 3))


def test_masks_of_softmax() -> None:
    x = np.array([[1.0, 2.0, 3.0]])
    y = L.Softmax(dtype="float64")(x, mask=np.array([[True, False, True]])).numpy()
    e = np.exp([1.0, 3.0])
    np.testing.assert_allclose(y, [[e[0] / e.sum(), 0.0, e[1] / e.sum()]], rtol=1e-14)
    np.testing.assert_array_equal(L.Softmax(dtype="float64")(x, mask=np.array([[1.0, 0.0, 1.0]])), y)


def test_activation_by_name_function_and_none() -> None:
    x = np.array([[-1.0, 2.0]])
    for activation in ("relu", cr.activations.relu, cr.ops.relu, lambda v: cr.ops.maximum(v, 0.0)):
        assert L.Activation(activation)(x).numpy().tolist() == [[0.0, 2.0]]
    assert L.Activation(None)(x).numpy().tolist() == x.tolist()
