"""Partial dependence and ICE, against scikit-learn's."""

import numpy as np
import pytest
from sklearn.inspection import partial_dependence as sklearn_dependence
from sklearn.neural_network import MLPRegressor

import chainrule as cr
from chainrule._typing import Array
from chainrule.errors import DataError, ShapeError, UnknownNameError
from chainrule.inspect import as_estimator, dependence, partial_dependence

RNG = np.random.default_rng(5)
X = np.column_stack([RNG.normal(size=(300, 3)), RNG.integers(0, 4, 300)])


def test_curves_equal_scikit_learns() -> None:
    other = MLPRegressor(hidden_layer_sizes=(8,), max_iter=60, random_state=0, tol=1).fit(X, np.sin(X[:, 0]) + X[:, 3])
    for feature in (0, 3):
        theirs = sklearn_dependence(other, X, [feature], kind="both", grid_resolution=20)
        values = theirs["grid_values"][0]
        np.testing.assert_allclose(partial_dependence(other.predict, X, feature, grid=20).grid, values, atol=0.02)
        ours = partial_dependence(other.predict, X, feature, grid=values)
        np.testing.assert_allclose(ours.average, theirs["average"][0], rtol=1e-10)
        np.testing.assert_allclose(ours.individual, theirs["individual"][0], rtol=1e-10)


def test_a_model_through_the_adapter_gives_the_same() -> None:
    model = cr.Sequential([cr.Input((4,)), cr.layers.Dense(6, activation="tanh"), cr.layers.Dense(1)])
    theirs = sklearn_dependence(as_estimator(model), X.astype("float32"), [1], kind="average", grid_resolution=7)
    ours = partial_dependence(model, X.astype("float32"), 1, grid=theirs["grid_values"][0])
    np.testing.assert_allclose(ours.average, theirs["average"][0], rtol=1e-5)


def test_columns_that_are_set_together() -> None:
    def both(m: Array) -> Array:
        return np.asarray(m[:, 0] + 10 * m[:, 1] + 100 * m[:, 2])

    grid = np.array([[1.0, 0.0], [0.0, 1.0]])
    curves, output = dependence.dependence(lambda m: both(m)[:, None], X, (0, 1), grid)
    np.testing.assert_allclose(curves, 100 * X[:, 2:3] + [[1.0, 10.0]])
    assert output == 0


def test_output_rows_and_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    softmax = lambda m: np.exp(m[:, :3]) / np.exp(m[:, :3]).sum(axis=1, keepdims=True)  # noqa: E731
    last = partial_dependence(softmax, X, 2)
    assert last.output == 2
    assert (np.diff(last.average) > 0).all()
    first = partial_dependence(softmax, X, 2, output=0, max_rows=50)
    assert first.individual.shape == (50, 100)
    assert (np.diff(first.average) < 0).all()
    monkeypatch.setattr(dependence, "_MOST_CELLS", 1)
    np.testing.assert_array_equal(partial_dependence(softmax, X, 2).individual, last.individual)


def test_as_text_and_as_a_frame() -> None:
    found = partial_dependence(lambda m: m[:, 0] ** 2, X, "speed", grid=[0.0, 2.0], feature_names=["speed", *"bcd"])
    assert str(found) == "speed → mean output of 300 rows: 0: 0, 2: 4"
    assert found.span == 4
    assert found.to_frame("pandas").columns.to_list() == ["speed", "mean", "low", "high"]


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="Unknown feature 'x9'"):
        partial_dependence(np.sum, X, "x9")
    with pytest.raises(DataError, match=r"There is no feature 4; the features are 0 to 3\."):
        partial_dependence(np.sum, X, 4)
    with pytest.raises(DataError, match="at least 2 points"):
        partial_dependence(np.sum, X, 0, grid=1)
    with pytest.raises(DataError, match=r"there is no output 1; the outputs are 0 to 0\."):
        partial_dependence(lambda m: m[:, :1], X, 0, output=1)
    with pytest.raises(ShapeError, match=r"shape \(rows, features\), one row at least, but received \(300,\)"):
        partial_dependence(np.sum, X[:, 0], 0)
