"""Training, evaluation and prediction print what Keras prints, line by line, on a terminal and elsewhere."""

from __future__ import annotations

import json
import re
import runpy
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr

HERE = Path(__file__).parent
KERAS = json.loads((HERE / "fixtures" / "training_text.json").read_text())["runs"]
NUMBER = re.compile(r"-?\d+\.\d+(?:e[-+]\d+)?")
SCENARIO = runpy.run_path(str(HERE / "text_scenario.py"))


@pytest.fixture(scope="module", params=[False, True], ids=["file", "terminal"])
def played(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    import warnings

    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        patch.setenv("COLUMNS", "1000")
        patch.setenv("TERM", "xterm")
        warnings.simplefilter("ignore")
        return SCENARIO["play"](cr, tmp_path_factory.mktemp("text"), terminal=request.param)


@pytest.mark.parametrize("name", KERAS)
def test_the_lines_are_the_same(played: Any, name: str) -> None:
    ours, theirs = played[name]["lines"], KERAS[name]["lines"]
    assert [NUMBER.sub(form, line) for line in ours] == [NUMBER.sub(form, line) for line in theirs]
    for mine, other in zip(ours, theirs, strict=True):  # sums in float32 and float64 may differ in the last digit
        values = [[float(number) for number in NUMBER.findall(line)] for line in (mine, other)]
        np.testing.assert_allclose(*values, rtol=1e-6, atol=1.001e-4, err_msg=f"{mine}\n{other}")


def form(number: re.Match[str]) -> str:
    """Return how a number is written: sign, digits after the point, exponent."""
    return re.sub(r"\d", "9", re.sub(r"\d+\.", "9.", number[0]))


@pytest.mark.parametrize("name", KERAS)
def test_names_order_and_values_are_the_same(played: Any, name: str) -> None:
    compare(played[name]["returned"], KERAS[name]["returned"], name)


def compare(ours: Any, theirs: Any, where: str) -> None:
    if isinstance(theirs, str):
        assert ours == theirs, where
    elif theirs and isinstance(theirs[0], float):
        np.testing.assert_allclose(ours, theirs, rtol=2e-5, atol=1e-8, err_msg=where)
    else:
        assert len(ours) == len(theirs), where
        for mine, other in zip(ours, theirs, strict=True):
            compare(mine, other, where)
