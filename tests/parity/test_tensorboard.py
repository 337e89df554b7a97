"""Event files: the real TensorBoard finds in ours what it finds in Keras's."""

from __future__ import annotations

import json
import runpy
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr

pytest.importorskip("tensorboardX")
pytest.importorskip("tensorboard")

HERE = Path(__file__).parent
KERAS = json.loads((HERE / "fixtures" / "tensorboard.json").read_text())
SCENARIO = runpy.run_path(str(HERE / "tensorboard_scenario.py"))


@pytest.mark.parametrize("case", KERAS)
def test_tensorboard_finds_the_same_in_the_same_places(case: str, tmp_path: Path) -> None:
    arguments = SCENARIO["CASES"][case]
    SCENARIO["train"](cr, tmp_path, **arguments)
    ours, theirs = SCENARIO["read"](tmp_path), KERAS[case]
    assert {run: set(tags) for run, tags in ours.items()} == {run: set(tags) for run, tags in theirs.items()}
    for run, tags in theirs.items():
        for tag, series in tags.items():
            compare(f"{run}: {tag}", ours[run][tag], series, isinstance(arguments.get("update_freq"), int))


def compare(where: str, ours: dict[str, Any], theirs: dict[str, Any], leaves_out: bool) -> None:
    """Compare one tag; Keras leaves out epochs and evaluations that end at a batch that is not written."""
    assert {k: v for k, v in ours.items() if k not in ("steps", "values")} == {
        k: v for k, v in theirs.items() if k not in ("steps", "values")
    }, where
    if ours["plugin"] == "graph_keras_model":
        return  # Keras writes it a second time when the model is evaluated
    at = {step: i for i, step in enumerate(ours["steps"])}
    if leaves_out and "batch_" not in where:
        assert set(theirs["steps"]) <= set(ours["steps"]), where
    else:
        assert ours["steps"] == theirs["steps"], where
    for step, value in zip(theirs["steps"], theirs.get("values", ()), strict=False):
        mine = ours["values"][at[step]]
        if ours["plugin"] == "images":
            assert mine[:2] == value[:2], where
            assert np.abs(np.array(mine[2], int) - np.array(value[2], int)).max() <= 1, where
        elif "evaluation" not in where:
            np.testing.assert_allclose(mine, value, rtol=1e-4, atol=1e-6, err_msg=where)
