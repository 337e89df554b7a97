"""The data sets out of small caches, as Keras reads them (`make_dataset_fixtures.py` wrote what it does)."""

from __future__ import annotations

import importlib
import json
import runpy
from pathlib import Path

import pytest

HERE = Path(__file__).parent
SHARED = runpy.run_path(str(HERE / "dataset_cases.py"))
FOUND = json.loads((HERE / "fixtures" / "datasets.json").read_text())


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("keras")
    SHARED["write_caches"](folder)
    return folder


@pytest.mark.parametrize("label", SHARED["CASES"])
def test_as_keras_reads_it(label: str, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KERAS_HOME", str(home))
    dataset, function, arguments = SHARED["CASES"][label]
    module = importlib.import_module(f"chainrule.datasets.{dataset}")
    assert SHARED["described"](getattr(module, function)(**arguments)) == FOUND[label]
