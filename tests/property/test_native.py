"""Random models trained by both engines: the native one gives the numbers of the reference.

float64, 20 steps: to 1e-9 of the largest number of each tensor, the optimizer's state, metrics, history, predictions
and evaluations included. Where a training amplifies rounding, which Adam and its kin do where a gradient is nearly zero
and Lion does where its momentum changes sign, the reference is trained again from weights changed by 1e-15: the engines
may be a thousand times as far apart as the reference is from itself. No more than a few examples may need that.

One step is measured with plain gradient descent, whose changes are the gradients, and with any optimizer: to 1e-13 of
the largest weight or change in the model, or a hundred times what 1e-15 in the weights changes. float32: to
`32 eps sqrt(n)` per step, where n is the longest sum of a step, with the same allowance.
"""

from __future__ import annotations

import os
import runpy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

pytest.importorskip("chainrule._native")

RUNS = runpy.run_path(str(Path(__file__).with_name("random_runs.py")))
train, distances, trainings = RUNS["train"], RUNS["distances"], RUNS["trainings"]
EXAMPLES = int(os.environ.get("CHAINRULE_EXAMPLES", "0"))


def examples(count: int) -> Any:
    """The same examples each time; others, as many as wanted, with the environment variable CHAINRULE_EXAMPLES."""
    return settings(
        max_examples=EXAMPLES or count, derandomize=not EXAMPLES, deadline=None, database=None,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip


def compare(spec: dict[str, Any], dtype: str, bound: float, allowance: float) -> bool:
    """Compare the engines and return whether they are within `bound`; else what rounding alone does is their measure.

    Args:
        allowance: how many times as far apart as the reference from itself they may then be.
    """
    theirs, ours = train(spec, "reference", dtype), train(spec, "native", dtype)
    found = distances(theirs, ours)
    far = {name: gap for name, gap in found.items() if not gap <= bound}
    if not far:
        return True
    by = {"float64": 1e-15, "float32": 3e-7}[dtype]
    itself = [distances(theirs, train(spec, "reference", dtype, by, seed)) for seed in range(3)]
    own = max(max(gaps.values()) for gaps in itself)
    assert max(far.values()) <= allowance * own, (far, own)
    return False


def longest_sum(spec: dict[str, Any]) -> int:
    """Return how many terms the longest sum of a step has: over the rows of a batch, or the width of a layer."""
    widths = [int(np.prod(shape)) for shape in spec["model"]["shapes"].values()]
    return max(min(spec["rows"], spec["batch_size"]), sum(widths))


def test_twenty_steps_in_float64() -> None:
    amplified, total = [], [0]

    @given(trainings(20))
    @examples(60)
    def run(spec: dict[str, Any]) -> None:
        total[0] += 1
        if not compare(spec, "float64", 1e-9, 1000):
            amplified.append(spec)

    run()
    assert len(amplified) <= max(1, total[0] / 20)  # one of very few is no sign


@given(trainings(1))
@examples(60)
def test_one_step_in_float64(spec: dict[str, Any]) -> None:
    compare(spec, "float64", 1e-13, 100)


@given(trainings(1))
@examples(40)
def test_gradients_in_float64(spec: dict[str, Any]) -> None:
    compare({**spec, "optimizer": "O.SGD(1.0)"}, "float64", 1e-13, 100)


@given(trainings(5))
@examples(40)
def test_five_steps_in_float32(spec: dict[str, Any]) -> None:
    steps = spec["epochs"] * -(-spec["rows"] // spec["batch_size"])
    bound = 32 * float(np.finfo(np.float32).eps) * np.sqrt(longest_sum(spec)) * steps
    compare(spec, "float32", bound, 30)
