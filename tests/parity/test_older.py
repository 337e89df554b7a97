"""Files of older versions of Keras 3: the same predictions, and training goes on alike."""

from __future__ import annotations

import json
import runpy
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr

HERE = Path(__file__).parent
with zipfile.ZipFile(HERE / "fixtures" / "older.zip") as archive:
    FILES = {name: archive.read(name) for name in archive.namelist()}
VERSIONS = [name.removesuffix(".json") for name in FILES if name.endswith(".json")]
build = runpy.run_path(str(HERE / "make_older_fixtures.py"))["build"]


def file(version: str, ending: str, folder: Path) -> Path:
    path = folder / f"m{ending}"
    path.write_bytes(FILES[f"{version}{ending}"])
    return path


def goes_on_alike(model: Any, version: str) -> None:
    wanted = json.loads(FILES[f"{version}.json"])
    x = [np.array(wanted["x"][0], "float32"), np.array(wanted["x"][1], "int32")]
    y = [np.array(v, "float32") for v in wanted["y"]]
    for ours, theirs in zip(model.predict(x, verbose=0), wanted["predictions"], strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-6)
    losses, penalties = [], []
    for _ in wanted["losses"]:
        model.reset_metrics()
        penalties.append(float(sum(model.losses)))
        losses.append(model.train_on_batch(x, y, return_dict=True)["loss"])
    twice = version == "3.0.5"  # it counts the penalties of a model within twice
    wanted = np.subtract(wanted["losses"], penalties) if twice else wanted["losses"]
    np.testing.assert_allclose(losses, wanted, rtol=5e-4 if twice else 1e-5)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("ending", [".keras", ".h5"])
def test_a_whole_model(version: str, ending: str, tmp_path: Path) -> None:
    goes_on_alike(cr.models.load_model(file(version, ending, tmp_path)), version)


@pytest.mark.parametrize("version", VERSIONS)
def test_weights_and_the_state_of_the_optimizer(version: str, tmp_path: Path) -> None:
    model = build(cr)
    model.load_weights(file(version, ".weights.h5", tmp_path))
    goes_on_alike(model, version)
