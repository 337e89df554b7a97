"""`max_bytes`: what a file just under the limit gives, and one just over it."""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import ModelFileError
from chainrule.recording import load
from chainrule.saving import import_onnx

X = np.ones((1, 40), np.float32)


def model(units: int = 30) -> cr.Sequential:
    return cr.Sequential([cr.Input((40,)), cr.layers.Dense(units), cr.layers.Dense(1)])


@pytest.fixture
def known() -> Any:
    return model()


def refused(call: Callable[[], Any], *words: str) -> None:
    with pytest.raises(ModelFileError) as caught:
        call()
    said = str(caught.value)
    assert all(word in said for word in ("max_bytes", *words)), said
    assert "\n" not in said
    assert len(said) <= 500


def members_of(path: Path) -> int:
    with zipfile.ZipFile(path) as archive:
        return sum(info.file_size for info in archive.infolist())


def test_a_keras_file_may_have_just_so_many_bytes(known: Any, tmp_path: Path) -> None:
    path = tmp_path / "m.keras"
    known.save(path)
    size = members_of(path)
    again = cr.models.load_model(path, max_bytes=size)
    np.testing.assert_array_equal(again(X), known(X))
    refused(lambda: cr.models.load_model(path, max_bytes=size - 1), str(path), "member")


@pytest.mark.parametrize("ending", ["m.weights.h5", "m.h5", "m.safetensors", "m.weights.json"])
def test_a_file_of_weights_may_have_just_so_many_bytes(known: Any, tmp_path: Path, ending: str) -> None:
    path = tmp_path / ending
    if ending == "m.h5":
        with pytest.warns(UserWarning, match="legacy"):
            known.save(path)
    else:
        known.save_weights(path, max_shard_size=2e-5 if ending.endswith("json") else None)
    size = sum(os.stat(p).st_size for p in tmp_path.iterdir() if p != path or not ending.endswith("json"))
    other = model()
    before = other.get_weights()
    refused(lambda: other.load_weights(path, max_bytes=size - 1), str(path))
    for value, same in zip(before, other.get_weights(), strict=True):
        np.testing.assert_array_equal(value, same)
    other.load_weights(path, max_bytes=size)
    np.testing.assert_array_equal(other(X), known(X))


def test_a_legacy_file_and_a_folder_may_have_just_so_many_bytes(known: Any, tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="legacy"):
        known.save(tmp_path / "m.h5")
    size = (tmp_path / "m.h5").stat().st_size
    cr.models.load_model(tmp_path / "m.h5", max_bytes=size)
    refused(lambda: cr.models.load_model(tmp_path / "m.h5", max_bytes=size - 1), "m.h5")
    known.save(tmp_path / "m", zipped=False)
    size = max(p.stat().st_size for p in (tmp_path / "m").iterdir())
    cr.models.load_model(tmp_path / "m", max_bytes=size)
    refused(lambda: cr.models.load_model(tmp_path / "m", max_bytes=size - 1), "model.weights.h5")


def test_arrays_may_inflate_to_just_so_many_bytes(tmp_path: Path) -> None:
    path, kernel = tmp_path / "m.weights.h5", np.zeros((40, 3000), np.float32)
    wide: Any = cr.Sequential([cr.Input((40,)), cr.layers.Dense(3000, use_bias=False)])
    with h5py.File(path, "w") as file:
        file.create_dataset("layers/dense/vars/0", data=kernel, compression="gzip", chunks=(20, 3000))
    needed = kernel.nbytes + kernel.nbytes // 2  # a chunk is held beside the whole
    assert path.stat().st_size < kernel.nbytes / 10
    refused(lambda: wide.load_weights(path, max_bytes=needed - 1), str(path), "/layers/dense/vars/0")
    assert np.asarray(wide.layers[0].kernel).any()
    wide.load_weights(path, max_bytes=needed)
    np.testing.assert_array_equal(wide.layers[0].kernel, kernel)


def test_more_than_the_default_can_be_allowed(tmp_path: Path) -> None:
    """Zeros that deflate to almost nothing: refused as a bomb, read where the caller says so."""
    wide = cr.Sequential([cr.Input((1000,)), cr.layers.Dense(18_000, use_bias=False, kernel_initializer="zeros")])
    path, size = tmp_path / "wide.weights.h5", 4 * 1000 * 18_000
    with h5py.File(path, "w") as file:
        kernel = np.zeros((1000, 18_000), np.float32)
        file.create_dataset("layers/dense/vars/0", data=kernel, compression="gzip", chunks=(10, 18_000))
    assert size > 2 * path.stat().st_size + (64 << 20)
    refused(lambda: wide.load_weights(path), str(path), "the file is too small for that")
    refused(lambda: wide.load_weights(path, max_bytes=size - 1), str(path))
    wide.load_weights(path, max_bytes=size + (1 << 20))


def test_an_architecture_may_ask_for_just_so_many_bytes(known: Any, tmp_path: Path) -> None:
    """A description whose layers are larger than the weights in the file."""
    path, changed = tmp_path / "m.keras", tmp_path / "n.keras"
    known.save(path)
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    config = json.loads(members["config.json"])
    for layer in config["config"]["layers"]:
        if layer["config"].get("units") == 30:
            layer["config"]["units"] = 5000
        if layer.get("build_config") == {"input_shape": [None, 30]}:
            layer["build_config"]["input_shape"] = [None, 5000]
    members["config.json"] = json.dumps(config).encode()
    with zipfile.ZipFile(changed, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    needed = 4 * (40 * 5000 + 5000 + 5000 + 1)
    refused(lambda: cr.models.load_model(changed, max_bytes=needed - 1), "a variable of shape")
    with pytest.raises(ModelFileError, match="shape") as caught:  # the variables are made; then the weights do not fit
        cr.models.load_model(changed, max_bytes=needed)
    assert "max_bytes" not in str(caught.value)


def test_onnx_and_recordings_may_have_just_so_many_bytes(known: Any, tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    known.export(path, format="onnx")
    size = path.stat().st_size
    np.testing.assert_allclose(import_onnx(path, max_bytes=size)(X), known(X), rtol=1e-6)
    refused(lambda: import_onnx(path, max_bytes=size - 1), str(path))
    known.compile("sgd", "mse")
    known.fit(X, np.ones((1, 1)), epochs=2, verbose=0, callbacks=[cr.callbacks.Recorder(tmp_path / "run")])
    file = tmp_path / "run" / "run.jsonl"
    assert len(load(file, max_bytes=file.stat().st_size).epochs) == 2
    refused(lambda: load(file, max_bytes=file.stat().st_size - 1), "run.jsonl")


def test_the_file_editor_takes_a_limit(known: Any, tmp_path: Path) -> None:
    path = tmp_path / "m.weights.h5"
    known.save_weights(path)
    refused(lambda: cr.saving.KerasFileEditor(path, max_bytes=100), str(path))
    cr.saving.KerasFileEditor(path, max_bytes=path.stat().st_size)


@pytest.mark.parametrize(
    ("given", "error", "said"),
    [
        (1.5, TypeError, "max_bytes must be a whole number of bytes or None, but is 1.5"),
        (True, TypeError, "max_bytes must be a whole number"),
        ("1 GB", TypeError, "max_bytes must be a whole number"),
        (-1, ValueError, "max_bytes must not be negative, but is -1"),
    ],
)
def test_what_is_no_number_of_bytes_is_refused(given: Any, error: type[Exception], said: str, tmp_path: Path) -> None:
    with pytest.raises(error, match=said):
        cr.models.load_model(tmp_path / "m.keras", max_bytes=given)


def test_a_limit_ends_with_the_call(known: Any, tmp_path: Path) -> None:
    path = tmp_path / "m.keras"
    known.save(path)
    refused(lambda: cr.models.load_model(path, max_bytes=10))
    cr.models.load_model(path)
