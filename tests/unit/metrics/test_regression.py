import numpy as np
import pytest
from scipy import stats
from sklearn import metrics as sk

from chainrule import metrics
from chainrule.errors import ShapeError, UnknownNameError

RNG = np.random.default_rng(3)
Y, P, W = RNG.normal(size=(50, 2)), RNG.normal(size=(50, 2)), RNG.gamma(1.0, size=50)


@pytest.mark.parametrize("weights", [None, W])
@pytest.mark.parametrize(
    ("ours", "theirs"), [("uniform_average", "uniform_average"), ("variance_weighted_average", "variance_weighted")]
)
def test_r2_is_scikit_learns(ours, theirs, weights):
    metric = metrics.R2Score(class_aggregation=ours)
    for half in (slice(0, 20), slice(20, 50)):
        metric.update_state(Y[half], P[half], None if weights is None else weights[half])
    assert metric.result() == pytest.approx(sk.r2_score(Y, P, multioutput=theirs, sample_weight=weights), rel=1e-9)


def test_adjusted_r2():
    plain, adjusted = (metrics.R2Score(num_regressors=p)(Y[:, :1], P[:, :1]) for p in (0, 3))
    assert adjusted == pytest.approx(1 - (1 - plain) * 49 / 46)


def test_adjusted_r2_of_too_few_samples_is_the_plain_one_with_a_warning():
    metric = metrics.R2Score(num_regressors=2)
    metric.update_state([[1.0], [2.0], [4.0]], [[1.0], [2.0], [3.0]])
    with pytest.warns(UserWarning, match="needs more than num_regressors \\+ 1 = 3 samples, has 3"):
        assert metric.result() == pytest.approx(1 - 1 / (14 / 3))


def test_r2_of_constant_targets_is_zero():
    assert metrics.R2Score()([[1.0], [1.0]], [[1.0], [2.0]]) == 0.0


def test_r2_wants_two_axes_and_a_known_average():
    with pytest.raises(ShapeError, match=r"R2Score: expected targets and predictions of shape \(batch, outputs\)"):
        metrics.R2Score().update_state(np.zeros(3), np.zeros(3))
    with pytest.raises(UnknownNameError, match="class_aggregation must be"):
        metrics.R2Score(class_aggregation="mean")
    with pytest.raises(ValueError, match="num_regressors must be at least 0, received -1"):
        metrics.R2Score(num_regressors=-1)


@pytest.mark.parametrize("name", ["MeanSquaredError", "MeanAbsoluteError", "RootMeanSquaredError"])
def test_errors_do_not_broadcast_rows_against_columns(name):
    metric = getattr(metrics, name)()
    with pytest.raises(
        ShapeError, match=rf"{metric.name}: y_true of shape \(3,\) does not fit y_pred of shape \(3, 3\)"
    ):
        metric.update_state(np.zeros(3), np.zeros((3, 3)))


def test_pearson_is_scipys():
    assert metrics.PearsonCorrelation(axis=0)(Y[:, 0], P[:, 0]) == pytest.approx(stats.pearsonr(Y[:, 0], P[:, 0])[0])


def test_concordance_falls_behind_correlation_where_predictions_are_shifted():
    y = np.array([0.0, 1.0, 2.0])
    assert metrics.PearsonCorrelation(axis=0)(y, y + 1) == pytest.approx(1.0)
    assert metrics.ConcordanceCorrelation(axis=0)(y, y + 1) == pytest.approx(
        4 / 7, rel=1e-6
    )  # 2 v / (v + v + 1), v = 2/3


def test_intersection_over_union_is_scikit_learns_jaccard():
    true, predicted = RNG.integers(0, 3, 100), RNG.integers(0, 3, 100)
    expected = sk.jaccard_score(true, predicted, average="macro")
    assert metrics.MeanIoU(3)(true, predicted) == pytest.approx(expected, rel=1e-6)


def test_float_weights_of_whole_counts_are_warned_of():
    with pytest.warns(UserWarning, match="float weights are cut to whole numbers; construct the metric with dtype"):
        metrics.MeanIoU(2, name="iou").update_state([0, 1], [0, 1], sample_weight=np.array([0.5, 1.5]))


def test_intersection_over_union_checks_classes_and_shapes():
    with pytest.raises(ValueError, match="IoU: target class 3 is not below num_classes=3"):
        metrics.IoU(3, [3])
    with pytest.raises(ShapeError, match=r"y_true of shape \(2,\) does not fit y_pred of shape \(3,\)"):
        metrics.MeanIoU(3).update_state(np.zeros(2), np.zeros(3))


def test_iou_takes_one_weight_per_row():
    true, scores = (
        np.array([[0, 1], [1, 0], [1, 1], [0, 0]]),
        np.array([[0.2, 0.7], [0.7, 0.1], [0.4, 0.9], [0.9, 0.6]]),
    )
    weights = np.array([0.5, 2.0, 1.0, 1.5])
    of_each = np.repeat(weights, 2)
    expected = sk.jaccard_score(true.ravel(), scores.ravel() >= 0.5, average="macro", sample_weight=of_each)
    for given in (weights, weights[:, None], np.broadcast_to(weights[:, None], (4, 2)), of_each):
        found = metrics.BinaryIoU(dtype="float32")(true, scores, sample_weight=given)
        assert found == pytest.approx(expected, rel=1e-6)
    with pytest.raises(ShapeError, match="sample_weight"):
        metrics.BinaryIoU(dtype="float32")(true, scores, sample_weight=np.ones(3))
