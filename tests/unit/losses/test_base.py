"""What every loss does around its formula: types, ranks, weights, reductions."""

from __future__ import annotations

import json

import numpy as np
import pytest

from chainrule import losses, ops
from chainrule.autodiff import Tensor, check_vjp, vjp
from chainrule.errors import DataError, ShapeError, UnknownNameError
from chainrule.losses.base import same_rank
from chainrule.saving.serialization import CustomObjectScope

Y = np.array([[0.0], [1.0]], np.float32)
P = np.array([[1.0], [1.0]], np.float32)


class Quartic(losses.Loss):
    def __init__(self, scale=1.0, **kwargs):
        super().__init__(**kwargs)
        self.scale = scale

    def call(self, y_true, y_pred):
        return self.scale * ops.mean((y_true - y_pred) ** 4, axis=-1)


def test_a_sum_over_the_batch_is_divided_by_its_size_and_not_by_the_weights() -> None:
    y, p = np.zeros((2, 1)), np.ones((2, 1))
    weights = [1.0, 3.0]
    assert float(losses.MeanSquaredError()(y, p, weights)) == 2.0
    assert float(losses.MeanSquaredError("mean")(y, p, weights)) == 2.0
    assert float(losses.MeanSquaredError("mean_with_sample_weight")(y, p, weights)) == 1.0
    assert float(losses.MeanSquaredError("sum")(y, p, weights)) == 4.0
    for reduction in ("none", None):
        np.testing.assert_array_equal(losses.MeanSquaredError(reduction)(y, p, np.array(weights)), [1, 3])


def test_the_result_is_a_tensor_of_the_type_of_the_predictions() -> None:
    for dtype in (np.float32, np.float64):
        result = losses.MeanSquaredError()(Y.astype(int), P.astype(dtype))
        assert isinstance(result, Tensor)
        assert result.dtype == dtype
    assert losses.MeanSquaredError(dtype="float64")(Y, P).dtype == np.float64
    assert losses.MeanSquaredError()([[0, 1]], [[1, 1]]).dtype == np.float32
    assert losses.MeanSquaredError().dtype == "float32"


def test_nested_lists_are_arrays() -> None:
    assert float(losses.MeanSquaredError()([[0.0, 1.0], [0.0, 0.0]], [[1.0, 1.0], [1.0, 0.0]])) == 0.5
    assert float(losses.SparseCategoricalCrossentropy()([1, 2], [[0.05, 0.95, 0], [0.1, 0.8, 0.1]])) == pytest.approx(
        1.1769392
    )


@pytest.mark.parametrize(("true", "pred"), [((4,), (4, 1)), ((4, 1), (4,)), ((4, 3, 1), (4, 3)), ((4, 3), (4, 3, 1))])
def test_a_last_axis_of_length_1_may_be_missing(true: tuple[int, ...], pred: tuple[int, ...]) -> None:
    numbers = np.arange(12.0)[: np.prod(true)]
    loss = losses.MeanSquaredError()(numbers.reshape(true), numbers.reshape(pred) + 2)
    assert float(loss) == 4.0


def test_same_rank() -> None:
    a, b = same_rank(Tensor(np.zeros(3)), Tensor(np.zeros((3, 1))))
    assert (a.shape, b.shape) == ((3, 1), (3, 1))
    a, b = same_rank(Tensor(np.zeros(3)), Tensor(np.zeros((3, 1))), expand_rank_1=False)
    assert (a.shape, b.shape) == ((3,), (3,))
    a, b = same_rank(Tensor(np.zeros((3, 2))), Tensor(np.zeros(3)))
    assert (a.shape, b.shape) == ((3, 2), (3,))


def test_shapes_that_do_not_fit() -> None:
    mse = losses.MeanSquaredError()
    with pytest.raises(ShapeError) as error:
        mse(np.zeros((32, 3)), np.zeros((32, 1)))
    assert str(error.value) == (
        "mean_squared_error: y_true has shape (32, 3), but y_pred has shape (32, 1); they must be equal. "
        "The last layer needs as many units as y_true has columns: 3."
    )
    with pytest.raises(ShapeError) as error:
        mse(np.zeros(31), np.zeros((32, 1)))
    assert str(error.value) == (
        "mean_squared_error: y_true has shape (31, 1), but y_pred has shape (32, 1); they must be equal. "
        "Give one target row for each prediction row."
    )
    with pytest.raises(ShapeError, match="the last layer needs 1 unit; for class numbers use a sparse loss"):
        mse(np.zeros(32), np.zeros((32, 10)))
    with pytest.raises(ShapeError) as error:
        losses.CategoricalCrossentropy()(np.zeros(32), np.full((32, 10), 0.1))
    assert str(error.value) == (
        "categorical_crossentropy: y_true has shape (32,), but y_pred has shape (32, 10); they must be equal. Class "
        "numbers as targets need loss='sparse_categorical_crossentropy'; otherwise encode them: "
        "utils.to_categorical(y, 10)."
    )


def test_text_is_refused() -> None:
    with pytest.raises(DataError) as error:
        losses.BinaryCrossentropy()(np.array(["yes", "no"]), P)
    assert str(error.value) == (
        "binary_crossentropy: y_true must hold numbers, but holds <U3. Turn labels into class numbers first: "
        "numpy.unique(labels, return_inverse=True)."
    )


def test_weights_of_several_losses_each() -> None:
    y, p = np.zeros((2, 2, 3)), np.ones((2, 2, 3))
    none = losses.MeanSquaredError(reduction=None)
    np.testing.assert_array_equal(none(y, p, np.array([1.0, 2.0])), [[1, 1], [2, 2]])
    np.testing.assert_array_equal(none(y, p, np.array([[1.0], [2.0]])), [[1, 1], [2, 2]])
    np.testing.assert_array_equal(none(y, p, np.array([[1.0, 2.0], [3.0, 4.0]])), [[1, 2], [3, 4]])
    with pytest.raises(ShapeError) as error:
        none(y, p, np.ones(3))
    assert str(error.value) == (
        "mean_squared_error: sample_weight has shape (3,), but the losses have shape (2, 2). "
        "Give one weight for each observation."
    )


def test_weights_that_are_all_0() -> None:
    assert float(losses.MeanSquaredError("mean_with_sample_weight")(Y, P, np.zeros(2))) == 0.0


def test_the_derivative_with_respect_to_the_weights() -> None:
    for reduction in ("sum_over_batch_size", "sum", "mean_with_sample_weight"):
        loss = losses.MeanSquaredError(reduction)
        assert check_vjp(loss, np.array([[0.3], [1.0]]), np.array([[1.0], [0.2]]), np.array([0.5, 2.0])).ok


def test_an_unknown_reduction() -> None:
    with pytest.raises(UnknownNameError) as error:
        losses.MeanSquaredError(reduction="sums")
    assert str(error.value) == "Unknown loss reduction 'sums'. Did you mean 'sum'?"


def test_a_users_loss() -> None:
    quartic = Quartic(scale=2.0, name="q")
    assert float(quartic(Y, P)) == 1.0
    assert (quartic.name, Quartic(name="other").name) == ("q", "other")
    assert quartic.get_config() == {"name": "q", "reduction": "sum_over_batch_size", "scale": 2.0}
    assert Quartic.from_config(quartic.get_config()).get_config() == quartic.get_config()
    with pytest.raises(TypeError, match=r"Loss needs a method call\(self, y_true, y_pred\)"):
        losses.Loss()(Y, P)


def test_a_users_loss_of_nested_outputs() -> None:
    class Distance(losses.Loss):
        def call(self, y_true, y_pred):
            return ops.sum(ops.abs(y_true["at"] - y_pred["at"]), axis=-1) * y_pred["scale"]

    pred = {"at": np.ones((2, 3)), "scale": np.array([1.0, 3.0])}
    assert float(Distance()({"at": np.zeros((2, 3)), "scale": np.zeros(2)}, pred)) == 6.0


def test_a_function_as_a_loss() -> None:
    def doubled(y_true, y_pred, factor=1.0):
        return factor * ops.sum(ops.abs(y_true - y_pred), axis=-1)

    loss = losses.LossFunctionWrapper(doubled, factor=2.0)
    assert loss.name == "doubled"
    assert float(loss(Y, P)) == 1.0
    (gradient,) = vjp(lambda p: loss(Y, p), P)[1](np.float32(1))
    np.testing.assert_array_equal(gradient, [[1], [0]])

    def scalar(y_true, y_pred):
        return ops.sum(y_pred)

    assert float(losses.LossFunctionWrapper(scalar)(Y, P)) == 2.0
    assert float(losses.LossFunctionWrapper(scalar)(Y, P, np.array([1.0, 3.0]))) == 4.0


@pytest.mark.parametrize(
    "loss",
    [
        losses.Huber(delta=0.7, reduction="sum", name="h"),
        losses.BinaryCrossentropy(from_logits=True, label_smoothing=0.1),
        losses.SparseCategoricalCrossentropy(ignore_class=2, axis=1),
        losses.CategoricalFocalCrossentropy(alpha=0.1, gamma=3.0),
        losses.Tversky(alpha=0.1, axis=(1, 2)),
    ],
)
def test_to_a_configuration_and_back(loss: losses.Loss) -> None:
    again = losses.deserialize(losses.serialize(loss))
    assert type(again) is type(loss)
    assert json.dumps(again.get_config()) == json.dumps(loss.get_config())
    assert losses.serialize(loss)["module"] == "keras.losses"
    assert "dtype" not in loss.get_config()


def test_a_users_loss_to_a_configuration_and_back() -> None:
    class Own(losses.Loss):
        def __init__(self, scale=1.0, name="own"):
            super().__init__(name=name)
            self.scale = scale

        def call(self, y_true, y_pred):
            return self.scale * (y_true - y_pred)

    description = losses.serialize(Own(scale=3.0))
    with CustomObjectScope({"Own": Own}):
        assert losses.deserialize(description).scale == 3.0
    assert losses.deserialize(description, custom_objects={"Own": Own}).name == "own"
