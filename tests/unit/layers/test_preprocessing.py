"""`Normalization` and `Rescaling`: what `adapt` learns, from whole arrays and from batches, and what it refuses."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import DataError, ShapeError

L = cr.layers
X = np.random.default_rng(6).normal(5.0, 3.0, (50, 4, 3))


@pytest.mark.parametrize("axis", [-1, 1, (1, 2), None])
def test_adapt_learns_mean_and_variance(axis: Any) -> None:
    layer = L.Normalization(axis=axis)
    layer.adapt(X)
    others = {-1: (0, 1), 1: (0, 2), (1, 2): (0,), None: (0, 1, 2)}[axis]
    mean, variance = X.mean(others, keepdims=True), X.var(others, keepdims=True)
    assert layer.mean.shape == mean.shape
    np.testing.assert_allclose(layer.mean, mean, rtol=1e-6)
    np.testing.assert_allclose(layer.variance, variance, rtol=1e-6)
    np.testing.assert_allclose(layer(X).numpy(), (X - mean) / np.sqrt(variance), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("axis", [-1, None])
def test_batches_of_unequal_size_count_by_their_rows(axis: Any) -> None:
    whole, parts = L.Normalization(axis=axis), L.Normalization(axis=axis)
    whole.adapt(X)
    parts.adapt(batch for batch in (X[:7], X[7:8], X[8:8], X[8:]))
    np.testing.assert_allclose(parts.mean, whole.mean, rtol=1e-6)
    np.testing.assert_allclose(parts.variance, whole.variance, rtol=1e-6)


def test_large_values_keep_their_digits() -> None:
    layer = L.Normalization(dtype="float64")
    layer.adapt(np.array([[1e8], [1e8 + 2]]))
    assert float(layer.variance.reshape(())) == 1.0


def test_adapting_again_starts_anew() -> None:
    layer = L.Normalization()
    layer.adapt(X + 100)
    layer.adapt(X)
    np.testing.assert_allclose(layer.mean.reshape(-1), X.mean((0, 1)), rtol=1e-6)


def test_given_statistics_and_their_inverse() -> None:
    there = L.Normalization(mean=[1.0, 2.0], variance=[4.0, 0.25])
    back = L.Normalization(mean=[1.0, 2.0], variance=[4.0, 0.25], invert=True)
    assert there([[3.0, 1.0]]).numpy().tolist() == [[1.0, -2.0]]
    assert back([[1.0, -2.0]]).numpy().tolist() == [[3.0, 1.0]]
    assert there.weights == []


def test_a_constant_column_stays_finite() -> None:
    layer = L.Normalization()
    layer.adapt([[2.0], [2.0]])
    assert layer([[2.0]]).numpy().tolist() == [[0.0]]


def test_rescaling() -> None:
    assert L.Rescaling([2.0, 10.0], offset=1.0)([[1.0, 2.0]]).numpy().tolist() == [[3.0, 21.0]]
    assert L.Rescaling(1 / 4)(np.array([[1, 2]], np.uint8)).numpy().tolist() == [[0.25, 0.5]]


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (
            lambda: L.Normalization(mean=1.0, name="n"),
            ValueError,
            "Normalization 'n': give mean and variance together, or neither and use adapt().",
        ),
        (
            lambda: L.Normalization(mean=1.0, variance=-1.0, name="n"),
            ValueError,
            "Normalization 'n': the variance must not be negative, but is -1.0.",
        ),
        (
            lambda: L.Normalization(mean=1.0, variance=1.0, name="n").adapt(X),
            ValueError,
            "Normalization 'n': mean and variance were given, so there is nothing to adapt.",
        ),
        (
            lambda: L.Normalization(name="n").adapt([[np.nan]]),
            DataError,
            "Normalization 'n': adapt received NaN or infinite values. Fill or drop them first.",
        ),
        (lambda: L.Normalization(name="n").adapt(X[:0]), DataError, "Normalization 'n': adapt received no data."),
        (
            lambda: L.Normalization(mean=[1.0, 2.0], variance=[1.0, 1.0], name="n")(X),
            ShapeError,
            "Normalization 'n': mean of shape (2,) does not fit an input of shape (50, 4, 3), "
            "which has (3,) along axis (-1,).",
        ),
        (
            lambda: L.Normalization(axis=3, name="n")(X),
            ShapeError,
            "Normalization 'n': axis (3,) does not exist in an input of 3 axes.",
        ),
    ],
)
def test_what_is_refused(call: Any, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind) as caught:
        call()
    assert str(caught.value) == message
    assert type(caught.value) is kind
