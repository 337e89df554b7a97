"""Permutation importance, against scikit-learn's and against what can be worked out by hand."""

import numpy as np
import pytest
from sklearn.inspection import permutation_importance as sklearn_importance
from sklearn.linear_model import LinearRegression

import chainrule as cr
from chainrule._typing import Array
from chainrule.errors import DataError, ShapeError, UnknownNameError
from chainrule.inspect import permutation_importance

RNG = np.random.default_rng(3)
X = RNG.normal(size=(400, 4))
Y = X @ [3.0, 0.0, -1.0, 0.5] + 0.1 * RNG.normal(size=400)


def linear(x: Array) -> Array:
    return np.asarray(x @ np.array([3.0, 0.0, -1.0, 0.5]))


def test_the_drop_of_a_linear_function_is_the_one_of_the_formula() -> None:
    """Shuffling column j adds 2 w_j^2 var(x_j) to the squared error, on average."""
    found = permutation_importance(linear, X, Y, score=lambda y, p: -np.mean((y - p[:, 0]) ** 2), repeats=60)
    expected = 2 * np.array([3.0, 0.0, -1.0, 0.5]) ** 2 * X.var(axis=0)
    np.testing.assert_allclose(found.mean, expected, rtol=0.06, atol=1e-12)
    assert found.drops.shape == (4, 60)
    assert found.mean[1] == 0
    assert list(found.order) == [0, 2, 3, 1]


def test_mean_and_deviation_agree_with_scikit_learn() -> None:
    fitted = LinearRegression().fit(X, Y)
    theirs = sklearn_importance(fitted, X, Y, n_repeats=200, random_state=0)
    ours = permutation_importance(fitted.predict, X, Y, repeats=200)
    np.testing.assert_allclose(ours.mean, theirs.importances_mean, rtol=0.02, atol=1e-3)
    np.testing.assert_allclose(ours.std, theirs.importances_std, rtol=0.25, atol=1e-3)
    assert ours.before == pytest.approx(fitted.score(X, Y), rel=1e-12)


def test_the_columns_of_a_group_are_shuffled_together() -> None:
    """Of two columns that always sum to 0, shuffling both keeps the sum; shuffling one does not."""
    x = np.stack([X[:, 0], -X[:, 0]], axis=1)
    total = lambda m: m.sum(axis=1) + 1  # noqa: E731
    y = np.ones(len(x)) + RNG.normal(size=len(x))
    together = permutation_importance(total, x, y, score="rmse", groups={"pair": (0, 1)})
    apart = permutation_importance(total, x, y, score="rmse")
    assert together.names == ("pair",)
    np.testing.assert_allclose(together.drops, 0, atol=1e-12)
    assert (apart.mean > 0.3).all()


@pytest.mark.parametrize("score", ["accuracy", "log_loss", "roc_auc"])
def test_a_lower_log_loss_and_a_higher_accuracy_are_both_better(score: str) -> None:
    p = lambda m: 1 / (1 + np.exp(-4 * m[:, 0]))  # noqa: E731
    y = (X[:, 0] > 0).astype(int)
    found = permutation_importance(p, X, y, score=score)
    assert found.mean[0] > 0.3
    assert (found.mean[1:] == 0).all()


def test_a_model_chooses_its_score_by_its_loss() -> None:
    model = cr.Sequential([cr.Input((4,)), cr.layers.Dense(3, activation="softmax")])
    model.compile(loss="sparse_categorical_crossentropy")
    y = RNG.integers(0, 3, 400)
    assert permutation_importance(model, X, y, repeats=1).score == "accuracy"
    one_hot = permutation_importance(model, X, np.eye(3)[y], repeats=2)
    np.testing.assert_array_equal(one_hot.drops, permutation_importance(model, X, y, repeats=2).drops)
    model = cr.Sequential([cr.Input((4,)), cr.layers.Dense(1)])
    model.compile(loss="mse")
    assert permutation_importance(model, X, Y, repeats=1).score == "r2"


def test_the_same_seed_gives_the_same_numbers_however_many_rows_fit_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    from chainrule.inspect import importance

    whole = permutation_importance(linear, X, Y, seed=1)
    monkeypatch.setattr(importance, "_MOST_CELLS", 1)
    np.testing.assert_array_equal(permutation_importance(linear, X, Y, seed=1).drops, whole.drops)
    assert (permutation_importance(linear, X, Y, seed=2).drops != whole.drops).any()


def test_as_text_and_as_a_frame() -> None:
    found = permutation_importance(linear, X, Y, feature_names=["a", "b", "c", "d"], max_rows=100)
    assert found.rows == 100
    lines = str(found).splitlines()
    assert lines[0].endswith("on 100 rows; with a feature shuffled it falls by")
    assert lines[1].startswith("  a  ")
    frame = found.to_frame("pandas")
    assert list(frame["feature"]) == ["a", "c", "d", "b"]
    assert frame["mean"][0] == found.mean[0]


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ShapeError, match=r"expected 4 feature names, one per column of x, but received 1\."):
        permutation_importance(linear, X, Y, feature_names=["a"])
    with pytest.raises(ShapeError, match=r"one target for each of the 400 rows, but received y of shape \(3,\)"):
        permutation_importance(linear, X, Y[:3])
    with pytest.raises(UnknownNameError, match=r"Unknown score 'acuracy'\. Did you mean 'accuracy'\?"):
        permutation_importance(linear, X, Y, score="acuracy")
    with pytest.raises(DataError, match="repeats must be at least 1"):
        permutation_importance(linear, X, Y, repeats=0)
    with pytest.raises(ShapeError, match="but received 2 arrays"):
        permutation_importance(linear, [X, X], Y)
    with pytest.raises(TypeError, match="a model or a function"):
        permutation_importance("model.keras", X, Y)
