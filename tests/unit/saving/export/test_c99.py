"""C files: compiled with every warning an error, run, and compared with the models."""

from __future__ import annotations

import ctypes
import runpy
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import ModelFileError
from chainrule.saving.c99 import c_source
from chainrule.saving.c99.functions import ELEMENTS, MERGES
from chainrule.saving.c99.steps import literal

_here = runpy.run_path(str(Path(__file__).with_name("models.py")))
MODELS, make, outputs_of = _here["MODELS"], _here["make"], _here["outputs_of"]
LIMITS = {"float32": 1e-6, "float64": 1e-13}
STRICT = ["-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic", "-Wconversion", "-Wshadow", "-O1"]
L = cr.layers
COMPILERS = [c for c in ("gcc", "clang") if shutil.which(c)]

compiled = pytest.mark.skipif(not COMPILERS, reason="there is no C compiler here")


def build(text: str, folder: Path, *options: str, compiler: str | None = None) -> Path:
    (folder / "m.c").write_text(text)
    out = folder / f"m{len(list(folder.iterdir()))}"
    command = [compiler or COMPILERS[0], *STRICT, *options, "-o", str(out), str(folder / "m.c"), "-lm"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return out


def predict(model: Any, rows: list[Any], dtype: str, folder: Path) -> list[Any]:
    """Return the outputs of the compiled model for each row, in one vector."""
    library = ctypes.CDLL(str(build(c_source(model), folder, "-shared", "-fPIC")))
    results = []
    size = sum(a[0].size for a in outputs_of(model, rows))
    for row in range(len(rows[0])):
        x = np.concatenate([a[row].reshape(-1) for a in rows]).astype(dtype)
        y = np.full(size + 1, 7.0, dtype)
        library.predict(x.ctypes.data_as(ctypes.c_void_p), y.ctypes.data_as(ctypes.c_void_p))
        assert y[-1] == 7  # nothing was written behind the outputs
        results.append(y[:-1])
    return results


@compiled
@pytest.mark.parametrize("name", MODELS)
def test_compiled_models_agree(name: str, dtype: str, tmp_path: Path, difference: Callable[[Any, Any], float]) -> None:
    model, rows = make(name, dtype)
    found = predict(model, rows, dtype, tmp_path)
    wanted = [np.concatenate([a[row].reshape(-1) for a in outputs_of(model, rows)]) for row in range(len(rows[0]))]
    assert difference(found, wanted) < LIMITS[dtype]


@compiled
@pytest.mark.parametrize("name", MODELS)
def test_files_test_themselves(name: str, tmp_path: Path) -> None:
    model, _ = make(name)
    program = build(c_source(model, "my_net"), tmp_path, "-DMY_NET_SELF_TEST", "-fsanitize=undefined,address")
    done = subprocess.run([str(program)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("largest difference: ")


def _embeds_float() -> Any:
    return cr.Sequential([cr.Input((3,)), L.Embedding(7, 2), L.Flatten(), L.Dense(1)])


def _embeds_one_of_two() -> Any:
    number, category = cr.Input((3,)), cr.Input((1,))
    return cr.Model([category, number], L.concatenate([L.Flatten()(L.Embedding(7, 2)(category)), number]))


def _embeds_a_reshaped() -> Any:
    x = cr.Input((4,))
    return cr.Model(x, L.concatenate([L.Flatten()(L.Embedding(2, 2)(L.Reshape((2, 2))(x))), x]))


def _embeds_a_join() -> Any:
    a, b = cr.Input((1,)), cr.Input((2,))
    return cr.Model([a, b], L.Flatten()(L.Embedding(2, 2)(L.concatenate([a, b]))))


@compiled
@pytest.mark.parametrize("model", [_embeds_float, _embeds_one_of_two, _embeds_a_reshaped, _embeds_a_join])
def test_what_an_embedding_reads_is_tested_with_rows_of_its_table(model: Callable[[], Any], tmp_path: Path) -> None:
    program = build(c_source(model()), tmp_path, "-DPREDICT_SELF_TEST")
    assert subprocess.run([str(program)], capture_output=True, check=False).returncode == 0


def test_the_rows_of_the_self_test_differ() -> None:
    line = c_source(_embeds_float()).split("_test_x[3] = {")[1].split("}")[0]
    assert len(set(line.split(","))) > 1


@compiled
def test_a_wrong_prediction_fails_the_self_test(small: Any, tmp_path: Path) -> None:
    code, _ = c_source(small).split("#ifdef PREDICT_SELF_TEST")
    for v in small.weights:
        v.assign(v.numpy() + 1)
    _, test = c_source(small).split("#ifdef PREDICT_SELF_TEST")
    program = build(f"{code}#ifdef PREDICT_SELF_TEST{test}", tmp_path, "-DPREDICT_SELF_TEST")
    assert subprocess.run([str(program)], capture_output=True, check=False).returncode == 1


@compiled
@pytest.mark.parametrize("name", sorted({*ELEMENTS, "relu"} - {"gelu_tanh", "threshold"}))
def test_activations(name: str, dtype: str, tmp_path: Path, difference: Callable[[Any, Any], float]) -> None:
    x = np.concatenate([np.linspace(-9, 9, 61), [0.0, -3, 3, -1, 1, 0.5, -0.5, 6]]).astype(dtype)[:, None]
    given = cr.Input((1,), dtype=dtype)
    model = cr.Model(given, cr.layers.Activation(name)(given))
    found = predict(model, [x], dtype, tmp_path)
    assert difference(found, np.asarray(getattr(cr.activations, name)(x))) < LIMITS[dtype]


@compiled
def test_two_files_in_one_program(small: Any, tmp_path: Path) -> None:
    both = c_source(small, "first") + c_source(small, "second") + "int main(void) { return 0; }\n"
    build(both, tmp_path)


@compiled
def test_rows_outside_of_a_table_read_no_other_memory(tmp_path: Path) -> None:
    model, _ = make("embedding")
    main = """
#include <stdio.h>
int main(void) {
    float x[4] = {-5.0f, 1e30f, NAN, 3.7f}, y[2];
    predict(x, y);
    return y[0] != y[0];
}
"""
    program = build(c_source(model) + main, tmp_path, "-fsanitize=undefined,address")
    assert subprocess.run([str(program)], capture_output=True, check=False).returncode == 0


def test_numbers_are_exact() -> None:
    for dtype in ("float32", "float64"):
        for value in np.random.default_rng(0).normal(size=50).astype(dtype):
            assert float.fromhex(literal(value, dtype).rstrip("f")) == value if "x" in literal(value, dtype) else True
    assert literal(float("inf"), "float32") == "INFINITY"
    assert literal(-0.0, "float32") == "-0.0f"
    assert literal(float("nan"), "float64") == "NAN"


def test_names_cannot_leave_their_comments(tmp_path: Path) -> None:
    name = "*" + chr(47) + " int evil;"  # a name that would end the comment
    model = cr.Sequential([cr.Input((2,)), cr.layers.Activation("tanh", name="a*b??" + chr(92))], name="n" + name[:1])
    text = c_source(model)
    assert text.count("*/") == text.count("/*")
    assert "??" not in text
    if COMPILERS:
        build(text, tmp_path, "-c")


@pytest.mark.parametrize("name", ["", "2nd", "a-b", "int", "main", "a b", "exp", "p" * 99, "predict;", "x", "naïve"])
def test_names_that_are_none_in_c(small: Any, name: str, tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match=r"is no free name in C; expected letters, digits and underscores\."):
        small.export_c(tmp_path / "m.c", function=name)
    assert not list(tmp_path.iterdir())


def test_refusals(tmp_path: Path) -> None:
    code = cr.Sequential([cr.Input((2,)), cr.layers.Lambda(lambda x: x * 2, name="twice")])
    with pytest.raises(ModelFileError, match=r"to C: layer 'twice' is Python code"):
        cr.saving.export_c(code, tmp_path / "m.c")
    a, b = cr.Input((2, 1, 3)), cr.Input((1, 4, 1))
    merged = cr.Model([a, b], cr.layers.Add(name="sum")([a, b]))
    with pytest.raises(
        ModelFileError, match=r"layer 'sum' merges shapes \(2, 1, 3\) and \(2, 4, 3\), which has no form"
    ):
        cr.saving.export_c(merged, tmp_path / "m.c")
    anything = cr.Sequential([cr.Input((None, 3)), cr.layers.Dense(2, name="d")])
    with pytest.raises(ModelFileError, match="has an axis of unknown length"):
        cr.saving.export_c(anything, tmp_path / "m.c")
    assert not list(tmp_path.iterdir())


def test_every_merge_has_a_form() -> None:
    assert {layer.kind for layer in cr.layers.merging._Merge.__subclasses__()} <= set(MERGES)
