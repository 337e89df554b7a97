"""Merging layers: numbers worked by hand, and inputs that do not go together."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import ShapeError

L = cr.layers
A, B = np.array([[1.0, -2.0], [3.0, 4.0]]), np.array([[5.0, 0.5], [-1.0, 4.0]])
HAND = {
    "add": [[6.0, -1.5], [2.0, 8.0]],
    "subtract": [[-4.0, -2.5], [4.0, 0.0]],
    "multiply": [[5.0, -1.0], [-3.0, 16.0]],
    "average": [[3.0, -0.75], [1.0, 4.0]],
    "maximum": [[5.0, 0.5], [3.0, 4.0]],
    "minimum": [[1.0, -2.0], [-1.0, 4.0]],
    "concatenate": [[1.0, -2.0, 5.0, 0.5], [3.0, 4.0, -1.0, 4.0]],
}


@pytest.mark.parametrize("name", HAND)
def test_layer_and_function(name: str) -> None:
    assert getattr(L, name.capitalize())()([A, B]).numpy().tolist() == HAND[name]
    assert getattr(L, name)([A, B]).numpy().tolist() == HAND[name]


def test_concatenate_along_other_axes() -> None:
    x = np.arange(12.0).reshape(1, 2, 3, 2)
    for axis in (1, 2, 3, -1, -3):
        found = L.Concatenate(axis)([x, x + 1]).numpy()
        np.testing.assert_array_equal(found, np.concatenate([x, x + 1], axis))
    assert L.concatenate([A, B], axis=0).shape == (4, 2)


def test_one_missing_axis_comes_behind_the_batch() -> None:
    x = np.arange(12.0).reshape(2, 3, 2)
    np.testing.assert_array_equal(L.Add()([x, A]).numpy(), x + A[:, None, :])
    np.testing.assert_array_equal(L.Multiply()([A, np.array([[2.0], [3.0]])]).numpy(), A * [[2.0], [3.0]])


@pytest.mark.parametrize(
    ("layer", "shapes", "message"),
    [
        (
            L.Add(name="m"),
            [(2, 3), (2, 4)],
            "Add 'm' cannot combine inputs of shapes [(2, 3), (2, 4)]: lengths [3, 4] meet on one axis. "
            "Bring them to one width first, with Dense for example.",
        ),
        (
            L.Subtract(name="m"),
            [(2, 3), (2, 3), (2, 3)],
            "Subtract 'm' takes a list of 2 inputs, but received 3.",
        ),
        (
            L.Concatenate(name="m"),
            [(2, 3, 1), (2, 4, 1)],
            "Concatenate 'm': all axes but axis -1 must agree, but the inputs have shapes [(2, 3, 1), (2, 4, 1)].",
        ),
        (
            L.Concatenate(name="m"),
            [(2, 3), (2, 3, 1)],
            "Concatenate 'm': all axes but axis -1 must agree, but the inputs have shapes [(2, 3), (2, 3, 1)].",
        ),
        (
            L.Concatenate(axis=2, name="m"),
            [(2, 3), (2, 3)],
            "Concatenate 'm': inputs of shapes [(2, 3), (2, 3)] have no axis 2.",
        ),
    ],
)
def test_inputs_that_do_not_go_together(layer: Any, shapes: Any, message: str) -> None:
    with pytest.raises(ShapeError) as caught:
        layer([np.zeros(s) for s in shapes])
    assert str(caught.value) == message
    with pytest.raises(ShapeError):
        type(layer).from_config(layer.get_config())([cr.Input(s[1:]) for s in shapes])


@pytest.mark.parametrize("kind", [L.Add, L.Concatenate])
def test_one_array_is_no_list(kind: Any) -> None:
    with pytest.raises(ShapeError) as caught:
        kind(name="m")(np.zeros((2, 3)))
    assert str(caught.value) == (
        f"{kind.__name__} 'm' takes a list of inputs: layer([a, b]). Received one of shape (2, 3)."
    )
