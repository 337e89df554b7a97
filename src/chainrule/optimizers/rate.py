"""The learning rate of an optimizer (a number, a schedule or a function) and the count of its steps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

from chainrule import config
from chainrule.optimizers.schedules import LearningRateSchedule
from chainrule.optimizers.tracking import OwnsVariables
from chainrule.saving.serialization import serialize_keras_object
from chainrule.variables import Variable

LearningRate: TypeAlias = float | LearningRateSchedule | Callable[[], float]
"""A number, a schedule of the iteration, or a function without arguments."""


class HasLearningRate(OwnsVariables):
    """Owns the variables `iteration` and, unless a schedule or a function takes its place, `learning_rate`."""

    gradient_accumulation_steps: int | None
    _iterations: Variable
    _learning_rate: Any

    def _start_counting(self, learning_rate: Any) -> None:
        self._iterations = self._adopt(Variable(np.zeros((), "int32"), trainable=False), "iteration")
        if callable(learning_rate):
            self._learning_rate = learning_rate
        else:
            rate = Variable(_number(learning_rate), dtype=config.floatx(), trainable=False)
            self._learning_rate = self._adopt(rate, "learning_rate")

    @property
    def iterations(self) -> Any:
        """Number of updates made so far: calls of `apply`, divided by `gradient_accumulation_steps`."""
        if self.gradient_accumulation_steps:
            return np.int32(int(self._iterations) // self.gradient_accumulation_steps)
        return self._iterations

    @property
    def learning_rate(self) -> Any:
        """The learning rate as a `Variable` (`float(...)` gives the number), or what the schedule gives now.

        Raises:
            TypeError: on setting a number while a schedule or a function decides.
            ValueError: on setting something else, or a negative number.
        """
        if isinstance(self._learning_rate, Variable):
            return self._learning_rate
        if isinstance(self._learning_rate, LearningRateSchedule):
            return self._learning_rate(self._iterations.value[()])
        return self._learning_rate()

    @learning_rate.setter
    def learning_rate(self, learning_rate: Any) -> None:
        before = self._learning_rate
        if callable(learning_rate):
            self._learning_rate = learning_rate
            if isinstance(before, Variable):
                self._untrack_variable(before)
        elif isinstance(before, Variable):
            before.assign(_number(learning_rate))
        else:
            kind = "`LearningRateSchedule` object" if isinstance(before, LearningRateSchedule) else "function"
            raise TypeError(
                f"This optimizer was created with a {kind} as its `learning_rate` constructor argument, hence its "
                "learning rate is not settable. If you need the learning rate to be settable, you should instantiate "
                "the optimizer with a float `learning_rate` argument."
            )

    def _current_rate(self) -> Any:
        return np.asarray(self.learning_rate)[()]

    def _rate_config(self) -> Any:
        rate = self._learning_rate
        return float(rate) if isinstance(rate, Variable) else serialize_keras_object(rate)


def _number(learning_rate: Any) -> float:
    """Return a learning rate as a float, or say what it must be."""
    number = np.asarray(learning_rate)
    if number.ndim or number.dtype.kind not in "fiu":
        raise ValueError(
            "Argument `learning_rate` should be float, or an instance of LearningRateSchedule, or a callable (that "
            f"returns the current learning rate). Received instead: learning_rate={learning_rate!r}"
        )
    if not number >= 0:
        raise ValueError(f"Argument `learning_rate` must be zero or positive. Received: learning_rate={float(number)}")
    return float(number)
