import numpy as np
import pytest
from sklearn import datasets
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.preprocessing import StandardScaler

from chainrule.random import threefry
from chainrule.tabular import baseline, train
from chainrule.tabular.recipe import Fitted, build
from chainrule.tabular.settings import Settings
from chainrule.tabular.split import Split


def parts(n):
    order = threefry.permutation((0, 1), n)
    return Split(order[: n // 2], order[n // 2 : 3 * n // 4], order[3 * n // 4 :])


def test_majority_and_mean():
    assert baseline.majority(np.array([0, 1, 1, 1]), 3, 2).tolist() == [[0.25, 0.75, 0.0]] * 2
    assert baseline.mean(np.array([1.0, 3.0]), 2).tolist() == [2.0, 2.0]


def test_standardising_equals_scikit_learn_and_survives_huge_numbers():
    x = datasets.load_wine().data
    rows = np.arange(0, 178, 2)
    assert baseline.standardised(x, rows) == pytest.approx(StandardScaler().fit(x[rows]).transform(x))
    assert np.isfinite(baseline.standardised(np.array([[1e300], [-1e300], [0.0]]), np.arange(3))).all()


@pytest.mark.parametrize("load", [datasets.load_diabetes, datasets.load_breast_cancer])
def test_ridge_equals_scikit_learn(load):
    data = load()
    x, y = StandardScaler().fit_transform(data.data), data.target.astype(float)
    for penalty, (w, b) in zip((100.0, 1.0, 1e-3), baseline.ridge(x, y, (100.0, 1.0, 1e-3)), strict=True):
        theirs = Ridge(alpha=penalty).fit(x, y)
        assert w == pytest.approx(theirs.coef_, rel=1e-6, abs=1e-6)
        assert b == pytest.approx(theirs.intercept_)


def test_ridge_survives_columns_that_repeat_each_other():
    x = np.repeat(threefry.normal((0, 1), (50, 1), "float64"), 3, axis=1)
    w, b = baseline.ridge(x, 2 * x[:, 0], (1e-3,))[0]
    assert x @ w + b == pytest.approx(2 * x[:, 0], abs=1e-3)


@pytest.mark.parametrize("load", [datasets.load_iris, datasets.load_breast_cancer, datasets.load_wine])
def test_logistic_regression_equals_scikit_learn(load):
    x, y = load(return_X_y=True)
    x = StandardScaler().fit_transform(x)
    penalties = (100.0, 1.0, 0.1)
    for penalty, (w, b) in zip(penalties, baseline.logistic(x, y, y.max() + 1, penalties, 1e-7), strict=True):
        theirs = LogisticRegression(C=1 / penalty, tol=1e-8, max_iter=10_000).fit(x, y)
        logits = x @ w + b
        p = np.exp(logits - logits.max(axis=1, keepdims=True))
        assert p / p.sum(axis=1, keepdims=True) == pytest.approx(theirs.predict_proba(x), abs=1e-4)


def test_the_better_form_and_penalty_are_chosen_on_the_validation_rows():
    x = threefry.normal((0, 3), (300, 4), "float64")
    noise = threefry.normal((0, 4), (300, 4), "float64")
    y = x @ np.array([1.0, -1.0, 0.5, 0.0]) + 0.1 * noise[:, 0]
    split = parts(300)
    assert np.sqrt(((baseline.linear_regression([noise, x], y, split) - y[split.test]) ** 2).mean()) < 0.15
    labels = (y > 0).astype(np.int64)
    found = baseline.logistic_regression([noise, x], labels, split, 2)
    assert found.sum(axis=1) == pytest.approx(1)
    assert (found.argmax(axis=1) == labels[split.test]).mean() > 0.93


def assess(path, target):
    """Scores of the linear model that the whole recipe reports, and the split."""
    prepared = train.prepare(Settings(str(path), target))
    network = build(prepared.matrix.shape[1], prepared.preprocessor.outputs, prepared.settings)
    return train.assess(prepared, Fitted(network, {}, 1, False)).linear, prepared


def test_a_long_tail_with_a_linear_effect_is_seen_as_it_is(write):
    x = np.exp(1.5 * threefry.normal((0, 5), (1000,), "float64"))
    y = 2 * x + threefry.normal((0, 6), (1000,), "float64")
    path = write("x,y\n" + "\n".join(f"{a!r},{b!r}" for a, b in zip(x.tolist(), y.tolist(), strict=True)) + "\n")
    linear, prepared = assess(path, "y")
    fit, test = prepared.split.train, prepared.split.test
    theirs = LinearRegression().fit(x[fit, None], y[fit]).predict(x[test, None])
    assert linear["rmse"]["value"] == pytest.approx(np.sqrt(((theirs - y[test]) ** 2).mean()), rel=0.02)


def test_iris_is_as_good_as_scikit_learn(write):
    x, y = datasets.load_iris(return_X_y=True)
    lines = [",".join([*map(str, cells), f"k{k}"]) for cells, k in zip(x.tolist(), y, strict=True)]
    path = write("a,b,c,d,kind\n" + "\n".join(lines) + "\n")
    linear, prepared = assess(path, "kind")
    fit, test = prepared.split.train, prepared.split.test
    scaler = StandardScaler().fit(x[fit])
    theirs = LogisticRegression().fit(scaler.transform(x[fit]), y[fit]).score(scaler.transform(x[test]), y[test])
    assert linear["accuracy"]["value"] >= theirs
