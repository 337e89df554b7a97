"""Crossentropies: class numbers that are wrong, shapes that do not fit, classes that are ignored."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from chainrule import losses
from chainrule.autodiff import vjp
from chainrule.errors import DataError, ShapeError

P = np.full((4, 3), 1 / 3)
sparse = losses.SparseCategoricalCrossentropy()


def message(kind: type[Exception], call: Any, *args: Any) -> str:
    with pytest.raises(kind) as error:
        call(*args)
    return str(error.value)


def test_a_label_outside_the_classes() -> None:
    assert message(DataError, sparse, np.array([0, 1, 7, 2]), P) == (
        "sparse_categorical_crossentropy: label 7 in row 2 is outside the 3 classes 0 to 2 that the model predicts. "
        "Number the classes 0, 1, 2, ... and give the last layer one unit for each."
    )


def test_labels_that_start_at_1() -> None:
    assert message(DataError, sparse, np.array([[1], [3], [2], [3]]), P) == (
        "sparse_categorical_crossentropy: label 3 in row 1 is outside the 3 classes 0 to 2 that the model predicts "
        "(2 such labels). If the labels start at 1, subtract 1; else the last layer needs 4 units or more."
    )


@pytest.mark.parametrize(("label", "shown"), [(-1, "-1"), (0.5, "0.5"), (np.nan, "nan"), (np.inf, "inf")])
def test_labels_that_are_no_class_numbers(label: float, shown: str) -> None:
    text = message(DataError, sparse, np.array([0, label, 1, 2]), P)
    assert f"label {shown} in row 1 is outside the 3 classes 0 to 2" in text


def test_class_numbers_for_a_single_unit() -> None:
    text = message(DataError, sparse, np.array([0, 1]), np.ones((2, 1)))
    assert text.endswith(
        "Give the last layer a unit for each class and a softmax; for one unit use 'binary_crossentropy'."
    )


def test_labels_in_several_axes() -> None:
    labels = np.zeros((2, 5))
    labels[1, 3] = 9
    assert "label 9 in row (1, 3) is outside the 4 classes" in message(DataError, sparse, labels, np.ones((2, 5, 4)))


def test_text_labels() -> None:
    text = message(DataError, losses.sparse_categorical_crossentropy, np.array(["cat", "dog"]), P[:2])
    assert text == (
        "sparse_categorical_crossentropy: y_true must hold class numbers, but holds <U3. Turn labels into numbers "
        "first: numpy.unique(labels, return_inverse=True)."
    )


def test_one_hot_rows_for_the_sparse_loss() -> None:
    assert message(ShapeError, sparse, np.eye(3), P[:3]) == (
        "sparse_categorical_crossentropy: y_true must hold one class number for each row of y_pred, but has its shape "
        "(3, 3). One-hot rows as targets need loss='categorical_crossentropy', or class numbers: y_true.argmax(-1)."
    )
    text = message(ShapeError, sparse, np.zeros((5,)), P)
    assert text.endswith("y_true has shape (5,), but y_pred has shape (4, 3). y_true must have shape (4,).")


def test_classes_along_another_axis() -> None:
    p = np.random.default_rng(1).dirichlet(np.ones(3), (2, 5))
    labels = np.array([[0, 1, 2, 0, 1], [2, 2, 1, 0, 0]])
    last = losses.SparseCategoricalCrossentropy(reduction=None)(labels, p)
    middle = losses.SparseCategoricalCrossentropy(reduction=None, axis=1)(labels, p.transpose(0, 2, 1))
    np.testing.assert_allclose(middle, last)


def test_an_ignored_class_neither_counts_nor_learns() -> None:
    labels = np.array([0, -1, 2, -1])
    p = np.array([[0.5, 0.25, 0.25], [0, 0, 0], [0.1, 0.1, 0.8], [1, 0, 0]])
    loss = losses.SparseCategoricalCrossentropy(ignore_class=-1)
    value, pullback = vjp(lambda v: loss(labels, v), p)
    assert float(value) == pytest.approx(-(np.log(0.5) + np.log(0.8)) / 2)
    (gradient,) = pullback(np.float64(1))
    assert np.isfinite(gradient).all()
    np.testing.assert_array_equal(np.asarray(gradient)[[1, 3]], 0)
    weighted = loss(labels, p, np.array([2.0, 5.0, 1.0, 5.0]))
    assert float(weighted) == pytest.approx(-(2 * np.log(0.5) + np.log(0.8)) / 2)
    everything = losses.SparseCategoricalCrossentropy(ignore_class=0)
    assert float(everything(np.zeros(4), P)) == 0.0


def test_one_class_is_warned_of() -> None:
    with pytest.warns(SyntaxWarning, match="For 2 classes and one unit use 'binary_crossentropy'"):
        losses.CategoricalCrossentropy()(np.ones((2, 1)), np.ones((2, 1)))


def test_a_flag_in_the_place_of_the_axis() -> None:
    with pytest.raises(TypeError, match=r"axis must be an int, but is True\. Was it meant as from_logits=True"):
        losses.categorical_crossentropy(np.eye(3), np.eye(3), False, 0.0, True)


def test_generalized_crossentropy_needs_q_between_0_and_1() -> None:
    with pytest.raises(ValueError, match="q must lie between 0 and 1, but is 1"):
        losses.CategoricalGeneralizedCrossEntropy(q=1)


def test_predictions_of_a_float32_model_keep_their_type() -> None:
    p = P.astype(np.float32)
    assert sparse(np.array([0, 1, 2, 0]), p).dtype == np.float32
    assert losses.BinaryCrossentropy(label_smoothing=0.1)(p, p).dtype == np.float32
    assert losses.Huber(delta=0.1)(p, p).dtype == np.float32
    assert losses.LogCosh()(p, p).dtype == np.float32
