"""Losses against Keras's: options, reductions, weights; values and gradients. `make_loss_fixtures.py` wrote them."""

from __future__ import annotations

import inspect
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chainrule import losses
from chainrule.autodiff import vjp

KERAS = np.load(Path(__file__).parent / "fixtures" / "losses.npz")
CASES = json.loads(str(KERAS["cases"]))
SIGNATURES = json.loads(str(KERAS["signatures"]))
CONFIGS = json.loads(str(KERAS["configs"]))
del CONFIGS["Loss"]  # its name is counted by the process
NAMES = sorted({c["name"] for c in CASES})
RELATIVE = {"float32": 1e-6, "float64": 1e-12}


def stored(part: str, dtype: str) -> list[Any]:
    """Return the values or gradients of all cases, cut from the one array they are kept in."""
    shapes = [KERAS[c["predictions"]][1].shape if part == "gradient" else tuple(c["shape"]) for c in CASES]
    ends = np.cumsum([int(np.prod(s)) for s in shapes])
    return [a.reshape(s) for a, s in zip(np.split(KERAS[f"{part}_{dtype}"], ends[:-1]), shapes, strict=True)]


THEIRS = {(part, dtype): stored(part, dtype) for part in ("value", "gradient") for dtype in RELATIVE}


def loss_of(case: dict[str, Any]) -> Any:
    options = {k: tuple(v) if isinstance(v, list) else v for k, v in case["options"].items()}
    return getattr(losses, case["name"])(reduction=case["reduction"], **options)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", NAMES)
def test_values_and_gradients(name: str, dtype: str) -> None:
    for i, case in enumerate(CASES):
        if case["name"] != name:
            continue
        y, p = KERAS[case["targets"]][0].astype(dtype), KERAS[case["predictions"]][1].astype(dtype)
        weights = KERAS["weights"][0].astype(dtype) if case["weights"] else None
        loss = loss_of(case)
        value, pullback = vjp(lambda v, loss=loss, y=y, weights=weights: loss(y, v, weights), p)
        (gradient,) = pullback(np.ones(value.shape, dtype))
        ours = {"value": np.asarray(value), "gradient": np.asarray(gradient)}
        for part, array in ours.items():
            theirs = THEIRS[part, dtype][i]
            lost = np.abs(theirs - THEIRS[part, "float64"][i])
            assert array.dtype == dtype
            assert array.shape == theirs.shape
            # an element of a gradient is a sum of terms as large as the largest of its row
            size = np.abs(theirs) if part == "value" else np.abs(theirs).max(axis=-1, keepdims=True)
            bound = RELATIVE[dtype] * size + 8 * np.finfo(dtype).eps + lost
            assert (np.abs(array - theirs) <= bound).all(), (case, part, np.abs(array - theirs).max())


@pytest.mark.parametrize("name", SIGNATURES)
def test_signatures(name: str) -> None:
    thing = getattr(losses, name)
    ours = inspect.signature(thing.__init__ if isinstance(thing, type) else thing)
    plain = [p.replace(annotation=inspect.Parameter.empty) for p in ours.parameters.values()]
    assert str(inspect.Signature(plain)) == SIGNATURES[name]


def test_strings() -> None:
    for name in json.loads(str(KERAS["strings"])):
        if name not in ("CTC", "ctc", "LossFunctionWrapper"):
            assert losses.get(name) is not None


KEPT_HERE = {"Huber": {"delta": 1.0}, "CosineSimilarity": {"axis": -1}, "SparseCategoricalCrossentropy": {"axis": -1}}


@pytest.mark.parametrize("name", CONFIGS)
def test_configurations(name: str) -> None:
    """Ours has what Keras's has; and the arguments Keras forgets."""
    config = getattr(losses, name)().get_config()
    assert config == {**CONFIGS[name], **KEPT_HERE.get(name, {})}
