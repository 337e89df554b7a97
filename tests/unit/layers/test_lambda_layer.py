"""`Lambda`: functions as layers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr

L = cr.layers


def test_arguments_are_passed_on() -> None:
    layer = L.Lambda(lambda x, power, shift=0.0: x**power + shift, arguments={"power": 2, "shift": 1.0})
    assert layer([[3.0]]).numpy().tolist() == [[10.0]]


def test_training_is_passed_to_functions_that_take_it() -> None:
    layer = L.Lambda(lambda x, training: x * (2.0 if training else 1.0))
    assert layer([[3.0]], training=True).numpy().tolist() == [[6.0]]
    assert layer([[3.0]], training=False).numpy().tolist() == [[3.0]]


def test_shapes_are_tried_or_given() -> None:
    def first_two(x: Any) -> Any:
        return x[:, :2]

    assert L.Lambda(first_two).compute_output_shape((None, 5)) == (None, 2)
    assert L.Lambda(first_two, output_shape=(7,)).compute_output_shape((None, 5)) == (None, 7)
    by_rule = L.Lambda(first_two, output_shape=lambda shape: (shape[0], 2))
    assert by_rule.compute_output_shape((None, 5)) == (None, 2)
    assert L.Lambda(first_two)(cr.Input((5,))).shape == (None, 2)


def test_several_inputs() -> None:
    layer = L.Lambda(lambda xs: xs[0] * xs[1])
    assert layer([np.array([[2.0]]), np.array([[3.0]])]).numpy().tolist() == [[6.0]]


def test_it_has_a_gradient() -> None:
    x = cr.ops.convert_to_tensor([[3.0]])
    with cr.autodiff.GradientTape() as tape:
        tape.watch(x)
        y = L.Lambda(lambda x: x**3)(x)
    assert tape.gradient(y, x).numpy().tolist() == [[27.0]]


def test_only_functions() -> None:
    with pytest.raises(TypeError, match=r"^Lambda 'f': expected a function, but received 3\.$"):
        L.Lambda(3, name="f")
