"""Counts, rates, AUC and F scores against scikit-learn's."""

import numpy as np
import pytest
from sklearn import metrics as sk

from chainrule import metrics
from chainrule.errors import DataError, ShapeError, UnknownNameError

RNG = np.random.default_rng(5)
LABELS = RNG.integers(0, 2, 400)
SCORES = np.clip(0.35 * LABELS + RNG.random(400) * 0.65, 0, 1).astype(np.float32)
WEIGHTS = RNG.gamma(1.0, size=400)
MANY, MANY_SCORES = RNG.integers(0, 2, (200, 3)), RNG.random((200, 3)).astype(np.float32)


def in_batches(metric, *arrays):
    for part in range(0, len(arrays[0]), 64):
        metric.update_state(*(a[part : part + 64] for a in arrays))
    return metric.result()


@pytest.mark.parametrize("weights", [None, WEIGHTS])
@pytest.mark.parametrize("threshold", [0.2, 0.5, 0.9])
def test_precision_recall_and_counts(threshold, weights):
    predicted = threshold < SCORES
    arrays = (LABELS, SCORES) if weights is None else (LABELS, SCORES, weights)
    precision = in_batches(metrics.Precision(thresholds=threshold), *arrays)
    recall = in_batches(metrics.Recall(thresholds=threshold), *arrays)
    assert precision == pytest.approx(sk.precision_score(LABELS, predicted, sample_weight=weights), rel=1e-12)
    assert recall == pytest.approx(sk.recall_score(LABELS, predicted, sample_weight=weights), rel=1e-12)
    names = ("TrueNegatives", "FalsePositives", "FalseNegatives", "TruePositives")
    ours = [in_batches(getattr(metrics, name)(thresholds=threshold), *arrays) for name in names]
    theirs = sk.confusion_matrix(LABELS, predicted, sample_weight=weights).ravel()
    assert ours == pytest.approx(theirs.tolist(), rel=1e-12)


def test_many_thresholds_equal_one_at_a_time():
    thresholds = [0.9, 0.1, 0.5, 0.33]
    together = in_batches(metrics.Precision(thresholds=thresholds), LABELS, SCORES)
    one_by_one = [in_batches(metrics.Precision(thresholds=t), LABELS, SCORES) for t in thresholds]
    assert together.dtype == np.float32
    assert together == pytest.approx(one_by_one, rel=1e-6)


@pytest.mark.parametrize("weights", [None, WEIGHTS])
def test_roc_area_at_every_score(weights):
    arrays = (LABELS, SCORES) if weights is None else (LABELS, SCORES, weights)
    metric = metrics.AUC(thresholds=sorted(set(SCORES.tolist())))
    expected = sk.roc_auc_score(LABELS, SCORES, sample_weight=weights)
    assert in_batches(metric, *arrays) == pytest.approx(expected, rel=1e-9)


def test_precision_recall_area_is_between_the_rectangles():
    low, middle, high = (
        in_batches(metrics.AUC(2000, "PR", method), LABELS, SCORES)
        for method in ("minoring", "interpolation", "majoring")
    )
    assert low < middle < high
    assert middle == pytest.approx(sk.average_precision_score(LABELS, SCORES), abs=5e-3)


def test_areas_of_labels_are_averaged():
    ours = in_batches(metrics.AUC(5000, multi_label=True), MANY, MANY_SCORES)
    assert ours == pytest.approx(sk.roc_auc_score(MANY, MANY_SCORES, average="macro"), abs=1e-3)


def test_logits_are_squashed():
    logits = np.array([-200.0, -1.0, 1.0, 200.0], np.float32)
    assert metrics.AUC(from_logits=True)([0, 0, 1, 1], logits) == pytest.approx(1.0)


def test_nan_predictions_exceed_no_threshold():
    assert metrics.TruePositives(thresholds=[0.0, 0.4])([1, 1], np.array([np.nan, 0.5])).tolist() == [1.0, 1.0]
    assert metrics.TruePositives(thresholds=[0.0, 0.5, 1.0])([1, 1], np.array([np.nan, 0.6])).tolist() == [
        1.0,
        1.0,
        0.0,
    ]


def test_top_k_keeps_the_first_of_equals():
    precision = metrics.Precision(top_k=2)
    assert precision(np.array([[0, 0, 1, 1]]), np.array([[1.0, 1.0, 1.0, 1.0]])) == 0.0
    assert metrics.Precision(top_k=4)([[0, 0, 1, 1]], [[1.0, 1.0, 1.0, 1.0]]) == 0.5


@pytest.mark.parametrize("average", [None, "micro", "macro", "weighted"])
@pytest.mark.parametrize("weights", [None, WEIGHTS[:200]])
def test_f_scores(average, weights):
    arrays = (MANY, MANY_SCORES) if weights is None else (MANY, MANY_SCORES, weights)
    ours = in_batches(metrics.FBetaScore(average, 2.0, 0.5), *arrays)
    theirs = sk.fbeta_score(MANY, MANY_SCORES > 0.5, beta=2.0, average=average, sample_weight=weights)
    assert ours == pytest.approx(theirs, rel=1e-6)


def test_the_operating_point_is_the_best_allowed():
    y, p = [0, 0, 0, 1, 1], [0, 0.3, 0.8, 0.3, 0.8]
    assert metrics.SensitivityAtSpecificity(0.5)(y, p) == 0.5
    assert metrics.SensitivityAtSpecificity(0.5)(y, p, [1, 1, 2, 2, 1]) == pytest.approx(1 / 3)
    assert metrics.PrecisionAtRecall(1.0)([0, 1], [0.9, 0.1]) == 0.5
    assert metrics.RecallAtPrecision(1.0)([0, 1], [0.9, 0.1]) == 0.0


@pytest.mark.parametrize(
    ("make", "kind", "message"),
    [
        (
            lambda: metrics.Precision(thresholds=[0.5, 1.5]),
            DataError,
            r"thresholds must lie in \[0, 1\], received \[1.5\]",
        ),
        (lambda: metrics.AUC(curve="PRR"), UnknownNameError, "Unknown AUC curve 'PRR'. Did you mean 'PR'"),
        (lambda: metrics.AUC(summation_method="x"), UnknownNameError, "Unknown AUC summation method 'x'. Known:"),
        (lambda: metrics.AUC(num_thresholds=1), DataError, "num_thresholds must be at least 2, received 1"),
        (lambda: metrics.AUC(num_labels=3), DataError, "num_labels needs multi_label=True"),
        (lambda: metrics.F1Score(average="mean"), UnknownNameError, "Unknown average 'mean'"),
        (lambda: metrics.FBetaScore(beta=-1.0), DataError, "FBetaScore: beta must be a float above 0, received -1.0"),
        (lambda: metrics.FBetaScore(threshold=1), DataError, r"threshold must be a float in \(0, 1\], received 1"),
        (
            lambda: metrics.PrecisionAtRecall(1.2),
            DataError,
            r"PrecisionAtRecall: recall must lie in \[0, 1\], received 1.2",
        ),
        (lambda: metrics.RecallAtPrecision(0.5, 0), DataError, "num_thresholds must be at least 1, received 0"),
    ],
)
def test_arguments_out_of_range(make, kind, message):
    with pytest.raises(kind, match=message):
        make()


@pytest.mark.parametrize(
    ("metric", "y_true", "y_pred", "message"),
    [
        (metrics.Recall(name="r"), (4,), (4, 3), r"r: y_true of shape \(4,\) does not fit y_pred of shape \(4, 3\)"),
        (metrics.Precision(class_id=5, name="p"), (4, 3), (4, 3), "p: class_id=5 needs predictions of shape"),
        (metrics.Precision(class_id=0, name="p"), (4,), (4,), "p: class_id=0 needs predictions of shape"),
        (
            metrics.AUC(multi_label=True, name="a"),
            (4,),
            (4,),
            r"a: with multi_label=True expected predictions of shape",
        ),
        (metrics.F1Score(), (4,), (4,), r"F1Score: expected labels and predictions of shape \(batch, classes\)"),
        (metrics.F1Score(), (4, 2), (4, 3), r"f1_score: y_true of shape \(4, 2\) does not fit"),
    ],
)
def test_shapes_that_do_not_fit(metric, y_true, y_pred, message):
    with pytest.raises(ShapeError, match=message):
        metric.update_state(np.zeros(y_true), np.zeros(y_pred))
