"""The names of `keras.config` and `keras.mixed_precision`: what they change, and what they say they do not."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import config, dtype_policies, mixed_precision
from chainrule.dtype_policies import DTypePolicy, DTypePolicyMap
from chainrule.errors import DataError, TrapWarning, UnknownNameError


@pytest.fixture(autouse=True)
def settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """All settings as they were, and nothing said yet."""
    kept = {k: v for k, v in config._settings.items() if not k.startswith("max_")}
    monkeypatch.setattr(config, "_settings", kept)
    monkeypatch.setattr(dtype_policies, "_said", set())
    for name in ("KERAS_MAX_EPOCHS", "KERAS_MAX_STEPS_PER_EPOCH"):
        monkeypatch.delenv(name, raising=False)


def model() -> Any:
    net = cr.Sequential([cr.Input((2,)), cr.layers.Dense(1)])
    net.compile("sgd", "mse")
    return net


X = np.linspace(0, 1, 200, dtype="float32").reshape(100, 2)
Y = X[:, :1]

# -- limits -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("by_environment", [False, True])
def test_epochs_are_limited(by_environment: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if by_environment:
        monkeypatch.setenv("KERAS_MAX_EPOCHS", "2")
    else:
        config.set_max_epochs(2)
    assert config.max_epochs() == 2
    with pytest.warns(UserWarning, match="Limiting epochs to 2"):
        history = model().fit(X, Y, epochs=5, verbose=0)
    assert len(history.history["loss"]) == 2
    assert len(model().fit(X, Y, epochs=2, verbose=0).history["loss"]) == 2
    with pytest.warns(UserWarning, match="Limiting epochs to 2"):
        histories = cr.fit_many([model(), model()], X, Y, epochs=5, verbose=0)
    assert [len(h.history["loss"]) for h in histories] == [2, 2]
    config.set_max_epochs(None)
    assert len(model().fit(X, Y, epochs=3, verbose=0).history["loss"]) == 3


def test_steps_are_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KERAS_MAX_STEPS_PER_EPOCH", "2")
    net = model()
    with pytest.warns(UserWarning, match="Limiting steps_per_epoch to 2"):
        net.fit(X, Y, verbose=0)
    assert int(net.optimizer.iterations) == 2
    with pytest.warns(UserWarning, match="Limiting steps_per_epoch to 2"):
        assert net.predict(X, verbose=0).shape == (64, 1)
    with pytest.warns(UserWarning, match="Limiting steps_per_epoch to 2"):
        limited = net.evaluate(X, Y, verbose=0)
    with pytest.warns(UserWarning, match="Limiting steps_per_epoch to 2"):
        net.fit(((X, Y) for _ in range(4)), verbose=0)
    assert int(net.optimizer.iterations) == 4
    assert net.predict(X[:40], verbose=0).shape == (40, 1), "fewer batches than the limit"
    config.set_max_steps_per_epoch(None)
    assert limited == pytest.approx(np.mean((net.predict(X[:64], verbose=0) - Y[:64]) ** 2), abs=1)
    assert net.predict(X, verbose=0).shape == (100, 1)


def test_the_warning_names_the_line_of_the_program() -> None:
    config.set_max_epochs(1)
    with pytest.warns(UserWarning, match="Limiting epochs") as caught:
        model().fit(X, Y, epochs=2, verbose=0)
    assert caught[0].filename == __file__


@pytest.mark.parametrize("bad", ["many", "-1", "1.5"])
def test_limits_that_are_none(bad: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KERAS_MAX_EPOCHS", bad)
    with pytest.raises(DataError, match=f"KERAS_MAX_EPOCHS: expected a whole number from 1 up, received '{bad}'"):
        config.max_epochs()


# -- accepted ---------------------------------------------------------------------------------------------------------


def test_backends() -> None:
    config.set_backend("numpy")
    with pytest.raises(UnknownNameError, match="chainrule runs on its own engines and has no backend 'jax'"):
        config.set_backend("jax")
    assert config.backend() == "numpy"


def test_image_data_format() -> None:
    assert cr.backend.image_data_format() == "channels_last"
    cr.backend.set_image_data_format("channels_first")
    assert config.image_data_format() == "channels_first"
    x = np.arange(6, dtype="float32").reshape(1, 2, 3)
    assert cr.layers.Flatten()(x).numpy().tolist() == [[0, 3, 1, 4, 2, 5]]  # what Keras makes of it
    assert cr.layers.GlobalAveragePooling1D()(x).numpy().tolist() == [[1, 4]]
    assert cr.layers.Flatten("channels_last")(x).numpy().tolist() == [[0, 1, 2, 3, 4, 5]]
    with pytest.raises(UnknownNameError, match="Unknown data format 'first'"):
        config.set_image_data_format("first")


def test_traceback_filtering_is_remembered() -> None:
    assert config.is_traceback_filtering_enabled()
    config.disable_traceback_filtering()
    assert not config.is_traceback_filtering_enabled()
    config.enable_traceback_filtering()
    assert config.is_traceback_filtering_enabled()


def test_unsafe_deserialization_changes_nothing_and_says_so() -> None:
    with pytest.warns(TrapWarning, match=r"enable_unsafe_deserialization\(\) changes nothing"):
        config.enable_unsafe_deserialization()
    config.disable_trap_warnings()
    config.enable_unsafe_deserialization()


# -- dtype policies ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["mixed_float16", "mixed_bfloat16", "float16", "bfloat16"])
def test_half_types_are_computed_in_float32_and_say_so_once(name: str) -> None:
    with pytest.warns(TrapWarning, match=f"policy '{name}' is accepted, but all arithmetic and storage is float32"):
        mixed_precision.set_global_policy(name)
    layer = cr.layers.Dense(2)
    layer.build((None, 3))
    assert layer.dtype_policy.name == name
    assert layer.compute_dtype == layer.variable_dtype == str(layer.kernel.dtype) == "float32"
    assert layer.get_config()["dtype"]["config"] == {"name": name}
    assert np.asarray(layer(np.ones((1, 3)))).dtype == np.float32


def test_the_warning_can_be_silenced() -> None:
    config.disable_trap_warnings()
    DTypePolicy("mixed_float16")
    config.enable_trap_warnings()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=TrapWarning)
        DTypePolicy("mixed_float16")


def test_the_global_policy_is_that_of_new_layers() -> None:
    assert config.dtype_policy() == DTypePolicy("float32")
    config.set_floatx("float64")
    assert cr.layers.Dense(1).dtype_policy.name == "float64"
    config.set_dtype_policy("float32")
    assert cr.layers.Dense(1).dtype_policy.name == "float32"
    assert DTypePolicy().name == "float32"
    config.set_dtype_policy(DTypePolicy("int32"))
    assert mixed_precision.global_policy().compute_dtype == "int32"
    cr.utils.clear_session()
    assert config.dtype_policy() == DTypePolicy("float64"), "the default float type's again"
    with pytest.raises(ValueError, match=r"expected a string, such as 'float32', .* Received: policy=3"):
        config.set_dtype_policy(3)
    with pytest.raises(UnknownNameError, match="Unknown dtype 'float33'"):
        config.set_dtype_policy("float33")


def test_what_get_takes() -> None:
    policy = DTypePolicy("float64")
    for identifier in (policy, "float64", np.float64, np.dtype("float64"), dtype_policies.serialize(policy)):
        assert dtype_policies.get(identifier) == policy
    assert dtype_policies.get({"class_name": "FloatDTypePolicy", "config": {"name": "float64"}}) == policy
    assert dtype_policies.get(int).name == "int32"
    assert dtype_policies.get(None) == config.dtype_policy()
    assert policy.quantization_mode is None
    assert cr.FloatDTypePolicy is dtype_policies.FloatDTypePolicy
    with pytest.raises(UnknownNameError, match=r"Cannot interpret `dtype` argument.* Received: dtype=\[\]"):
        dtype_policies.get([])
    with pytest.raises(TypeError, match=r"'name' must be a string, such as 'float32'\. Received: name=3"):
        DTypePolicy(3)  # type: ignore[arg-type]
    with pytest.raises(UnknownNameError, match="Expected the configuration of a dtype policy, found a Dense"):
        dtype_policies.get(cr.layers.serialize(cr.layers.Dense(1)))


def test_inputs_are_converted() -> None:
    policy = DTypePolicy("float32")
    assert str(policy.convert_input(np.ones(2), True, "float32").dtype) == "float32"
    assert str(policy.convert_input(np.ones(2), False, "float32").dtype) == "float64"
    assert str(policy.convert_input(np.ones(2, int), True, "float32").dtype) == "int64"
    assert policy.convert_input("text", True, "float32") == "text"
    assert policy.convert_input(cr.Input((2,), dtype="float64"), True, "float32").dtype == "float32"


def test_a_map_finds_policies_by_path() -> None:
    double, single = DTypePolicy("float64"), DTypePolicy("float32")
    policies = DTypePolicyMap(policy_map={"encoder/.*": double})
    policies["encoder/first"] = "float32"
    assert policies["encoder/first"] == single
    assert policies["encoder/second"] == double
    assert policies["decoder"] == single
    assert (len(policies), list(policies), "encoder/.*" in policies) == (2, ["encoder/.*", "encoder/first"], True)
    policies["enc.*"] = double
    with pytest.raises(ValueError, match="Path 'encoder/second' matches multiple dtype policy specification keys"):
        policies["encoder/second"]
    with pytest.raises(ValueError, match="already exist in the DTypePolicyMap"):
        policies["enc.*"] = single
    del policies["enc.*"]
    again = dtype_policies.deserialize(dtype_policies.serialize(policies))
    assert list(again.items()) == list(policies.items())
    assert repr(policies) == (
        "<DTypePolicyMap default_policy=float32, mapping=[('encoder/.*', 'float64'), ('encoder/first', 'float32')]>"
    )
    assert policies.name == "map_float32"
    assert cr.layers.Dense(1, dtype=policies).compute_dtype == "float32"
    with pytest.raises(ValueError, match="`default_policy` cannot be a `DTypePolicyMap`"):
        DTypePolicyMap(policies)
    with pytest.raises(TypeError, match="`policy_map` must be a dict"):
        DTypePolicyMap(policy_map=[("a", double)])  # type: ignore[arg-type]


def test_a_model_keeps_the_name_of_its_policy_in_its_file(tmp_path: Any) -> None:
    with pytest.warns(TrapWarning):
        net = cr.Sequential([cr.Input((2,)), cr.layers.Dense(1, dtype="mixed_bfloat16")])
    net.save(tmp_path / "m.keras")
    assert cr.models.load_model(tmp_path / "m.keras").layers[0].dtype_policy.name == "mixed_bfloat16"
