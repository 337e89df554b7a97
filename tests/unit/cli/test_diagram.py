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


def test_a_run_brings_its_names_along(tmp_path):
    pytest.importorskip("polars")
    rows = "\n".join(f"{i % 7},{i % 5},{'yes' if (i % 7) + (i % 5) > 5 else 'no'}" for i in range(60))
    (tmp_path / "table.csv").write_text(f"age,fare,survived\n{rows}\n")
    command = [
        "train",
        str(tmp_path / "table.csv"),
        "--target",
        "survived",
        "--epochs",
        "2",
        "--hidden",
        "2",
        "--quiet",
    ]
    done = CliRunner().invoke(main, [*command, "--no-report", "--out", str(tmp_path / "runs")])
    assert done.exit_code == 0, done.output
    out = tmp_path / "net.svg"
    assert run(next((tmp_path / "runs").iterdir()), "-o", out).exit_code == 0
    for name in ("age", "fare", "yes"):
        assert f">{name}</text>" in out.read_text()
