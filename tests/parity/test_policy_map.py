"""Layers with a `DTypePolicyMap` have the policies that Keras gives them. `make_policy_map_fixtures.py` recorded it."""

from __future__ import annotations

import json
import runpy
import warnings
from pathlib import Path
from typing import Any

import pytest

import chainrule as cr

HERE = Path(__file__).parent
KERAS = json.loads((HERE / "fixtures" / "policy_map.json").read_text())


@pytest.fixture(scope="module")
def ours() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", cr.errors.TrapWarning)  # half precision is computed in float32
        return runpy.run_path(str(HERE / "policy_map_scenario.py"))["run"](cr)


@pytest.mark.parametrize("case", [case for case in KERAS if case != "training"])
def test_paths_and_types(case: str, ours: Any) -> None:
    assert ours[case] == KERAS[case]


def test_a_model_of_two_types_trains_alike(ours: Any) -> None:
    found, expected = ours["training"], KERAS["training"]
    assert found["types"] == expected["types"] == ["float64", "float64", "float32", "float32"]
    assert found["output"] == expected["output"]
    assert found["loss"] == pytest.approx(expected["loss"], rel=1e-6)
    for w, v in zip(found["weights"], expected["weights"], strict=True):
        assert _flat(w) == pytest.approx(_flat(v), rel=1e-6, abs=1e-7)


def _flat(nested: Any) -> list[float]:
    return [n for part in nested for n in _flat(part)] if isinstance(nested, list) else [nested]


def test_two_keys_for_one_path_are_refused() -> None:
    policies = cr.dtype_policies.DTypePolicyMap(
        None, {k: cr.dtype_policies.DTypePolicy("float64") for k in ("a.*", ".*")}
    )
    with pytest.raises(ValueError, match="Path 'ab' matches multiple dtype policy specification keys"):
        cr.layers.Dense(1, name="ab", dtype=policies).build((None, 2))
