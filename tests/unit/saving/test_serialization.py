"""Descriptions of objects and back: values, functions, classes of one's own, names."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import ModelFileError, UnknownNameError
from chainrule.saving import deserialize_keras_object, serialize_keras_object
from chainrule.saving.names import no_custom_objects, snake_case
from chainrule.saving.serialization import find_class, public_module

L = cr.layers


@pytest.fixture(autouse=True)
def clean_registry() -> Iterator[None]:
    before = dict(cr.saving.get_custom_objects())
    yield
    cr.saving.get_custom_objects().clear()
    cr.saving.get_custom_objects().update(before)


def again(obj: Any, **kwargs: Any) -> Any:
    """Return an object described, turned into text and read again."""
    return deserialize_keras_object(json.loads(json.dumps(serialize_keras_object(obj))), **kwargs)


# -- values -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [None, True, 3, 0.5, "text", [1, [2.5, None]], {"a": {"b": [1]}}, slice(1, None, 2)])
def test_plain_values(value: Any) -> None:
    assert again(value) == value


def test_other_values_in_the_forms_of_keras() -> None:
    # the right sides are what keras 3.15.1 gives
    assert serialize_keras_object((1, 2)) == (1, 2)
    assert serialize_keras_object(np.float32(0.5)) == 0.5
    assert serialize_keras_object(np.array(3)) == 3
    assert serialize_keras_object(np.dtype("float32")) == "float32"
    array = {"class_name": "__numpy__", "config": {"value": [[1.0, 2.0]], "dtype": "float32"}}
    assert serialize_keras_object(np.array([[1, 2]], "float32")) == array
    tensor = {"class_name": "__tensor__", "config": {"value": [1.0], "dtype": "float32"}}
    assert serialize_keras_object(cr.ops.convert_to_tensor([1.0])) == tensor
    assert serialize_keras_object(b"ab") == {"class_name": "__bytes__", "config": {"value": "ab"}}
    assert serialize_keras_object(...) == {"class_name": "__ellipsis__", "config": {}}


def test_arrays_bytes_and_ellipsis_come_back() -> None:
    np.testing.assert_array_equal(again(np.eye(2, dtype="float32")), np.eye(2, dtype="float32"))
    assert again(np.eye(2, dtype="float32")).dtype == "float32"
    assert again(b"ab") == b"ab"
    assert again(...) is Ellipsis


def test_a_dict_that_has_a_class_name_but_no_config_is_a_dict() -> None:
    assert deserialize_keras_object({"class_name": "x", "n": [1]}) == {"class_name": "x", "n": [1]}


@pytest.mark.parametrize("kind", ["__typespec__", "__anything__"])
def test_forms_that_are_not_read(kind: str) -> None:
    with pytest.raises(ModelFileError, match=f"the configuration holds '{kind}', which chainrule does not read"):
        deserialize_keras_object({"class_name": kind, "config": {}})


def test_arrays_of_objects() -> None:
    with pytest.raises(ModelFileError, match="An array in the configuration has type object; expected numbers"):
        deserialize_keras_object({"class_name": "__numpy__", "config": {"value": [1], "dtype": "object"}})


# -- functions --------------------------------------------------------------------------------------------------------


def test_our_functions_by_name() -> None:
    assert serialize_keras_object(cr.activations.relu) == "relu"
    assert serialize_keras_object(cr.losses.mean_squared_error) == "mean_squared_error"
    assert serialize_keras_object(cr.ops.tanh) == "tanh"
    described = {"module": "builtins", "class_name": "function", "config": "relu", "registered_name": "function"}
    assert deserialize_keras_object(described) is cr.activations.relu


def twice(x: Any) -> Any:
    return 2 * x


def test_a_function_of_ones_own() -> None:
    # the form is that of keras 3.15.1
    described = {"module": "builtins", "class_name": "function", "config": "twice", "registered_name": "function"}
    assert serialize_keras_object(twice) == described
    assert again(twice, custom_objects={"twice": twice}) is twice
    with pytest.raises(
        UnknownNameError, match="names a function 'twice' that is neither one of ours nor given in custom"
    ):
        again(twice)


def test_a_registered_function() -> None:
    @cr.saving.register_keras_serializable("pack", "double")
    def two(x: Any) -> Any:
        return 2 * x

    assert serialize_keras_object(two)["config"] == "pack>double"
    assert again(two) is two


def test_a_lambda() -> None:
    with pytest.raises(TypeError, match="a lambda cannot be written: a file holds data, never code"):
        serialize_keras_object(lambda x: x)


# -- classes ----------------------------------------------------------------------------------------------------------


class Plain(cr.layers.Layer):
    """No constructor, no get_config: all comes from the base."""

    def call(self, x: Any) -> Any:
        return x


class Sized(cr.layers.Layer):
    """A constructor without get_config: the arguments are looked up."""

    def __init__(self, units: int, inner: Any = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units, self.inner = units, inner

    def call(self, x: Any) -> Any:
        return x


class Written(cr.layers.Layer):
    """Its own get_config and from_config, as Keras's guides write them."""

    def __init__(self, inner: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.inner = inner

    def call(self, x: Any) -> Any:
        return self.inner(x)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "inner": cr.saving.serialize_keras_object(self.inner)}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        config["inner"] = cr.saving.deserialize_keras_object(config["inner"])
        return cls(**config)


class Lazy(cr.layers.Layer):
    """get_config with objects in it, which it should have described itself."""

    def __init__(self, inner: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.inner = inner

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "inner": self.inner}


OWN: dict[str, Any] = {c.__name__: c for c in (Plain, Sized, Written, Lazy)}


def test_description_of_an_own_class() -> None:
    # module aside, this is what keras 3.15.1 writes
    described = serialize_keras_object(Plain(name="p"))
    assert described.pop("module") == __name__
    assert described == {
        "class_name": "Plain",
        "config": {
            "name": "p",
            "trainable": True,
            "dtype": {
                "module": "keras",
                "class_name": "DTypePolicy",
                "config": {"name": "float32"},
                "registered_name": None,
            },
            "activity_regularizer": None,
            "autocast": True,
        },
        "registered_name": "Plain",
    }


@pytest.mark.parametrize("make", [Written, Lazy, lambda inner, **kwargs: Sized(3, inner, **kwargs)])
def test_layers_within_layers(make: Any) -> None:
    layer = make(L.Dense(2, "tanh", name="d"), name="outer", trainable=False)
    copy = again(layer, custom_objects=OWN)
    assert type(copy) is type(layer)
    assert (copy.name, copy.trainable) == ("outer", False)
    assert type(copy.inner) is L.Dense
    assert copy.inner.get_config() == layer.inner.get_config()


def test_a_constructor_that_takes_no_name() -> None:
    class Small(cr.Model):
        def __init__(self, units: int) -> None:
            super().__init__()
            self.dense = L.Dense(units)
            self.units = units

        def call(self, x: Any) -> Any:
            return self.dense(x)

    model = Small(3)
    model.trainable = False
    copy = again(model, custom_objects={"Small": Small})
    assert (copy.units, copy.name, copy.trainable) == (3, model.name, False)


def test_a_registered_class() -> None:
    cr.saving.register_keras_serializable("pack")(Sized)
    described = serialize_keras_object(Sized(3))
    assert described["registered_name"] == "pack>Sized"
    assert type(deserialize_keras_object(described)) is Sized


def test_an_own_class_that_is_not_given() -> None:
    text = r"Unknown class 'Plain'.*pass custom_objects=\{'Plain': ...\} or register it with @chainrule.saving.register"
    with pytest.raises(UnknownNameError, match=text):
        again(Plain())


def test_custom_objects_do_not_replace_ours() -> None:
    class Mine(L.Dense):
        pass

    with cr.saving.custom_object_scope({"Dense": Mine}):
        assert type(again(L.Dense(1))) is L.Dense


def test_a_class_in_place_of_an_object() -> None:
    assert serialize_keras_object(cr.regularizers.L2)["config"] == cr.regularizers.L2().get_config()


def test_an_object_without_get_config() -> None:
    with pytest.raises(TypeError, match=r"Cannot describe <object object at .*> of type object in a configuration"):
        serialize_keras_object(object())


@pytest.mark.parametrize(
    ("private", "public"),
    [
        ("keras.src.models.functional", "keras"),
        ("keras.src.models.sequential", "keras"),
        ("keras.models", "keras"),
        ("keras.src.layers.core.dense", "keras.layers"),
        ("keras.src.optimizers.adam", "keras.optimizers"),
        ("keras.src.optimizers.schedules.learning_rate_schedule", "keras.optimizers.schedules"),
        ("keras.src.backend.torch.optimizers.torch_adam", "keras.optimizers"),
        ("keras.src.dtype_policies.dtype_policy", "keras"),
        ("keras.layers", "keras.layers"),
        ("os", "os"),
    ],
)
def test_private_modules_of_keras(private: str, public: str) -> None:
    assert public_module(private) == public


def test_an_optimizer_saved_by_keras_on_torch() -> None:
    module = "keras.src.backend.torch.optimizers.torch_adam"
    found = find_class({"module": module, "class_name": "Adam", "registered_name": "Adam", "config": {}})
    assert found is cr.optimizers.Adam


def test_without_a_module_the_whole_table_is_searched() -> None:
    assert type(deserialize_keras_object({"class_name": "Dense", "config": {"units": 2}})) is L.Dense


@pytest.mark.parametrize("inner", [[1], "text", 3])
def test_a_config_that_is_no_mapping(inner: Any) -> None:
    with pytest.raises(ModelFileError, match="the configuration of 'Dense' must be a mapping, but is"):
        deserialize_keras_object({"module": "keras.layers", "class_name": "Dense", "config": inner})


# -- names ------------------------------------------------------------------------------------------------------------


def test_scopes_nest_and_end() -> None:
    with cr.saving.CustomObjectScope({"f": twice}):
        with cr.saving.custom_object_scope({"f": abs}):
            assert cr.saving.get_registered_object("f") is abs
        assert cr.saving.get_registered_object("f") is twice
        with no_custom_objects():
            assert cr.saving.get_registered_object("f") is None
        assert cr.activations.get("f") is twice
    assert cr.saving.get_registered_object("f") is None


def test_registered_names() -> None:
    def thrice(x: Any) -> Any:
        return 3 * x

    assert cr.saving.get_registered_name(thrice) == "thrice"
    cr.saving.register_keras_serializable()(thrice)
    assert cr.saving.get_registered_name(thrice) == "Custom>thrice"
    assert cr.saving.get_registered_object("Custom>thrice") is thrice
    assert cr.saving.get_registered_object("thrice") is thrice
    assert cr.saving.get_registered_object("f", {"f": abs}) is abs
    assert cr.saving.get_registered_object("f", None, {"f": abs}) is abs


def test_registering_needs_get_config() -> None:
    with pytest.raises(ValueError, match="Cannot register Odd: a class in a file needs a get_config method"):

        @cr.saving.register_keras_serializable()
        class Odd:
            pass


@pytest.mark.parametrize(
    ("name", "snake"),
    # what keras.src.utils.naming.to_snake_case gives
    [
        ("Dense", "dense"),
        ("PReLU", "p_re_lu"),
        ("RMSprop", "rm_sprop"),
        ("AUC", "auc"),
        ("L1L2", "l1l2"),
        ("IoU", "io_u"),
    ],
)
def test_snake_case(name: str, snake: str) -> None:
    assert snake_case(name) == snake
