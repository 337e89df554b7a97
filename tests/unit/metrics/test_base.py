import numpy as np
import pytest

import chainrule as cr
from chainrule import metrics, ops
from chainrule.autodiff.tape import substitute
from chainrule.errors import ShapeError, TrapWarning
from chainrule.metrics.base import Scalar, align_ranks, check_fit, divide_no_nan
from chainrule.utils.naming import reset_names
from chainrule.variables import Variable


class TruePositives(metrics.Metric):
    """The example of Keras's documentation, unchanged."""

    def __init__(self, name="binary_true_positives", **kwargs):
        super().__init__(name=name, **kwargs)
        self.true_positives = self.add_variable(shape=(), initializer="zeros", name="true_positives")

    def update_state(self, y_true, y_pred, sample_weight=None):
        y_true = ops.cast(y_true, "bool")
        y_pred = ops.cast(y_pred, "bool")
        values = ops.logical_and(ops.equal(y_true, True), ops.equal(y_pred, True))
        values = ops.cast(values, self.dtype)
        if sample_weight is not None:
            sample_weight = ops.cast(sample_weight, self.dtype)
            sample_weight = ops.broadcast_to(sample_weight, ops.shape(values))
            values = ops.multiply(values, sample_weight)
        self.true_positives.assign(self.true_positives + ops.sum(values))

    def result(self):
        return self.true_positives


def test_a_metric_written_for_keras_works():
    metric = TruePositives()
    metric.update_state(np.array([0, 1, 1, 1]), np.array([1, 0, 1, 1]))
    metric.update_state(np.array([1, 1]), np.array([1, 1]), sample_weight=np.array([0.5, 2.0]))
    assert float(metric.result()) == 4.5
    assert [v.path for v in metric.variables] == ["binary_true_positives/true_positives"]
    assert not metric.variables[0].trainable
    metric.reset_state()
    assert float(metric.result()) == 0.0


def test_add_weight_takes_an_initializer_and_a_shape():
    class Ones(metrics.Metric):
        def __init__(self):
            super().__init__(name="ones")
            self.ones = self.add_weight((2,), "ones", name="ones")
            self.zeros = self.add_weight(name="zeros")

    metric = Ones()
    assert metric.ones.numpy().tolist() == [1.0, 1.0]
    assert metric.zeros.shape == ()
    assert metric.ones.dtype == np.float32


def test_variables_and_metrics_kept_as_attributes_are_reset():
    class Two(metrics.Metric):
        def __init__(self):
            super().__init__(name="two")
            self.own = Variable(3.0)
            self.inner = metrics.Mean()

        def result(self):
            return {"own": float(self.own), "inner": self.inner.result()}

    metric = Two()
    metric.inner.update_state([4.0])
    assert metric.result() == {"own": 3.0, "inner": 4.0}
    assert [v.name.split("_")[0] for v in metric.variables] == ["variable", "total", "count"]
    metric.reset_state()
    assert metric.result() == {"own": 0.0, "inner": 0.0}


def test_forgetting_super_init_is_said():
    class Forgetful(metrics.Metric):
        def __init__(self):
            self.total = self.add_variable((), "zeros")

    with pytest.raises(RuntimeError, match=r"Forgetful: call super\(\).__init__\(\) before adding variables"):
        Forgetful()


def test_a_metric_without_methods_says_which_are_missing():
    metric = metrics.Metric(name="bare")
    with pytest.raises(TypeError, match="a metric must define update_state"):
        metric.update_state(1, 2)
    with pytest.raises(TypeError, match="a metric must define result"):
        metric.result()


def test_names_are_counted():
    reset_names()
    assert [metrics.AUC().name, metrics.AUC().name, metrics.Precision().name] == ["auc", "auc_1", "precision"]
    assert metrics.Mean().name == metrics.Mean().name == "mean"
    assert repr(metrics.AUC(name="area")) == "<AUC name=area>"


def test_dtype_is_a_name(monkeypatch):
    assert metrics.Mean().dtype == "float32"
    assert metrics.Mean(dtype=np.float64).dtype == "float64"
    monkeypatch.setattr(cr.dtype_policies, "_said", set())
    with pytest.warns(TrapWarning, match="all arithmetic and storage is float32"):
        assert metrics.Mean(dtype=cr.dtype_policies.DTypePolicy("mixed_float16")).dtype == "float32"
    assert metrics.MeanIoU(2).dtype == "int32"


def test_results_are_floats_with_numpy():
    result = metrics.Mean()([1.0, 2.0])
    assert isinstance(result, float)
    assert result.numpy() == 1.5
    assert f"{result:.2f} {Scalar(2.0) * 2}" == "1.50 4.0"


def test_sums_do_not_lose_digits():
    metric = metrics.Sum()
    metric.update_state([2.0**24])
    for _ in range(10):
        metric.update_state([1.0])  # float32 cannot hold 2**24 + 1
    assert metric.result() == 2.0**24 + 10


def test_updates_within_substitute_leave_the_state_alone():
    metric = metrics.Mean()
    stand_in = {}
    with substitute(stand_in):
        metric.update_state([1.0, 3.0])
        assert metric.result() == 2.0
    assert metric.result() == 0.0
    assert {id(v) for v in metric.variables} == set(stand_in)


def test_tensors_are_taken_and_not_recorded():
    with cr.GradientTape() as tape:
        p = ops.convert_to_tensor([[0.2], [0.9]])
        tape.watch(p)
        metric = metrics.BinaryAccuracy()
        metric.update_state(ops.convert_to_tensor([[0.0], [1.0]]), p)
    assert metric.result() == 1.0


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ((3,), (3, 1), ((3, 1), (3, 1))),
        ((3, 1), (3,), ((3, 1), (3, 1))),
        ((3, 2, 1), (3, 2), ((3, 2), (3, 2))),
        ((3, 2), (3, 2, 1), ((3, 2), (3, 2))),
        ((3, 2), (3,), ((3, 2), (3,))),
        ((1,), (), ((), ())),
    ],
)
def test_align_ranks(a, b, expected):
    assert tuple(x.shape for x in align_ranks(np.zeros(a), np.zeros(b))) == expected


def test_check_fit_names_both_shapes():
    check_fit("m", np.zeros((4, 1)), np.zeros((4, 3)))
    with pytest.raises(ShapeError) as error:
        check_fit("m", np.zeros((4, 2)), np.zeros((4, 3)))
    assert str(error.value) == (
        "m: y_true of shape (4, 2) does not fit y_pred of shape (4, 3). Give targets the shape of the predictions."
    )


def test_divide_no_nan_broadcasts():
    assert divide_no_nan(np.ones(3), np.array([[0.0], [2.0]])).tolist() == [[0, 0, 0], [0.5, 0.5, 0.5]]


def test_stateless_methods_leave_the_metric_alone():
    mean = metrics.Mean()
    mean.update_state([7.0])
    state = mean.stateless_update_state(mean.stateless_reset_state(), [1.0, 3.0])
    assert [float(v) for v in state] == [4.0, 2.0]
    assert mean.stateless_result(state) == 2.0
    assert mean.result() == 7.0
    with pytest.raises(ValueError, match="expected a list of 2 values"):
        mean.stateless_result(state[:1])
