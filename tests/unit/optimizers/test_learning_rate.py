"""The learning rate: a number rounded to the default float type, a schedule, or a function."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from chainrule import config, optimizers
from chainrule.optimizers import schedules
from chainrule.variables import Variable


@pytest.fixture
def float64() -> Iterator[None]:
    config.set_floatx("float64")
    yield
    config.set_floatx("float32")


def step(optimizer: Any) -> float:
    w = Variable(np.zeros(1))
    optimizer.apply([np.ones(1)], [w])
    return -w.value.item()


def test_it_is_rounded_to_float32() -> None:
    adam = optimizers.Adam()
    assert float(adam.learning_rate) == adam.get_config()["learning_rate"] == 0.0010000000474974513
    assert step(optimizers.SGD(0.001)) == 0.0010000000474974513


@pytest.mark.usefixtures("float64")
def test_it_is_not_rounded_in_float64() -> None:
    assert optimizers.Adam().get_config()["learning_rate"] == step(optimizers.SGD(0.001)) == 0.001


def test_it_can_be_set_and_assigned() -> None:
    sgd = optimizers.SGD(0.5)
    sgd.learning_rate = 0.25
    assert step(sgd) == 0.25
    other = optimizers.SGD(0.5)
    other.learning_rate.assign(0.125)
    assert step(other) == 0.125
    third = optimizers.SGD(0.5)
    third.learning_rate = third.learning_rate.value * 0.5
    assert step(third) == 0.25


def test_whole_numbers_are_taken() -> None:
    assert step(optimizers.SGD(1)) == 1.0


@pytest.mark.parametrize("value", [None, "fast", True, [0.1], np.ones(2)])
def test_what_is_not_a_learning_rate(value: Any) -> None:
    with pytest.raises(
        ValueError, match="Argument `learning_rate` should be float, or an instance of LearningRateSchedule"
    ):
        optimizers.SGD(value)
    with pytest.raises(ValueError, match="Argument `learning_rate` should be float"):
        optimizers.SGD(0.1).learning_rate = value


@pytest.mark.parametrize("value", [-0.1, float("nan")])
def test_negative_or_nan(value: float) -> None:
    with pytest.raises(ValueError, match=f"`learning_rate` must be zero or positive. Received: learning_rate={value}"):
        optimizers.SGD(value)


def test_a_schedule_counts_all_steps_and_owns_no_variable() -> None:
    schedule = schedules.PiecewiseConstantDecay([1, 2], [1.0, 0.5, 0.25])
    sgd = optimizers.SGD(schedule)
    w = Variable(np.zeros(1))
    seen = []
    for _ in range(4):
        seen.append(float(sgd.learning_rate))
        sgd.apply([np.ones(1)], [w])
    assert seen == [1.0, 1.0, 0.5, 0.25]
    assert w.value.item() == -2.75
    assert [v.name for v in sgd.variables] == ["iteration"]
    assert sgd.get_config()["learning_rate"] == schedules.serialize(schedule)


def test_a_schedule_counts_accumulated_steps_too() -> None:
    sgd = optimizers.SGD(schedules.PiecewiseConstantDecay([2], [1.0, 0.5]), gradient_accumulation_steps=2)
    w = Variable(np.zeros(1))
    for _ in range(4):
        sgd.apply([np.ones(1)], [w])
    assert w.value.item() == -1.5


def test_a_schedules_rate_is_not_settable() -> None:
    sgd = optimizers.SGD(schedules.ExponentialDecay(0.1, 10, 0.9))
    message = (
        "This optimizer was created with a `LearningRateSchedule` object as its `learning_rate` constructor argument, "
        "hence its learning rate is not settable. If you need the learning rate to be settable, you should instantiate "
        "the optimizer with a float `learning_rate` argument."
    )
    with pytest.raises(TypeError) as error:
        sgd.learning_rate = 0.1
    assert str(error.value) == message
    sgd.learning_rate = schedules.ExponentialDecay(0.5, 10, 0.9)
    assert float(sgd.learning_rate) == 0.5


def test_a_schedule_takes_the_place_of_the_variable() -> None:
    sgd = optimizers.SGD(0.1)
    sgd.learning_rate = schedules.ExponentialDecay(0.5, 10, 0.9)
    assert [v.name for v in sgd.variables] == ["iteration"]


def test_a_function() -> None:
    rates = iter([0.5, 0.25])
    sgd = optimizers.SGD(lambda: next(rates))
    assert [step(sgd), float(sgd.learning_rate)] == [0.5, 0.25]
    with pytest.raises(TypeError, match="created with a function as its `learning_rate`"):
        sgd.learning_rate = 0.1


def test_a_schedule_of_the_users() -> None:
    class Halving(schedules.LearningRateSchedule):
        def __init__(self, first: float) -> None:
            self.first = first

        def __call__(self, step: Any) -> Any:
            return self.first / (step + 1)

    sgd = optimizers.SGD(Halving(0.5))
    w = Variable(np.zeros(1))
    for _ in range(2):
        sgd.apply([np.ones(1)], [w])
    assert w.value.item() == -0.75
    assert Halving.from_config(Halving(0.5).get_config()).first == 0.5


def test_a_schedule_without_call() -> None:
    with pytest.raises(NotImplementedError, match=r"'LearningRateSchedule' must override `__call__\(self, step\)`"):
        schedules.LearningRateSchedule()(0)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: schedules.ExponentialDecay(0.1, 0, 0.9),
            "Argument `decay_steps` must be > 0. Received: decay_steps=0",
        ),
        (lambda: schedules.CosineDecay(0.1, -1), "Argument `decay_steps` must be > 0. Received: decay_steps=-1"),
        (lambda: schedules.CosineDecayRestarts(0.1, 0), "Argument `first_decay_steps` must be > 0."),
        (
            lambda: schedules.PiecewiseConstantDecay([1], [0.1]),
            "The length of boundaries should be 1 less than the length",
        ),
    ],
)
def test_bad_schedules(make: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()


def test_warm_up_from_a_whole_number() -> None:
    schedule = schedules.CosineDecay(0, 10, warmup_target=0.5, warmup_steps=2)
    assert [float(schedule(s)) for s in range(3)] == [0.0, 0.25, 0.5]


def test_no_warm_up_steps() -> None:
    assert float(schedules.CosineDecay(0.1, 10, warmup_target=0.5, warmup_steps=0)(0)) == 0.5


def test_steps_may_be_variables_and_tensors() -> None:
    schedule = schedules.InverseTimeDecay(1.0, 1, 1.0)
    assert float(schedule(Variable(np.array(1, "int32")))) == 0.5
