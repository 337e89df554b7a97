"""Masks: what is said where they are lost or do not fit, and what engines are told. Numbers: `test_scenarios.py`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.engines.lower import lower
from chainrule.engines.plan import CannotLower
from chainrule.errors import ShapeError
from chainrule.utils.naming import reset_names

L = cr.layers
# -- what is said -----------------------------------------------------------------------------------------------------


def test_a_layer_that_loses_the_mask_says_so_once() -> None:
    x = cr.Input((5, 3))
    masked, layer = L.Masking()(x), L.Flatten(name="flat")
    with pytest.warns(UserWarning, match=r"Layer 'flat' \(Flatten\) received an input with a mask, but does not sup"):
        y = layer(masked)
    model = cr.Model(x, y)
    assert model(np.zeros((2, 5, 3), "float32"))._keras_mask is None  # and no second warning
    assert layer(L.Masking()(np.zeros((2, 5, 3))))._keras_mask is None


def test_a_model_within_says_nothing_of_masks_that_it_hands_on() -> None:
    x = cr.Input((5, 3))
    inner = cr.Sequential([cr.Input((5, 3)), L.Dense(2)])
    model = cr.Model(x, inner(L.Masking()(x)))
    assert model(np.ones((2, 5, 3)))._keras_mask.numpy().all()


def test_a_mask_for_each_input() -> None:
    tensors = [cr.ops.ones((2, 3, 4)), cr.ops.ones((2, 3, 4))]
    with pytest.raises(ShapeError, match=r"Add 'a': expected one mask \(or None\) for each of its 2 inputs, .* single"):
        L.Add(name="a").compute_mask(tensors, cr.ops.ones((2, 3)))
    with pytest.raises(ShapeError, match=r"Concatenate 'c': .* but received 1 masks"):
        L.Concatenate(name="c").compute_mask(tensors, [None])


def test_masks_of_the_wrong_shape() -> None:
    x = np.ones((2, 3, 4), "float32")
    with pytest.raises(ShapeError, match=r"BatchNormalization 'b': the mask must have one axis less .* \(2, 3, 4\)"):
        L.BatchNormalization(name="b")(x, mask=cr.ops.ones((2,)))
    with pytest.raises(ShapeError, match=r"Softmax 's': the mask has shape \(2, 2\), the input \(2, 3, 4\)"):
        L.Softmax(name="s")(x, mask=cr.ops.ones((2, 2)))
    with pytest.raises(ShapeError, match=r"TimeDistributed 't': the mask must .* \(2, 3\), but has shape \(2, 4\)"):
        L.TimeDistributed(L.Dense(1), name="t")(x, mask=cr.ops.ones((2, 4)))


def test_a_mask_with_a_place_for_each_feature_does_not_fit_a_loss() -> None:
    y = L.Softmax()(np.ones((2, 4)), mask=cr.ops.convert_to_tensor(np.ones((2, 4), bool)))
    with pytest.raises(
        ShapeError, match=r"mean_squared_error: the output has a mask of shape \(2, 4\), but the losses"
    ):
        cr.losses.MeanSquaredError()(np.ones((2, 4)), y)


def test_weights_of_rows_count_for_all_their_steps() -> None:
    """Keras refuses them where there is a mask, and takes them where there is none."""
    y = L.Masking()(np.where(STEPS[..., None], 2.0, 0.0))
    loss = cr.losses.MeanSquaredError(reduction="sum")
    found = loss(np.zeros((2, 3, 1)), y, sample_weight=np.array([1.0, 10.0]))
    assert float(found) == (STEPS[0].sum() + 10 * STEPS[1].sum()) * 4.0


def test_weights_that_fit_neither_rows_nor_steps() -> None:
    y = L.Masking()(np.ones((2, 3, 1)))
    with pytest.raises(
        ShapeError, match=r"sample_weight has shape \(4,\), but the output has a mask of shape \(2, 3\)"
    ):
        cr.losses.MeanSquaredError()(np.ones((2, 3, 1)), y, sample_weight=np.ones(4))


# -- engines and files ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda x, w, m: L.Dense(1)(L.Masking(name="m")(x)), "layer 'm' makes a mask"),
        (lambda x, w, m: L.Embedding(5, 2, mask_zero=True, name="e")(w), "layer 'e' makes a mask"),
        (lambda x, w, m: L.Softmax(name="s")(L.Dense(3)(x), mask=m), "layer 's' is called with a mask"),
        (lambda x, w, m: L.Softmax(name="s")(L.Dense(3)(x), m), "layer 's' is called with more than one argument"),
    ],
)
def test_engines_without_python_are_told(make: Any, reason: str) -> None:
    x, w, m = cr.Input((5, 3)), cr.Input((5,), dtype="int32"), cr.Input((5, 3), dtype="bool")
    model = cr.Model([x, w, m], make(x, w, m))
    with pytest.raises(CannotLower, match=reason):
        lower(model)


def test_an_embedding_without_mask_is_for_every_engine() -> None:
    x = cr.Input((5,), dtype="int32")
    assert len(lower(cr.Model(x, L.Embedding(5, 2)(x))).instructions) == 1


def test_a_mask_is_kept_when_the_type_changes() -> None:
    x = L.Masking(dtype="float64")(np.ones((2, 3, 1)))
    assert L.Dense(2, dtype="float32")(x)._keras_mask is x._keras_mask


def test_models_with_masks_are_saved_and_read(tmp_path: Path) -> None:
    x, mask = cr.Input((4, 3)), cr.Input((4, 1), dtype="bool")
    h = L.BatchNormalization()(L.Masking(mask_value=2.0)(x))
    model = cr.Model([x, mask], L.Softmax(axis=1)(L.Dense(1)(h), mask=mask))
    model.save(tmp_path / "m.keras")
    again = cr.models.load_model(tmp_path / "m.keras")
    rng = np.random.default_rng(0)
    data = [rng.normal(size=(5, 4, 3)).astype("float32"), rng.random((5, 4, 1)) > 0.4]
    np.testing.assert_array_equal(again.predict(data, verbose=0), model.predict(data, verbose=0))
    assert again.layers[1].mask_value == 2.0


# -- given masks ------------------------------------------------------------------------------------------------------

STEPS = np.array([[True, True, False], [True, False, False]])


def mean_of_steps(entry: Any) -> Any:
    return L.GlobalAveragePooling1D()(L.Activation("tanh")(entry))


class Pooling(cr.Model):
    def __init__(self) -> None:
        super().__init__()
        self.pool = L.GlobalAveragePooling1D()

    def call(self, x: Any, mask: Any = None) -> Any:
        return self.pool(cr.ops.tanh(x), mask=mask)


@pytest.mark.parametrize("kind", ["functional", "sequential", "subclassed"])
def test_a_model_may_be_called_with_a_mask(kind: str) -> None:
    entry = cr.Input((3, 2))
    model = {
        "functional": lambda: cr.Model(entry, mean_of_steps(entry)),
        "sequential": lambda: cr.Sequential([cr.Input((3, 2)), L.Activation("tanh"), L.GlobalAveragePooling1D()]),
        "subclassed": Pooling,
    }[kind]()
    x = np.random.default_rng(0).normal(size=(2, 3, 2)).astype("float32")
    found = np.asarray(model(x, mask=cr.ops.convert_to_tensor(STEPS)))
    wanted = np.stack([np.tanh(row[steps]).mean(axis=0) for row, steps in zip(x, STEPS, strict=True)])
    np.testing.assert_allclose(found, wanted, rtol=1e-5)
    np.testing.assert_allclose(model(x), np.tanh(x).mean(axis=1), rtol=1e-5)  # the mask was for that call


def test_a_mask_stays_when_an_input_gets_the_rank_of_the_model() -> None:
    entry = cr.Input((3, 1))
    model = cr.Model(entry, L.Activation("linear")(entry))
    x = cr.ops.convert_to_tensor(np.ones((2, 3), "float32"))
    x._keras_mask = cr.ops.convert_to_tensor(STEPS)
    for call in (model, model.call):
        np.testing.assert_array_equal(np.asarray(call(x)._keras_mask), STEPS)


def test_a_layer_may_ask_for_a_mask_that_is_not_there() -> None:
    class Asking(L.Layer):
        def call(self, x: Any, mask: Any) -> Any:
            return x if mask is None else x * 0

    x = cr.Input((3, 1))
    model = cr.Model(x, Asking()(x))
    np.testing.assert_array_equal(np.asarray(model(np.ones((2, 3, 1)))), 1)


def test_ops_know_nothing_of_masks() -> None:
    assert (L.Masking()(np.ones((2, 3, 1))) * 2)._keras_mask is None


def test_a_custom_training_step_sees_the_mask() -> None:
    class Own(cr.Sequential):
        def train_step(self, data: Any) -> Any:
            x, y = data
            with cr.GradientTape() as tape:
                p = self(x, training=True)
                self.seen = p._keras_mask
                loss = self.compute_loss(x=x, y=y, y_pred=p)
            self.optimizer.apply(tape.gradient(loss, self.trainable_variables), self.trainable_variables)
            return {"loss": loss}

    model = Own([cr.Input((3, 1)), L.Masking(), L.Dense(1, kernel_initializer="ones")])
    model.compile("sgd", "mse")
    x = np.where(STEPS[..., None], 2.0, 0.0)
    history = model.fit(x, np.zeros((2, 3, 1)), verbose=0, shuffle=False).history
    np.testing.assert_array_equal(np.asarray(model.seen), STEPS)
    assert history["loss"] == [pytest.approx(4.0)]


def test_the_graph_holds_masks_as_that_of_keras_does() -> None:
    """The order of the layers in files depends on all connections: names and arguments as Keras 3.15.1 lists them."""
    reset_names()
    x = cr.Input((6,), dtype="int32")
    h = L.BatchNormalization()(L.Embedding(7, 3, mask_zero=True)(x))
    model = cr.Model(x, L.Dense(1)(L.GlobalAveragePooling1D()(h)))
    assert [(m["name"], [sorted(n["kwargs"]) for n in m["inbound_nodes"]]) for m in model.get_config()["layers"]] == [
        ("input_layer", []),
        ("embedding", [[]]),
        ("not_equal", [[]]),
        ("batch_normalization", [["mask"]]),
        ("global_average_pooling1d", [["mask"]]),
        ("dense", [[]]),
    ]
    data = np.array([[1, 2, 0, 0, 0, 0], [3, 4, 5, 6, 1, 0]])
    model.get_layer("batch_normalization").set_weights([[1.0] * 3, [0.5] * 3, [0.2] * 3, [2.0] * 3])
    hidden = model.get_layer("embedding").get_weights()[0][data]
    normal = (hidden - 0.2) / np.sqrt(2.0 + 1e-3) + 0.5
    mean = np.stack([row[numbers != 0].mean(axis=0) for row, numbers in zip(normal, data, strict=True)])
    wanted = mean @ model.layers[-1].get_weights()[0]
    np.testing.assert_allclose(model.predict(data, verbose=0), wanted, rtol=1e-4, atol=1e-6)
    again = cr.Model.from_config(model.get_config())
    again.set_weights(model.get_weights())
    np.testing.assert_array_equal(again.predict(data, verbose=0), model.predict(data, verbose=0))
    with pytest.raises(CannotLower, match="layer 'embedding' makes a mask"):
        lower(model)
