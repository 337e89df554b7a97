"""A function as a layer: arguments, training, shapes, and what can be described."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr

L = cr.layers
X = np.array([[1.0, 2.0]])


def test_arguments_and_training() -> None:
    def function(x: Any, by: float, training: bool = False) -> Any:
        return x * (by if training else 1.0)

    layer = L.Lambda(function, arguments={"by": 3.0})
    assert layer(X).numpy().tolist() == X.tolist()
    assert layer(X, training=True).numpy().tolist() == [[3.0, 6.0]]


def test_several_inputs() -> None:
    layer = L.Lambda(lambda xs: xs[0] + xs[1])
    assert layer([X, X]).numpy().tolist() == [[2.0, 4.0]]
    a, b = cr.Input((2,)), cr.Input((2,))
    assert cr.Model([a, b], layer([a, b])).output_shape == (None, 2)


def test_shapes() -> None:
    assert L.Lambda(lambda x: x[:, :1]).compute_output_shape((None, 2)) == (None, 1)
    assert L.Lambda(lambda x: x, output_shape=(7,)).compute_output_shape((None, 2)) == (None, 7)
    assert L.Lambda(lambda x: x, output_shape=lambda s: (s[0], 9)).compute_output_shape((4, 2)) == (4, 9)
    assert L.Lambda(lambda x: x, output_shape=(7,)).compute_output_shape([(5, 2), (5, 2)]) == (5, 7)


def test_functions_without_a_signature() -> None:
    assert L.Lambda(np.negative)(X).numpy().tolist() == [[-1.0, -2.0]]


@pytest.mark.parametrize("function", ["relu2", 3, None])
def test_what_is_no_function(function: Any) -> None:
    with pytest.raises(TypeError, match="Lambda 'l': expected a function, but received"):
        L.Lambda(function, name="l")


def test_a_lambda_has_no_configuration() -> None:
    with pytest.raises(TypeError, match="a lambda cannot be written: a file holds data, never code"):
        L.Lambda(lambda x: x).get_config()
