"""Activations as layers: worked by hand, with their options, masks and shared slopes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import UnknownNameError

L = cr.layers
X = [[-3.0, -0.5, 0.0, 0.5, 3.0]]


@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        (L.ReLU(), [0.0, 0.0, 0.0, 0.5, 3.0]),
        (L.ReLU(max_value=2.0), [0.0, 0.0, 0.0, 0.5, 2.0]),
        (L.ReLU(negative_slope=0.5), [-1.5, -0.25, 0.0, 0.5, 3.0]),
        (L.ReLU(threshold=1.0), [0.0, 0.0, 0.0, 0.0, 3.0]),
        (L.ReLU(2.0, 0.5, 1.0), [-2.0, -0.75, -0.5, -0.25, 2.0]),
        (L.LeakyReLU(), [-0.9, -0.15, 0.0, 0.5, 3.0]),
        (L.LeakyReLU(alpha=0.5), [-1.5, -0.25, 0.0, 0.5, 3.0]),
        (L.ELU(2.0), [2 * np.expm1(-3.0), 2 * np.expm1(-0.5), 0.0, 0.5, 3.0]),
        (L.PReLU(), [0.0, 0.0, 0.0, 0.5, 3.0]),
        (L.PReLU("ones"), X[0]),
        (L.Activation("relu"), [0.0, 0.0, 0.0, 0.5, 3.0]),
        (L.Activation(cr.activations.linear), X[0]),
    ],
)
def test_worked_by_hand(layer: Any, expected: Any) -> None:
    np.testing.assert_allclose(layer(X).numpy()[0], expected, rtol=1e-6)


def test_softmax_over_axes_and_under_a_mask() -> None:
    x = np.random.default_rng(1).normal(size=(2, 3, 4))
    for axis in (-1, 1, (1, 2)):
        e = np.exp(x)
        expected = e / e.sum(axis, keepdims=True)
        np.testing.assert_allclose(L.Softmax(axis)(x).numpy(), expected, rtol=1e-5)
    mask = np.array([[True, False, True]])
    np.testing.assert_allclose(L.Softmax()([[0.0, 9.0, np.log(3.0)]], mask=mask).numpy(), [[0.25, 0.0, 0.75]])


@pytest.mark.parametrize(
    ("shared", "shape"), [(None, (3, 4)), (1, (1, 4)), ([2], (3, 1)), ([1, 2], (1, 1)), ((1,), (1, 4))]
)
def test_shared_slopes(shared: Any, shape: tuple[int, ...]) -> None:
    layer = L.PReLU("ones", shared_axes=shared)
    layer.build((None, 3, 4))
    assert layer.alpha.shape == shape
    slopes = np.arange(np.prod(shape), dtype=np.float32).reshape(shape)
    layer.set_weights([slopes])
    x = -np.ones((2, 3, 4))
    np.testing.assert_array_equal(layer(x).numpy(), x * slopes)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: L.ReLU(max_value=-1, name="r"), "ReLU 'r': max_value must not be negative, but is -1."),
        (lambda: L.ReLU(negative_slope=-1, name="r"), "ReLU 'r': negative_slope must not be negative, but is -1."),
        (lambda: L.ReLU(threshold=-1, name="r"), "ReLU 'r': threshold must not be negative, but is -1."),
        (lambda: L.LeakyReLU(-1, name="r"), "LeakyReLU 'r': negative_slope must not be negative, but is -1."),
        (lambda: L.LeakyReLU(None, name="r"), "LeakyReLU 'r': negative_slope must not be negative, but is None."),
    ],
)
def test_bad_arguments(make: Any, message: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        make()
    assert str(caught.value) == message


def test_an_unknown_activation() -> None:
    with pytest.raises(UnknownNameError, match="Unknown activation 'rellu'"):
        L.Activation("rellu")
