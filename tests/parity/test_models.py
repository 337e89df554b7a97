"""Our models do what Keras's do in every scenario of model_scenarios/ (fixtures from make_model_fixtures.py)."""

from __future__ import annotations

import json
import math
import runpy
import warnings
from pathlib import Path
from typing import Any

import pytest

import chainrule as cr

HERE = Path(__file__).parent
RUN = runpy.run_path(str(HERE / "make_model_fixtures.py"))["run"]
KERAS: dict[str, dict[str, Any]] = {
    path.stem.removeprefix("models_"): json.loads(path.read_text())["scenarios"]
    for path in sorted((HERE / "fixtures").glob("models_*.json"))
}
CASES = [f"{file}.{name}" for file, scenarios in KERAS.items() for name in scenarios]


def differences(ours: Any, theirs: Any, at: str = "") -> list[str]:
    """Return where two results differ; numbers may differ by float32 rounding."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        found = [f"{at}: keys {sorted(ours.keys() ^ theirs.keys())}"] if ours.keys() != theirs.keys() else []
        return found + [d for k in ours.keys() & theirs.keys() for d in differences(ours[k], theirs[k], f"{at}/{k}")]
    if isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        return [d for i, (a, b) in enumerate(zip(ours, theirs, strict=True)) for d in differences(a, b, f"{at}/{i}")]
    if isinstance(ours, float) and isinstance(theirs, float):
        return (
            []
            if math.isclose(ours, theirs, rel_tol=3e-5, abs_tol=2e-6)
            else [f"{at}: {ours!r} is not Keras's {theirs!r}"]
        )
    return [] if ours == theirs and type(ours) is type(theirs) else [f"{at}: {ours!r} is not Keras's {theirs!r}"]


@pytest.fixture(scope="module")
def ours() -> dict[str, dict[str, Any]]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return {file: json.loads(json.dumps(RUN(cr, file))) for file in KERAS}


@pytest.mark.parametrize("case", CASES)
def test_same_as_keras(ours: dict[str, dict[str, Any]], case: str) -> None:
    file, name = case.split(".")
    assert differences(ours[file][name], KERAS[file][name]) == []
