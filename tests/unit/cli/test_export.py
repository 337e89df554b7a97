"""`chainrule export`: what it writes, and what it says when it cannot."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

import chainrule as cr
from chainrule.cli import main
from chainrule.saving import import_onnx


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Call the command in a folder with `m.keras`."""
    monkeypatch.chdir(tmp_path)
    model = cr.Sequential([cr.Input((2,)), cr.layers.Dense(3, "tanh"), cr.layers.Dense(1)], name="small")
    model.save("m.keras")

    def call(*arguments: Any) -> Any:
        result = CliRunner().invoke(main, ["export", *map(str, arguments)])
        assert result.exception is None or isinstance(result.exception, SystemExit)
        assert "Traceback" not in result.output
        return result

    return call


def test_all_formats(run: Callable[..., Any]) -> None:
    model = cr.models.load_model("m.keras")
    x = np.ones((2, 2), np.float32)
    for arguments in (["m.keras", "m.onnx"], ["m.onnx", "again.keras"], ["m.onnx", "again.onnx", "--opset", "13"]):
        result = run(*arguments)
        assert result.exit_code == 0, result.output
    assert result.stderr == "small: written to again.onnx as onnx.\n"
    for again in (import_onnx("m.onnx"), import_onnx("again.onnx"), cr.models.load_model("again.keras")):
        assert np.allclose(again.predict(x, verbose=0), model.predict(x, verbose=0), atol=1e-6)
    assert run("m.keras", "m.txt", "--to", "c", "--function", "net").exit_code == 0
    assert "void net(const float *x, float *y)" in Path("m.txt").read_text()
    assert run("m.keras", "w.safetensors").exit_code == 0
    model.load_weights("w.safetensors")


def test_json(run: Callable[..., Any]) -> None:
    result = run("m.keras", "m.c", "--json", "-q")
    assert json.loads(result.stdout) == {"out": "m.c", "format": "c", "features": [], "parameters": 13}
    assert result.stderr == ""


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["m.keras", "m.xyz"], 2, "--to: expected onnx, c, safetensors or keras, but received '.xyz'."),
        (["m.keras", "m", "--to", "pickle"], 2, "but received 'pickle'"),
        (["missing.keras", "m.onnx"], 1, "missing.keras"),
        (["missing.onnx", "m.c"], 1, "Cannot read 'missing.onnx': No such file or directory."),
        (["m.keras", "m.onnx", "--opset", "5"], 1, "opset=5: expected a version from 13 to 22."),
        (["m.keras", "m.c", "--function", "a-b"], 1, "function='a-b' is no free name in C"),
        (["m.keras", "nowhere/m.c"], 1, "Make the folder first"),
        (["m.keras", "w.bin", "--to", "safetensors"], 1, "the name must end in '.safetensors'"),
    ],
)
def test_errors_are_one_line(run: Callable[..., Any], arguments: list[str], code: int, message: str) -> None:
    result = run(*arguments)
    assert result.exit_code == code
    assert message in result.stderr
    assert result.stderr.startswith("Error: ")
    assert result.stderr.count("\n") == 1
    assert sorted(p.name for p in Path().iterdir()) == ["m.keras"]
