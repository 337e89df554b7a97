import numpy as np
import pytest

from chainrule import metrics, ops
from chainrule.errors import DataError, ShapeError
from chainrule.saving import serialization


def test_batches_of_different_sizes_count_by_their_samples():
    mean = metrics.Mean()
    mean.update_state(np.array([1.0, 2.0, 3.0]))
    mean.update_state(np.array([10.0]))
    assert mean.result() == 4.0
    assert mean.total.numpy() == 16.0
    assert mean.count.numpy() == 4.0


def test_values_with_several_axes_count_once_per_sample():
    mean = metrics.Mean()
    mean.update_state(np.array([[1.0, 3.0], [5.0, 7.0]]))
    assert (float(mean.total), float(mean.count)) == (8.0, 2.0)


def test_weights_with_several_axes_are_averaged_per_sample_too():
    mean = metrics.Mean()
    mean.update_state(np.array([[1.0, 3.0], [5.0, 7.0]]), sample_weight=np.array([[1.0, 1.0], [0.0, 2.0]]))
    assert (float(mean.total), float(mean.count)) == (9.0, 2.0)
    mean.update_state(np.array([[1.0, 1.0]]))
    assert mean.result() == 10.0 / 3.0


def test_a_number_as_weight_weighs_the_batch_whatever_its_size():
    mean = metrics.Mean()
    mean.update_state([1.0, 3.0], sample_weight=2.0)
    mean.update_state([8.0], sample_weight=1.0)
    assert mean.result() == (2 * 2 + 8) / 3


def test_before_the_first_batch_and_after_an_empty_one_the_mean_is_zero():
    mean = metrics.Mean()
    assert mean.result() == 0.0
    mean.update_state(np.zeros(0))
    mean.update_state(np.zeros((0, 3)))
    assert mean.result() == 0.0
    assert metrics.BinaryAccuracy()(np.zeros((0, 1)), np.zeros((0, 1))) == 0.0


def test_weights_that_do_not_fit_are_named():
    with pytest.raises(ShapeError) as error:
        metrics.Mean().update_state(np.zeros(3), sample_weight=np.zeros(4))
    assert str(error.value) == (
        "sample_weight of shape (4,) does not fit values of shape (3,). Give one weight per sample."
    )


def test_a_function_of_ops_or_numpy_is_averaged():
    def with_ops(y_true, y_pred):
        return ops.mean(ops.abs(y_true - y_pred), axis=-1)

    def with_numpy(y_true, y_pred, power):
        return np.mean(np.abs(y_true - y_pred) ** power, axis=-1)

    y, p, w = np.zeros((3, 2)), np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]), np.array([1.0, 0.0, 1.0])
    assert metrics.MeanMetricWrapper(with_ops)(y, p) == 3.5
    assert metrics.MeanMetricWrapper(with_ops)(y, p, sample_weight=w) == 3.5
    assert metrics.MeanMetricWrapper(with_numpy, power=2)(y, p) == pytest.approx((2.5 + 12.5 + 30.5) / 3)


def test_a_mean_of_ones_own_may_subclass_mean():
    class Share(metrics.Mean):
        def update_state(self, y_true, y_pred, sample_weight=None):
            super().update_state(y_pred > y_true, sample_weight)

    assert Share(name="share")(np.array([1.0, 2.0]), np.array([2.0, 1.0])) == 0.5


def test_arrays_that_do_not_fit_a_function_are_named():
    def difference(y_true, y_pred):
        return y_true - y_pred

    metric = metrics.MeanMetricWrapper(difference, name="difference")
    with pytest.raises(ShapeError, match=r"difference: y_true of shape \(2,\) does not fit y_pred of shape \(3,\)"):
        metric.update_state(np.zeros(2), np.zeros(3))


def test_errors_of_ones_own_function_pass_through():
    def fails(y_true, y_pred):
        raise DataError("mine")

    with pytest.raises(DataError, match=r"^mine$"):
        metrics.MeanMetricWrapper(fails).update_state(np.zeros(2), np.zeros(2))


def test_a_wrapped_function_is_written_as_keras_writes_it():
    wrapped = metrics.MeanMetricWrapper(metrics.mean_squared_error, name="x")
    function = {
        "module": "builtins",
        "class_name": "function",
        "config": "mean_squared_error",
        "registered_name": "function",
    }
    assert wrapped.get_config() == {"name": "x", "dtype": "float32", "fn": function}
    again = metrics.deserialize(metrics.serialize(wrapped))
    assert again(np.zeros((1, 1)), np.full((1, 1), 3.0)) == 9.0
    assert metrics.deserialize(metrics.serialize(metrics.binary_accuracy)) is metrics.binary_accuracy


def test_a_function_of_ones_own_comes_back_from_custom_objects():
    def off_by(y_true, y_pred, much):
        return np.abs(y_true - y_pred) > much

    described = metrics.serialize(metrics.MeanMetricWrapper(off_by, name="off", much=2))
    again = metrics.deserialize(described, custom_objects={"off_by": off_by})
    assert again(np.zeros(4), np.arange(4.0)) == 0.25


def test_a_wrapped_loss_is_better_when_lower():
    assert metrics.MeanMetricWrapper(metrics.huber)._direction == "down"
    assert not hasattr(metrics.MeanMetricWrapper(lambda y, p: y), "_direction")


def test_a_lambda_cannot_be_written():
    with pytest.raises(TypeError, match=r"(?i)a lambda cannot be written"):
        serialization.serialize_keras_object(metrics.MeanMetricWrapper(lambda y, p: p))
