"""Weights in and out: all or nothing, with a message that names the layer, what it has and what the file has."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import ModelFileError
from chainrule.saving.weights import pack_weights

OPTIMIZERS = ["SGD", "RMSprop", "Adagrad", "Adadelta", "Adam", "AdamW", "Adamax", "Nadam", "Ftrl", "Lion"]


def network(units: int = 3, optimizer: Any = "adam", seed: int = 1) -> Any:
    cr.utils.set_random_seed(seed)
    layers = [cr.Input((2,)), cr.layers.Dense(units, "tanh", name="a"), cr.layers.Dense(1, name="b")]
    model = cr.Sequential(layers, name="net")
    if optimizer is not None:
        model.compile(optimizer, "mse")
    return model


def trained(**kwargs: Any) -> Any:
    model = network(**kwargs)
    model.fit(np.eye(2), np.ones((2, 1)), epochs=2, verbose=0)
    return model


def state(model: Any) -> list[Any]:
    optimizer = model.optimizer.variables if model.optimizer is not None else []
    return [v.numpy() for v in (*model.variables, *optimizer)]


def assert_same(found: list[Any], wanted: list[Any]) -> None:
    assert len(found) == len(wanted)
    for a, b in zip(found, wanted, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "m.weights.h5"


def test_weights_and_the_state_of_the_optimizer_come_back(path: Path) -> None:
    one, other = trained(), trained(seed=2)
    one.save_weights(path)
    other.load_weights(path)
    assert_same(state(other), state(one))


def test_an_optimizer_that_has_not_begun_takes_the_state_over(path: Path) -> None:
    one, other = trained(), network(seed=2)
    one.save_weights(path)
    other.load_weights(path)
    assert_same(state(other), state(one))


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("options", [{}, {"use_ema": True}, {"gradient_accumulation_steps": 2}])
def test_every_optimizer_continues_to_the_bit(name: str, options: dict[str, Any], path: Path) -> None:
    x, y = np.random.default_rng(0).normal(size=(2, 8, 2)), np.ones((2, 8, 1))
    one = network(optimizer=getattr(cr.optimizers, name)(0.01, **options))
    one.train_on_batch(x[0], y[0])
    one.save_weights(path)
    other = network(optimizer=getattr(cr.optimizers, name)(0.01, **options), seed=2)
    other.load_weights(path)
    for model in (one, other):
        model.train_on_batch(x[1], y[1])
    assert_same(state(other), state(one))


def test_a_model_that_is_not_compiled(path: Path) -> None:
    one, other = trained(), network(optimizer=None)
    one.save_weights(path)
    other.load_weights(path)
    assert_same(state(other), [v.numpy() for v in one.variables])
    other.save_weights(path)
    network().load_weights(path)


def test_another_optimizer_is_told_and_left(path: Path) -> None:
    trained(optimizer="adam").save_weights(path)
    other = network(optimizer="sgd")
    with pytest.warns(
        UserWarning, match="the state of SGD 'sgd.*' is not loaded, training starts anew: it has 2 variab"
    ):
        other.load_weights(path)
    assert int(other.optimizer.iterations) == 0


# -- what does not fit ------------------------------------------------------------------------------------------------


def test_another_width(path: Path) -> None:
    trained().save_weights(path)
    model = trained(units=4)
    before = state(model)
    text = r"at 'layers/dense' \(Dense 'a'\): variable 'kernel' has shape \(2, 4\), in the file \(2, 3\)"
    with pytest.raises(ModelFileError, match=text):
        model.load_weights(path)
    assert_same(state(model), before)


def test_a_later_layer_undoes_the_earlier_ones(path: Path) -> None:
    trained().save_weights(path)
    with h5py.File(path, "a") as file:
        del file["layers/dense_1/vars/1"]
        file["layers/dense_1/vars/1"] = np.zeros(5)
    model = trained(seed=2)
    before = state(model)
    with pytest.raises(ModelFileError, match=r"\(Dense 'b'\): variable 'bias' has shape \(1,\), in the file \(5,\)"):
        model.load_weights(path)
    assert_same(state(model), before)


def test_another_number_of_variables(path: Path) -> None:
    trained().save_weights(path)
    with h5py.File(path, "a") as file:
        del file["layers/dense/vars/1"]
    with pytest.raises(ModelFileError, match=r"\(Dense 'a'\): it has 2 variables, the file 1"):
        trained().load_weights(path)


def test_other_names_of_variables(path: Path) -> None:
    trained().save_weights(path)
    with h5py.File(path, "a") as file:
        file.move("layers/dense/vars/1", "layers/dense/vars/7")
    with pytest.raises(ModelFileError, match=r"\(Dense 'a'\): variable '1' is missing in the file"):
        trained().load_weights(path)


def test_a_layer_that_is_not_there(path: Path) -> None:
    trained().save_weights(path)
    with h5py.File(path, "a") as file:
        del file["layers/dense_1"]
    with pytest.raises(ModelFileError, match=r"at 'layers/dense_1' \(Dense 'b'\): the file holds no weights for it"):
        trained().load_weights(path)


def test_skip_mismatch_leaves_out_what_does_not_fit(path: Path) -> None:
    one = network(optimizer=None, seed=3)
    one.save_weights(path)
    with h5py.File(path, "a") as file:
        del file["layers/dense/vars/0"]
        file["layers/dense/vars/0"] = np.zeros((7, 7))
    model = network(optimizer=None, seed=4)
    before = state(model)
    with pytest.warns(UserWarning, match=r"\(Dense 'a'\): variable 'kernel' has shape .* It is left as it was"):
        model.load_weights(path, skip_mismatch=True)
    assert_same(state(model)[:2], before[:2])
    assert_same(state(model)[2:], state(one)[2:])


def test_a_truncated_file(path: Path) -> None:
    trained().save_weights(path)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    model = trained()
    before = state(model)
    with pytest.raises(ModelFileError, match="the weights are not a readable HDF5 file"):
        model.load_weights(path)
    assert_same(state(model), before)


def test_a_link_in_the_middle_changes_nothing(path: Path) -> None:
    trained().save_weights(path)
    with h5py.File(path, "a") as file:
        del file["layers/dense_1/vars/0"]
        file["layers/dense_1/vars/0"] = h5py.ExternalLink("/etc/passwd", "x")
    model = trained(seed=2)
    before = state(model)
    with pytest.raises(ModelFileError, match="is a link; a model file reads only itself"):
        model.load_weights(path)
    assert_same(state(model), before)


def test_a_layer_that_reads_files_its_own_way(path: Path) -> None:
    class Counting(cr.layers.Layer):
        seen = 0

        def call(self, x: Any) -> Any:
            return x

        def save_own_variables(self, store: Any) -> None:
            store["seen"] = np.int64(self.seen)

        def load_own_variables(self, store: Any) -> None:
            self.seen = int(store["seen"])

    one, other = (cr.Sequential([cr.Input((2,)), Counting()]) for _ in range(2))
    one.layers[0].seen = 5
    one.save_weights(path)
    other.load_weights(path)
    assert other.layers[0].seen == 5
    with h5py.File(path, "a") as file:
        del file["layers/counting/vars/seen"]
    with pytest.raises(ModelFileError, match=r"\(Counting 'counting.*'\): .*no member 'seen'"):
        other.load_weights(path)


# -- names and models that cannot be ----------------------------------------------------------------------------------


def test_names_of_files(tmp_path: Path) -> None:
    model = network()
    with pytest.raises(ModelFileError, match=r"Cannot save to '.*m.h5': the name must end in '.weights.h5'"):
        model.save_weights(tmp_path / "m.h5")
    with pytest.raises(
        ModelFileError, match=r"Cannot load weights from '.*m.npz': expected a '.weights.h5', '.weights.json'"
    ):
        model.load_weights(tmp_path / "m.npz")
    with pytest.raises(ModelFileError, match=r"File not found: '.*m.weights.h5'"):
        model.load_weights(tmp_path / "m.weights.h5")
    with pytest.raises(ModelFileError, match="File not found"):
        model.load_weights(tmp_path / "m.keras")


def test_overwrite(path: Path) -> None:
    model = network()
    model.save_weights(path)
    with pytest.raises(ModelFileError, match=r"m.weights.h5' exists already, and overwrite=False was given"):
        model.save_weights(path, overwrite=False)


def test_a_model_without_weights(path: Path) -> None:
    model = cr.Sequential([cr.layers.Dense(1)], name="unbuilt")
    text = "Model 'unbuilt' has no weights yet: give it an Input, or call it on data, before"
    with pytest.raises(ModelFileError, match=f"{text} save_weights"):
        model.save_weights(path)
    network().save_weights(path)
    with pytest.raises(ModelFileError, match=f"{text} load_weights"):
        model.load_weights(path)


def test_the_bytes_are_the_same_each_time() -> None:
    model = trained()
    assert pack_weights(model) == pack_weights(model)
    with h5py.File(io.BytesIO(pack_weights(model))) as file:
        assert file["layers/dense/vars"].attrs["name"] == "a"
        assert file["vars"].attrs["name"] == "net"


def test_layers_to_skip(path: Path) -> None:
    one, other = network(optimizer=None), network(optimizer=None, seed=2)
    cr.saving.save_weights(one, path, objects_to_skip=[one.layers[0]])
    with h5py.File(path) as file:
        assert "layers/dense" not in file
    with pytest.raises(ModelFileError, match=r"at 'layers/dense' \(Dense 'a'\): the file holds no weights for it"):
        other.load_weights(path)
    before = state(other)
    other.load_weights(path, objects_to_skip=[other.layers[0]])
    assert_same(state(other), [*before[:2], *state(one)[2:]])


def test_further_arguments(path: Path) -> None:
    model = network()
    with pytest.raises(TypeError, match=r"save_weights: unknown arguments \['speed'\]"):
        cr.saving.save_weights(model, path, speed=1)
    model.save_weights(path)
    model.load_weights(path, by_name=False)
    with pytest.raises(ModelFileError, match=r"by_name is for legacy '.h5' files, which"):
        model.load_weights(path, by_name=True)
    with pytest.raises(TypeError, match=r"load_weights: unknown arguments \['speed'\]"):
        model.load_weights(path, speed=1)
