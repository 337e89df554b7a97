"""Models as folders (`zipped=False`)."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import ModelFileError


def network() -> Any:
    model = cr.Sequential([cr.Input((3,)), cr.layers.Dense(4, "relu"), cr.layers.Dense(1)])
    model.compile("adam", "mse")
    model.train_on_batch(np.ones((2, 3)), np.zeros((2, 1)))
    return model


@pytest.fixture
def path(tmp_path: Path) -> Path:
    network().save(tmp_path / "m", zipped=False)
    return tmp_path / "m"


def test_there_and_back(tmp_path: Path) -> None:
    model = network()
    model.save(tmp_path / "deep" / "m", zipped=False)
    assert sorted(os.listdir(tmp_path / "deep" / "m")) == ["config.json", "metadata.json", "model.weights.h5"]
    again = cr.models.load_model(tmp_path / "deep" / "m")
    mine, theirs = ([*m.weights, *m.optimizer.variables] for m in (model, again))
    assert all(np.array_equal(v.numpy(), w.numpy()) for v, w in zip(mine, theirs, strict=True))


def test_what_may_be_replaced(path: Path) -> None:
    network().save(path, zipped=False)
    with pytest.raises(ModelFileError, match="exists already, and overwrite=False"):
        network().save(path, zipped=False, overwrite=False)
    (path / "thesis.txt").write_text("mine")
    with pytest.raises(ModelFileError, match=r"holds 'thesis.txt', which is no part of a model"):
        network().save(path, zipped=False)
    assert (path / "thesis.txt").read_text() == "mine"
    (path.parent / "file").write_text("mine")
    with pytest.raises(ModelFileError, match="writes a folder, but this is a file"):
        network().save(path.parent / "file", zipped=False)
    with pytest.raises(ModelFileError, match=r"whose name must not end so"):
        network().save(path.parent / "m.keras", zipped=False)


def test_a_folder_that_is_none_of_a_model(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match=r"is a folder without 'config.json'"):
        cr.models.load_model(tmp_path)


@pytest.mark.parametrize("member", ["config.json", "model.weights.h5", "metadata.json"])
@pytest.mark.parametrize("kind", ["symlink", "hardlink", "fifo", "folder"])
def test_links_and_odd_files(path: Path, member: str, kind: str) -> None:
    elsewhere = path.parent / "elsewhere"
    (path / member).rename(elsewhere)
    if kind == "symlink":
        (path / member).symlink_to(elsewhere)
    elif kind == "hardlink":
        (path / member).hardlink_to(elsewhere)
    elif kind == "fifo":
        os.mkfifo(path / member)
    else:
        (path / member).mkdir()
    with pytest.raises(ModelFileError, match="is no plain file"):
        cr.models.load_model(path)


def test_a_missing_member(path: Path) -> None:
    (path / "model.weights.h5").unlink()
    with pytest.raises(ModelFileError, match=r"has no member 'model.weights.h5'"):
        cr.models.load_model(path)


def test_weights_of_another_save(path: Path) -> None:
    other = path.parent / "other"
    network().save(other, zipped=False)
    (path / "model.weights.h5").write_bytes((other / "model.weights.h5").read_bytes())
    with pytest.raises(ModelFileError, match="their SHA-256 differs"):
        cr.models.load_model(path)


def test_a_damaged_configuration(path: Path) -> None:
    config = json.loads((path / "config.json").read_text())
    config["class_name"] = "Nothing"
    (path / "config.json").write_text(json.dumps(config))
    with pytest.raises(ModelFileError, match="Unknown class 'Nothing'"):
        cr.models.load_model(path)
