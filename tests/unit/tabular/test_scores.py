import numpy as np
import pytest
from sklearn import metrics

from chainrule.tabular.scores import classification_scores, margin, regression_scores

rng = np.random.default_rng(0)


def test_binary_scores_equal_scikit_learn():
    y = rng.integers(0, 2, 200)
    p = np.round(np.clip(rng.normal(0.4 + 0.2 * y, 0.2), 0.1, 0.9), 1)  # rounded, so that there are ties
    both = np.stack([1 - p, p], axis=1)
    scores = classification_scores(y, both)
    assert scores["accuracy"]["value"] == pytest.approx(metrics.accuracy_score(y, both.argmax(axis=1)))
    assert scores["log_loss"]["value"] == pytest.approx(metrics.log_loss(y, both))
    assert scores["roc_auc"]["value"] == pytest.approx(metrics.roc_auc_score(y, p))
    assert scores["macro_f1"]["value"] == pytest.approx(metrics.f1_score(y, both.argmax(axis=1), average="macro"))
    assert scores["accuracy"]["low"] is None


def test_multiclass_scores_equal_scikit_learn():
    y = rng.integers(0, 4, 300)
    p = rng.dirichlet(np.ones(4), 300) + 2 * np.eye(4)[y] * rng.random((300, 1))
    p /= p.sum(axis=1, keepdims=True)
    scores = classification_scores(y, p)
    assert scores["log_loss"]["value"] == pytest.approx(metrics.log_loss(y, p))
    assert scores["macro_f1"]["value"] == pytest.approx(metrics.f1_score(y, p.argmax(axis=1), average="macro"))
    assert "roc_auc" not in scores


def test_regression_scores_equal_scikit_learn():
    y = rng.normal(size=100)
    predicted = y + rng.normal(size=100) * 0.3
    scores = regression_scores(y, predicted)
    assert scores["rmse"]["value"] == pytest.approx(metrics.root_mean_squared_error(y, predicted))
    assert scores["mae"]["value"] == pytest.approx(metrics.mean_absolute_error(y, predicted))
    assert scores["r2"]["value"] == pytest.approx(metrics.r2_score(y, predicted))


def test_the_interval_of_an_accuracy_is_near_the_binomial_one():
    y = np.repeat([0, 1], [300, 100])
    found = classification_scores(y, np.tile([0.9, 0.1], (400, 1)), key=(0, 1))["accuracy"]
    half = 1.96 * np.sqrt(0.75 * 0.25 / 400)
    assert found["value"] == 0.75
    assert found["low"] == pytest.approx(0.75 - half, abs=0.01)
    assert found["high"] == pytest.approx(0.75 + half, abs=0.01)


def test_intervals_repeat_with_the_key_and_contain_the_value():
    y = rng.normal(size=80)
    predicted = y + rng.normal(size=80)
    a, b = regression_scores(y, predicted, key=(0, 1)), regression_scores(y, predicted, key=(0, 1))
    assert a == b != regression_scores(y, predicted, key=(0, 2))
    for score in a.values():
        assert score["low"] < score["value"] < score["high"]


def test_undefined_scores_are_none():
    scores = classification_scores(np.zeros(5, int), np.tile([0.9, 0.1], (5, 1)), key=(0, 1))
    assert scores["roc_auc"] == {"value": None, "low": None, "high": None}
    assert regression_scores(np.ones(3), np.ones(3))["r2"]["value"] is None


def test_the_margin_between_two_models_comes_from_the_same_rows():
    right_a, right_b = rng.random(400) < 0.8, rng.random(400) < 0.75
    right_b[:200] = right_a[:200]  # they agree on half of the rows
    y = np.zeros(400, int)
    a, b = (np.stack([r, ~r], axis=1).astype(float) for r in (right_a, right_b))
    found = margin("accuracy", y, a, b, (0, 1))
    each = right_a.astype(float) - right_b
    half = 1.96 * each.std() / np.sqrt(400)
    assert found["value"] == pytest.approx(each.mean())
    assert found["low"] == pytest.approx(each.mean() - half, abs=0.012)
    assert found["high"] == pytest.approx(each.mean() + half, abs=0.012)


def test_a_margin_is_positive_where_the_network_is_better_also_where_lower_is_better():
    y = rng.normal(size=60)
    found = margin("rmse", y, y + 0.1, y + 0.3, (0, 1))
    assert found["value"] == pytest.approx(0.2)
    assert margin("rmse", y, y + 0.3, y + 0.1, (0, 1))["value"] == pytest.approx(-0.2)
