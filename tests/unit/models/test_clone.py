"""`clone_model`: same architecture, other layers; checked against what Keras's documentation says of it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.models import clone_model

L = cr.layers
X = np.arange(12.0).reshape(4, 3)


def assert_own_copy(clone: Any, model: Any, x: Any = X) -> None:
    """The clone has the same form and no variable of the model; with the model's weights it computes the same."""
    assert [w.shape for w in clone.weights] == [w.shape for w in model.weights]
    assert not {id(w) for w in clone.weights} & {id(w) for w in model.weights}
    clone.set_weights(model.get_weights())
    np.testing.assert_array_equal(np.asarray(clone(x)), np.asarray(model(x)))


def test_sequential() -> None:
    model = cr.Sequential([cr.Input((3,)), L.Dense(2, "tanh"), L.Dropout(0.5), L.Dense(1)], name="m")
    model.layers[0].trainable = False
    clone = clone_model(model)
    assert clone.name == "m"
    assert [layer.name for layer in clone.layers] == [layer.name for layer in model.layers]
    assert [layer.trainable for layer in clone.layers] == [False, True, True]
    assert_own_copy(clone, model)


def test_weights_are_drawn_anew() -> None:
    model = cr.Sequential([cr.Input((3,)), L.Dense(2)])
    assert not np.array_equal(clone_model(model).get_weights()[0], model.get_weights()[0])


def test_sequential_without_input() -> None:
    clone = clone_model(cr.Sequential([L.Dense(2)]))
    assert not clone.built
    assert clone(X).shape == (4, 2)


def functional() -> Any:
    a, b = cr.Input((3,), name="a"), cr.Input((3,), name="b")
    shared = L.Dense(2, name="shared")
    y = cr.ops.concatenate([shared(a), shared(b) * 2 + 1], axis=-1)
    return cr.Model({"a": a, "b": b}, [L.Dense(1)(y), y], name="f")


def test_functional_with_shared_layers_and_operations() -> None:
    model = functional()
    clone = clone_model(model)
    assert clone.get_config() == model.get_config()
    x = {"a": X, "b": -X}
    clone.set_weights(model.get_weights())
    for one, other in zip(clone(x), model(x), strict=True):
        np.testing.assert_array_equal(np.asarray(one), np.asarray(other))


def test_a_lambda_keeps_its_function() -> None:
    model = cr.Sequential([cr.Input((3,)), L.Lambda(lambda x: x * 3), L.Dense(1)])
    clone = clone_model(model)
    assert clone.layers[0].name == model.layers[0].name
    assert_own_copy(clone, model)


def test_clone_function() -> None:
    def twice_as_wide(layer: Any) -> Any:
        config = layer.get_config()
        if isinstance(layer, L.Dense):
            config["units"] *= 2
        return type(layer).from_config(config)

    model = cr.Sequential([cr.Input((3,)), L.Dense(2), L.ReLU(), L.Dense(1)])
    assert clone_model(model, clone_function=twice_as_wide).output_shape == (None, 2)


def test_call_function_adds_layers() -> None:
    def with_dropout(layer: Any, *args: Any, **kwargs: Any) -> Any:
        out = layer(*args, **kwargs)
        return L.Dropout(0.5)(out) if isinstance(layer, L.Dense) else out

    x = cr.Input((3,))
    model = cr.Model(x, L.Dense(1)(L.Dense(2)(x)))
    clone = clone_model(model, clone_function=lambda layer: layer, call_function=with_dropout)
    assert [type(layer).__name__ for layer in clone.layers] == ["InputLayer", *["Dense", "Dropout"] * 2]
    assert clone.layers[1] is model.layers[1]


def test_input_tensors() -> None:
    x = cr.Input((3,), name="mine")
    model = cr.Sequential([cr.Input((3,)), L.Dense(2)])
    assert clone_model(model, input_tensors=x).inputs[0] is x
    a, b = cr.Input((3,)), cr.Input((3,))
    assert clone_model(functional(), input_tensors=[a, b]).inputs[0] is a
    with pytest.raises(ValueError, match="the model has 2 inputs, but received 1 tensors"):
        clone_model(functional(), input_tensors=[a])
    with pytest.raises(ValueError, match="a Sequential takes one input tensor, but received 2"):
        clone_model(model, input_tensors=[a, b])


@pytest.mark.parametrize("recursive", [False, True])
def test_models_within_models(recursive: bool) -> None:
    inner = cr.Sequential([cr.Input((3,)), L.Dense(2)], name="inner")
    x = cr.Input((3,))
    model = cr.Model(x, inner(x) + inner(x * 2))
    seen: list[str] = []

    def note(layer: Any) -> Any:
        seen.append(type(layer).__name__)
        return type(layer).from_config(layer.get_config())

    clone = clone_model(model, clone_function=note, recursive=recursive)
    assert seen == (["Dense"] if recursive else ["Sequential"])
    assert_own_copy(clone, model)


class Own(cr.Model):
    def __init__(self, units: int) -> None:
        super().__init__()
        self.units = units
        self.dense = L.Dense(units)

    def call(self, x: Any) -> Any:
        return self.dense(x)


def test_a_class_of_ones_own() -> None:
    model = Own(2)
    model(X)
    clone = clone_model(model)
    assert type(clone) is Own
    assert clone.name == model.name
    assert_own_copy(clone, model)
    with pytest.raises(ValueError, match="only Sequential and functional models can be cloned layer by layer"):
        clone_model(model, clone_function=lambda layer: layer)


def test_what_does_not_go() -> None:
    model = cr.Sequential([cr.Input((3,)), L.Dense(2)])
    with pytest.raises(ValueError, match=r"unknown arguments \['speed'\]"):
        clone_model(model, speed=1)
    with pytest.raises(ValueError, match="call_function is for functional models"):
        clone_model(model, call_function=lambda layer, x: layer(x))


def test_a_compiled_model_gives_a_compiled_clone() -> None:
    class Mine(cr.losses.Loss):
        def call(self, y_true: Any, y_pred: Any) -> Any:
            return cr.ops.mean(cr.ops.abs(y_true - y_pred), axis=-1)

    def largest(y_true: Any, y_pred: Any) -> Any:
        return cr.ops.max(cr.ops.abs(y_true - y_pred), axis=-1)

    model = cr.Sequential([cr.Input((3,)), L.Dense(2)])
    model.compile(cr.optimizers.Adam(0.5), Mine(), metrics=[largest, cr.metrics.MeanSquaredError(name="m")])
    model.fit(X, np.ones((4, 2)), verbose=0)
    clone = clone_model(model)
    assert clone.optimizer is not model.optimizer
    assert clone.optimizer.get_config() == model.optimizer.get_config()
    assert int(clone.optimizer.iterations) == 0
    assert clone.metrics[-1] is not model.metrics[-1]
    assert list(clone.fit(X, np.ones((4, 2)), verbose=0).history) == list(model.history.history)


def test_a_layer_of_several_inner_models_is_cloned_once() -> None:
    shared = L.Dense(3, name="shared")
    x = cr.Input((3,))
    parts = [cr.Sequential([cr.Input((3,)), shared], name=f"part_{i}") for i in range(2)]
    model = cr.Model(x, [parts[0](x), parts[1](x)])
    clone = clone_model(model, recursive=True)
    assert clone.get_layer("part_0").layers[0] is clone.get_layer("part_1").layers[0]
    assert clone.get_layer("part_0").layers[0] is not shared
    assert clone.count_params() == 12


def test_calls_of_inner_functional_models_are_replaced_too() -> None:
    x, y = cr.Input((3,)), cr.Input((3,))
    model = cr.Model(y, cr.Model(x, L.Dense(3, "linear")(x), name="inner")(y))

    def call(layer: Any, *args: Any, **kwargs: Any) -> Any:
        out = layer(*args, **kwargs)
        return L.ReLU()(out) if isinstance(layer, L.Dense) else out

    clone = clone_model(model, call_function=call, recursive=True)
    assert [type(layer).__name__ for layer in clone.get_layer("inner").layers] == ["InputLayer", "Dense", "ReLU"]


def test_inputs_given_as_layers_and_what_is_no_input() -> None:
    model = cr.Sequential([cr.Input((3,)), L.Dense(2)], trainable=False)
    entry = L.InputLayer(shape=(3,), name="mine")
    clone = clone_model(model, input_tensors=entry)
    assert clone.inputs[0] is entry.tensor
    assert not clone.trainable
    with pytest.raises(ValueError, match=r"input_tensors must be symbolic, such as Input\(\(3,\)\), but one is"):
        clone_model(model, input_tensors=X)


def test_the_class_of_a_functional_model_is_kept() -> None:
    class Named(cr.Model):
        def __init__(self, inputs: Any, outputs: Any, name: Any = None) -> None:
            super().__init__(inputs, outputs, name=name)

    x = cr.Input((3,))
    model = Named(x, L.Dense(1)(x))
    assert type(clone_model(model)) is Named
