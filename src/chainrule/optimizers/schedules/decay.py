"""Schedules that decay steadily: exponential, inverse time, polynomial, piecewise constant."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.optimizers.schedules.base import LearningRateSchedule, as_rate_type, check_positive, rate_type
from chainrule.saving.serialization import public


@public("keras.optimizers.schedules")
class ExponentialDecay(LearningRateSchedule):
    """`initial_learning_rate * decay_rate ** (step / decay_steps)`, the exponent rounded down if `staircase`.

    Args:
        initial_learning_rate: the learning rate at step 0.
        decay_steps: steps after which it has been multiplied by `decay_rate` once.
        decay_rate: the factor.
        staircase: whether it changes every `decay_steps` steps only.
        name: kept in the configuration.

    Raises:
        ValueError: `decay_steps` is not positive.

    >>> ExponentialDecay(0.5, decay_steps=10, decay_rate=0.25)(5)
    np.float32(0.25)
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        decay_rate: float,
        staircase: bool = False,
        name: str = "ExponentialDecay",
    ) -> None:
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = decay_steps
        self.decay_rate = decay_rate
        self.staircase = staircase
        self.name = name
        check_positive("decay_steps", decay_steps)

    def __call__(self, step: Any) -> Any:
        kind = rate_type()
        p = as_rate_type(step, kind) / kind(self.decay_steps)
        if self.staircase:
            p = np.floor(p)
        return kind(self.initial_learning_rate) * np.power(kind(self.decay_rate), p)


@public("keras.optimizers.schedules")
class InverseTimeDecay(LearningRateSchedule):
    """`initial_learning_rate / (1 + decay_rate * step / decay_steps)`, the quotient rounded down if `staircase`.

    Args:
        initial_learning_rate: the learning rate at step 0.
        decay_steps: the unit in which steps are counted.
        decay_rate: how fast it decays.
        staircase: whether it changes every `decay_steps` steps only.
        name: kept in the configuration.

    Raises:
        ValueError: `decay_steps` is not positive.

    >>> InverseTimeDecay(0.5, decay_steps=10, decay_rate=1.0)(30)
    np.float32(0.125)
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        decay_rate: float,
        staircase: bool = False,
        name: str = "InverseTimeDecay",
    ) -> None:
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = decay_steps
        self.decay_rate = decay_rate
        self.staircase = staircase
        self.name = name
        check_positive("decay_steps", decay_steps)

    def __call__(self, step: Any) -> Any:
        kind = rate_type()
        p = as_rate_type(step, kind) / kind(self.decay_steps)
        if self.staircase:
            p = np.floor(p)
        return kind(self.initial_learning_rate) / (1 + kind(self.decay_rate) * p)


@public("keras.optimizers.schedules")
class PolynomialDecay(LearningRateSchedule):
    """`(initial_learning_rate - end_learning_rate) * (1 - step / decay_steps) ** power + end_learning_rate`.

    Args:
        initial_learning_rate: the learning rate at step 0.
        decay_steps: steps until `end_learning_rate` is reached; it stays there.
        end_learning_rate: the smallest learning rate.
        power: 1 is a straight line.
        cycle: whether to start again, over the next multiple of `decay_steps`, instead of staying at the end.
        name: kept in the configuration.

    Raises:
        ValueError: `decay_steps` is not positive.

    >>> PolynomialDecay(1.0, decay_steps=10, end_learning_rate=0.0, power=2.0)(5)
    np.float32(0.25)
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        end_learning_rate: float = 0.0001,
        power: float = 1.0,
        cycle: bool = False,
        name: str = "PolynomialDecay",
    ) -> None:
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = decay_steps
        self.end_learning_rate = end_learning_rate
        self.power = power
        self.cycle = cycle
        self.name = name
        check_positive("decay_steps", decay_steps)

    def __call__(self, step: Any) -> Any:
        kind = rate_type()
        first, last = kind(self.initial_learning_rate), kind(self.end_learning_rate)
        at, steps = as_rate_type(step, kind), kind(self.decay_steps)
        if self.cycle:
            steps = steps * np.where(at == 0, kind(1.0), np.ceil(at / steps))[()]
        else:
            at = np.minimum(at, steps)
        return (first - last) * np.power(1 - at / steps, kind(self.power)) + last


@public("keras.optimizers.schedules")
class PiecewiseConstantDecay(LearningRateSchedule):
    """`values[0]` up to and with step `boundaries[0]`, then `values[1]` up to and with `boundaries[1]`, and so on.

    Args:
        boundaries: steps in ascending order.
        values: learning rates, one more than boundaries.
        name: kept in the configuration.

    Raises:
        ValueError: the numbers of boundaries and values do not fit.

    >>> schedule = PiecewiseConstantDecay([10, 20], [1.0, 0.5, 0.125])
    >>> schedule(10), schedule(11), schedule(99)
    (np.float32(1.0), np.float32(0.5), np.float32(0.125))
    """

    def __init__(self, boundaries: Sequence[float], values: Sequence[float], name: str = "PiecewiseConstant") -> None:
        if len(boundaries) != len(values) - 1:
            raise ValueError(
                "The length of boundaries should be 1 less than the length of values. Received: "
                f"boundaries={boundaries} of length {len(boundaries)}, and values={values} of length {len(values)}."
            )
        self.boundaries = boundaries
        self.values = values
        self.name = name

    def __call__(self, step: Any) -> Any:
        at = np.asarray(step)
        boundaries = np.asarray(self.boundaries).astype(at.dtype)
        return np.asarray(self.values, rate_type())[np.searchsorted(boundaries, at, side="left")]
