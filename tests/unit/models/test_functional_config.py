"""Functional models as configurations: wiring there and back, and wiring that is broken."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import ModelFileError

L = cr.layers


def again(model: Any) -> Any:
    return type(model).from_config(json.loads(json.dumps(model.get_config())))


def small() -> Any:
    x = cr.Input((2,), name="x")
    return cr.Model(x, L.Dense(1, name="out")(L.Dense(3, name="hidden")(x)), name="small")


def broken(change: Any) -> Any:
    config = json.loads(json.dumps(small().get_config()))
    change(config)
    return cr.Model.from_config(config)


def test_structures_of_inputs_and_outputs() -> None:
    a, b = cr.Input((2,), name="a"), cr.Input((2,), name="b")
    y = L.Dense(1, name="y")(a + b)
    for inputs, outputs in (
        ([a, b], y),
        ([a, b], [y]),
        ({"u": a, "v": b}, {"r": y, "s": [a - b]}),
        ([a, [b]], (y, y)),
    ):
        model = cr.Model(inputs, outputs)
        config = again(model).get_config()
        assert config == model.get_config()


def test_a_nested_model_counts_its_calls_from_one_at_the_ends() -> None:
    # as keras 3.15.1 writes it
    inner = cr.Model(x := cr.Input((2,)), L.Dense(2)(x), name="inner")
    a = cr.Input((2,), name="a")
    model = cr.Model(a, [inner(a), inner(a * 2)])
    config = model.get_config()
    assert config["output_layers"] == [["inner", 1, 0], ["inner", 2, 0]]
    copy = again(model)
    copy.set_weights(model.get_weights())
    for one, other in zip(copy(np.eye(2)), model(np.eye(2)), strict=True):
        np.testing.assert_array_equal(np.asarray(one), np.asarray(other))


def test_a_nested_sequential_counts_from_zero() -> None:
    inner = cr.Sequential([L.Dense(2)], name="inner")
    a = cr.Input((2,), name="a")
    assert cr.Model(a, inner(a)).get_config()["output_layers"] == ["inner", 0, 0]


def test_a_layer_used_out_of_order() -> None:
    d = L.Dense(2, name="d")
    a = cr.Input((2,), name="a")
    first = d(a)
    model = cr.Model(a, d(L.Dense(2, name="e")(first)))
    copy = again(model)
    copy.set_weights(model.get_weights())
    np.testing.assert_array_equal(np.asarray(copy(np.eye(2))), np.asarray(model(np.eye(2))))


def test_calls_outside_the_model_are_not_written() -> None:
    d = L.Dense(2, name="d")
    d(cr.Input((2,)))
    a = cr.Input((2,), name="a")
    config = cr.Model(a, d(a)).get_config()
    assert len(config["layers"][1]["inbound_nodes"]) == 1
    assert config["output_layers"] == ["d", 0, 0]


class TwoInputs(cr.layers.Layer):
    def build(self, q_shape: Any, v_shape: Any) -> None:
        self.k = self.add_weight(shape=(q_shape[-1], v_shape[-1]), name="k")

    def call(self, q: Any, v: Any, scale: float = 1.0) -> Any:
        return (cr.ops.matmul(q, self.k) + v) * scale


def test_several_arguments_of_a_call() -> None:
    a, b = cr.Input((3,), name="a"), cr.Input((4,), name="b")
    model = cr.Model([a, b], TwoInputs(name="two")(a, v=b, scale=0.5))
    description = model.get_config()["layers"][2]
    assert description["build_config"] == {"shapes_dict": {"q_shape": (None, 3), "v_shape": (None, 4)}}
    call = description["inbound_nodes"][0]
    assert call["args"][0]["config"]["keras_history"] == ["a", 0, 0]
    assert call["kwargs"]["v"]["config"]["keras_history"] == ["b", 0, 0]
    assert call["kwargs"]["scale"] == 0.5
    with cr.saving.custom_object_scope({"TwoInputs": TwoInputs}):
        copy = again(model)
    copy.set_weights(model.get_weights())
    x = [np.ones((2, 3)), np.ones((2, 4))]
    np.testing.assert_array_equal(np.asarray(copy(x)), np.asarray(model(x)))


def test_constants_among_the_arguments() -> None:
    a = cr.Input((2,), name="a")
    model = cr.Model(a, a * np.array([2.0, 3.0], "float32"))
    np.testing.assert_array_equal(np.asarray(again(model)(np.eye(2))), [[2.0, 0.0], [0.0, 3.0]])


def test_subclasses() -> None:
    class Same(cr.Model):
        pass

    class Own(cr.Model):
        def __init__(self, units: int, **kwargs: Any) -> None:
            x = cr.Input((2,), name="x")
            super().__init__(x, L.Dense(units, name="d")(x), **kwargs)
            self.units = units

    x = cr.Input((2,), name="x")
    same, own = Same(x, L.Dense(3, name="d")(x), name="s"), Own(3, name="o")
    assert "input_layers" in same.get_config()
    assert "input_layers" not in own.get_config()
    for model in (same, own):
        copy = again(model)
        assert type(copy) is type(model)
        assert (copy.name, copy.output_shape) == (model.name, (None, 3))


# -- broken wiring ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["layers", "input_layers", "output_layers"])
def test_a_missing_part(key: str) -> None:
    with pytest.raises(ModelFileError, match=f"the configuration of a functional model has no '{key}'"):
        broken(lambda c: c.update({key: []}))


def test_a_layer_that_is_not_there() -> None:
    def change(config: Any) -> None:
        config["layers"][2]["inbound_nodes"][0]["args"][0]["config"]["keras_history"] = ["ghost", 0, 0]

    with pytest.raises(ModelFileError, match="the wiring of the model names a layer 'ghost' that it does not have"):
        broken(change)


def test_a_cycle() -> None:
    def change(config: Any) -> None:
        config["layers"][1]["inbound_nodes"][0]["args"][0]["config"]["keras_history"] = ["out", 0, 0]

    with pytest.raises(ModelFileError, match=r"wiring of the model is broken: the inputs of \['hidden', 'out'\] never"):
        broken(change)


@pytest.mark.parametrize("end", [["out", 7, 0], ["out", 0, 3], ["out", 0, -1], ["ghost", 0, 0]])
def test_an_end_that_is_not_there(end: Any) -> None:
    with pytest.raises(ModelFileError, match=r"the model refers to output .* of call .*: there is none"):
        broken(lambda c: c.update(output_layers=[end]))


@pytest.mark.parametrize("end", ["out", 3, {"a": 1}])
def test_an_end_of_another_form(end: Any) -> None:
    with pytest.raises(ModelFileError, match="the inputs and outputs of a model must be lists"):
        broken(lambda c: c.update(output_layers=end))


def test_names_twice() -> None:
    with pytest.raises(ModelFileError, match="the layers of a functional model must have names, each its own"):
        broken(lambda c: c["layers"].append(c["layers"][1]))


def test_a_member_that_is_no_layer() -> None:
    def change(config: Any) -> None:
        config["layers"][1].update(cr.saving.serialize_keras_object(cr.optimizers.SGD()))

    with pytest.raises(ModelFileError, match="'hidden' in the model is no layer, but a SGD"):
        broken(change)


def test_calls_as_keras_2_wrote_them() -> None:
    def change(config: Any) -> None:
        config["layers"][1]["inbound_nodes"] = [[["x", 0, 0, {}]]]

    with pytest.raises(ModelFileError, match="the calls of layer 'hidden' have the form of Keras 2, which is not read"):
        broken(change)


def test_too_many_layers() -> None:
    with pytest.raises(ModelFileError, match="must list its layers, at most 10000 of them"):
        broken(lambda c: c.update(layers=[{"name": str(i)} for i in range(10_001)]))
