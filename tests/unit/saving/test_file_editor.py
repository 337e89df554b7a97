"""`KerasFileEditor`: what it prints, changes and refuses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import ModelFileError
from chainrule.saving import KerasFileEditor
from chainrule.utils.naming import reset_names


def network(units: int = 3) -> Any:
    model = cr.Sequential([cr.Input((2,)), cr.layers.Dense(units, name="hidden"), cr.layers.Dense(1, name="out")])
    model.compile("sgd", "mse")
    return model


@pytest.fixture
def path(tmp_path: Path) -> Path:
    reset_names()
    network().save_weights(tmp_path / "m.weights.h5")
    return tmp_path / "m.weights.h5"


def test_summary(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    KerasFileEditor(path).summary()
    assert capsys.readouterr().out == (
        f"""Keras model file '{path}'
Weights structure
  ├─ layers
  │  ├─ dense ('hidden')
  │  │  ├─ 0: shape=(2, 3), dtype=float32
  │  │  └─ 1: shape=(3,), dtype=float32
  │  └─ dense_1 ('out')
  │     ├─ 0: shape=(3, 1), dtype=float32
  │     └─ 1: shape=(1,), dtype=float32
  └─ optimizer ('sgd')
     ├─ 0: shape=(), dtype=int32
     └─ 1: shape=(), dtype=float32
"""
    )


def test_a_whole_model(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    network().save(tmp_path / "m.keras")
    editor = KerasFileEditor(tmp_path / "m.keras")
    assert "Saved with Keras 3." in capsys.readouterr().out
    assert editor.config is not None
    assert editor.config["class_name"] == "Sequential"


def test_compare(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    editor = KerasFileEditor(path)
    assert editor.compare(network()) == {"status": "success", "error_count": 0, "match_count": 6}
    assert "Found 6 matching weights" in capsys.readouterr().out
    assert editor.compare(network(4)) == {"status": "error", "error_count": 3, "match_count": 3}
    said = capsys.readouterr().out
    assert "Weight shape mismatch for /layers/dense/0\n    In reference model: shape=(2, 4)\n" in said
    editor.delete_object("dense_1")
    editor.add_object("layers/extra", {"0": np.zeros(2)})
    assert editor.compare(network())["error_count"] == 2
    said = capsys.readouterr().out
    assert "Object /layers/dense_1 present in reference model, missing from saved file" in said
    assert "Object /layers/extra present in saved file, missing from reference model" in said
    assert "In saved file, /layers/extra contains the following keys: ['0']" in said


def test_edited_and_loaded(path: Path, tmp_path: Path) -> None:
    """A layer was put between two: the old weights of the last one go to the new place."""
    editor = KerasFileEditor(path)
    layers = [cr.Input((2,)), cr.layers.Dense(3), cr.layers.Dense(3), cr.layers.Dense(1)]
    model = cr.Sequential(layers)
    last = editor.weights_dict["layers"]["dense_1"]["0"]
    editor.rename_object("layers/dense_1", "dense_2")
    editor.add_object("layers/dense_1", {"0": np.eye(3)})
    editor.add_weights("dense_1", {"1": np.zeros(3), "2": np.ones(1)})
    editor.delete_weight("dense_1", "2")
    editor.delete_object("optimizer")
    editor.resave_weights(tmp_path / "new.weights.h5")
    model.load_weights(tmp_path / "new.weights.h5")
    assert np.array_equal(model.layers[1].kernel.numpy(), np.eye(3))
    assert np.array_equal(model.layers[2].kernel.numpy(), last)
    again = KerasFileEditor(tmp_path / "new.weights.h5")
    assert again.object_metadata["layers/dense_2"] == {"name": "out"}
    assert again.compare(model)["status"] == "success"


def test_the_file_itself_is_not_changed(path: Path) -> None:
    before = path.read_bytes()
    KerasFileEditor(path).delete_object("dense")
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (lambda e: e.delete_object("nothing"), "The name 'nothing' does not occur in"),
        (lambda e: e.delete_object("0"), "The name '0' occurs 3 times in .*: give the whole path"),
        (lambda e: e.delete_object("layers/nothing"), "Path 'layers/nothing' not found"),
        (lambda e: e.delete_object("nothing/dense"), "Path 'nothing/dense' not found"),
        (lambda e: e.add_object("nothing/dense", {}), "Path 'nothing' not found"),
        (lambda e: e.add_object("layers/dense", [1]), "weights must be a dict of arrays by name"),
        (lambda e: e.rename_object("dense", "a/b"), "new_name must be a name without '/'"),
        (
            lambda e: e.delete_weight("dense", "7"),
            r"Weight '7' not found in .* Weights found: \['0', '1'\]",
        ),
        (lambda e: e.save("m.h5"), r"the name must end in '.weights.h5'"),
    ],
)
def test_mistakes(path: Path, change: Any, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        change(KerasFileEditor(path))


def test_files_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match=r"expected a '.weights.h5' or '.keras' file"):
        KerasFileEditor(tmp_path / "m.h5")
    (tmp_path / "m.weights.h5").write_bytes(b"no")
    with pytest.raises(ModelFileError, match=r"m.weights.h5"):
        KerasFileEditor(tmp_path / "m.weights.h5")
