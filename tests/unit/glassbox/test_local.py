"""Local derivatives of activations: each unit's own slope where units do not mix, a matrix only where they do."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import ops
from chainrule.errors import UnknownNameError
from chainrule.glassbox.derive.local import Local
from chainrule.glassbox.network import Activation

X = np.array([[0.3, -1.2, 0.7]])


def local_of(function: Any, units: int = 3) -> tuple[Local, Activation]:
    layer = cr.layers.Dense(units, activation=function, kernel_initializer=cr.initializers.RandomNormal(seed=2))
    model = cr.Sequential([cr.Input((3,)), layer, cr.layers.Dense(1)])
    model.compile(loss="mse")
    view = cr.trace(model, X, [1.0])[0].view
    return Local(view), next(b for b in view.network.blocks if isinstance(b, Activation))


def reversed_tanh(x: Any) -> Any:
    return ops.flip(ops.tanh(x), axis=-1)


@pytest.mark.parametrize(
    ("function", "mixes"),
    [
        ("tanh", False),
        ("softmax", True),
        (lambda x: 0.5 * ops.relu(x), False),
        (lambda x: x * ops.sigmoid(3 * x) + ops.sin(x), False),  # two uses of each number, added up
        (lambda x: x - ops.mean(x, axis=-1, keepdims=True), True),
        (lambda x: x * ops.max(x, axis=-1, keepdims=True), True),
        (reversed_tanh, True),
    ],
)
def test_whether_units_mix_and_what_each_output_takes_from_an_input(
    function: str | Callable[[Any], Any], mixes: bool
) -> None:
    local, block = local_of(function)
    assert local.mixes(block) is mixes
    call = cr.activations.get(function)
    h = np.asarray(block.source_tensor)[0]
    assert np.abs(h).min() > 1e-3  # no kink near
    for j in range(3):
        step = np.eye(3)[j] * 1e-6
        expected = (np.asarray(call((h + step)[None])) - np.asarray(call((h - step)[None])))[0] / 2e-6
        found = np.zeros(3)
        for k, slope in local.outputs_of(block, j):
            found[k] = slope
        np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("function", ["relu", lambda x: 0.5 * ops.relu(x)])
def test_ten_thousand_units_need_no_matrix(function: Any) -> None:
    units = 10_000
    model = cr.Sequential(
        [cr.Input((2,)), cr.layers.Dense(units, activation=function, name="hidden"), cr.layers.Dense(1)]
    )
    model.compile(loss="mse")
    tracemalloc.start()
    try:
        observation = cr.trace(model, [[0.5, 0.2]], [1.0])[0]
        assert observation.text()
        node = observation.node("hidden/kernel[0,1]")
        assert "∂a₂" in str(node)
        assert tracemalloc.get_traced_memory()[1] < 50e6  # a matrix has 800 MB
    finally:
        tracemalloc.stop()


def test_weights_are_found_by_their_path_with_and_without_the_models_name() -> None:
    layers = [cr.layers.Dense(2, name="a"), cr.layers.Dense(1, name="b")]
    model = cr.Sequential([cr.Input((2,)), *layers], name="net")
    model.compile(loss="mse")
    observation = cr.trace(model, [[0.5, 0.2]], [1.0])[0]
    whole = str(observation.node("net/a/kernel[1, 0]"))
    assert whole == str(observation.node("a/kernel[1,0]"))
    assert whole == str(observation.node("w21^(1)"))
    assert whole != str(observation.node("a/kernel[0,1]"))
    for unclear in ("kernel[1,0]", "a/kernel[2,0]", "a/kernel", "c/kernel[0,0]", "[0,0]"):
        with pytest.raises(UnknownNameError):
            observation.node(unclear)
