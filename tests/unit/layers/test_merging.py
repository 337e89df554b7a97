"""Shapes that can and cannot be combined."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import ShapeError

L = cr.layers
KINDS = ["Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum"]
A, B = np.array([[1.0, 5.0]]), np.array([[3.0, 2.0]])


@pytest.mark.parametrize(
    ("name", "result"),
    [
        ("add", [[4.0, 7.0]]),
        ("subtract", [[-2.0, 3.0]]),
        ("multiply", [[3.0, 10.0]]),
        ("average", [[2.0, 3.5]]),
        ("maximum", [[3.0, 5.0]]),
        ("minimum", [[1.0, 2.0]]),
        ("concatenate", [[1.0, 5.0, 3.0, 2.0]]),
    ],
)
def test_functions_and_their_names(name: str, result: Any) -> None:
    assert np.asarray(getattr(L, name)([A, B])).tolist() == result
    assert getattr(L, name)([cr.Input((2,)), cr.Input((2,))], name="here").operation.name == "here"


@pytest.mark.parametrize("kind", KINDS)
def test_widths_that_differ(kind: str) -> None:
    text = (
        rf"{kind} 'm' cannot combine inputs of shapes \[\(None, 2\), \(None, 3\)\]: lengths \[2, 3\] meet on one axis"
    )
    with pytest.raises(ShapeError, match=text):
        getattr(L, kind)(name="m")([cr.Input((2,)), cr.Input((3,))])


@pytest.mark.parametrize("kind", [*KINDS, "Concatenate"])
def test_no_list(kind: str) -> None:
    with pytest.raises(
        ShapeError, match=rf"{kind} 'm' takes a list of inputs: layer\(\[a, b\]\). Received one of shape"
    ):
        getattr(L, kind)(name="m")(cr.Input((2,)))


@pytest.mark.parametrize("n", [1, 3])
def test_subtract_takes_two(n: int) -> None:
    with pytest.raises(ShapeError, match=f"Subtract 'm' takes a list of 2 inputs, but received {n}"):
        L.Subtract(name="m")([cr.Input((2,))] * n)


def test_one_input_is_itself() -> None:
    for kind in set(KINDS) - {"Subtract"}:
        np.testing.assert_array_equal(getattr(L, kind)()([A]), A)


def test_unknown_lengths() -> None:
    layer = L.Add()
    assert layer.compute_output_shape([(None, None), (None, 3)]) == (None, 3)
    assert layer.compute_output_shape([(None, 1), (None, None)]) == (None, None)
    assert layer.compute_output_shape([(4, 3), (None, 3)]) == (4, 3)
    assert L.Concatenate().compute_output_shape([(None, None), (None, 3)]) == (None, None)


def test_concatenate_of_what_does_not_fit() -> None:
    with pytest.raises(
        ShapeError, match=r"Concatenate 'c': all axes but axis -1 must agree, but the inputs have shapes"
    ):
        L.Concatenate(name="c")([cr.Input((2, 3)), cr.Input((3, 3))])
    with pytest.raises(ShapeError, match=r"Concatenate 'c': all axes but axis -1 must agree"):
        L.Concatenate(name="c")([cr.Input((2, 3)), cr.Input((3,))])
    with pytest.raises(ShapeError, match=r"Concatenate 'c': inputs of shapes .* have no axis 5"):
        L.Concatenate(axis=5, name="c")([cr.Input((2,)), cr.Input((2,))])
