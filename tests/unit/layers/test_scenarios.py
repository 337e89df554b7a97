"""Models with masks, and some that train, against Keras 3.15.1 in float64.

`tests/parity/make_layer_scenario_fixtures.py` wrote what Keras computes in the scenarios of `layer_scenarios.py`.
"""

from __future__ import annotations

import runpy
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import chainrule as cr

PARITY = Path(__file__).parents[2] / "parity"
SHARED = runpy.run_path(str(PARITY / "layer_scenarios.py"))
RESULTS = np.load(PARITY / "fixtures" / "layer_scenarios.npz")


@pytest.fixture
def float64() -> Iterator[None]:
    cr.config.set_floatx("float64")
    yield
    cr.config.set_floatx("float32")


@pytest.mark.parametrize("name", list(SHARED["SCENARIOS"]))
def test_as_keras(name: str, float64: None) -> None:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*does not support masking")
        found = SHARED["run"](cr, name)
    wanted = {key.removeprefix(f"{name}/"): RESULTS[key] for key in RESULTS if key.startswith(f"{name}/")}
    assert found.keys() == wanted.keys()
    for key, value in wanted.items():
        np.testing.assert_allclose(found[key], value, rtol=1e-9, atol=1e-11, err_msg=key)
