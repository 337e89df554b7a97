"""Names, order and weights of compiled metrics. The names were read off Keras 3.15.1."""

import numpy as np
import pytest

from chainrule import losses, metrics
from chainrule.errors import DataError, UnknownNameError
from chainrule.metrics import CompileMetrics
from chainrule.utils.naming import reset_names

Y, P, W = np.array([[0.0], [1.0]]), np.array([[0.25], [0.25]], np.float32), np.array([3.0, 1.0])


def mean_error(y_true, y_pred):
    return np.mean(y_pred - y_true, axis=-1)


def test_one_output():
    reset_names()
    compiled = CompileMetrics(
        [
            lambda y, p: np.mean(y - p, -1),
            mean_error,
            metrics.MeanSquaredError(),
            losses.MeanSquaredError(),
            metrics.AUC,
            metrics.AUC(),
            metrics.AUC(),
            metrics.binary_accuracy,
            losses.mean_squared_error,
        ],
        [mean_error],
    )
    compiled.update_state(Y, P, W)
    assert list(compiled.result()) == [
        "lambda",
        "mean_error",
        "mean_squared_error",
        "mean_squared_error_1",
        "auc_2",
        "auc",
        "auc_1",
        "binary_accuracy",
        "mean_squared_error_2",
        "weighted_mean_error",
    ]
    assert compiled.result()["mean_error"] == -0.25
    assert compiled.result()["weighted_mean_error"] == (3 * 0.25 - 0.75) / 4


def test_nothing_before_the_first_batch():
    compiled = CompileMetrics(["mae"], None)
    assert compiled.metrics == compiled.variables == []
    compiled.reset_state()
    with pytest.raises(DataError, match="there is no result before the first batch"):
        compiled.result()


def test_no_metrics_at_all():
    compiled = CompileMetrics(None, [])
    compiled.update_state(Y, P, W)
    assert compiled.result() == {}


def test_reset_forgets():
    compiled = CompileMetrics(["mae"], ["mae"])
    compiled.update_state(Y, P, W)
    compiled.reset_state()
    assert compiled.result() == {"mae": 0.0, "weighted_mae": 0.0}
    assert compiled.name == "compile_metrics"


def test_weights_reach_weighted_metrics_only():
    compiled = CompileMetrics(["mse"], ["mse", "mae"])
    compiled.update_state(Y, P, W)
    expected = {"mse": (0.0625 + 0.5625) / 2, "weighted_mse": (3 * 0.0625 + 0.5625) / 4, "mae": (3 * 0.25 + 0.75) / 4}
    assert compiled.result() == pytest.approx(expected)


def test_a_metric_without_sample_weight_is_welcome():
    class Rows(metrics.Metric):
        def __init__(self):
            super().__init__(name="rows")
            self.rows = self.add_variable((), "zeros")

        def update_state(self, y_true, y_pred):
            self.rows.assign_add(len(y_pred))

        def result(self):
            return self.rows.value

    compiled = CompileMetrics([Rows()], None)
    compiled.update_state(Y, P, W)
    compiled.update_state(Y, P)
    assert compiled.result() == {"rows": 4.0}


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (None, ["mae", "mae_1", "mse", "acc", "weighted_mae", "weighted_mae_1", "weighted_mse"]),
        (
            ["o1", "o2", "o3"],
            ["o1_mae", "o2_mae", "o2_mse", "o3_acc", "o1_weighted_mae", "o2_weighted_mae", "o2_weighted_mse"],
        ),
    ],
)
def test_deeply_nested_outputs(names, expected):
    compiled = CompileMetrics(
        {"x": ["mae"], "y": {"z": "acc", "a": ["mae", "mse"]}},
        {"x": ["mae"], "y": {"z": None, "a": ["mae", "mse"]}},
        output_names=names,
    )
    compiled.update_state({"x": Y, "y": {"z": Y, "a": Y}}, {"x": P, "y": {"z": P, "a": P}}, W)
    assert list(compiled.result()) == expected


def test_nested_lists():
    compiled = CompileMetrics([["mae"], ["acc", ["mse"]]], None, output_names=["o1", "o2", "o3"])
    compiled.update_state([Y, [Y, Y]], [P, [P, P]])
    assert list(compiled.result()) == ["o1_mae", "o2_acc", "o3_mse"]


@pytest.mark.parametrize("metrics_argument", [["mae"], {"nope": "mae"}, ["mae", "mae", "mae"]])
def test_metrics_that_do_not_match_the_outputs(metrics_argument):
    compiled = CompileMetrics(metrics_argument, None, output_names=["a", "b"])
    with pytest.raises(DataError) as error:
        compiled.update_state([Y, Y], [P, P])
    assert str(error.value) == (
        "compile: `metrics` must be a list or dict that matches the outputs ['a', 'b'], or have the structure of the "
        f"model's outputs, ['X', 'X']; received metrics={metrics_argument}."
    )


def test_the_argument_must_be_a_collection():
    with pytest.raises(DataError) as error:
        CompileMetrics(None, "acc")
    assert str(error.value) == (
        "compile: expected `weighted_metrics` to be a list, tuple or dict, received 'acc' of type str. "
        "Write weighted_metrics=[...]."
    )


def test_unknown_and_missing_names_say_where_they_were_given():
    with pytest.raises(UnknownNameError, match=r"Unknown metric 'acuracy'. Did you mean 'accuracy'"):
        CompileMetrics(["acuracy"], None).update_state(Y, P)
    with pytest.raises(UnknownNameError, match=r"'acuracy'.*\nReceived: metrics=\{'a': 'acuracy'\}"):
        CompileMetrics({"a": "acuracy"}, None, output_names=["a", "b"]).update_state([Y, Y], [P, P])
    with pytest.raises(DataError, match="expected the name of a metric, a Metric or a function, received None"):
        CompileMetrics([None], None).update_state(Y, P)
