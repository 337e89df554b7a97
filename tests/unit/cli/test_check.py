"""`chainrule check` and `chainrule lr-find` on the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

pytest.importorskip("polars")

from chainrule.cli import main


def run(*arguments: Any) -> Any:
    return CliRunner().invoke(main, [str(a) for a in arguments])


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """Two hundred rows with a constant column, and one whose name is hostile."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, 2)).round(3)
    y = np.where(x[:, 0] + 0.5 * x[:, 1] + rng.normal(0, 0.5, 200) > 0, "yes", "no")
    lines = [f"{a},{b},7,{c}" for (a, b), c in zip(x, y, strict=True)]
    path = tmp_path / "t.csv"
    path.write_text("\n".join(["a,\x1b[31m<b>,seven,y", *lines]))
    return path


def test_check_says_what_is_wrong(table: Path) -> None:
    result = run("check", table, "-t", "y")
    assert result.exit_code == 0
    assert "Health of 't.csv': 1 finding." in result.stdout
    assert "'seven' is the same on all 200 rows (always 7): nothing can be learnt from it." in result.stdout
    assert "\x1b" not in result.stdout + result.stderr


def test_strict_turns_findings_into_an_exit_code(table: Path) -> None:
    assert run("check", table, "-t", "y", "--strict").exit_code == 3
    assert run("check", table, "-t", "y", "--strict", "--drop", "seven").exit_code == 0


def test_check_as_json(table: Path) -> None:
    result = run("check", table, "-t", "y", "--json", "-q")
    found = json.loads(result.stdout)
    assert [f["code"] for f in found["findings"]] == ["constant-feature"]
    assert found["findings"][0]["tries"]
    assert result.stderr == ""


def test_check_without_a_target_lists_the_columns(table: Path) -> None:
    result = run("check", table)
    assert result.exit_code == 2
    assert "Did you mean the last one: --target y?" in result.stderr


def test_lr_find_suggests_a_rate_and_the_next_command(table: Path) -> None:
    result = run("lr-find", table, "-t", "y", "--hidden", "8", "--steps", "40")
    assert result.exit_code == 0, result.stderr
    assert result.stdout.startswith("Learning rate 0.")
    assert "Train with it:  chainrule train" in result.stderr
    assert run("lr-find", table, "-t", "y", "--hidden", "8", "--steps", "40").stdout == result.stdout


def test_lr_find_as_json_and_picture(table: Path) -> None:
    pytest.importorskip("matplotlib")
    picture = table.with_name("rates.svg")
    result = run("lr-find", table, "-t", "y", "--steps", "20", "--json", "-q", "-o", picture)
    found = json.loads(result.stdout)
    assert found["suggestion"] in found["rates"]
    assert "<svg" in picture.read_text()[:2000]


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (["--steps", "3"], 3, "steps must be a whole number of at least 10, but is 3"),
        (["--start", "2", "--end", "1"], 3, "expected 0 < start < end, but start=2.0 and end=1.0"),
        (["--hidden", "x"], 2, "--hidden: expected units such as 64,32"),
        (["--steps", "20", "-o", "no/such/folder/p.png"], 1, "No such file or directory"),
        (["--steps", "20", "-o", "p.docx"], 2, "expected a file that ends in"),
    ],
)
def test_lr_find_refuses(table: Path, options: list[str], code: int, message: str) -> None:
    result = run("lr-find", table, "-t", "y", *options)
    assert result.exit_code == code
    assert message in result.stderr
