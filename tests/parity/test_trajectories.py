"""Training follows Keras step by step (fixtures from make_optimizer_fixtures.py).

A network of 5 inputs, 6 tanh, 4 relu and 1 to 3 output units starts from the same weights and sees the same 25 batches
under every optimizer and loss. The loss of each step and the final weights equal Keras's:

    float64   relative 1e-9, every number
    float32   losses relative 1e-5; weights 1e-5 of the largest magnitude in their tensor, before or after training,
              since a weight that passes near zero keeps the rounding errors of its way there
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr

HERE = Path(__file__).parent / "fixtures"
CASES: dict[str, Any] = json.loads((HERE / "optimizers.json").read_text(encoding="utf-8"))["cases"]
KERAS = {kind: dict(np.load(HERE / f"trajectories_{kind}.npz")) for kind in ("float32", "float64")}
OUTPUTS = {
    "mse": ("mean_squared_error", "linear"),
    "bce": ("binary_crossentropy", "sigmoid"),
    "scce": ("sparse_categorical_crossentropy", "softmax"),
}


@pytest.fixture
def float64() -> Iterator[None]:
    cr.config.set_floatx("float64")
    yield
    cr.config.set_floatx("float32")


def model_and_batches(loss: str, kind: str) -> tuple[Any, Any, Any]:
    keras = KERAS[kind]
    x, y = keras[f"{loss}/x"].astype(kind), keras[f"{loss}/y"]
    _, activation = OUTPUTS[loss]
    units = {"mse": 2, "bce": 1, "scce": 3}[loss]
    model = cr.Sequential(
        [
            cr.Input((5,)),
            cr.layers.Dense(6, "tanh"),
            cr.layers.Dense(4, "relu"),
            cr.layers.Dense(units, activation),
        ]
    )
    sizes = np.cumsum([w.size for w in model.get_weights()])[:-1]
    parts = np.split(keras[f"{loss}/start"], sizes)
    model.set_weights([p.reshape(w.shape) for p, w in zip(parts, model.get_weights(), strict=True)])
    return model, x, y


def compiled(name: str, loss: str, kind: str) -> tuple[Any, Any, Any]:
    model, x, y = model_and_batches(loss, kind)
    case = CASES[name]
    optimizer = getattr(cr.optimizers, case["class"]).from_config(copy.deepcopy(case["arguments"]))
    model.compile(optimizer, OUTPUTS[loss][0])
    return model, x, y


def train(name: str, loss: str, kind: str) -> tuple[Any, Any]:
    """Return the losses of all steps and the final weights."""
    model, x, y = compiled(name, loss, kind)
    losses = []
    for inputs, targets in zip(x, y, strict=True):
        model.reset_metrics()
        losses.append(model.train_on_batch(inputs, targets))
    return np.asarray(losses, "float64"), weights_of(model)


def weights_of(model: Any) -> Any:
    return np.concatenate([w.ravel() for w in model.get_weights()])


def largest(loss: str, kind: str, final: Any) -> Any:
    """Return, for every weight, the largest magnitude in its tensor, before or after training."""
    model, _, _ = model_and_batches(loss, kind)
    both = np.maximum(np.abs(weights_of(model)), np.abs(final))
    sizes = [w.size for w in model.get_weights()]
    return np.concatenate([np.full(part.size, part.max()) for part in np.split(both, np.cumsum(sizes)[:-1])])


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("loss", OUTPUTS)
@pytest.mark.parametrize("name", CASES)
def test_float64(name: str, loss: str) -> None:
    losses, weights = train(name, loss, "float64")
    expected = KERAS["float64"][f"{loss}/{name}"]
    assert weights.dtype == "float64"
    np.testing.assert_allclose(losses, expected[: len(losses)], rtol=1e-9)
    np.testing.assert_allclose(weights, expected[len(losses) :], rtol=1e-9, atol=1e-15)


@pytest.mark.parametrize("loss", OUTPUTS)
@pytest.mark.parametrize("name", CASES)
def test_float32(name: str, loss: str) -> None:
    losses, weights = train(name, loss, "float32")
    expected = KERAS["float32"][f"{loss}/{name}"]
    assert weights.dtype == "float32"
    np.testing.assert_allclose(losses, expected[: len(losses)], rtol=1e-5)
    error = np.abs(weights - expected[len(losses) :]) / largest(loss, "float32", expected[len(losses) :])
    assert error.max() <= 1e-5


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("name", [name for name in CASES if f"fit/{name}" in KERAS["float64"]])
def test_fit_ends_with_the_averaged_weights(name: str) -> None:
    model, x, y = compiled(name, "mse", "float64")
    model.fit(x.reshape(-1, 5), y.reshape(-1, 2), 8, epochs=2, shuffle=False, verbose=0)
    np.testing.assert_allclose(weights_of(model), KERAS["float64"][f"fit/{name}"], rtol=1e-9, atol=1e-15)


def test_every_optimizer_loss_and_variant_is_there() -> None:
    kinds = {name.split("/")[0] for name in CASES}
    assert kinds == {"SGD", "RMSprop", "Adagrad", "Adadelta", "Adam", "AdamW", "Adamax", "Nadam", "Ftrl", "Lion"}
    for kind in kinds:
        variants = {name.split("/")[1] for name in CASES if name.startswith(kind + "/")}
        assert {"plain", "clipnorm", "clipvalue", "global_clipnorm", "weight_decay", "ema", "schedule"} <= variants
    assert {"SGD/momentum", "SGD/nesterov", "RMSprop/centered", "RMSprop/momentum", "Adam/amsgrad"} <= CASES.keys()
    for recorded in KERAS.values():
        assert {f"{loss}/{name}" for loss in OUTPUTS for name in CASES} <= recorded.keys()
