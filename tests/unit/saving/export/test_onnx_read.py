"""Importing ONNX: our own files, those of other programs, and hostile ones."""

from __future__ import annotations

import os
import runpy
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import ModelFileError
from chainrule.saving import import_onnx
from chainrule.saving.onnx import onnx_bytes
from chainrule.saving.onnx.build import OPERATORS, build_model
from chainrule.saving.onnx.read import describe_onnx

_here = runpy.run_path(str(Path(__file__).with_name("models.py")))
MODELS, make, outputs_of = _here["MODELS"], _here["make"], _here["outputs_of"]
_files = runpy.run_path(str(Path(__file__).with_name("hostile_onnx.py")))
HOSTILE, ODD = dict(_files["hostile"]()), dict(_files["odd"]())
FIXTURES = Path(__file__).parents[3] / "parity" / "fixtures" / "onnx"
FOREIGN = sorted(p.stem for p in FIXTURES.glob("*.onnx"))

pytestmark = pytest.mark.filterwarnings("ignore:.*reference engine")


def imported(data: bytes, outputs: list[str] | None = None) -> Any:
    return build_model(describe_onnx(data, "m.onnx"), outputs)


# -- what is right ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("opset", [13, 17, 22])
@pytest.mark.parametrize("name", MODELS)
def test_our_own_files_come_back(name: str, opset: int, dtype: str, difference: Callable[[Any, Any], float]) -> None:
    model, rows = make(name, dtype)
    again = imported(onnx_bytes(model, opset))
    for found, wanted in zip(outputs_of(again, rows), outputs_of(model, rows), strict=True):
        assert found.dtype == dtype
        assert difference(found, wanted) < (1e-6 if dtype == "float32" and opset == 17 else 3e-6)
        assert dtype == "float32" or difference(found, wanted) < 1e-12


@pytest.mark.parametrize("name", FOREIGN)
def test_files_of_other_programs(name: str, difference: Callable[[Any, Any], float]) -> None:
    with np.load(FIXTURES / "numbers.npz") as numbers:
        x, y = numbers[f"{name}/x"], numbers[f"{name}/y"]
    outputs = ["probabilities"] if name in ("sklearn_binary", "sklearn_multiclass") else None
    model = import_onnx(FIXTURES / f"{name}.onnx", outputs)
    assert difference(model.predict(x, verbose=0), y) < 1e-6


def test_there_are_files_of_pytorch_keras_and_scikit_learn() -> None:
    assert {n.split("_")[0] for n in FOREIGN} == {"keras", "sklearn", "torch", "torchscript"}
    assert len(FOREIGN) >= 15


def test_imported_models_train_save_and_export(tmp_path: Path) -> None:
    model = import_onnx(FIXTURES / "torch_classifier.onnx")
    x = np.random.default_rng(0).normal(size=(32, 4)).astype(np.float32)
    y = (x[:, 0] > 0).astype(int) + (x[:, 1] > 0)
    model.compile("adam", "sparse_categorical_crossentropy")
    history = model.fit(x, y, epochs=5, verbose=0).history["loss"]
    assert history[-1] < history[0]
    model.save(tmp_path / "m.keras")
    model.export(tmp_path / "m.onnx")
    for other in (cr.models.load_model(tmp_path / "m.keras"), import_onnx(tmp_path / "m.onnx")):
        assert np.allclose(other.predict(x, verbose=0), model.predict(x, verbose=0), atol=1e-6)


def test_layers_have_the_names_of_nodes(small: Any) -> None:
    small.layers[0].name, small.layers[-1].name = "first", "last"
    assert [layer.name for layer in imported(onnx_bytes(small)).layers][1:] == ["first", "first_Relu", "last"]


@pytest.mark.parametrize("what", ODD)
def test_odd_files_that_are_right(what: str) -> None:
    x = np.array([[1.0, -1.0], [0.5, 2.0]], np.float32)
    wanted = np.maximum(x @ np.arange(6).reshape(2, 3) + [1, 2, 3], 0)
    assert np.allclose(imported(ODD[what]).predict(x, verbose=0), wanted)


@pytest.mark.parametrize("wrong", ["", "half", "root", "one", "other"])
def test_a_gelu_is_found_by_its_formula_only_where_it_is_one(wrong: str) -> None:
    node, tensor, floats = _files["node"], _files["tensor"], _files["floats"]
    numbers = {"half": 0.5, "root": 2**0.5, "one": 1.0}
    weights = [tensor(n, [], floats(v * (1.5 if n == wrong else 1))) for n, v in numbers.items()]
    nodes = [
        node("Div", ["x", "root"], ["d"]), node("Erf", ["d"], ["e"]), node("Add", ["one", "e"], ["s"]),
        node("Relu", ["x"], ["r"]), node("Mul", ["half", "r" if wrong == "other" else "x"], ["h"]),
        node("Mul", ["s", "h"], ["y"]),
    ]  # fmt: skip
    data = _files["through"](*nodes, weights=weights)
    model = imported(data)
    assert (len(model.layers) == 2) is (wrong == "")
    x = np.array([[-1.0, 2.0]], np.float32)
    (wanted,) = pytest.importorskip("onnxruntime").InferenceSession(data).run(None, {"x": x})
    assert np.allclose(model.predict(x, verbose=0), wanted, atol=1e-6)


def test_outputs_can_be_chosen() -> None:
    path = FIXTURES / "sklearn_multiclass.onnx"
    known = r"outputs=\['probabilities'\]"
    message = f"'ai.onnx.ml.ArrayFeatureExtractor' is not known here. Leave the output out that needs it: {known}"
    with pytest.raises(ModelFileError, match=message):
        import_onnx(path)
    with pytest.raises(ModelFileError, match=r"has no output 'nothing'; it has \['label', 'probabilities'\]"):
        import_onnx(path, outputs=["nothing"])


def test_onnx_reads_the_odd_files_too() -> None:
    onnx = pytest.importorskip("onnx")
    for data in ODD.values():
        assert onnx.load_from_string(data).graph.output[0].name == "y"


# -- what is not ------------------------------------------------------------------------------------------------------


def test_there_are_many_hostile_files() -> None:
    assert len(HOSTILE) >= 100


@pytest.mark.parametrize("what", HOSTILE)
def test_hostile_files_are_refused(what: str, tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    path.write_bytes(HOSTILE[what])
    with pytest.raises(ModelFileError) as caught:
        import_onnx(path)
    text = str(caught.value)
    assert str(path) in text
    assert len(text) <= 500
    assert "\n" not in text


@pytest.mark.parametrize(
    ("what", "message"),
    [
        ("a cycle", "uses 'z', which nothing has made before it"),
        ("a value made twice", "makes 'y', which there is already"),
        ("numbers in a file above", "tensor 'w' lies in another file; a model file reads only itself"),
        ("numbers here and a hint", "lies in another file"),
        ("a shape that is huge", "tensor 'w' has 6 numbers, but its shape"),
        ("numbers twice", "has its numbers twice: as raw_data and float_data"),
        ("the operator  Loop", "the operator 'Loop' is not known here"),
        ("an attribute twice", "has its attribute 'alpha' twice"),
        ("an attribute of another type", "its attribute 'alpha' is not known here, or of another type"),
        ("many nodes", "it has 6000 nodes; at most 3000 are read"),
        ("a large sum", "are larger than those of any network"),
        ("doubled sixty times", "are larger than those of any network"),
        ("a row that is none", "its indices go beyond an axis of length 2"),
        ("a shape of the batch", "it computes with the size of the batch"),
        ("along the batch", "it works along the batch"),
        ("a group", "a field has the kind 3, which no ONNX file has"),
    ],
)
def test_refusals_say_why(what: str, message: str) -> None:
    with pytest.raises(ModelFileError) as caught:
        imported(HOSTILE[what])
    assert message in str(caught.value)


_ALL = """
import pathlib, resource, sys, time
import chainrule as cr
import chainrule.autodiff.interop
from chainrule.errors import ModelFileError
from chainrule.saving.onnx import onnx_bytes
from chainrule.saving.onnx.build import build_model
from chainrule.saving.onnx.read import describe_onnx
small = cr.Sequential([cr.Input((2,)), cr.layers.Dense(3)])
build_model(describe_onnx(onnx_bytes(small), "warm"))
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
folder, seen = sys.argv[1], []
def watch(event, args):
    if event == "open" and isinstance(args[0], str) and not args[0].startswith(folder):
        seen.append(args[0])
    if event.startswith(("socket.", "subprocess.", "os.exec", "os.remove", "os.rename", "marshal.")):
        seen.append(event)
sys.addaudithook(watch)
start, slowest, modules = peak(), (0.0, ""), set(sys.modules)
for path in sorted(pathlib.Path(folder).iterdir()):
    before = time.process_time()
    try:
        cr.saving.import_onnx(path)
        print("loaded", path)
    except ModelFileError:
        pass
    slowest = max(slowest, (time.process_time() - before, path.name))
print(slowest[0], (peak() - start) / 1024, slowest[1], sorted(set(sys.modules) - modules), seen)
"""


def test_hostile_files_cost_little_and_touch_nothing_else(tmp_path: Path) -> None:
    for i, data in enumerate(HOSTILE.values()):
        (tmp_path / f"{i}.onnx").write_bytes(data)
    done = subprocess.run([sys.executable, "-c", _ALL, str(tmp_path)], capture_output=True, text=True, check=True)
    slowest, grown, which, *rest = done.stdout.split(maxsplit=3)
    assert float(slowest) < 1, list(HOSTILE)[int(which.split(".")[0])]
    assert float(grown) < 256
    assert rest == ["[] []\n"]


def test_what_is_no_plain_file(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match=r"Cannot read '.*m.onnx': No such file or directory"):
        import_onnx(tmp_path / "m.onnx")
    with pytest.raises(ModelFileError, match="Cannot read"):
        import_onnx(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ModelFileError, match="expected a plain file"):
        import_onnx(tmp_path / "pipe")
    with (tmp_path / "hole").open("wb") as file:
        file.truncate(1 << 30)
    with pytest.raises(ModelFileError, match="is damaged: a field has the number 0"):
        import_onnx(tmp_path / "hole")


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("name", ["classifier", "rare_activations", "wide_and_deep"])
def test_damaged_files_load_or_are_refused(name: str, seed: int) -> None:
    good, rng = onnx_bytes(make(name)[0]), np.random.default_rng(seed)
    for _ in range(60):
        data = bytearray(good)
        for _ in range(rng.integers(1, 4)):
            data[rng.integers(len(data))] = rng.integers(256)
        with suppress(ModelFileError):
            imported(bytes(data[: rng.integers(len(data))] if rng.random() < 0.3 else data))


def test_a_chain_of_thousands_of_layers_loads() -> None:
    node, through = _files["node"], _files["through"]
    chain = [node("Relu", ["x"], ["v0"]), *(node("Relu", [f"v{i}"], [f"v{i + 1}"]) for i in range(2000))]
    model = imported(through(*chain, node("Relu", ["v2000"], ["y"])))
    assert len(model.layers) == 2003


def test_every_operator_is_reached_by_a_name() -> None:
    assert {"Gemm", "MatMul", "Relu", "ai.onnx.ml.Scaler"} <= set(OPERATORS)
