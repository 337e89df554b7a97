"""safetensors: files of the reference package are read, ours are read by it, and hostile ones are refused."""

from __future__ import annotations

import json
import os
import runpy
import struct
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import ModelFileError
from chainrule.saving.safetensors import open_safetensors, pack_safetensors

_here = runpy.run_path(str(Path(__file__).with_name("models.py")))
MODELS, make, outputs_of = _here["MODELS"], _here["make"], _here["outputs_of"]

NUMBERS = {
    "a": np.arange(6, dtype=np.float32).reshape(2, 3), "b/c": np.array(2.5), "empty": np.zeros((0, 4), np.float16),
    "i": np.array([1, -2], np.int64), "truth": np.array([True, False]), "u": np.array([7], np.uint8),
}  # fmt: skip


# -- both ways --------------------------------------------------------------------------------------------------------


def test_the_reference_package_reads_ours(path: Path) -> None:
    reference = pytest.importorskip("safetensors.numpy")
    path.write_bytes(pack_safetensors(NUMBERS, {"who": "we"}))
    found = reference.load_file(path)
    assert set(found) == set(NUMBERS)
    for name, array in NUMBERS.items():
        assert found[name].dtype == array.dtype
        assert np.array_equal(found[name], array)


def test_ours_reads_the_reference_package(path: Path) -> None:
    reference = pytest.importorskip("safetensors.numpy")
    reference.save_file(NUMBERS, path, metadata={"who": "they"})
    with open_safetensors(path) as file:
        assert file.metadata == {"who": "they"}
        assert set(file.entries) == set(NUMBERS)
        for name, array in NUMBERS.items():
            found = file.read(name)
            assert found.dtype == array.dtype
            assert np.array_equal(found, array)


def test_bfloat16_becomes_float32(path: Path) -> None:
    path.write_bytes(file_of({"w": entry("BF16", [2], 0, 4)}, struct.pack("<2H", 0x3FC0, 0xC000)))
    with open_safetensors(path) as file:
        assert file.read("w").tolist() == [1.5, -2.0]


@pytest.mark.parametrize("name", MODELS)
def test_models_come_back(name: str, tmp_path: Path) -> None:
    model, rows = make(name)
    before = outputs_of(model, rows)
    model.save_weights(tmp_path / "w.safetensors")
    for v in model.weights:
        v.assign(v.numpy() * 0)
    model.load_weights(tmp_path / "w.safetensors")
    for found, wanted in zip(outputs_of(model, rows), before, strict=True):
        assert np.array_equal(found, wanted)


@pytest.mark.parametrize("name", ["classifier", "two_in_two_out", "nested", "batch_normalized", "recommender"])
def test_the_same_model_with_other_names_takes_them(name: str, tmp_path: Path) -> None:
    model, rows = make(name)
    model.save_weights(tmp_path / "w.safetensors")
    other = MODELS[name]()
    assert other.weights[0].path != model.weights[0].path
    other.load_weights(tmp_path / "w.safetensors")
    for found, wanted in zip(outputs_of(other, rows), outputs_of(model, rows), strict=True):
        assert np.array_equal(found, wanted)


def test_names_are_the_paths_of_variables(tmp_path: Path) -> None:
    model = cr.Sequential([cr.Input((2,)), cr.layers.Dense(3, name="d")], name="m")
    model.save_weights(str(tmp_path / "w.safetensors"))
    with open_safetensors(tmp_path / "w.safetensors") as file:
        assert {n: e.shape for n, e in file.entries.items()} == {"m/d/kernel": (2, 3), "m/d/bias": (3,)}
        assert file.metadata["format"] == "chainrule"


def test_other_float_types_fit(small: Any, path: Path) -> None:
    path = path.with_suffix(".safetensors")
    path.write_bytes(pack_safetensors({v.path: np.full(v.shape, 0.5, np.float64) for v in small.weights}))
    small.load_weights(path)
    assert {float(x) for v in small.weights for x in v.numpy().ravel()} == {0.5}


def test_layers_to_skip(small: Any, path: Path) -> None:
    path = path.with_suffix(".safetensors")
    cr.saving.save_weights(small, path, objects_to_skip=[small.layers[0]])
    with open_safetensors(path) as file:
        assert len(file.entries) == 2
    with pytest.raises(ModelFileError, match="it is not in the file"):
        small.load_weights(path)
    cr.saving.load_weights(small, path, objects_to_skip=[small.layers[0]])


# -- what does not fit ------------------------------------------------------------------------------------------------


def test_a_misfit_changes_nothing(small: Any, path: Path) -> None:
    path = path.with_suffix(".safetensors")
    before = small.get_weights()
    good = {v.path: np.ones(v.shape, np.float32) for v in small.weights}
    first, last = next(iter(good)), small.weights[-1].path
    cases: dict[str, tuple[dict[str, Any], str]] = {
        "missing": ({n: a for n, a in good.items() if n != last}, r"bias': it is not in the file\.$"),
        "extra": ({**good, "other": np.ones(2)}, r"'other': the model has no such variable\.$"),
        "shape": ({**good, first: np.ones((3, 2), np.float32)}, r"its shape is \(2, 3\), in the file \(3, 2\)"),
        "type": ({**good, last: np.ones(1, np.int32)}, "its type is float32, in the file I32"),
    }
    for arrays, message in cases.values():
        path.write_bytes(pack_safetensors(arrays))
        with pytest.raises(ModelFileError, match=message):
            small.load_weights(path)
        assert all(np.array_equal(a, b) for a, b in zip(small.get_weights(), before, strict=True))
    path.write_bytes(pack_safetensors(cases["shape"][0]))
    with pytest.warns(UserWarning, match="What does not fit is left as it was"):
        small.load_weights(path, skip_mismatch=True)
    assert np.array_equal(small.weights[0].numpy(), before[0])
    assert small.weights[-1].numpy().tolist() == [1.0]


def test_two_variables_of_one_path(tmp_path: Path) -> None:
    class Twice(cr.layers.Layer):
        def build(self, shape: Any) -> None:
            self.a, self.b = (self.add_weight((1,), name="same") for _ in range(2))

        def call(self, x: Any) -> Any:
            return x * self.a + self.b

    with pytest.raises(ModelFileError, match=r"two variables have the path '.*/same'"):
        cr.Sequential([cr.Input((1,)), Twice()]).save_weights(tmp_path / "w.safetensors")
    assert not list(tmp_path.iterdir())


def test_what_is_no_plain_file(small: Any, tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match=r"Cannot read '.*w.safetensors': No such file or directory"):
        small.load_weights(tmp_path / "w.safetensors")
    (tmp_path / "folder.safetensors").mkdir()
    with pytest.raises(ModelFileError, match="Cannot read"):
        small.load_weights(tmp_path / "folder.safetensors")
    os.mkfifo(tmp_path / "pipe.safetensors")
    with pytest.raises(ModelFileError, match="expected a plain file"):
        small.load_weights(tmp_path / "pipe.safetensors")
    (tmp_path / "old.safetensors").touch()
    with pytest.raises(ModelFileError, match="exists already"):
        small.save_weights(tmp_path / "old.safetensors", overwrite=False)


# -- hostile files ----------------------------------------------------------------------------------------------------


def entry(kind: Any, shape: Any, start: Any, end: Any) -> dict[str, Any]:
    return {"dtype": kind, "shape": shape, "data_offsets": [start, end]}


def file_of(header: Any, data: bytes = b"", length: int | None = None) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + data


def hostile() -> Iterator[tuple[str, bytes]]:
    """Yield files that are none, by what is wrong with them."""
    good = file_of({"w": entry("F32", [2], 0, 8)}, b"12345678")
    for size in (0, 1, 7, 8, 9, 20, len(good) - 9, len(good) - 8, len(good) - 1):
        yield f"cut to {size} bytes", good[:size]
    yield "one byte too many", good + b"x"
    for length in (0, 1, 2**24 + 1, 10**8, 2**31, 2**53, 2**63, 2**64 - 1):
        yield f"a header of {length} bytes", file_of({"w": entry("F32", [2], 0, 8)}, b"12345678", length)
    for name, text in {
        "no JSON": b"{nonsense",
        "a list": b"[]",
        "a number": b"17",
        "a space first": b' {"w":{}}',
        "a mark of byte order first": b'\xef\xbb\xbf{"w":{}}',
        "bad UTF-8": b'{"\xff\xfe":{}}',
        "half a surrogate": b'{"\\ud800":1}',
        "more behind": b"{}{}",
        "names twice": b'{"w":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},'
        b'"w":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}',
        "fields twice": b'{"w":{"dtype":"U8","dtype":"U8","shape":[0],"data_offsets":[0,0]}}',
        "NaN": b'{"w":{"dtype":"U8","shape":[NaN],"data_offsets":[0,0]}}',
        "infinity": b'{"w":{"dtype":"U8","shape":[1e999],"data_offsets":[0,0]}}',
        "a huge number": b'{"w":{"dtype":"U8","shape":[' + b"9" * 5000 + b'],"data_offsets":[0,0]}}',
        "deep": b'{"w":' + b"[" * 50_000 + b"]" * 50_000 + b"}",
        "deep objects": b'{"w":' * 5000 + b"1" + b"}" * 5000,
        "many lists": b'{"w":[' + b"[]," * 2_000_000 + b"1]}",
        "many strings": b'{"w":[' + b'"",' * 2_000_000 + b"1]}",
        "many numbers": b'{"w":[' + b"1," * 5_000_000 + b"1]}",
        "zeros": b"{" + b"\0" * 100,
    }.items():
        yield name, file_of(text)
    for name, wrong in {
        "no entry": 1,
        "nothing in it": {},
        "a field missing": {"dtype": "F32", "shape": [2]},
        "a field too many": {**entry("F32", [2], 0, 8), "path": "/etc/passwd"},
        "an unknown type": entry("F31", [2], 0, 8),
        "a type of ours": entry("float32", [2], 0, 8),
        "a type that is no text": entry(["F32"], [2], 0, 8),
        "pickled objects": entry("O", [1], 0, 8),
        "a negative length": entry("F32", [-2], 0, 8),
        "two negative lengths": entry("F32", [-1, -2], 0, 8),
        "a fraction": entry("F32", [2.0], 0, 8),
        "truth as a length": entry("U8", [True], 0, 1),
        "a shape that is text": entry("F32", "2", 0, 8),
        "a shape that is null": entry("F32", None, 0, 8),
        "a shape of a thousand axes": entry("F32", [1] * 1000, 0, 4),
        "a huge shape": entry("F32", [2**40, 2**40], 0, 8),
        "a shape that is 2 in 64 bits": entry("F32", [2**32 + 2, 2**32], 0, 8),
        "a shape of 0 times much": entry("F32", [0, 2**53], 0, 8),
        "too large a shape": entry("F32", [3], 0, 8),
        "too small a shape": entry("F32", [1], 0, 8),
        "backwards": entry("F32", [2], 8, 0),
        "before the data": entry("F32", [2], -8, 0),
        "behind the data": entry("F32", [2], 8, 16),
        "too far": entry("F32", [2**20], 0, 2**22),
        "one offset": {"dtype": "F32", "shape": [2], "data_offsets": [0]},
        "three offsets": {"dtype": "F32", "shape": [2], "data_offsets": [0, 4, 8]},
        "offsets that are text": {"dtype": "F32", "shape": [2], "data_offsets": "08"},
    }.items():
        yield name, file_of({"w": wrong}, b"12345678")
    a, b = entry("F32", [1], 0, 4), entry("F32", [1], 4, 8)
    yield "an overlap", file_of({"a": entry("F32", [2], 0, 8), "b": b}, b"12345678")
    yield "the same bytes twice", file_of({"a": a, "b": a}, b"1234")
    yield "a hole", file_of({"a": a, "b": entry("F32", [1], 8, 12)}, b"123456789012")
    yield "a hole in front", file_of({"b": b}, b"12345678")
    yield "a hole at the end", file_of({"a": a}, b"12345678")
    yield "metadata that is no object", file_of({"__metadata__": 3, "a": a}, b"1234")
    yield "metadata that is no text", file_of({"__metadata__": {"a": 1}, "a": a}, b"1234")
    yield "places that are no JSON", file_of({"__metadata__": {"chainrule.places": "{"}, "a": a}, b"1234")
    yield "places that are a list", file_of({"__metadata__": {"chainrule.places": "[]"}, "a": a}, b"1234")
    yield "places that are deep", file_of({"__metadata__": {"chainrule.places": "[" * 9999}, "a": a}, b"1234")
    yield "another model's weights", good


HOSTILE = dict(hostile())


def test_there_are_many_hostile_files() -> None:
    assert len(HOSTILE) >= 60


@pytest.mark.parametrize("what", HOSTILE)
def test_hostile_files_are_refused(what: str, small: Any, tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    path.write_bytes(HOSTILE[what])
    before = small.get_weights()
    with pytest.raises(ModelFileError, match="safetensors") as caught:
        small.load_weights(path)
    text = str(caught.value)
    assert str(path) in text
    assert len(text) <= 500
    assert "\n" not in text
    assert all(np.array_equal(a, b) for a, b in zip(small.get_weights(), before, strict=True))


_ALL = """
import pathlib, resource, sys, time
import numpy as np
import chainrule as cr
from chainrule.errors import ModelFileError
model = cr.Sequential([cr.Input((2,)), cr.layers.Dense(3)])
from chainrule.saving.safetensors import load_safetensors
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
start, slowest = peak(), 0.0
for path in sorted(pathlib.Path(sys.argv[1]).iterdir()):
    before = time.process_time()
    try:
        load_safetensors(model, path)
        print("loaded", path)
    except ModelFileError:
        pass
    slowest = max(slowest, time.process_time() - before)
print(slowest, (peak() - start) / 1024)
"""


def test_hostile_files_cost_little(tmp_path: Path) -> None:
    for i, data in enumerate(HOSTILE.values()):
        (tmp_path / f"{i}.safetensors").write_bytes(data)
    done = subprocess.run([sys.executable, "-c", _ALL, str(tmp_path)], capture_output=True, text=True, check=True)
    slowest, grown = map(float, done.stdout.split())
    assert slowest < 1
    assert grown < 256


@pytest.mark.parametrize("seed", range(4))
def test_damaged_files_load_or_are_refused(seed: int, small: Any, tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    small.save_weights(path)
    good, rng = path.read_bytes(), np.random.default_rng(seed)
    for _ in range(250):
        data = bytearray(good)
        for _ in range(rng.integers(1, 4)):
            data[rng.integers(len(data))] = rng.integers(256)
        path.write_bytes(data[: rng.integers(len(data))] if rng.random() < 0.3 else data)
        with suppress(ModelFileError):
            small.load_weights(path)
