"""`Dot`: shapes and what does not fit. For numbers: `test_against_keras.py`."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import ShapeError

L = cr.layers


@pytest.mark.parametrize("axes", [1.0, True, (1,), (1, 2, 3), (1, "2"), None])
def test_axes_that_are_no_axes(axes: Any) -> None:
    with pytest.raises(ValueError, match="Dot 'd': axes must be a whole number or a pair of them"):
        L.Dot(axes, name="d")


@pytest.mark.parametrize(
    ("axes", "shapes", "message"),
    [
        (1, [(2, 3), (2, 4)], "axis 1 of the first input has length 3, axis 1 of the second 4"),
        (0, [(2, 3), (2, 3)], "axis 0 must be one of the axes behind the batch"),
        ((1, -2), [(2, 3), (2, 3)], "axis -2 must be one of the axes behind the batch"),
        (2, [(2, 3), (2, 3)], r"axis 2 must be .* of shape \(2, 3\)"),
        (1, [(2, 3), (2, 3), (2, 3)], "takes a list of 2 inputs"),
    ],
)
def test_inputs_that_do_not_fit(axes: Any, shapes: Any, message: str) -> None:
    with pytest.raises(ShapeError, match=f"Dot 'd'.*{message}"):
        L.Dot(axes, name="d")([np.ones(s, "float32") for s in shapes])


def test_one_input() -> None:
    with pytest.raises(ShapeError, match="Dot 'd' takes a list of 2 inputs"):
        L.Dot(1, name="d")(np.ones((2, 3), "float32"))


def test_shapes_of_lengths_that_are_not_known() -> None:
    a, b = cr.Input((None, 4)), cr.Input((5, 4))
    assert L.Dot(2)([a, b]).shape == (None, None, 5)
    assert L.dot([a, b], axes=-1).shape == (None, None, 5)


def test_the_cosine_of_parallel_vectors() -> None:
    x = np.array([[3.0, 4.0]], "float32")
    assert L.Dot(1, normalize=True)([x, -2 * x]).item() == pytest.approx(-1.0)
