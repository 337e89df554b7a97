"""Legacy `.h5` files: what is written, what is refused, weights by name."""

from __future__ import annotations

import io
import json
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import ModelFileError
from chainrule.saving.legacy_config import modern
from chainrule.utils.naming import reset_names

L = cr.layers


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    reset_names()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The HDF5 form")
        yield


def network(seed: int = 1, units: int = 3) -> Any:
    cr.utils.set_random_seed(seed)
    first, last = L.Dense(units, "relu", name="first"), L.Dense(1, name="last")
    model = cr.Sequential([cr.Input((2,)), first, L.BatchNormalization(name="norm"), last], name="net")
    model.compile(cr.optimizers.Adam(0.01), "mse", metrics=["mae"])
    model.train_on_batch(np.ones((4, 2)), np.arange(4.0).reshape(-1, 1))
    return model


@pytest.fixture
def path(tmp_path: Path) -> Path:
    network().save(tmp_path / "m.h5")
    return tmp_path / "m.h5"


def values(model: Any) -> list[Any]:
    return [v.numpy() for v in (*model.weights, *model.optimizer.variables)]


def same(a: Any, b: Any) -> bool:
    return all(np.array_equal(x, y) for x, y in zip(values(a), values(b), strict=True))


def edited(path: Path, change: Callable[[Any], Any]) -> Path:
    with h5py.File(path, "r+") as file:
        change(file)
    return path


def config(path: Path, change: Callable[[Any], Any], key: str = "model_config") -> Path:
    """Change the configuration in a file."""

    def edit(file: Any) -> None:
        value = json.loads(file.attrs[key])
        changed = change(value)
        file.attrs[key] = json.dumps(value if changed is None else changed)

    return edited(path, edit)


# -- writing ----------------------------------------------------------------------------------------------------------


def test_it_says_that_the_form_is_old(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="The HDF5 form of whole models .* is the legacy one"):
        network().save(tmp_path / "m.h5")


def test_the_layout(path: Path) -> None:
    with h5py.File(path) as file:
        assert sorted(file.attrs) == ["backend", "keras_version", "model_config", "training_config"]
        assert sorted(file) == ["model_weights", "optimizer_state"]
        assert list(file["model_weights"].attrs["layer_names"]) == ["first", "norm", "last"]
        assert list(file["model_weights/first"].attrs["weight_names"]) == ["net/first/kernel", "net/first/bias"]
        assert file["model_weights/first/net/first/kernel"].shape == (2, 3)
        assert list(file["optimizer_state"].attrs["weight_names"])[:3] == [
            "adam/iteration", "adam/learning_rate", "adam/net_first_kernel_momentum",
        ]  # fmt: skip
        training = json.loads(file.attrs["training_config"])
        described = json.loads(file.attrs["model_config"])
    assert training["loss"] == "mean_squared_error"
    assert training["optimizer_config"]["class_name"] == "Adam"
    assert set(described) == {"class_name", "config"}
    assert set(described["config"]["layers"][1]) == {"class_name", "config"}


def test_there_and_back(path: Path) -> None:
    again = cr.models.load_model(path)
    assert same(again, network())
    reset_names()  # as when it was saved
    assert json.loads(again.to_json()) == json.loads(network().to_json())
    assert not cr.models.load_model(path, compile=False).compiled


def test_without_the_optimizer(tmp_path: Path) -> None:
    network().save(tmp_path / "m.hdf5", include_optimizer=False)
    assert not cr.models.load_model(tmp_path / "m.hdf5").compiled


def test_more_names_than_a_header_holds(tmp_path: Path) -> None:
    """HDF5 keeps 64 KB of an attribute in a header; Keras splits long lists of names into numbered parts."""
    names = [f"a_rather_long_name_{'x' * 900}_{i}" for i in range(80)]
    model = cr.Sequential([cr.Input((1,)), *(L.Dense(1, name=name) for name in names)])
    model.save(tmp_path / "m.h5")
    with h5py.File(tmp_path / "m.h5") as file:
        assert "layer_names0" in file["model_weights"].attrs
        assert "layer_names" not in file["model_weights"].attrs
    again = cr.models.load_model(tmp_path / "m.h5")
    assert all(np.array_equal(v.numpy(), w.numpy()) for v, w in zip(model.weights, again.weights, strict=True))


def test_models_that_have_no_graph(tmp_path: Path) -> None:
    class Mine(cr.Model):
        def call(self, x: Any) -> Any:
            return x

    for model in (Mine(), cr.Sequential([L.Dense(1)])):
        with pytest.raises(ModelFileError, match=r"hold Sequential and functional models .*Save it as '.keras'"):
            model.save(tmp_path / "m.h5")
    assert list(tmp_path.iterdir()) == []


def test_operations_between_layers(tmp_path: Path) -> None:
    x = cr.Input((3,))
    y = L.Dense(3)(x) * 2 + 1
    model = cr.Model(x, cr.ops.concatenate([y, cr.ops.relu(-y)], axis=1))
    model.save(tmp_path / "m.h5")
    data = np.random.default_rng(1).normal(size=(4, 3))
    again = cr.models.load_model(tmp_path / "m.h5")
    assert np.array_equal(again.predict(data, verbose=0), model.predict(data, verbose=0))


# -- weights ----------------------------------------------------------------------------------------------------------


def test_weights_of_a_whole_model(path: Path) -> None:
    model = network(2)
    model.load_weights(path)
    assert all(np.array_equal(v.numpy(), w.numpy()) for v, w in zip(model.weights, network(1).weights, strict=True))


def test_weights_by_name(path: Path) -> None:
    layers = [L.Dense(1, name="last"), L.Dense(5, name="other"), L.Dense(3, name="first")]
    x = cr.Input((3,))
    model = cr.Model(x, [layers[0](x), layers[1](x), layers[2](L.Dense(2, name="fitting")(x))])
    before = model.get_layer("other").get_weights()
    model.load_weights(path, by_name=True)
    source = network(1)
    for name in ("first", "last"):
        ours, theirs = model.get_layer(name).get_weights(), source.get_layer(name).get_weights()
        assert all(np.array_equal(a, b) for a, b in zip(ours, theirs, strict=True))
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_layer("other").get_weights(), strict=True))


def refused(model: Any, path: Path, match: str, **kwargs: Any) -> None:
    before = values(model)
    with pytest.raises(ModelFileError, match=match) as caught:
        model.load_weights(path, **kwargs)
    assert len(str(caught.value)) <= 500
    assert "\n" not in str(caught.value)
    assert str(path) in str(caught.value)
    assert all(np.array_equal(x, y) for x, y in zip(before, values(model), strict=True))


def test_weights_that_do_not_fit(path: Path) -> None:
    refused(network(2, units=4), path, r"layer 'first' .*: variable 'kernel' has shape \(2, 4\), in the file \(2, 3\)")
    other = cr.Sequential([cr.Input((2,)), L.Dense(3, name="first")])
    other.compile("sgd")
    refused(other, path, r"it has weights of 3 layers \(first, norm, last\), the model has 1 \(first\)")
    two = cr.Sequential([cr.Input((2,)), L.Dense(3, use_bias=False, name="first")])
    two.compile("sgd")
    refused(two, path, "layer 'first' has 1 variables, the file 2", by_name=True)
    with pytest.warns(UserWarning, match="layer 'first' has 1 variables, the file 2. It is left as it was"):
        two.load_weights(path, by_name=True, skip_mismatch=True)


def test_skipping_what_does_not_fit(path: Path) -> None:
    model = network(2, units=4)
    with pytest.warns(UserWarning, match="It is left as it was"):
        model.load_weights(path, skip_mismatch=True)
    assert np.array_equal(model.layers[2].bias.numpy(), network(1).layers[2].bias.numpy())


def test_a_failure_in_the_middle_changes_nothing(path: Path) -> None:
    def damage(file: Any) -> None:
        del file["model_weights/last/net/last/bias"]

    refused(network(2), edited(path, damage), "lists an array 'net/last/bias' that is not there")


# -- what is refused --------------------------------------------------------------------------------------------------


def remove(key: str) -> Callable[[Any], None]:
    return lambda file: file.attrs.__delitem__(key)


def set_class(name: Any) -> Callable[[Any], None]:
    return lambda value: value["config"]["layers"][1].update(class_name=name)


REFUSED: dict[str, tuple[Callable[[Path], Path], str]] = {
    "no model": (lambda p: edited(p, remove("model_config")), "holds no model"),
    "number": (lambda p: edited(p, lambda f: f.attrs.__setitem__("model_config", 7)), "must be text"),
    "no json": (lambda p: edited(p, lambda f: f.attrs.__setitem__("model_config", "{")), "not valid JSON"),
    "list": (lambda p: config(p, lambda c: [c]), "does not describe a model"),
    "nothing known": (lambda p: config(p, set_class("Nothing")), "Unknown class 'Nothing'"),
    "a class elsewhere": (lambda p: config(p, set_class("os>system")), "os>system"),
    "no name": (lambda p: config(p, set_class(7)), "Unknown class '7'"),
    "layers": (lambda p: config(p, lambda c: c["config"].update(layers=[1])), "must be described by mappings"),
    "settings": (
        lambda p: config(p, lambda c: c["config"]["layers"][1].update(config=[])),
        "must be a mapping, but is list",
    ),
    "bytecode": (
        lambda p: config(
            p,
            lambda c: c["config"]["layers"].append(
                {"class_name": "Lambda", "config": {"function": ["4wEAAAA=", None, None]}}
            ),
        ),
        "holds a lambda by value",
    ),
    "no weights": (lambda p: edited(p, lambda f: f.__delitem__("model_weights")), "holds no weights of the legacy"),
    "names": (
        lambda p: edited(p, lambda f: f["model_weights"].attrs.__setitem__("layer_names", [1, 2, 3])),
        "must be a list of names",
    ),
    "soft link": (
        lambda p: edited(p, lambda f: link(f, h5py.SoftLink("/model_weights/last"))),
        "first",
    ),
    "external link": (
        lambda p: edited(p, lambda f: link(f, h5py.ExternalLink("other.h5", "/"))),
        "first",
    ),
    "training": (
        lambda p: config(p, lambda c: [], "training_config"),
        "compile settings must be a mapping",
    ),
    "optimizer": (
        lambda p: config(p, lambda c: c["optimizer_config"].update(class_name="Nothing"), "training_config"),
        "Unknown class 'Nothing'.*compile=False",
    ),
}


def link(file: Any, target: Any) -> None:
    del file["model_weights/first"]
    file["model_weights/first"] = target


@pytest.mark.parametrize("name", REFUSED)
def test_refusals(name: str, path: Path) -> None:
    change, match = REFUSED[name]
    with pytest.raises(ModelFileError, match=match) as caught:
        cr.models.load_model(change(path))
    assert len(str(caught.value)) <= 500
    assert "\n" not in str(caught.value)
    assert str(path) in str(caught.value)


def test_files_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match=r"File not found: '.*m.h5'"):
        cr.models.load_model(tmp_path / "m.h5")
    (tmp_path / "m.h5").write_bytes(b"PK no")
    with pytest.raises(ModelFileError, match=r"m.h5"):
        cr.models.load_model(tmp_path / "m.h5")


def test_state_of_another_optimizer(path: Path) -> None:
    config(path, lambda c: c.update(optimizer_config={"class_name": "RMSprop", "config": {}}), "training_config")
    with pytest.warns(UserWarning, match="the state of RMSprop is not loaded, training starts anew"):
        model = cr.models.load_model(path)
    assert float(model.optimizer.iterations) == 0


# -- configurations of Keras 2 ----------------------------------------------------------------------------------------


def test_old_forms_of_settings() -> None:
    text = modern(
        {
            "class_name": "Sequential",
            "config": [
                {"class_name": "Dense", "config": {"units": 2, "batch_input_shape": [None, 3], "name": "a"}},
                {"class_name": "BatchNormalization", "config": {"axis": {"class_name": "__tuple__", "items": [1]}}},
                {"class_name": "Dense", "config": {"units": 1, "kernel_initializer": {
                    "class_name": "VarianceScaling", "config": {"distribution": "normal", "dtype": "float32"}}}},
            ],
        }
    )  # fmt: skip
    model = cr.saving.deserialize_keras_object(text)
    assert model.output_shape == (None, 1)


@pytest.mark.parametrize(
    ("old", "rate"),
    [
        ({"lr": 0.5}, 0.5),
        ({"lr": 0.5, "decay": 0.0}, 0.5),
        ({"learning_rate": 0.5, "decay": 1.0, "momentum": 0.9}, 0.25),
        ({"lr": 0.5, "epsilon": None}, 0.5),
    ],
)
def test_rates_of_old_optimizers(old: Any, rate: float) -> None:
    name = "RMSprop" if "epsilon" in old else "SGD"
    optimizer = cr.saving.deserialize_keras_object(modern({"class_name": name, "config": old}, "keras.optimizers"))
    optimizer.iterations.assign(1)
    assert float(optimizer.learning_rate) == pytest.approx(rate)


def test_a_class_of_the_same_name_as_a_loss_is_a_metric() -> None:
    described = modern({"class_name": "MeanSquaredError", "config": {"name": "m"}}, "keras.metrics")
    assert isinstance(cr.saving.deserialize_keras_object(described), cr.metrics.MeanSquaredError)


def test_file_objects_are_zips() -> None:
    with pytest.raises(ModelFileError, match="BytesIO"):
        cr.models.load_model(io.BytesIO(b"\x89HDF\r\n\x1a\n" + bytes(100)))
