"""ONNX files as ONNX's own checker and runtime see them."""

from __future__ import annotations

import runpy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import ModelFileError
from chainrule.saving.onnx import onnx_bytes
from chainrule.saving.onnx.activations import TABLE

_here = runpy.run_path(str(Path(__file__).with_name("models.py")))
MODELS, make, outputs_of = _here["MODELS"], _here["make"], _here["outputs_of"]
LIMITS = {"float32": 1e-6, "float64": 1e-13}


def run(data: bytes, rows: list[Any]) -> list[Any]:
    onnx, runtime = pytest.importorskip("onnx"), pytest.importorskip("onnxruntime")
    onnx.checker.check_model(onnx.load_from_string(data), full_check=True)
    session = runtime.InferenceSession(data)
    return list(session.run(None, {i.name: x for i, x in zip(session.get_inputs(), rows, strict=True)}))


def test_there_are_twenty_models() -> None:
    assert len(MODELS) >= 20


@pytest.mark.parametrize("name", MODELS)
def test_onnxruntime_agrees(name: str, dtype: str, difference: Callable[[Any, Any], float]) -> None:
    model, rows = make(name, dtype)
    if dtype == "float64" and name == "layer_normalized":
        pytest.skip("onnxruntime has no erf for float64")
    for found, wanted in zip(run(onnx_bytes(model), rows), outputs_of(model, rows), strict=True):
        assert found.dtype == dtype
        assert difference(found, wanted) < LIMITS[dtype]


@pytest.mark.parametrize("opset", [13, 15, 18, 20, 22])
@pytest.mark.parametrize("name", ["layer_normalized", "layer_normalized_over_two_axes", "rare_activations"])
def test_other_versions_of_the_operators(name: str, opset: int, difference: Callable[[Any, Any], float]) -> None:
    model, rows = make(name)
    for found, wanted in zip(run(onnx_bytes(model, opset), rows), outputs_of(model, rows), strict=True):
        assert difference(found, wanted) < 3e-6  # normalising by single operators rounds more often


@pytest.mark.parametrize("shape", [(6,), (3, 4)])
@pytest.mark.parametrize("name", sorted(TABLE))
def test_activations(name: str, shape: tuple[int, ...], dtype: str, difference: Callable[[Any, Any], float]) -> None:
    if dtype == "float64" and name == "gelu":
        pytest.skip("onnxruntime has no erf for float64")
    options = {"threshold": 0.3, "default_value": -2.0} if name == "threshold" else {}
    x = (np.random.default_rng(0).normal(size=(9, *shape)) * 6).astype(dtype)
    given = cr.Input(shape, dtype=dtype)
    function = getattr(cr.activations, name)
    if options:  # no string names a function with options
        from chainrule.saving.onnx.activations import write_activation
        from chainrule.saving.onnx.graph import Expression, Graph

        graph = Graph("g", dtype, 17)
        graph.reserve("y")
        out = write_activation(Expression(graph, graph.input("x", shape, dtype)), name, options, shape, "layer")
        graph.output("y", out.name, shape, dtype)
        (found,) = run(graph.to_bytes("1"), [x])
    else:
        (found,) = run(onnx_bytes(cr.Model(given, cr.layers.Activation(name)(given))), [x])
    assert difference(found, np.asarray(function(x, **options))) < LIMITS[dtype]


def test_every_activation_has_a_form() -> None:
    functions = [getattr(cr.activations, n) for n in dir(cr.activations)]
    assert {f.__name__ for f in functions if getattr(f, "facts", None) is not None} == set(TABLE)


def test_any_batch_size_and_the_names_of_the_model() -> None:
    model, rows = make("two_in_two_out")
    runtime = pytest.importorskip("onnxruntime")
    session = runtime.InferenceSession(onnx_bytes(model))
    assert [(i.name, i.shape) for i in session.get_inputs()] == [("a", ["batch", 3]), ("b", ["batch", 2])]
    assert [o.name for o in session.get_outputs()] == model.output_names
    for count in (0, 1, 5):
        assert session.run(None, {"a": rows[0][:count], "b": rows[1][:count]})[0].shape == (count, 1)


def test_the_entry_of_keras(small: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    small.export(tmp_path / "a.onnx", format="onnx", opset_version=13, verbose=True)
    assert capsys.readouterr().out == f"Saved artifact at '{tmp_path / 'a.onnx'}'.\n"
    small.export(str(tmp_path / "b.onnx"))
    cr.saving.export_onnx(small, tmp_path / "c.onnx")
    assert (tmp_path / "b.onnx").read_bytes() == (tmp_path / "c.onnx").read_bytes()
    small.export(tmp_path / "b.c")
    assert "void predict(" in (tmp_path / "b.c").read_text()


def test_equal_models_give_equal_bytes(small: Any) -> None:
    assert onnx_bytes(small) == onnx_bytes(small)


def test_refusals(small: Any, tmp_path: Path) -> None:
    code = cr.Sequential([cr.Input((2,)), cr.layers.Lambda(lambda x: x * 2, name="twice")])
    with pytest.raises(ModelFileError, match=r"to ONNX: layer 'twice' is Python code \(Lambda.call\)"):
        cr.saving.export_onnx(code, tmp_path / "m.onnx")
    with pytest.raises(ModelFileError, match=r"it has no weights yet. Give it an Input"):
        cr.saving.export_onnx(cr.Sequential([cr.layers.Dense(1)]), tmp_path / "m.onnx")
    with pytest.raises(ModelFileError, match="opset=99: expected a version from 13 to 22"):
        cr.saving.export_onnx(small, tmp_path / "m.onnx", opset=99)
    with pytest.raises(ModelFileError, match=r"format='tf_saved_model' is not written here. Give format='onnx'"):
        small.export(tmp_path / "m")
    with pytest.raises(ModelFileError, match="leave input_signature out"):
        small.export(tmp_path / "m.onnx", input_signature=[1])
    with pytest.raises(TypeError, match=r"unknown arguments \['is_static'\]"):
        small.export(tmp_path / "m.onnx", is_static=True)
    with pytest.raises(ModelFileError, match="Cannot write"):
        small.export(tmp_path / "missing" / "m.onnx")
    assert not list(tmp_path.iterdir())


def test_a_softmax_along_another_axis(difference: Callable[[Any, Any], float], tmp_path: Path) -> None:
    x = np.random.default_rng(0).normal(size=(3, 4, 2)).astype(np.float32)
    model = cr.Sequential([cr.Input((4, 2)), cr.layers.Softmax(axis=1, name="s")])
    (found,) = run(onnx_bytes(model), [x])
    assert difference(found, np.asarray(cr.ops.softmax(x, axis=1))) < 1e-6
    with pytest.raises(ModelFileError, match="layer 's': softmax along axis 1 has no form in C, only along the last"):
        model.export_c(tmp_path / "m.c")


def test_layers_that_only_exports_describe_may_not_be_overridden() -> None:
    class Mine(cr.layers.Permute):
        def call(self, inputs: Any) -> Any:
            return inputs * 2

    model = cr.Sequential([cr.Input((2, 2)), Mine((2, 1), name="mine")])
    with pytest.raises(ModelFileError, match=r"layer 'mine' is Python code \(Mine.call\)"):
        onnx_bytes(model)
