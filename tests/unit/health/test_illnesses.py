"""A network made to have exactly one illness gets exactly that finding, while it trains and afterwards."""

from __future__ import annotations

import runpy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr

watched = runpy.run_path(str(Path(__file__).with_name("healthy.py")))["watched"]
rng = np.random.default_rng(0)
X = rng.normal(size=(400, 8)).astype(np.float32)
Y = (X[:, 0] * X[:, 1] + X[:, 2] > 0).astype(np.float32)
COINS = rng.integers(0, 2, 400).astype(np.float32)
Case = tuple[cr.Sequential, np.ndarray, np.ndarray, dict[str, Any]]
ILLNESSES: list[Any] = []


def ill(code: str, where: str = "training") -> Callable[[Callable[[], Case]], Callable[[], Case]]:
    """Note a function that makes an ill training, with the one finding it must get."""

    def note(make: Callable[[], Case]) -> Callable[[], Case]:
        ILLNESSES.append(pytest.param(make, (code, where), id=make.__name__))
        return make

    return note


def network(*hidden: Any, optimizer: Any = "adam", outputs: int = 1, last: str | None = "sigmoid") -> cr.Sequential:
    """Layers named a, b, c, ... and the output."""
    for layer, name in zip(hidden, "abcdefghijklm", strict=False):
        layer.name = name
    model = cr.Sequential([cr.Input((8,)), *hidden, cr.layers.Dense(outputs, last, name="output")])
    model.compile(optimizer, "mse" if last is None else "binary_crossentropy")
    return model


def dense(units: int, activation: str, scale: float | None = None, bias: float = 0.0) -> Any:
    kernel = "glorot_uniform" if scale is None else cr.initializers.RandomNormal(stddev=scale)
    start = cr.initializers.Constant(bias)
    return cr.layers.Dense(units, activation, kernel_initializer=kernel, bias_initializer=start)


@ill("dead-relu", "b")
def all_units_below_zero() -> Case:
    return network(dense(16, "relu"), dense(16, "relu", bias=-20)), X, Y, {}


@ill("dead-relu", "a")
def most_units_below_zero() -> Case:
    model = network(dense(16, "relu"))
    kernel, bias = model.layers[0].get_weights()
    bias[:9] = -50
    model.layers[0].set_weights([kernel, bias])
    return model, X, Y, {}


@ill("saturated-units", "a")
def sigmoid_with_large_weights() -> Case:
    return network(dense(16, "sigmoid", scale=30)), X, Y, {}


@ill("saturated-units", "a")
def tanh_on_inputs_that_are_not_scaled() -> Case:
    return network(dense(16, "tanh")), 90 * X + 90, Y, {}


@ill("vanishing-gradients", "a")
def eight_layers_of_sigmoid() -> Case:
    return network(*(dense(16, "sigmoid") for _ in range(8))), X, Y, {"epochs": 4}


@ill("exploding-gradients", "output")
def eight_layers_of_large_weights() -> Case:
    return network(*(dense(32, "relu", scale=2) for _ in range(8)), last=None), X, Y, {}


@ill("exploding-gradients", "j")
def ten_layers_of_large_weights_before_a_sigmoid() -> Case:
    """The sigmoid is at its end, so that no gradient is left to be large: the outputs of the layers tell."""
    return network(*(dense(32, "relu", scale=1) for _ in range(10))), X, Y, {}


@ill("loss-not-falling")
def targets_that_are_coins() -> Case:
    return network(dense(1, "tanh")), X, COINS, {"epochs": 200}


@ill("learning-rate-low")
def tiny_steps_of_gradient_descent() -> Case:
    return network(dense(16, "relu"), optimizer=cr.optimizers.SGD(1e-6)), X, Y, {}


@ill("learning-rate-low")
def tiny_steps_of_adam() -> Case:
    return network(dense(16, "tanh"), optimizer=cr.optimizers.Adam(1e-6)), X, Y, {}


@ill("learning-rate-low")
def tiny_steps_for_a_short_while() -> Case:
    return network(dense(16, "relu"), optimizer=cr.optimizers.SGD(1e-6)), X, Y, {"epochs": 6, "batch_size": 64}


@ill("learning-rate-high")
def steps_of_twenty() -> Case:
    return network(dense(16, "relu"), optimizer=cr.optimizers.SGD(20.0)), X, Y, {}


@ill("learning-rate-high")
def a_perceptron_with_steps_of_fifty() -> Case:
    noisy = X[:, 0] + X[:, 1] + rng.normal(size=400)
    return network(optimizer=cr.optimizers.SGD(50.0)), X, (noisy > 0).astype(np.float32), {}


@ill("learning-rate-high")
def a_loss_that_jumps() -> Case:
    steps = cr.optimizers.SGD(0.4)
    return network(optimizer=steps, last=None), X, X[:, 0] - X[:, 1] + rng.normal(size=400), {"batch_size": 8}


@ill("overfitting")
def seventy_rows_of_coins_learnt_by_heart() -> Case:
    return network(dense(64, "relu"), dense(64, "relu")), X[:100], COINS[:100], {"validation_split": 0.3, "epochs": 100}


@pytest.mark.filterwarnings("ignore::chainrule.errors.TrapWarning")
@pytest.mark.parametrize(("make", "expected"), ILLNESSES)
def test_it_is_found_and_nothing_else(make: Callable[[], Case], expected: tuple[str, str]) -> None:
    cr.utils.set_random_seed(0)
    model, x, y, fit = make()
    findings = watched(model, x, y, **{"epochs": 30, **fit})
    assert [f.key for f in findings] == [expected], "\n".join(map(str, findings))
    (found,) = findings
    assert found.numbers
    assert found.tries
    assert found.message.endswith(".")


@pytest.mark.filterwarnings("ignore::chainrule.errors.TrapWarning")
@pytest.mark.parametrize(
    ("make", "code"),
    [
        (all_units_below_zero, "dead-relu"),
        (sigmoid_with_large_weights, "saturated-units"),
        (eight_layers_of_large_weights, "exploding-gradients"),
        (tiny_steps_of_gradient_descent, "learning-rate-low"),
        (seventy_rows_of_coins_learnt_by_heart, "overfitting"),
    ],
)
def test_check_alone_finds_it_afterwards(make: Callable[[], Case], code: str) -> None:
    cr.utils.set_random_seed(0)
    model, x, y, fit = make()
    history = model.fit(x, y, verbose=0, **{"epochs": 30, **fit})
    assert cr.health.check(model, x, y, history).codes == [code]


def test_the_same_network_without_an_illness_is_healthy() -> None:
    cr.utils.set_random_seed(0)
    assert watched(network(dense(16, "relu")), X, Y, epochs=30) == []


def test_what_a_solved_task_leaves_behind_is_no_illness() -> None:
    """XOR, learnt to the end: the units are saturated because nothing is left to learn."""
    cr.utils.set_random_seed(3)
    x = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], np.float32)
    model = cr.Sequential([cr.Input((2,)), cr.layers.Dense(8, "tanh"), cr.layers.Dense(1, "sigmoid")])
    model.compile(cr.optimizers.Adam(0.1), "binary_crossentropy")
    findings = watched(model, x, np.array([0, 1, 1, 0], np.float32), epochs=600)
    assert model.history.history["loss"][-1] < 0.01
    assert findings == []
