"""`chainrule diagram`."""

import pytest
from typer.testing import CliRunner

import chainrule as cr
from chainrule.cli import main


@pytest.fixture
def file(tmp_path):
    model = cr.Sequential([cr.Input((2,)), cr.layers.Dense(3, activation="tanh", name="hidden"), cr.layers.Dense(1)])
    model.save(tmp_path / "model.keras")
    return tmp_path / "model.keras"


def run(*arguments):
    return CliRunner().invoke(main, ["diagram", *map(str, arguments)])


def test_writes_the_picture(file):
    out = file.with_name("net.svg")
    result = run(file, "-o", out, "--notation", "keras", "--labels", "both")
    assert result.exit_code == 0, result.output
    assert "hidden" in out.read_text()
    assert "kernel" in out.read_text()
    assert run(file.parent, "-o", out.with_suffix(".tex")).exit_code == 0
    assert r"\begin{tikzpicture}" in out.with_suffix(".tex").read_text()


def test_refuses_what_it_cannot_write(file):
    result = run(file, "-o", file.with_name("net.gif"))
    assert result.exit_code == 3
    assert "saved as one of .svg, .tex, .png, .pdf" in result.output
    assert run(file, "--notation", "greek").exit_code == 2
    assert run(file.with_name("none.keras")).exit_code == 1
