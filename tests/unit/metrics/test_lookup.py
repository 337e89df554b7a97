import numpy as np
import pytest

from chainrule import losses, metrics
from chainrule.errors import UnknownNameError
from chainrule.metrics.lookup import choose_by_shape, make_metric

Y, P = np.array([[0.0], [1.0]]), np.array([[0.25], [0.25]], np.float32)


@pytest.mark.parametrize(
    ("string", "cls"),
    [
        ("acc", "Accuracy"),
        ("mae", "MeanAbsoluteError"),
        ("MSE", "MeanSquaredError"),
        ("rmse", "RootMeanSquaredError"),
        ("kld", "KLDivergence"),
        ("mean_absolute_error", "MeanAbsoluteError"),
        ("MeanAbsoluteError", "MeanAbsoluteError"),
        ("auc", "AUC"),
        ("io_u", "IoU"),
        ("f1_score", "F1Score"),
        ("binary_accuracy", "BinaryAccuracy"),
        ("kl_divergence", "KLDivergence"),
        ("logcosh", "LogCoshError"),
        ("cosine_similarity", "CosineSimilarity"),
    ],
)
def test_strings(string, cls):
    known = getattr(metrics, cls)
    if cls == "IoU":
        with pytest.raises(TypeError):  # it needs to know the classes, as in Keras
            metrics.get(string)
    else:
        assert type(metrics.get(string)) is known


def test_other_identifiers():
    mean = metrics.Mean()
    assert metrics.get(mean) is mean
    assert metrics.get(None) is None
    assert isinstance(metrics.get(metrics.AUC), metrics.AUC)
    assert metrics.get(metrics.binary_accuracy) is metrics.binary_accuracy
    assert metrics.get("huber") is losses.huber
    assert isinstance(metrics.get(losses.MeanSquaredError), losses.MeanSquaredError)
    assert metrics.get({"class_name": "Precision", "config": {"thresholds": 0.3}}).thresholds == [0.3]


@pytest.mark.parametrize(
    ("wrong", "near"), [("acuracy", "'accuracy'"), ("mean_square_error", "'mean_squared_error'"), ("Acu", "'AUC'")]
)
def test_unknown_names_have_neighbours(wrong, near):
    with pytest.raises(UnknownNameError, match=f"Unknown metric '{wrong}'.*{near}"):
        metrics.get(wrong)


def test_older_attribute_names():
    assert metrics.mse is metrics.MSE is losses.mean_squared_error
    assert metrics.mae is metrics.MAE is metrics.mean_absolute_error
    assert metrics.cosine_similarity(np.ones((1, 2)), np.ones((1, 2))) == pytest.approx(1.0)
    with pytest.raises(AttributeError, match="has no attribute 'Mse'"):
        metrics.Mse  # noqa: B018


@pytest.mark.parametrize(
    ("y_true", "y_pred", "kind"),
    [
        ((8,), (8, 1), 0),
        ((8, 1), (8, 1), 0),
        ((8,), (8, 3), 1),
        ((8, 1), (8, 3), 1),
        ((8, 3), (8, 3), 2),
        ((8, 2), (8, 4, 1), 0),
        ((8, 4), (8, 4, 3), 1),
        ((8,), (8,), 2),
    ],
)
def test_the_shape_rule(y_true, y_pred, kind):
    y, p = np.zeros(y_true), np.zeros(y_pred)
    assert choose_by_shape(y, p) == kind
    accuracy = make_metric("Acc", y, p)
    crossentropy = make_metric("ce", y, p)
    assert type(accuracy).__name__ == ("BinaryAccuracy", "SparseCategoricalAccuracy", "CategoricalAccuracy")[kind]
    expected = ("BinaryCrossentropy", "SparseCategoricalCrossentropy", "CategoricalCrossentropy")[kind]
    assert type(crossentropy).__name__ == expected
    assert (accuracy.name, crossentropy.name) == ("Acc", "ce")
    assert make_metric("crossentropy", y, p).name == "crossentropy"


def test_names_of_functions_and_objects():
    class Half:
        def __call__(self, y_true, y_pred):
            return 0.5 * (y_pred - y_true)

    def myMetric(y_true, y_pred):
        return y_pred - y_true

    assert make_metric(lambda y, p: p, Y, P).name == "lambda"
    assert make_metric(myMetric, Y, P).name == "my_metric"
    assert make_metric(Half(), Y, P).name == "half"
    assert make_metric(losses.MeanSquaredError(name="squares"), Y, P).name == "squares"
    assert make_metric(metrics.Precision(name="p"), Y, P).name == "p"
    assert make_metric("MSE", Y, P).name == "MSE"
