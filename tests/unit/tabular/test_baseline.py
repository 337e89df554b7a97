import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression, Ridge

from chainrule.random import threefry
from chainrule.tabular import baseline, recipe
from chainrule.tabular.settings import Settings


def test_majority_and_mean():
    assert baseline.majority(np.array([0, 1, 1, 1]), 3, 2).tolist() == [[0.25, 0.75, 0.0]] * 2
    assert baseline.mean(np.array([1.0, 3.0]), 2).tolist() == [2.0, 2.0]


def test_ridge_equals_scikit_learn_at_the_penalty_that_validates_best():
    x = threefry.normal((0, 1), (300, 5))
    y = (x @ np.array([1.0, -2.0, 0.5, 0.0, 3.0]) + 4 + threefry.normal((0, 2), (300,))).astype(np.float32)
    train, validation, test = (slice(0, 150), slice(150, 220), slice(220, 300))
    found = baseline.ridge((x[train], y[train]), (x[validation], y[validation]), x[test])
    candidates = []
    for penalty in (1e-3, 1e-2, 1e-1, 1.0, 10.0, 100.0, 1000.0):
        model = Ridge(alpha=penalty).fit(x[train].astype(float), y[train].astype(float))
        candidates.append((np.mean((model.predict(x[validation]) - y[validation]) ** 2), model.predict(x[test])))
    assert found == pytest.approx(min(candidates, key=lambda c: c[0])[1], rel=1e-5)


def test_ridge_survives_columns_that_repeat_each_other():
    x = np.repeat(threefry.normal((0, 1), (50, 1)), 3, axis=1)
    y = 2 * x[:, 0]
    assert baseline.ridge((x, y), (x, y), x) == pytest.approx(y, abs=1e-3)


def test_logistic_regression_is_near_scikit_learn():
    x = threefry.normal((0, 3), (600, 4))
    y = (x @ np.array([1.0, -1.0, 0.5, 0.0]) + threefry.normal((0, 4), (600,)) > 0).astype(np.int64)
    settings = recipe.resolve(Settings("d", "y"), 400, "binary")
    ours = baseline.logistic((x[:400], y[:400]), (x[400:500], y[400:500]), x[500:], 1, settings)[:, 0]
    theirs = LogisticRegression(C=1e6).fit(x[:400], y[:400]).predict_proba(x[500:])[:, 1]
    assert np.abs(ours - theirs).mean() < 0.05
