"""Activations against Keras's: values and gradients on a grid up to ±1000. `make_activation_fixtures.py` wrote them."""

from __future__ import annotations

import inspect
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chainrule import activations
from chainrule.autodiff import vjp

KERAS = np.load(Path(__file__).parent / "fixtures" / "activations.npz")
CASES = json.loads(str(KERAS["cases"]))
SIGNATURES = json.loads(str(KERAS["signatures"]))
RELATIVE = {"float32": 1e-6, "float64": 1e-12}


def bound(i: int, part: str, dtype: str) -> Any:
    """How far from Keras a number may be: relatively, plus 4 roundings of 1, plus what Keras loses in float32."""
    theirs = KERAS[f"{i}/{dtype}/{part}"]
    lost = np.abs(theirs - KERAS[f"{i}/float64/{part}"])
    if (CASES[i]["name"], part) == ("hard_sigmoid", "gradient"):
        lost = lost + 1e-8  # PyTorch has 1/6 in float32 there, whatever the type
    if (CASES[i]["name"], part) == ("squareplus", "value"):
        # there Keras subtracts two numbers of the size of x
        lost = lost + np.finfo(dtype).eps * np.abs(KERAS["scalar"])
    return RELATIVE[dtype] * np.abs(theirs) + 4 * np.finfo(dtype).eps + lost


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("i", range(len(CASES)), ids=[f"{c['name']}-{c['options']}" for c in CASES])
def test_values_and_gradients(i: int, dtype: str) -> None:
    case = CASES[i]
    x, g = KERAS[case["kind"]].astype(dtype), KERAS[f"g_{case['kind']}"].astype(dtype)
    if case["name"] == "exponential":
        x, g = x[x < 85], g[x < 85]
    function = getattr(activations, case["name"])
    y, pullback = vjp(lambda v: function(v, **case["options"]), x)
    (gradient,) = pullback(g[tuple(slice(n) for n in y.shape)])
    for part, ours in (("value", np.asarray(y)), ("gradient", np.asarray(gradient))):
        theirs = KERAS[f"{i}/{dtype}/{part}"]
        assert ours.dtype == dtype
        assert ours.shape == theirs.shape
        assert (np.abs(ours - theirs) <= bound(i, part, dtype)).all(), np.abs(ours - theirs).max()


@pytest.mark.parametrize("name", SIGNATURES)
def test_signatures(name: str) -> None:
    ours = inspect.signature(getattr(activations, name))
    plain = [p.replace(annotation=inspect.Parameter.empty) for p in ours.parameters.values()]
    assert str(inspect.Signature(plain)) == SIGNATURES[name]
