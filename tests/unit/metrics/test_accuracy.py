import numpy as np
import pytest

from chainrule import metrics
from chainrule.errors import DataError, ShapeError

SCORES = np.array([[0.1, 0.6, 0.3], [0.2, 0.5, 0.3], [0.7, 0.2, 0.1]], np.float32)


@pytest.mark.parametrize("dtype", [np.int8, np.int64, np.uint8, np.float32])
def test_labels_of_any_type(dtype):
    labels = np.array([1, 2, 0], dtype)
    assert metrics.SparseCategoricalAccuracy()(labels, SCORES) == pytest.approx(2 / 3)
    assert metrics.SparseCategoricalAccuracy()(labels[:, None], SCORES) == pytest.approx(2 / 3)


@pytest.mark.parametrize("label", [-1, 3, 3.0, -1.0, np.nan])
@pytest.mark.parametrize("metric", [metrics.SparseCategoricalAccuracy, metrics.SparseTopKCategoricalAccuracy])
def test_a_label_outside_the_classes_is_named(metric, label):
    m = metric()
    where = m.name
    with pytest.raises(DataError) as error:
        m.update_state(np.array([1, label, 0]), SCORES)
    assert str(error.value) == (
        f"{where}: label {label!r} at position 1 is none of the classes 0 to 2, as y_pred has 3 columns. "
        "Number the classes from 0; give rows without a class the sample_weight 0."
    )


@pytest.mark.parametrize("metric", [metrics.SparseCategoricalAccuracy, metrics.SparseTopKCategoricalAccuracy])
def test_rows_of_weight_zero_need_no_class(metric):
    weights = np.array([1.0, 0.0, 1.0])
    assert metric()(np.array([1, -1, 0]), SCORES, sample_weight=weights) == 1.0
    assert metric()(np.array([[1], [-1], [0]]), SCORES, sample_weight=weights) == 1.0


def test_one_hot_targets_for_the_sparse_metric_are_recognized():
    with pytest.raises(ShapeError) as error:
        metrics.SparseCategoricalAccuracy().update_state(np.eye(3), SCORES)
    assert str(error.value) == (
        "sparse_categorical_accuracy: y_true of shape (3, 3) does not fit y_pred of shape (3, 3). "
        "Expected one class number per row of scores; for one-hot targets use the metric without 'sparse'."
    )


@pytest.mark.parametrize(
    ("metric", "y_true", "y_pred"),
    [
        (metrics.BinaryAccuracy(), (4, 1), (3, 1)),
        (metrics.BinaryAccuracy(), (3,), (3, 2)),
        (metrics.Accuracy(), (4, 2), (3, 2)),
        (metrics.CategoricalAccuracy(), (3, 4), (3, 5)),
        (metrics.CategoricalAccuracy(), (3,), (3, 5)),
        (metrics.TopKCategoricalAccuracy(), (3, 4), (3, 5)),
        (metrics.SparseCategoricalAccuracy(), (4,), (3, 5)),
        (metrics.SparseCategoricalAccuracy(), (3,), ()),
    ],
)
def test_shapes_that_do_not_fit_are_both_named(metric, y_true, y_pred):
    with pytest.raises(ShapeError) as error:
        metric.update_state(np.zeros(y_true), np.zeros(y_pred))
    assert f"y_true of shape {y_true} does not fit y_pred of shape {y_pred}" in str(error.value)


def test_the_threshold_itself_is_not_above():
    assert metrics.binary_accuracy([0, 1, 1], [0.5, 0.5, 0.51]).tolist() == [1.0, 0.0, 1.0]


def test_nan_scores_are_never_among_the_best():
    scores = np.array([[np.nan, 0.2, 0.8]], np.float32)
    assert metrics.SparseTopKCategoricalAccuracy(k=2)(np.array([0]), scores) == 0.0


def test_targets_with_an_axis_more_are_squeezed_as_in_keras():
    one_hot = np.eye(3)[[1, 2, 0]][:, None, :]
    assert metrics.CategoricalAccuracy()(one_hot, SCORES) == pytest.approx(2 / 3)
