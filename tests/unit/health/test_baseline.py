"""The loss of the best constant prediction, against what it is by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.health.baseline import constant_loss, loss_of

Y = np.array([0.0, 0.0, 1.0, 3.0])
B = np.array([0, 1, 1, 1])
C = np.array([0, 1, 2, 2])


def model(loss: Any, units: int = 1) -> cr.Sequential:
    made = cr.Sequential([cr.Input((1,)), cr.layers.Dense(units)])
    made.compile("sgd", loss)
    return made


def entropy(y: np.ndarray) -> float:
    p = np.unique(y, return_counts=True)[1] / len(y)
    return float(-(p * np.log(p)).sum())


@pytest.mark.parametrize(
    ("loss", "y", "units", "expected"),
    [
        ("mse", Y, 1, Y.var()),
        ("mse", Y[:, None], 1, Y.var()),
        ("mse", np.stack([Y, 2 * Y], axis=1), 2, (Y.var() + 4 * Y.var()) / 2),
        ("mae", Y, 1, np.abs(Y - 0.5).mean()),
        ("binary_crossentropy", B, 1, entropy(B)),
        (cr.losses.BinaryCrossentropy(from_logits=True), B, 1, entropy(B)),
        ("sparse_categorical_crossentropy", C, 3, entropy(C)),
        (cr.losses.SparseCategoricalCrossentropy(from_logits=True), C, 3, entropy(C)),
        ("categorical_crossentropy", np.eye(3)[C], 3, entropy(C)),
        (cr.losses.CategoricalCrossentropy(from_logits=True), np.eye(3)[C], 3, entropy(C)),
        ("crossentropy", C, 3, entropy(C)),
    ],
)
def test_constant_predictions(loss: Any, y: np.ndarray, units: int, expected: float) -> None:
    found = constant_loss(model(loss, units), y, np.zeros((4, units), np.float32))
    assert found == pytest.approx(expected, rel=1e-5)


def test_no_constant_is_better() -> None:
    made = model("huber")
    best = constant_loss(made, Y, np.zeros((4, 1)))
    losses = [loss_of(made, Y, np.full((4, 1), c)) for c in np.linspace(-1, 4, 50)]
    assert best is not None
    assert best < 1.1 * min(v for v in losses if v is not None)


def test_several_outputs_are_added_up_with_their_weights() -> None:
    x = cr.Input((1,))
    made = cr.Model(x, {"a": cr.layers.Dense(1, name="a")(x), "b": cr.layers.Dense(1, name="b")(x)})
    made.compile("sgd", {"a": "mse", "b": "mae"}, loss_weights={"a": 1.0, "b": 10.0})
    outputs = {"a": np.zeros((4, 1)), "b": np.zeros((4, 1))}
    expected = Y.var() + 10 * np.abs(Y - 0.5).mean()
    assert constant_loss(made, {"a": Y, "b": Y}, outputs) == pytest.approx(expected)


@pytest.mark.parametrize("y", [None, np.array(["a", "b", "a", "b"], object)])
def test_where_there_is_nothing_to_compute(y: Any) -> None:
    assert constant_loss(model("mse"), y, np.zeros((4, 1))) is None
    assert loss_of(model(None), Y, np.zeros((4, 1))) is None
