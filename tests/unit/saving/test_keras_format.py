"""Whole models in `.keras` files: round trips, messages, and files that ask for what they must not get."""

from __future__ import annotations

import io
import json
import os
import zipfile
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import ModelFileError
from chainrule.saving import keras_format, weights

L = cr.layers


def network(**compile_with: Any) -> Any:
    cr.utils.set_random_seed(1)
    model = cr.Sequential([cr.Input((2,)), L.Dense(3, "relu"), L.Dense(1)], name="net")
    if compile_with:
        model.compile(**compile_with)
    return model


def members(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {info.filename: archive.read(info) for info in archive.infolist()}


def rewrite(path: Path, **changed: bytes | None) -> Path:
    """Replace or drop members: `rewrite(path, config=b"...")` is about config.json."""
    names = {"config": "config.json", "metadata": "metadata.json", "weights": "model.weights.h5"}
    content = {**members(path), **{names[k]: v for k, v in changed.items()}}
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in content.items():
            if data is not None:
                archive.writestr(name, data)
    return path


def changed_config(path: Path, change: Any) -> Path:
    config = json.loads(members(path)["config.json"])
    change(config)
    return rewrite(path, config=json.dumps(config).encode())


@pytest.fixture
def path(tmp_path: Path) -> Path:
    network(optimizer="adam", loss="mse", metrics=["mae"]).save(tmp_path / "m.keras")
    return tmp_path / "m.keras"


# -- there and back ---------------------------------------------------------------------------------------------------


def test_what_the_file_holds(path: Path) -> None:
    found = members(path)
    assert list(found) == ["metadata.json", "config.json", "model.weights.h5"]
    assert json.loads(found["metadata.json"])["keras_version"] == "3.15.1"
    with zipfile.ZipFile(path) as archive:
        assert {info.compress_type for info in archive.infolist()} == {zipfile.ZIP_STORED}


def test_two_files_of_one_model_differ_in_nothing_but_the_date(tmp_path: Path) -> None:
    model = network(optimizer="adam", loss="mse")
    for name in ("a.keras", "b.keras"):
        model.save(tmp_path / name)
    one, other = members(tmp_path / "a.keras"), members(tmp_path / "b.keras")
    assert {k: v for k, v in one.items() if k != "metadata.json"} == {
        k: v for k, v in other.items() if k != "metadata.json"
    }


def test_compile_settings_come_back(tmp_path: Path) -> None:
    rate = cr.optimizers.schedules.InverseTimeDecay(0.1, 5, 0.5)
    model = network(
        optimizer=cr.optimizers.SGD(rate, momentum=0.5, nesterov=True, clipvalue=1.0),
        loss=cr.losses.Huber(delta=0.7, reduction="sum"),
        metrics=["mae", cr.metrics.RootMeanSquaredError(name="r")],
        weighted_metrics=["mse"],
        loss_weights=[0.5],
    )
    model.save(tmp_path / "m.keras")
    again = cr.models.load_model(tmp_path / "m.keras")
    assert again.optimizer.get_config() == model.optimizer.get_config()
    assert again.loss.get_config() == model.loss.get_config()
    x, y = np.eye(2), np.ones((2, 1))
    assert again.evaluate(x, y, verbose=0, return_dict=True) == model.evaluate(x, y, verbose=0, return_dict=True)


def test_a_file_object() -> None:
    model, buffer = network(), io.BytesIO()
    model.save(buffer)
    buffer.seek(0)
    again = cr.models.load_model(buffer)
    np.testing.assert_array_equal(again(np.eye(2)), model(np.eye(2)))
    with pytest.raises(ModelFileError, match=r"'<BytesIO>' is not a readable '.keras' file"):
        cr.models.load_model(io.BytesIO(b"nothing"))


def test_float64_stays(tmp_path: Path) -> None:
    model = cr.Sequential([cr.Input((2,), dtype="float64"), L.Dense(2, dtype="float64")])
    model.save(tmp_path / "m.keras")
    again = cr.models.load_model(tmp_path / "m.keras")
    assert again.layers[0].kernel.dtype == "float64"
    np.testing.assert_array_equal(again.get_weights()[0], model.get_weights()[0])


def test_frozen_layers_stay_frozen(tmp_path: Path) -> None:
    model = network(optimizer="adam", loss="mse")
    model.layers[0].trainable = False
    model.compile("adam", "mse")
    model.fit(np.eye(2), np.ones((2, 1)), verbose=0)
    model.save(tmp_path / "m.keras")
    again = cr.models.load_model(tmp_path / "m.keras")
    assert [layer.trainable for layer in again.layers] == [False, True]
    assert len(again.optimizer.variables) == len(model.optimizer.variables) == 6


def test_a_model_that_is_not_built(tmp_path: Path) -> None:
    cr.Sequential([L.Dense(3), L.Dense(1)]).save(tmp_path / "m.keras")
    again = cr.models.load_model(tmp_path / "m.keras")
    assert not again.built
    assert again(np.eye(2)).shape == (2, 1)


def test_extra_members_are_kept_and_ignored(tmp_path: Path) -> None:
    keras_format.save_model(network(), tmp_path / "m.keras", extra_members={"mine.json": b"{}"})
    assert members(tmp_path / "m.keras")["mine.json"] == b"{}"
    assert cr.models.load_model(tmp_path / "m.keras").name == "net"


def test_newer_arguments_that_are_null_are_no_obstacle(path: Path) -> None:
    def change(config: Any) -> None:
        config["config"]["layers"][1]["config"]["of_the_future"] = None
        config["compile_config"]["optimizer"]["config"]["of_the_future"] = None

    assert cr.models.load_model(changed_config(path, change)).layers[0].units == 3


def test_older_files_lack_newer_arguments(path: Path) -> None:
    def change(config: Any) -> None:
        layer = config["config"]["layers"][1]["config"]
        for key in ("quantization_config", "kernel_constraint"):
            del layer[key]
        for key in ("input_axes", "output_axes"):
            del layer["kernel_initializer"]["config"][key]
        layer["dtype"] = "float32"
        del config["config"]["layers"][1]["build_config"]

    assert cr.models.load_model(changed_config(path, change)).layers[0].units == 3


# -- saving what cannot be saved --------------------------------------------------------------------------------------


def test_a_lambda_is_refused_at_saving_and_the_old_file_stays(path: Path) -> None:
    before = path.read_bytes()
    model = cr.Sequential([cr.Input((2,)), L.Lambda(lambda x: x * 2)], name="net")
    text = r"Cannot save 'net' to '.*m.keras': a lambda cannot be written: a file holds data, never code. Give the func"
    with pytest.raises(ModelFileError, match=text):
        model.save(path)
    with pytest.raises(ModelFileError, match="a lambda cannot be written"):
        network(optimizer="sgd", loss=lambda y, p: p).save(path)
    assert path.read_bytes() == before
    assert os.listdir(path.parent) == ["m.keras"]


def test_failing_steps_leave_the_old_file(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = path.read_bytes()

    def fail(*_: Any, **__: Any) -> Any:
        raise MemoryError

    for module, name in ((json, "dumps"), (h5py, "File"), (weights, "owners"), (os, "replace"), (os, "fsync")):
        model = network()
        monkeypatch.setattr(module, name, fail)
        with pytest.raises(MemoryError):
            model.save(path)
        monkeypatch.undo()
        assert path.read_bytes() == before
        assert os.listdir(path.parent) == ["m.keras"]


def test_names_and_arguments(tmp_path: Path, path: Path) -> None:
    model = network()
    with pytest.raises(
        ModelFileError, match=r"Cannot save to '.*m.zip': the name must end in '.keras' \(or use save_weig"
    ):
        model.save(tmp_path / "m.zip")
    with pytest.raises(ModelFileError, match=r"m.keras' exists already, and overwrite=False was given"):
        model.save(path, overwrite=False)
    with pytest.raises(ModelFileError, match="zipped=False writes a folder, whose name must not end so"):
        model.save(path, zipped=False)
    with pytest.raises(TypeError, match=r"save: unknown arguments \['speed'\]"):
        model.save(path, speed=1)


def test_numbers_that_json_has_not(tmp_path: Path) -> None:
    model = cr.Sequential([cr.Input((2,)), L.Rescaling(float("nan"))])
    with pytest.raises(ModelFileError, match="Out of range float values are not JSON compliant"):
        model.save(tmp_path / "m.keras")


def test_an_object_without_get_config(tmp_path: Path) -> None:
    class Odd:
        def __call__(self, x: Any) -> Any:
            return x

    model = cr.Sequential([cr.Input((2,)), L.Dense(2, activation=Odd())])
    with pytest.raises(ModelFileError, match="of type Odd in a configuration: it has no get_config method"):
        model.save(tmp_path / "m.keras")


# -- loading what cannot be loaded ------------------------------------------------------------------------------------


def test_hdf5_in_place_of_a_model(tmp_path: Path) -> None:
    network().save_weights(tmp_path / "m.weights.h5")
    with pytest.raises(
        ModelFileError, match=r"m.weights.h5' holds no model .*: if it holds weights alone, .*call model.load_weights"
    ):
        cr.models.load_model(tmp_path / "m.weights.h5")


@pytest.mark.parametrize("missing", ["config", "weights"])
def test_a_missing_member(path: Path, missing: str) -> None:
    name = {"config": "config.json", "weights": "model.weights.h5"}[missing]
    with pytest.raises(ModelFileError, match=f"m.keras' has no member '{name}': it is not a Keras model file"):
        cr.models.load_model(rewrite(path, **{missing: None}))


def test_without_metadata_all_is_well(path: Path) -> None:
    assert cr.models.load_model(rewrite(path, metadata=None)).name == "net"


def test_weights_that_were_exchanged(path: Path, tmp_path: Path) -> None:
    network().save(tmp_path / "other.keras")
    data = members(tmp_path / "other.keras")["model.weights.h5"]
    with pytest.raises(ModelFileError, match="the weights are not those that were saved: their SHA-256 differs"):
        cr.models.load_model(rewrite(path, weights=data))


@pytest.mark.parametrize("text", ["[]", "1", '"x"', "null", "{}", '{"class_name": "Sequential"}', '{"config": {}}'])
def test_a_config_that_is_no_model(path: Path, text: str) -> None:
    with pytest.raises(ModelFileError, match=r"m.keras': config.json does not describe a model"):
        cr.models.load_model(rewrite(path, config=text.encode()))


def test_a_layer_alone(path: Path) -> None:
    config = json.dumps(cr.saving.serialize_keras_object(L.Dense(1)))
    with pytest.raises(ModelFileError, match=r"m.keras' describes a Dense, not a model"):
        cr.models.load_model(rewrite(path, config=config.encode()))


def test_an_unknown_class_names_the_nearest(path: Path) -> None:
    def change(config: Any) -> None:
        config["config"]["layers"][1]["class_name"] = "Dens"

    text = r"m.keras': Unknown class 'Dens'. Did you mean 'Dense'.*\(module 'keras.layers'\). If it is a class of yours"
    with pytest.raises(ModelFileError, match=text):
        cr.models.load_model(changed_config(path, change))


@pytest.mark.parametrize(
    ("module", "class_name"),
    [
        ("os", "system"),
        ("builtins", "eval"),
        ("keras.utils", "get_file"),
        ("keras.models", "load_model"),
        ("keras.config", "enable_unsafe_deserialization"),
        ("chainrule.saving", "load_model"),
        ("keras.layers", "TFSMLayer"),
        ("keras.layers", "TorchModuleWrapper"),
        ("subprocess", "Popen"),
    ],
)
def test_nothing_outside_the_table(path: Path, module: str, class_name: str) -> None:
    def change(config: Any) -> None:
        config["config"]["layers"][1].update(module=module, class_name=class_name, config={}, registered_name=None)

    with pytest.raises(ModelFileError, match=rf"m.keras': (Unknown class|Class) '{class_name}'"):
        cr.models.load_model(changed_config(path, change))


@pytest.mark.parametrize("function", ["os.system", "system", "eval", "load_model", "get_file", "__import__"])
def test_functions_outside_the_table(path: Path, function: str) -> None:
    def change(config: Any) -> None:
        description = {"module": "os", "class_name": "function", "config": function, "registered_name": function}
        config["config"]["layers"][1]["config"]["activation"] = description

    with pytest.raises(ModelFileError, match=f"names a function '{function}' that is neither one of ours"):
        cr.models.load_model(changed_config(path, change))


@pytest.mark.parametrize("safe_mode", [True, False, None])
def test_a_lambda_by_value_in_any_mode(path: Path, safe_mode: Any) -> None:
    def change(config: Any) -> None:
        code = {"class_name": "__lambda__", "config": {"code": "4wEAAAA=", "defaults": None, "closure": None}}
        layer = {"name": "l", "trainable": True, "dtype": "float32", "function": code, "arguments": {}}
        config["config"]["layers"][1].update(class_name="Lambda", config=layer, build_config=None)

    with pytest.raises(
        ModelFileError, match=r"m.keras': the file holds a lambda by value \(Python bytecode\), which is ne"
    ):
        cr.models.load_model(changed_config(path, change), safe_mode=safe_mode)


def test_a_wrong_field(path: Path) -> None:
    def change(config: Any) -> None:
        config["config"]["layers"][1]["config"]["unit"] = 3

    with pytest.raises(ModelFileError, match=r"m.keras': .*'unit'. Did you mean 'units'"):
        cr.models.load_model(changed_config(path, change))


@pytest.mark.parametrize("value", ["3", 2.5, -1, 0, None, True, [3], {"a": 1}])
def test_a_field_of_a_wrong_type(path: Path, value: Any) -> None:
    def change(config: Any) -> None:
        config["config"]["layers"][1]["config"]["units"] = value

    with pytest.raises(ModelFileError, match=r"m.keras': .*units must be a positive whole number"):
        cr.models.load_model(changed_config(path, change))


def test_another_name_than_registered(path: Path) -> None:
    def change(config: Any) -> None:
        config["config"]["layers"][1]["registered_name"] = "p>Other"

    with pytest.raises(ModelFileError, match=r"'keras.layers.Dense' is registered as 'p>Other' in the file"):
        cr.models.load_model(changed_config(path, change))


def test_compile_settings_that_cannot_be(path: Path) -> None:
    def change(config: Any) -> None:
        config["compile_config"]["optimizer"]["class_name"] = "Adom"

    changed_config(path, change)
    with pytest.raises(
        ModelFileError, match=r"compile settings: Unknown class 'Adom'.* Load with compile=False to leave"
    ):
        cr.models.load_model(path)
    assert cr.models.load_model(path, compile=False).name == "net"


def test_malformed_compile_settings(path: Path) -> None:
    def change(config: Any) -> None:
        config["compile_config"]["speed"] = 3

    with pytest.raises(
        ModelFileError, match=r"the compile settings are malformed: TypeError: .*'speed'.* Load with compile"
    ):
        cr.models.load_model(changed_config(path, change))


def test_weights_of_another_shape(path: Path) -> None:
    def change(config: Any) -> None:
        config["config"]["layers"][2]["config"]["units"] = 5

    text = r"'layers/dense_1' \(Dense 'dense.*'\): variable 'kernel' has shape \(3, 5\), in the file \(3, 1\)"
    with pytest.raises(ModelFileError, match=text):
        cr.models.load_model(changed_config(path, change))


@pytest.mark.parametrize("units", [10**8, 2**53])
def test_a_few_bytes_do_not_ask_for_gigabytes(path: Path, units: int) -> None:
    def change(config: Any) -> None:
        config["config"]["layers"][1]["config"]["units"] = units
        config["config"]["layers"][2]["build_config"] = None

    text = rf"a variable of shape \(2, {units}\) needs {8 * units} bytes, far more than there are weights in the file"
    with pytest.raises(ModelFileError, match=text):
        cr.models.load_model(changed_config(path, change))


def test_messages_are_one_short_line(path: Path) -> None:
    def change(config: Any) -> None:
        config["config"]["layers"][1]["class_name"] = "X\n" * 2000
        config["config"]["layers"][1]["module"] = "Y" * 2000

    with pytest.raises(ModelFileError) as error:
        cr.models.load_model(changed_config(path, change))
    assert len(str(error.value)) <= 500
    assert "\n" not in str(error.value)


def test_a_file_changes_nothing_in_the_program(path: Path) -> None:
    known = dict(cr.saving.get_custom_objects())
    cr.models.load_model(path)
    assert cr.saving.get_custom_objects() == known


# -- JSON -------------------------------------------------------------------------------------------------------------


def test_to_json_and_back() -> None:
    model = network(optimizer="adam", loss="mse")
    again = cr.models.model_from_json(model.to_json(indent=2))
    assert again.get_config() == model.get_config()
    assert not again.compiled


def test_text_that_is_no_model() -> None:
    with pytest.raises(ModelFileError, match="'JSON text': the text is not valid JSON"):
        cr.models.model_from_json("{")
    with pytest.raises(ModelFileError, match=r"'JSON text': config.json does not describe a model"):
        cr.models.model_from_json("[]")


@pytest.mark.parametrize("module", ["", "keras.layers", "keras.src.layers.rnn.lstm"])
def test_layers_out_of_scope_in_a_file_are_said_to_be_so(module: str) -> None:
    layer = {"class_name": "LSTM", "config": {"units": 3}, **({"module": module} if module else {})}
    config = {"class_name": "Sequential", "config": {"layers": [layer]}}
    with pytest.raises(
        ValueError, match=r"'LSTM' belongs to recurrent networks, out of chainrule's scope.*Open it in Keras"
    ):
        cr.models.model_from_json(json.dumps(config))


def test_a_text_that_asks_for_more_weights_than_allowed() -> None:
    text = cr.Sequential([cr.Input((30,)), cr.layers.Dense(10), cr.layers.Dense(20)]).to_json()
    assert cr.models.model_from_json(text, max_bytes=2120).count_params() == 530
    with pytest.raises(
        ModelFileError, match=r"'JSON text': a variable of shape \(20,\) needs 80 bytes, more than is left"
    ):
        cr.models.model_from_json(text, max_bytes=2119)
    huge = text.replace('"units": 10', '"units": 1000000000')
    assert huge != text
    with pytest.raises(
        ModelFileError, match=r"a variable of shape \(30, 1000000000\) needs 120000000000 bytes, .*max_bytes"
    ):
        cr.models.model_from_json(huge)
    with pytest.raises(TypeError, match="max_bytes must be a whole number"):
        cr.models.model_from_json(text, max_bytes="1 GB")  # type: ignore[arg-type]
    weights = cr.models.model_from_json(text).get_weights()  # drawn, although a limit is set
    assert weights[0].std() > 0.1


@pytest.mark.parametrize("given", [None, 5, {}])
def test_model_from_json_takes_text(given: Any) -> None:
    with pytest.raises(ModelFileError, match=f"expected the text that .* received a {type(given).__name__}"):
        cr.models.model_from_json(given)
