"""Every metric gives the same with its state outside as with its state within."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pytest

from chainrule import metrics

RNG = np.random.default_rng(5)
SCORES = RNG.dirichlet(np.ones(3), size=(2, 8)).astype(np.float32)
CLASSES = RNG.integers(0, 3, (2, 8))
ARGUMENTS = {
    "IoU": (3, [0, 1]),
    "MeanIoU": (3,),
    "OneHotIoU": (3, [0, 2]),
    "OneHotMeanIoU": (3,),
    "MeanMetricWrapper": (lambda y, p: (y - p) ** 2,),
    "MeanRelativeError": (np.ones(3),),
    "PrecisionAtRecall": (0.5,),
    "RecallAtPrecision": (0.5,),
    "SensitivityAtSpecificity": (0.5,),
    "SpecificityAtSensitivity": (0.5,),
}
NAMES = sorted(
    name
    for name, cls in vars(metrics).items()
    if inspect.isclass(cls)
    and issubclass(cls, metrics.Metric)
    and name not in ("Metric", "CompileMetrics", "MetricsList")
)


def batches(name: str) -> list[tuple[Any, ...]]:
    if name in ("Mean", "Sum"):
        return [(s,) for s in SCORES]
    if name in ("IoU", "MeanIoU"):
        return [(c, s.argmax(-1)) for c, s in zip(CLASSES, SCORES, strict=True)]
    if name.startswith("Sparse"):
        return list(zip(CLASSES, SCORES, strict=True))
    one_hot = np.eye(3, dtype=np.float32)[CLASSES]
    return list(zip(one_hot, SCORES, strict=True))


@pytest.mark.parametrize("name", NAMES)
def test_stateless_equals_stateful(name: str) -> None:
    make = getattr(metrics, name)
    stateful, metric = make(*ARGUMENTS.get(name, ())), make(*ARGUMENTS.get(name, ()))
    for batch in batches(name):
        stateful.update_state(*batch)
    metric.update_state(*batches(name)[0])  # makes the variables that only data can make
    before = [v.numpy().copy() for v in metric.variables]
    state = metric.stateless_reset_state()
    for batch in batches(name):
        state = metric.stateless_update_state(state, *batch)
    assert all(np.array_equal(v.numpy(), b) for v, b in zip(metric.variables, before, strict=True))
    np.testing.assert_array_equal(metric.stateless_result(state), stateful.result())
    for value, v in zip(state, stateful.variables, strict=True):
        np.testing.assert_array_equal(np.asarray(value), v.numpy())
    with pytest.raises(ValueError, match="expected a list of"):
        metric.stateless_result([*state, np.zeros(())])
