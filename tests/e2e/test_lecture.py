"""Each script of the lecture runs and gives the lecture's correct numbers."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

FOLDER = Path(__file__).parents[2] / "examples" / "lecture"


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(FOLDER))
    monkeypatch.delitem(sys.modules, "common", raising=False)


def run(name: str) -> dict[str, Any]:
    (script,) = FOLDER.glob(f"{name}_*.py")
    result: dict[str, Any] = runpy.run_path(str(script))["main"]()
    return result


def test_prediction_table(capsys: pytest.CaptureFixture[str]) -> None:
    result = run("01")
    np.testing.assert_allclose(result["p"], [0.3775, 0.1824, 0.6225, 0.3775], atol=5e-5)
    assert result["y_hat"] == [0, 0, 1, 0]
    assert "repeats 0.38" in capsys.readouterr().out


def test_error_surface() -> None:
    result = run("02")
    assert abs(result["loss"] - 0.3352) < 5e-5
    assert result["lowest"] < 0.05
    assert Path("pictures/02_error_surface.png").stat().st_size > 10_000


def test_gradient_descent() -> None:
    result = run("03")
    np.testing.assert_allclose(result["first"], [1.1175, -0.8659, -0.3659], atol=5e-5)
    np.testing.assert_allclose(result["last"], [3.3865, 3.3341, -1.3730], atol=2e-4)
    np.testing.assert_allclose(result["loss"], [0.3352, 0.2873], atol=5e-5)
    assert Path("pictures/03_gradient_descent.png").exists()


def test_backpropagation(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("04")["difference"] < 1e-9
    printed = capsys.readouterr().out
    for number in ("−0.7551", "0.2350", "−0.1774", "1.1774", "−0.3226", "0.0890", "−0.1341"):
        assert number in printed


def test_training_gets_all_rows_right() -> None:
    result = run("05")
    assert 1 < result["all_right"] < 200
    assert result["accuracy"] == 1
    assert abs(result["loss"] - 0.0175) < 5e-5


def test_xor_needs_a_hidden_layer() -> None:
    result = run("06")
    assert result["one"] < 1
    assert result["line"] == 3
    assert result["loss_one"] > 0.24
    assert result["many"] == 1
    assert result["loss_many"] < 0.01


def test_scalar_and_matrix_form_are_equal() -> None:
    result = run("07")
    np.testing.assert_allclose(result["p"], result["p"][0], rtol=1e-6)
    np.testing.assert_allclose(result["matrix"], result["scalar"], rtol=1e-12)
    np.testing.assert_allclose(result["model"], result["scalar"], rtol=1e-5)


def test_overfitting_is_visible() -> None:
    result = run("08")
    assert result["train"] < result["best"] < result["validation"]
    assert result["validation"] > 1.2 * result["best"]
    assert Path("pictures/08_overfitting.png").exists()


@pytest.mark.parametrize("name", ["09", "10"])
def test_generic_classification_scripts(name: str) -> None:
    assert run(name)["accuracy"] > 0.92


def test_generic_regression_script() -> None:
    result = run("11")
    assert result["mae"] < 0.75 * result["baseline"]
