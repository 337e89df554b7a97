"""Weights over several files: the layout of Keras, what belongs together, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import ModelFileError

SIZE = 700 / 1024**3  # gigabytes


def network(seed: int = 1) -> Any:
    cr.utils.set_random_seed(seed)
    model = cr.Sequential(
        [cr.Input((4,)), cr.layers.Dense(8, "relu"), cr.layers.BatchNormalization(), cr.layers.Dense(2)]
    )
    model.compile("adam", "mse")
    model.train_on_batch(np.ones((2, 4)), np.zeros((2, 2)))
    return model


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "m.weights.json"


def values(model: Any) -> list[Any]:
    return [v.numpy() for v in (*model.weights, *model.optimizer.variables)]


def same(a: Any, b: Any) -> bool:
    return all(np.array_equal(x, y) for x, y in zip(values(a), values(b), strict=True))


def test_there_and_back_with_the_optimizer(path: Path) -> None:
    model, other = network(1), network(2)
    model.save_weights(path, max_shard_size=SIZE)
    assert sorted(p.name for p in path.parent.iterdir()) == [
        "m.weights.json", "m_00000.weights.h5", "m_00001.weights.h5",
    ]  # fmt: skip
    index = json.loads(path.read_text())
    assert index["metadata"]["total_size"] == sum(v.nbytes for v in values(model))
    assert index["weight_map"]["/layers/dense/vars"] == "m_00000.weights.h5"
    assert index["weight_map"]["/optimizer/vars"] == ["m_00000.weights.h5", "m_00001.weights.h5"]
    assert not same(model, other)
    other.load_weights(path)
    assert same(model, other)


def test_no_file_is_larger_than_asked_for(path: Path) -> None:
    import h5py

    network().save_weights(path, max_shard_size=SIZE)
    for shard in path.parent.glob("*.h5"):
        items: list[Any] = []
        with h5py.File(shard) as file:
            file.visit(items.append)
            assert 0 < sum(getattr(file[name], "nbytes", 0) for name in items) <= SIZE * 1024**3


def test_fewer_files_than_before(path: Path) -> None:
    model = network()
    model.save_weights(path, max_shard_size=200 / 1024**3)
    assert len(list(path.parent.iterdir())) > 4
    model.save_weights(path, max_shard_size=1)
    assert sorted(p.name for p in path.parent.iterdir()) == ["m.weights.json", "m_00000.weights.h5"]


def test_the_name_is_that_of_the_list(path: Path) -> None:
    with pytest.warns(UserWarning, match="is written as 'm.weights.json', which lists the files"):
        network().save_weights(path.with_name("m.weights.h5"), max_shard_size=1)
    assert path.exists()


def test_an_array_that_is_too_large(path: Path) -> None:
    with pytest.raises(ModelFileError, match="choose a larger max_shard_size"):
        network().save_weights(path, max_shard_size=50 / 1024**3)
    assert list(path.parent.iterdir()) == []


def refused(model: Any, path: Path, match: str) -> None:
    before = values(model)
    with pytest.raises(ModelFileError, match=match) as caught:
        model.load_weights(path)
    assert len(str(caught.value)) <= 500
    assert "\n" not in str(caught.value)
    assert all(np.array_equal(x, y) for x, y in zip(before, values(model), strict=True))


def test_files_of_two_saves(path: Path) -> None:
    network(1).save_weights(path, max_shard_size=SIZE)
    first = path.with_name("m_00000.weights.h5").read_bytes()
    network(2).save_weights(path, max_shard_size=SIZE)
    path.with_name("m_00000.weights.h5").write_bytes(first)
    refused(network(3), path, "is not the file that was saved with it: its SHA-256 differs")


def test_a_missing_file(path: Path) -> None:
    network(1).save_weights(path, max_shard_size=SIZE)
    path.with_name("m_00001.weights.h5").unlink()
    refused(network(3), path, "lists 'm_00001.weights.h5', which is not beside it")
    path.unlink()
    refused(network(3), path, "File not found")


@pytest.mark.parametrize(
    "name", ["../m.weights.h5", "/etc/passwd", "a/b.weights.h5", "a\\b.weights.h5", "m.txt", "C:x.weights.h5", 7, None]
)
def test_names_that_lead_elsewhere(path: Path, name: Any) -> None:
    network(1).save_weights(path, max_shard_size=SIZE)
    index = json.loads(path.read_text())
    index["weight_map"]["/layers/dense/vars"] = name
    path.write_text(json.dumps(index))
    refused(network(3), path, "expected a '.weights.h5' file beside it")


def test_links(path: Path) -> None:
    network(1).save_weights(path, max_shard_size=SIZE)
    shard = path.with_name("m_00001.weights.h5")
    (path.parent / "elsewhere").mkdir()
    shard.rename(path.parent / "elsewhere" / "x")
    shard.symlink_to(path.parent / "elsewhere" / "x")
    refused(network(3), path, "is no plain file")
    shard.unlink()
    shard.hardlink_to(path.parent / "elsewhere" / "x")
    refused(network(3), path, "is no plain file of its own")


@pytest.mark.parametrize("text", ["[]", "{}", '{"weight_map": []}', "no json", '{"weight_map": {"a": NaN}}'])
def test_lists_that_are_none(path: Path, text: str) -> None:
    path.write_text(text)
    refused(network(3), path, r"m.weights.json'")


def test_layers_left_out(path: Path) -> None:
    model, other = network(1), network(2)
    cr.saving.save_weights(model, path, max_shard_size=SIZE, objects_to_skip=[model.layers[0]])
    before = other.layers[0].kernel.numpy()
    cr.saving.load_weights(other, path, objects_to_skip=[other.layers[0]])
    assert np.array_equal(other.layers[0].kernel.numpy(), before)
    assert np.array_equal(other.layers[2].kernel.numpy(), model.layers[2].kernel.numpy())
