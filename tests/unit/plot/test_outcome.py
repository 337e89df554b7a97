"""Targets and outputs in every form that people have them in."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import DataError, ShapeError
from chainrule.plot.arrays.outcome import classified, predictions, values

SCORES = np.array([0.1, 0.6, 0.9, 0.4])
EXPECTED = [0, 1, 1, 1]


@pytest.mark.parametrize(
    "y",
    [
        [0, 1, 1, 1],
        np.array([[0], [1], [1], [1]]),
        np.array([0.0, 1.0, 1.0, 1.0], np.float32),
        [False, True, True, True],
        ["no", "yes", "yes", "yes"],
        np.array([[1, 0], [0, 1], [0, 1], [0, 1]]),
    ],
    ids=["numbers", "column", "floats", "truths", "texts", "one-hot"],
)
@pytest.mark.parametrize("outputs", [SCORES, SCORES[:, None], SCORES.tolist()], ids=["row", "column", "list"])
def test_two_classes(y: Any, outputs: Any) -> None:
    found = classified(y, outputs)
    assert found.y.tolist() == EXPECTED
    assert found.scores.tolist() == SCORES.tolist()
    assert found.predicted.tolist() == [0, 1, 1, 0]
    assert found.binary


def test_minus_one_and_one_are_told_apart_at_zero() -> None:
    found = classified([-1, 1, 1], [-0.2, 0.3, -0.1])
    assert found.y.tolist() == [0, 1, 1]
    assert found.predicted.tolist() == [0, 1, 0]


@pytest.mark.parametrize(
    "y", [[2, 0, 1], np.array([[2], [0], [1]]), np.eye(3)[[2, 0, 1]], ["c", "a", "b"]], ids=["n", "n1", "hot", "text"]
)
def test_three_classes(y: Any) -> None:
    found = classified(y, np.array([[0.1, 0.2, 0.7], [0.5, 0.3, 0.2], [0.5, 0.3, 0.2]]))
    assert found.y.tolist() == [2, 0, 1]
    assert found.predicted.tolist() == [2, 0, 0]


def test_names_of_classes_say_the_order_of_the_outputs() -> None:
    found = classified(["small", "large"], np.array([[0.9, 0.1], [0.2, 0.8]]), classes=["small", "large"])
    assert found.y.tolist() == [0, 1]


def test_labels_as_outputs() -> None:
    found = classified(["a", "b", "b"], ["a", "a", "c"])
    assert found.names == ("a", "b", "c")
    assert found.predicted.tolist() == [0, 0, 2]
    assert classified([3, 5], [5, 5]).names == ("3", "5")
    assert classified([0, 1], np.array([0, 2]), classes=["x", "y", "z"]).names == ("x", "y", "z")


@pytest.mark.parametrize("outputs", [1, 3], ids=["sigmoid", "softmax"])
def test_logits_of_a_model_become_probabilities(outputs: int) -> None:
    loss: Any = cr.losses.BinaryCrossentropy if outputs == 1 else cr.losses.SparseCategoricalCrossentropy
    model = cr.Sequential([cr.Input((2,)), cr.layers.Dense(outputs)])
    model.compile("sgd", loss(from_logits=True))
    x = np.array([[1.0, -2.0], [300.0, 900.0]], np.float32)
    p = predictions(model, x)
    with np.errstate(over="ignore"):
        h = np.asarray(model(x), np.float64)
        expected = 1 / (1 + np.exp(-h)) if outputs == 1 else np.exp(h - h.max(1, keepdims=True))
    if outputs == 3:
        expected /= expected.sum(1, keepdims=True)
    np.testing.assert_allclose(p, expected, atol=1e-12)


def test_a_model_and_its_data() -> None:
    model = cr.Sequential([cr.Input((1,)), cr.layers.Dense(1, activation="sigmoid", kernel_initializer="ones")])
    found = classified(model, np.array([[-1.0], [1.0]]), [0, 1])
    np.testing.assert_allclose(found.scores, [0.268941, 0.731059], atol=1e-6)


def test_values_of_one_of_several_outputs() -> None:
    y, p = values([[1, 2], [3, 4]], [[5, 6], [7, 8]], output=1)
    assert (y.tolist(), p.tolist()) == ([2, 4], [6, 8])


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: classified([0, 1]),
            TypeError,
            "or a model, its inputs and targets, or a recording, but received a list alone.",
        ),
        (lambda: classified([0, 1], [0.1]), ShapeError, "as many targets as outputs"),
        (lambda: classified([], []), DataError, "there are no rows"),
        (lambda: classified([0, 2], [0.1, 0.2]), DataError, "classes from 0 to 1, but they range from 0 to 2"),
        (lambda: classified([0, 1], [0.1, np.nan]), DataError, "outputs hold numbers that are not finite"),
        (lambda: classified([0, np.nan], [0.1, 0.2]), DataError, "targets hold numbers that are not finite"),
        (
            lambda: classified(["a", "b", "c"], [0.1, 0.2, 0.3]),
            DataError,
            "tell 2 classes apart, but the targets have 3",
        ),
        (lambda: classified([0, 1], [0.1, 0.2], classes=["a"]), DataError, "tell 2 classes apart, but 1 names"),
        (lambda: classified([0, 1], [1, 1], classes=["a"]), DataError, "2 classes in the data, but 1 names: a"),
        (lambda: classified(np.ones((2, 3)), [0.1, 0.2]), ShapeError, "the targets have shape (2, 3)"),
        (lambda: classified([0, 1], np.ones((2, 2, 2))), ShapeError, "(2, 2, 2)"),
        (
            lambda: classified("model", 1, [0]),
            TypeError,
            "expected a model and its inputs, or a recording, but received the text 'model'",
        ),
        (lambda: values([[1, 2]], [[1, 2]]), ShapeError, "the targets have 2 columns. Choose one: output=0"),
        (lambda: values(["a"], [1.0]), DataError, "the targets must be numbers"),
    ],
)
def test_what_does_not_fit_is_named(call: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=re.escape(message)):
        call()


def test_of_several_outputs_one_is_asked_for() -> None:
    inputs = cr.Input((2,))
    model = cr.Model(inputs, [cr.layers.Dense(1)(inputs), cr.layers.Dense(1)(inputs)])
    with pytest.raises(ShapeError, match=r"has 2 outputs\. Choose one"):
        predictions(model, np.ones((3, 2)))
