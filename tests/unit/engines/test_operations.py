"""Ops between layers as steps: which there are, and which leave a model to the reference engine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import ops
from chainrule.engines.lower import lower
from chainrule.engines.operations import OPERATIONS
from chainrule.engines.plan import Activate, CannotLower, Merge, Pool, Rescale, Reshape, Take, Transpose
from chainrule.symbolic import Operation

TWO = np.array([[0.5, 2.0, -1.0]], np.float32)


def steps_of(between: Callable[[Any], Any]) -> list[Any]:
    x = cr.Input((3,))
    return [i.step for i in lower(cr.Model(x, between(x))).instructions]


@pytest.mark.parametrize(
    ("between", "steps"),
    [
        (lambda h: h + 2, [Rescale(1.0, 2.0)]),
        (lambda h: 1 - h, [Rescale(-1.0, 1.0)]),
        (lambda h: h - 1, [Rescale(1.0, -1.0)]),
        (lambda h: h / 4, [Rescale(0.25, 0.0)]),
        (lambda h: ops.multiply(TWO, h), [Rescale(TWO[0].astype(float), 0.0)]),
        (lambda h: h + cr.Tensor(TWO), [Rescale(1.0, TWO[0].astype(float))]),
        (lambda h: -h, [Rescale(-1.0, 0.0)]),
        (lambda h: h * h, [Merge("multiply")]),
        (lambda h: h**1, []),
        (lambda h: abs(h), [Rescale(-1.0, 0.0), Merge("maximum")]),
        (lambda h: ops.concatenate([h, h], axis=-1), [Merge("concatenate", 1)]),
        (lambda h: ops.expand_dims(h, -1), [Reshape((3, 1))]),
        (lambda h: h[..., 1:], [Take(((1, None, None),))]),
        (lambda h: h[:, None, -1:], [Take(((-1, None, None),)), Reshape((1, 1))]),
        (lambda h: ops.expand_dims(h, 1)[:, 0], [Reshape((1, 3)), Take((0,))]),
        (lambda h: ops.transpose(ops.expand_dims(h, 1), (0, 2, -2)), [Reshape((1, 3)), Transpose((2, 1))]),
        (lambda h: ops.sum(h, axis=-1, keepdims=True), [Pool("mean", 1, True), Rescale(3.0, 0.0)]),
        (lambda h: ops.max(h, axis=(1,), keepdims=True), [Pool("max", 1, True)]),
        (lambda h: ops.softmax(h, axis=1), [Activate("softmax", {"axis": -1})]),
        (lambda h: ops.gelu(h), [Activate("gelu", {"approximate": True})]),
        (lambda h: ops.exp(h), [Activate("exponential", {})]),
    ],
)
def test_steps(between: Callable[[Any], Any], steps: list[Any]) -> None:
    assert steps_of(between) == steps


@pytest.mark.parametrize(
    "between",
    [
        lambda h: h / (h * h + 1),
        lambda h: 1 / h,
        lambda h: h / np.array([1.0, 0.0, 2.0], np.float32),
        lambda h: h**0.5,
        lambda h: 2**h,
        lambda h: h[::-1],
        lambda h: ops.concatenate([h, h], axis=0),
        lambda h: ops.concatenate([h, np.ones((1, 3), np.float32)], axis=0),
        lambda h: ops.mean(h, axis=0, keepdims=True),
        lambda h: ops.mean(h),
        lambda h: ops.expand_dims(h, 0),
        lambda h: ops.reshape(h, (-1,)),
        lambda h: ops.expand_dims(ops.softmax(h[:, 0]), 1),
        lambda h: ops.expand_dims(ops.mean(h[:, 0], axis=0, keepdims=True), 1),
        lambda h: ops.reshape(h, (-1, 1)),
        lambda h: ops.transpose(h),
        lambda h: ops.cast(h, "float64") * 2,
        lambda h: ops.expand_dims(h, 1) * h,
        lambda h: ops.where(h > 0, h, -h),
        lambda h: ops.log(h),
    ],
)
def test_what_has_no_steps_is_refused(between: Callable[[Any], Any]) -> None:
    with pytest.raises(CannotLower, match=r"'.*' has no (step|axis but the batch)"):
        steps_of(between)


def test_outputs_without_an_axis_but_the_batch_are_refused() -> None:
    with pytest.raises(CannotLower, match=r"output 'mean.*' has no axis but the batch"):
        steps_of(lambda h: ops.mean(h, axis=-1))


def test_functions_of_ones_own_are_not_taken_for_ours() -> None:
    def add(x1: Any, x2: Any) -> Any:
        return x1 + 2 * x2

    with pytest.raises(CannotLower, match=r"operation 'add.*' has no step"):
        steps_of(lambda h: Operation(add)(h, h))


def test_only_ops_that_exist_are_listed() -> None:
    assert all(hasattr(ops, name) or name in ("getitem", "amax") for name in OPERATIONS)


def test_a_model_says_native_and_predicts_alike() -> None:
    pytest.importorskip("chainrule._native")
    x = cr.Input((3,))
    h = cr.layers.Dense(4, activation="tanh")(x)
    model = cr.Model(x, (1 - h) * h / 2 + ops.square(h)[:, ::-1])
    model.compile("adam", "mse")
    rows = np.linspace(-1, 1, 15).reshape(5, 3)
    model.fit(rows, np.ones((5, 4)), verbose=0)
    assert model.engine == "native"
    native = model.predict(rows, verbose=0)
    np.testing.assert_allclose(native, model(rows), rtol=1e-6, atol=1e-7)


def test_a_changed_constant_is_noticed() -> None:
    pytest.importorskip("chainrule._native")
    x, factor = cr.Input((3,)), np.ones(3, np.float32)
    model = cr.Model(x, cr.layers.Dense(1, kernel_initializer="ones")(x * factor))
    model.compile("sgd", "mse")
    assert model.evaluate(np.ones((2, 3)), np.zeros((2, 1)), verbose=0) == 9.0
    factor *= 2
    assert model.evaluate(np.ones((2, 3)), np.zeros((2, 1)), verbose=0) == 36.0
