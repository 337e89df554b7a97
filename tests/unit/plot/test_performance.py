"""Confusion matrix, ROC, precision and recall, calibration, residuals: numbers as scikit-learn's, and the pictures."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import DataError, ShapeError, UnknownNameError
from chainrule.plot import numbers

metrics = pytest.importorskip("sklearn.metrics")


def scored(rng: np.random.Generator, n: int, rounding: int | None) -> tuple[np.ndarray, np.ndarray]:
    y = rng.integers(0, 2, n)
    s = np.clip(0.3 * y + rng.uniform(0, 0.7, n), 0, 1)
    return y, s if rounding is None else np.round(s, rounding)


@pytest.mark.parametrize("rounding", [None, 2, 1])
@pytest.mark.parametrize("n", [5, 200, 3000])
def test_roc_is_that_of_scikit_learn(rng: np.random.Generator, n: int, rounding: int | None) -> None:
    y, s = scored(rng, n, rounding)
    found = numbers.roc(y, s)
    fpr, tpr, thresholds = metrics.roc_curve(y, s)
    np.testing.assert_allclose(found.false_positive_rate, fpr, atol=1e-15)
    np.testing.assert_allclose(found.true_positive_rate, tpr, atol=1e-15)
    np.testing.assert_array_equal(found.thresholds, thresholds)
    assert found.area == pytest.approx(metrics.roc_auc_score(y, s), abs=1e-14)


@pytest.mark.parametrize("rounding", [None, 2, 1])
@pytest.mark.parametrize("n", [5, 200, 3000])
def test_precision_and_recall_are_those_of_scikit_learn(rng: np.random.Generator, n: int, rounding: int | None) -> None:
    y, s = scored(rng, n, rounding)
    found = numbers.precision_recall(y, s)
    precision, recall, thresholds = metrics.precision_recall_curve(y, s)
    np.testing.assert_allclose(found.precision, precision, atol=1e-15)
    np.testing.assert_allclose(found.recall, recall, atol=1e-15)
    np.testing.assert_array_equal(found.thresholds, thresholds)
    assert found.average == pytest.approx(metrics.average_precision_score(y, s), abs=1e-14)


@pytest.mark.parametrize("strategy", ["uniform", "quantile"])
@pytest.mark.parametrize("bins", [2, 10, 17])
def test_calibration_is_that_of_scikit_learn(rng: np.random.Generator, bins: int, strategy: str) -> None:
    from sklearn.calibration import calibration_curve

    y, p = scored(rng, 1000, 3)
    found = numbers.calibration(y, p, bins=bins, strategy=strategy)
    observed, predicted = calibration_curve(y, p, n_bins=bins, strategy=strategy)
    np.testing.assert_allclose(found.observed, observed, atol=1e-14)
    np.testing.assert_allclose(found.predicted, predicted, atol=1e-14)
    assert found.brier == pytest.approx(metrics.brier_score_loss(y, p), abs=1e-14)
    assert found.counts.sum() == 1000


def test_calibration_error_by_hand() -> None:
    found = numbers.calibration([1, 1, 0, 0], [0.9, 0.7, 0.9, 0.1], bins=2)
    # Upper bin: (0.9 + 0.7 + 0.9) / 3 against 2 / 3, three rows; lower bin: 0.1 against 0, one row.
    assert found.ece == pytest.approx(0.75 * (2.5 / 3 - 2 / 3) + 0.25 * 0.1)


def test_intervals_of_calibration_are_those_of_wilson(rng: np.random.Generator) -> None:
    from scipy.stats import binomtest

    y, p = scored(rng, 60, None)
    found = numbers.calibration(y, p, bins=5)
    for observed, n, low, high in zip(found.observed, found.counts, found.low, found.high, strict=True):
        expected = binomtest(round(observed * n), int(n)).proportion_ci(method="wilson")
        assert (low, high) == pytest.approx((expected.low, expected.high), abs=1e-6)


def test_calibration_of_many_classes_is_that_of_the_predicted_one(rng: np.random.Generator) -> None:
    p = rng.dirichlet(np.ones(4), 500)
    y = np.array([rng.choice(4, p=row) for row in p])
    found = numbers.calibration(y, p)
    assert found.of == "the predicted class"
    assert np.average(found.observed, weights=found.counts) == pytest.approx((p.argmax(1) == y).mean())
    assert found.brier == pytest.approx(((p - np.eye(4)[y]) ** 2).sum(1).mean())
    assert found.ece < 0.1


def test_confusion_is_that_of_scikit_learn(rng: np.random.Generator) -> None:
    p = rng.dirichlet(np.ones(5), 300)
    y = rng.integers(0, 5, 300)
    found = numbers.confusion(y, p)
    np.testing.assert_array_equal(found.counts, metrics.confusion_matrix(y, p.argmax(1)))
    np.testing.assert_allclose(found.shares, metrics.confusion_matrix(y, p.argmax(1), normalize="true"))
    np.testing.assert_allclose(found.recall, metrics.recall_score(y, p.argmax(1), average=None))
    np.testing.assert_allclose(found.precision, metrics.precision_score(y, p.argmax(1), average=None))
    assert found.accuracy == metrics.accuracy_score(y, p.argmax(1))


def test_confusion_with_a_threshold() -> None:
    assert numbers.confusion([0, 1], [0.3, 0.4], threshold=0.35).counts.tolist() == [[1, 0], [0, 1]]


def test_a_class_that_does_not_occur() -> None:
    found = numbers.confusion([0, 0], np.array([[0.9, 0.1, 0.0], [0.8, 0.1, 0.1]]))
    assert found.shares.tolist()[1] == [0, 0, 0]
    assert np.isnan(found.recall[1:]).all()


def test_residuals_are_those_of_scikit_learn(rng: np.random.Generator) -> None:
    y, p = rng.normal(size=(2, 100))
    found = numbers.residuals(y, p[:, None])
    assert found.rmse == pytest.approx(metrics.root_mean_squared_error(y, p))
    assert found.mae == pytest.approx(metrics.mean_absolute_error(y, p))
    assert found.r2 == pytest.approx(metrics.r2_score(y, p))
    np.testing.assert_array_equal(found.residuals, y - p)
    at, mean, _ = found.by_prediction(4)
    assert np.average(at) == pytest.approx(p.mean())
    assert np.average(mean) == pytest.approx(found.bias)


def test_what_cannot_be_is_said() -> None:
    with pytest.raises(DataError, match="all 3 rows are positive"):
        numbers.roc([1, 1, 1], [0.1, 0.2, 0.3])
    with pytest.raises(DataError, match="not finite"):
        numbers.precision_recall([0, 1], [np.nan, 0.2])
    with pytest.raises(ShapeError, match=r"received \(2,\) and \(3,\)"):
        numbers.roc([0, 1], [0.1, 0.2, 0.3])
    with pytest.raises(DataError, match=r"expected probabilities, but the outputs range from -1.5 to 3"):
        numbers.calibration([0, 1], [-1.5, 3.0])
    with pytest.raises(UnknownNameError, match="Unknown strategy 'quantiles'"):
        numbers.calibration([0, 1], [0.1, 0.3], strategy="quantiles")
    with pytest.raises(DataError, match="all rows are of one class"):
        cr.plot.roc([1, 1], [0.1, 0.2])


# -- pictures ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("k", [2, 5, 30])
def test_picture_of_a_confusion_matrix(rng: np.random.Generator, k: int, theme: str) -> None:
    p = rng.dirichlet(np.ones(k), 300)
    y = rng.integers(0, k, 300)
    shown = numbers.confusion(y, p)
    ax: Any = cr.plot.confusion(y, p, theme=theme)
    texts = [t.get_text() for t in ax.texts]
    if k == 2:
        assert texts == [
            f"{c}\n{100 * s:.0f} %" for c, s in zip(shown.counts.ravel(), shown.shares.ravel(), strict=True)
        ]
    assert len(texts) == {2: 4, 5: np.count_nonzero(shown.counts), 30: 0}[k]
    assert f"{100 * shown.accuracy:.1f} %" in cr.plot.description(ax)
    ax.figure.draw_without_rendering()


def test_letters_in_the_cells_can_be_read() -> None:
    from matplotlib.colors import to_hex

    from chainrule.plot.colours import THEMES, contrast, mix

    y, p = np.repeat([0, 1], 50), np.r_[np.zeros(40), np.ones(10), np.zeros(3), np.ones(47)]
    for name, theme in THEMES.items():
        ax: Any = cr.plot.confusion(y, p, theme=name)
        shades = ax.collections[0].get_facecolors()
        np.testing.assert_allclose(shades[:, 3], 0.6 * numbers.confusion(y, p).shares.ravel())
        for shade, text in zip(shades, ax.texts, strict=True):
            cell = mix(to_hex(shade[:3]), theme.background, shade[3])
            assert contrast(to_hex(text.get_color()), cell) > 4.5


def test_curves_are_drawn_as_computed(rng: np.random.Generator) -> None:
    y, s = scored(rng, 100, None)
    ax: Any = cr.plot.roc(y, s)
    np.testing.assert_array_equal(ax.lines[1].get_ydata(), numbers.roc(y, s).true_positive_rate)
    ax = cr.plot.precision_recall(y, s)
    np.testing.assert_array_equal(ax.lines[1].get_ydata(), numbers.precision_recall(y, s).precision)
    for picture, numbers_of in ((cr.plot.roc, numbers.roc), (cr.plot.precision_recall, numbers.precision_recall)):
        assert picture(numbers_of(y, s)).get_title(loc="right") == picture(y, s).get_title(loc="right")


def test_the_area_under_the_steps_is_the_average_precision(rng: np.random.Generator) -> None:
    y, s = scored(rng, 100, 1)
    line: Any = cr.plot.precision_recall(y, s).lines[1]
    assert line.get_drawstyle() == "steps-post"  # from each recall on the way down to the next
    recall, precision = line.get_xdata(), line.get_ydata()
    area = np.sum(-np.diff(recall) * precision[:-1])
    assert area == pytest.approx(numbers.precision_recall(y, s).average)


def test_each_class_has_its_curve(rng: np.random.Generator) -> None:
    p = rng.dirichlet(np.ones(20), 400)
    y = rng.integers(0, 19, 400)
    ax: Any = cr.plot.roc(y, p)
    assert len(ax.lines) == 1 + 19  # the diagonal, and the classes that occur
    assert ax.get_legend().get_texts()[0].get_text() == f"0: {metrics.roc_auc_score(y == 0, p[:, 0]):.3f}"
    assert len({(line.get_color(), line.get_linestyle()) for line in ax.lines[1:9]}) == 8


def test_picture_of_calibration(rng: np.random.Generator) -> None:
    y, p = scored(rng, 500, None)
    shown = numbers.calibration(y, p)
    ax: Any = cr.plot.calibration(shown)
    np.testing.assert_array_equal(ax.lines[1].get_ydata(), shown.observed)
    assert f"{shown.ece:.3g}" in cr.plot.description(ax)


def test_pictures_of_residuals(rng: np.random.Generator) -> None:
    y = rng.normal(size=5000)
    p = y + rng.normal(size=5000)
    ax: Any = cr.plot.residuals(y, p)
    points = ax.collections[0].get_offsets()
    assert len(points) == 2000
    assert set(np.round(points[:, 1], 9)) <= set(np.round(y - p, 9))
    ax = cr.plot.predictions(y[:30], p[:30])
    np.testing.assert_allclose(ax.collections[0].get_offsets(), np.stack([y, p], 1)[:30])
    assert ax.get_xlim() == ax.get_ylim()


@pytest.mark.parametrize("name", ["confusion", "roc", "precision_recall", "calibration", "predictions", "residuals"])
def test_pictures_take_a_model(name: str, rng: np.random.Generator) -> None:
    model = cr.Sequential([cr.Input((3,)), cr.layers.Dense(1, activation="sigmoid")])
    x: Any = rng.normal(size=(60, 3)).astype(np.float32)
    y = (x[:, 0] > 0).astype(int)
    from_model = getattr(cr.plot, name)(model, x, y)
    from_outputs = getattr(cr.plot, name)(y, model.predict(x, verbose=0))
    assert cr.plot.description(from_model) == cr.plot.description(from_outputs)
