"""Every printed row, read back by an independent evaluator, gives the value it stands before."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.saving.serialization import names_of

Reread = Callable[[Any, int], tuple[list[str], int]]

_NEEDS_ARGUMENTS = ("glu", "threshold")
_WITHOUT_FORMULA = ("Loss", "LossFunctionWrapper", "Circle")


def activations() -> list[str]:
    assert cr.activations.relu is not None
    return [
        n for n, f in names_of("keras.activations").items() if not isinstance(f, type) and n not in _NEEDS_ARGUMENTS
    ]


def losses() -> list[str]:
    assert cr.losses.Loss is not None
    return [n for n, f in names_of("keras.losses").items() if isinstance(f, type) and n not in _WITHOUT_FORMULA]


def pairs() -> list[tuple[str, str]]:
    """Each activation with three losses in turn, so that each loss meets several activations."""
    turn = itertools.cycle(losses())
    return [(a, next(turn)) for a in activations() for _ in range(3)]


def network(activation: str, loss: str, rng: np.random.Generator) -> tuple[cr.Model, Any, Any]:
    model = cr.Sequential(
        [cr.Input((2,)), cr.layers.Dense(2, activation="tanh"), cr.layers.Dense(3, activation=activation)]
    )
    model.set_weights([rng.normal(size=w.shape) for w in model.get_weights()])
    model.compile(optimizer="sgd", loss=getattr(cr.losses, loss)())
    sparse = loss.startswith("Sparse") or "Generalized" in loss
    return model, rng.normal(size=(1, 2)), np.array([1]) if sparse else np.eye(3)[[1]]


@pytest.mark.parametrize(("activation", "loss"), pairs())
def test_activations_and_losses(
    activation: str, loss: str, rng: np.random.Generator, doubles: None, reread: Reread
) -> None:
    model, x, y = network(activation, loss, rng)
    for digits in (4, 12):
        observation = cr.trace(model, x, y, digits=digits, unicode=True)[0]
        if not np.isfinite(observation.loss):
            return  # a logarithm of a negative prediction, say: there is nothing to derive
        wrong, count = reread(observation.page, digits)
        assert wrong == []
        assert count >= 30
    if np.isfinite(observation.check().max_abs) and "kink" not in observation.text():
        assert observation.check().ok


OPTIMIZERS: dict[str, Callable[[], Any]] = {
    "sgd": lambda: cr.optimizers.SGD(0.1),
    "momentum": lambda: cr.optimizers.SGD(0.1, momentum=0.9),
    "nesterov": lambda: cr.optimizers.SGD(0.1, momentum=0.9, nesterov=True),
    "rmsprop": lambda: cr.optimizers.RMSprop(0.01),
    "rmsprop centered momentum": lambda: cr.optimizers.RMSprop(0.01, centered=True, momentum=0.5),
    "adagrad": lambda: cr.optimizers.Adagrad(0.1),
    "adadelta": lambda: cr.optimizers.Adadelta(0.5),
    "adam": lambda: cr.optimizers.Adam(0.01),
    "amsgrad": lambda: cr.optimizers.Adam(0.01, amsgrad=True),
    "adamw": lambda: cr.optimizers.AdamW(0.01, weight_decay=0.1),
    "adamax": lambda: cr.optimizers.Adamax(0.01),
    "nadam": lambda: cr.optimizers.Nadam(0.01),
    "lion": lambda: cr.optimizers.Lion(0.01),
    "ftrl": lambda: cr.optimizers.Ftrl(
        0.1,
        l1_regularization_strength=0.1,
        l2_regularization_strength=0.2,
        l2_shrinkage_regularization_strength=0.05,
        beta=0.1,
    ),
    "ftrl power": lambda: cr.optimizers.Ftrl(0.1, learning_rate_power=-0.3),
    "clipvalue": lambda: cr.optimizers.SGD(0.1, clipvalue=0.01),
    "clipnorm": lambda: cr.optimizers.Adam(0.1, clipnorm=0.01),
    "global_clipnorm": lambda: cr.optimizers.Adam(0.1, global_clipnorm=0.01),
    "ema": lambda: cr.optimizers.Adam(0.1, use_ema=True),
    "accumulation": lambda: cr.optimizers.Adam(0.1, gradient_accumulation_steps=2),
    "schedule free": lambda: cr.optimizers.ScheduleFreeAdamW(0.05),
    "schedule free warmup": lambda: cr.optimizers.ScheduleFreeAdamW(0.05, warmup_steps=3, beta_1=0.75),
    "scaled loss": lambda: cr.optimizers.SGD(0.1, momentum=0.9, loss_scale_factor=8.0),
    "loss scale": lambda: cr.optimizers.LossScaleOptimizer(cr.optimizers.Adam(0.01)),
    "schedule": lambda: cr.optimizers.SGD(cr.optimizers.schedules.ExponentialDecay(0.1, 1, 0.5)),
}


@pytest.mark.parametrize("steps", [0, 3])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_optimizers(name: str, steps: int, rng: np.random.Generator, doubles: None, reread: Reread) -> None:
    model = cr.Sequential(
        [cr.Input((2,)), cr.layers.Dense(2, activation="tanh"), cr.layers.Dense(1, activation="sigmoid")]
    )
    model.set_weights([rng.normal(size=w.shape) for w in model.get_weights()])
    model.compile(optimizer=OPTIMIZERS[name](), loss="binary_crossentropy")
    x, y = rng.normal(size=(4, 2)), rng.integers(0, 2, size=(4, 1))
    for _ in range(steps):
        model.train_on_batch(x, y)
    for digits in (4, 12):
        trace = cr.trace(model, x, y, digits=digits, unicode=True)
        for derivation in (trace[1].update(), trace.update()):
            wrong, count = reread(derivation.page, digits)
            assert wrong == []
            assert count >= 9 or "accumul" in name
    promised = trace.step().after
    model.train_on_batch(x, y)
    for v in model.trainable_variables:
        np.testing.assert_allclose(promised[v.path], v.numpy(), rtol=1e-12, atol=1e-14)


WHOLE: dict[str, tuple[Callable[[], Any], str]] = {
    "lamb": (lambda: cr.optimizers.Lamb(0.01), "no formula for one weight alone: the step of a variable is scaled"),
    "adafactor": (lambda: cr.optimizers.Adafactor(0.01), "no formula for one weight alone: the squares of a matrix"),
    "muon": (lambda: cr.optimizers.Muon(0.01), "d = 0.004 for matrices, 0.004 for what follows Adam"),
    "several": (
        lambda: cr.optimizers.MultiOptimizer(
            cr.optimizers.OptimizerMap(cr.optimizers.SGD(0.5), {".*kernel": cr.optimizers.Adam(0.25)}), 4.0
        ),
        "kernel by Adam, η = 0.25; ",
    ),
}


@pytest.mark.parametrize("steps", [0, 2])
@pytest.mark.parametrize("name", WHOLE)
def test_optimizers_without_formulas_promise_the_right_weights(
    name: str, steps: int, rng: np.random.Generator, doubles: None
) -> None:
    make, words = WHOLE[name]
    model = cr.Sequential([cr.Input((2,)), cr.layers.Dense(2, activation="tanh"), cr.layers.Dense(1)])
    model.compile(optimizer=make(), loss="mse")
    x, y = rng.normal(size=(4, 2)), rng.normal(size=(4, 1))
    for _ in range(steps):
        model.train_on_batch(x, y)
    trace = cr.trace(model, x, y, unicode=True)
    assert words in trace.update().text()
    promised = trace.step().after
    model.train_on_batch(x, y)
    for v in model.trainable_variables:
        np.testing.assert_allclose(promised[v.path], v.numpy(), rtol=1e-12, atol=1e-14)


def built(*layers: Any, inputs: int = 3) -> cr.Model:
    return cr.Sequential([cr.Input((inputs,)), *layers])


def with_penalties() -> cr.Model:
    return built(
        cr.layers.Dense(2, activation="tanh", activity_regularizer="l2"),
        cr.layers.Dense(1, kernel_regularizer=cr.regularizers.L1L2(0.1, 0.2), bias_regularizer="l1"),
    )


def shared() -> cr.Model:
    a, b = cr.Input((3,)), cr.Input((3,))
    dense = cr.layers.Dense(2, activation="tanh")
    return cr.Model([a, b], cr.layers.Dense(1)(cr.layers.Add()([dense(a), dense(b)])))


def two_outputs() -> cr.Model:
    a, b = cr.Input((3,)), cr.Input((3,))
    joined = cr.layers.concatenate(
        [cr.layers.Dense(2, activation="softplus")(a), cr.layers.Dense(2, activation="elu")(b)]
    )
    return cr.Model([a, b], [cr.layers.Dense(1, name="p")(joined), cr.layers.Dense(1, name="q")(joined)])


def normalized() -> cr.Model:
    return built(cr.layers.Dense(2), cr.layers.BatchNormalization(), cr.layers.Dense(1))


def dropped() -> cr.Model:
    return built(cr.layers.Dense(4, activation="tanh"), cr.layers.Dropout(0.5), cr.layers.Dense(1))


MODELS: dict[str, Callable[[], cr.Model]] = {
    f.__name__: f for f in (with_penalties, shared, two_outputs, normalized, dropped)
}


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("name", MODELS)
def test_models(name: str, training: bool, rng: np.random.Generator, doubles: None, reread: Reread) -> None:
    model = MODELS[name]()
    model.set_weights([np.abs(rng.normal(size=w.shape)) for w in model.get_weights()])
    model.compile(optimizer="sgd", loss="mse", loss_weights=[1.0, 0.5] if len(model.outputs) > 1 else None)
    x = [rng.normal(size=(4, 3)) for _ in model.inputs]
    y = [rng.normal(size=(4, 1)) for _ in model.outputs]
    weight = None if len(y) > 1 else np.array([1.0, 2.0, 0.5, 3.0])
    for digits in (4, 12):
        trace = cr.trace(model, x, y, weight, digits=digits, unicode=True, training=training)
        assert trace.check().ok
        for i in range(4):
            wrong, count = reread(trace[i].page, digits)
            assert wrong == []
            assert count > 10
            assert trace[i].check().max_abs < 1e-8
