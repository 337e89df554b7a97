"""A load that is refused changes nothing: weights, optimizer and random state are what they were, bit by bit."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import ChainruleError, ModelFileError

L = cr.layers


def network(seed: int, units: int = 5) -> Any:
    cr.utils.set_random_seed(seed)
    a = cr.Input((3,), name="a")
    x = L.BatchNormalization()(L.Dense(units, "relu", name="first")(a))
    model = cr.Model(a, L.Dense(2, name="last")(L.Dropout(0.5)(x)))
    model.compile(cr.optimizers.Adam(0.01), "mse")
    model.train_on_batch(np.ones((4, 3)), np.zeros((4, 2)))
    return model


def state(model: Any) -> list[bytes]:
    return [v.numpy().tobytes() for v in (*model.weights, *model.optimizer.variables)]


def shards(model: Any, path: Path) -> None:
    model.save_weights(path, max_shard_size=1)


KINDS: dict[str, tuple[str, Callable[[Any, Path], None]]] = {
    "weights": ("m.weights.h5", lambda m, p: m.save_weights(p)),
    "zip": ("m.keras", lambda m, p: m.save(p)),
    "legacy": ("m.h5", lambda m, p: m.save(p)),
    "shards": ("m.weights.json", shards),
    "safetensors": ("m.safetensors", lambda m, p: m.save_weights(p)),
}


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def damages(data: bytes) -> Iterator[bytes]:
    """Yield the data cut off, and with single bytes changed, at points all over it."""
    rng = np.random.default_rng(len(data))
    for end in {0, 1, 7, len(data) - 1, *rng.integers(0, len(data), 12).tolist()}:
        yield data[:end]
    for at in {0, 4, 8, *rng.integers(0, len(data), 60).tolist()}:
        changed = bytearray(data)
        changed[at] ^= 0xFF
        yield bytes(changed)


@pytest.mark.parametrize("kind", KINDS)
def test_damaged_files(kind: str, tmp_path: Path) -> None:
    name, save = KINDS[kind]
    path = tmp_path / name
    save(network(1), path)
    good, model = path.read_bytes(), network(2)
    before, refusals = state(model), 0
    for data in damages(good):
        path.write_bytes(data)
        refusal = refusal_of(model, path)
        if refusal is None:  # what nobody reads was changed, or a weight
            model = network(2)
            continue
        refusals += 1
        assert len(refusal) <= 500
        assert "\n" not in refusal
        assert state(model) == before
    assert refusals > 12


def refusal_of(model: Any, path: Path) -> str | None:
    try:
        model.load_weights(path)
    except ModelFileError as error:
        return str(error)
    return None


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("other", ["wider", "fewer layers"])
def test_files_of_another_model(kind: str, other: str, tmp_path: Path) -> None:
    name, save = KINDS[kind]
    saved = network(1, units=6) if other == "wider" else cr.Sequential([cr.Input((3,)), L.Dense(2)])
    if not saved.compiled:
        saved.compile("sgd")
    save(saved, tmp_path / name)
    model = network(2)
    before = state(model)
    with pytest.raises(ModelFileError):
        model.load_weights(tmp_path / name)
    assert state(model) == before


class Fails(L.Layer):
    """A layer whose own way to read files fails, after the layers before it have been read."""

    def build(self, input_shape: Any) -> None:
        self.scale = self.add_weight(shape=(1,), name="scale")

    def call(self, x: Any) -> Any:
        return x * self.scale

    def load_own_variables(self, store: Any) -> None:
        self.scale.assign([7.0])
        raise RuntimeError("not today")


def test_a_layer_that_fails_in_the_middle(tmp_path: Path) -> None:
    def make(seed: int) -> Any:
        cr.utils.set_random_seed(seed)
        model = cr.Sequential([cr.Input((3,)), L.Dense(4), Fails(), L.Dense(1)])
        model.compile("adam", "mse")
        return model

    path = tmp_path / "m.weights.h5"
    make(1).save_weights(path)
    model = make(2)
    before = state(model)
    with pytest.raises(ModelFileError, match="not today"):
        model.load_weights(path)
    assert state(model) == before


def test_training_goes_on_as_if_nothing_had_been_tried(tmp_path: Path) -> None:
    path = tmp_path / "m.weights.json"
    network(1).save_weights(path, max_shard_size=1)
    index = json.loads(path.read_text())
    index["weight_map"]["/layers/dense/vars"] = "other.weights.h5"
    path.write_text(json.dumps(index))
    x, y = np.ones((8, 3)), np.zeros((8, 2))
    undisturbed, model = network(2), network(2)
    with pytest.raises(ChainruleError):
        model.load_weights(path)
    for m in (undisturbed, model):
        cr.utils.set_random_seed(9)
        m.fit(x, y, epochs=2, verbose=0)
    assert state(model) == state(undisturbed)
