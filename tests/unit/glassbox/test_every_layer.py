"""A trace of a model with any layer: its numbers are the model's, its gradients stand a numerical check, it prints."""

from __future__ import annotations

import runpy
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr

LAWS = runpy.run_path(str(Path(__file__).parents[1] / "layers" / "test_laws.py"))
CASES = LAWS["CASES"]


def traced(name: str, training: bool) -> tuple[Any, Any, Any]:
    """Return the trace of a model of one layer, the model and its inputs."""
    case = CASES[name]
    layer = LAWS["built"](case)
    model, x = LAWS["model_of"](case, layer), LAWS["inputs_of"](case, "float32")
    model.compile(cr.optimizers.SGD(0.1), "mse")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", cr.errors.TrapWarning)
        return cr.trace(model, x, targets(model), training=training), model, x


def targets(model: Any) -> Any:
    return np.random.default_rng(1).normal(size=(4, *model.output_shape[1:]))


@pytest.mark.parametrize("name", list(CASES))
def test_its_losses_are_those_of_the_model(name: str) -> None:
    trace, model, x = traced(name, False)
    wanted = np.square(np.asarray(model(x)) - targets(model)).reshape(4, -1).mean(axis=1)
    np.testing.assert_allclose(trace.losses, wanted, rtol=2e-5)


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("name", list(CASES))
def test_it_prints(name: str, training: bool) -> None:
    trace, model, _ = traced(name, training)
    before = model.get_weights()
    assert "mean loss" in str(trace)
    assert "Observation 1" in str(trace[0])
    assert trace.html(full=True).endswith("</html>\n")
    for v, kept in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(v, kept)


@pytest.mark.parametrize("name", [n for n in CASES if not CASES[n].constant])
def test_its_gradients_stand_a_numerical_check(name: str) -> None:
    trace, model, _ = traced(name, False)
    if model.trainable_weights:
        assert trace.check().max_rel <= 1e-6


def test_models_with_masks() -> None:
    x = cr.Input((3, 2))
    h = cr.layers.BatchNormalization(momentum=0.5)(cr.layers.Masking()(x))
    model = cr.Model(x, cr.layers.GlobalAveragePooling1D()(cr.layers.Dense(2, activation="tanh")(h)))
    model.compile(cr.optimizers.SGD(0.1), "mse")
    data = np.array([[[1.0, 2.0], [3.0, -1.0], [0.0, 0.0]], [[0.5, 0.0], [0.0, 0.0], [0.0, 0.0]]])
    for training in (False, True):
        trace = cr.trace(model, data, np.ones((2, 2)), training=training)
        assert trace.check().max_rel <= 1e-6
        assert str(trace[1])
    loss = np.square(np.asarray(model(data)) - 1).mean(axis=1)
    np.testing.assert_allclose(cr.trace(model, data, np.ones((2, 2))).losses, loss, rtol=1e-5)
