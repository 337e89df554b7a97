"""`LearningRateSchedule`: the learning rate as a function of the iteration."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule import config
from chainrule.saving.serialization import Configurable


class LearningRateSchedule(Configurable):
    """Base of the schedules; a schedule of your own defines `__call__(self, step)`.

    >>> import chainrule as cr
    >>> class Halving(cr.optimizers.schedules.LearningRateSchedule):
    ...     def __call__(self, step):
    ...         return 0.5**step
    >>> optimizer = cr.optimizers.SGD(learning_rate=Halving())
    >>> float(optimizer.learning_rate)
    1.0
    """

    def __init__(self) -> None:
        pass

    def __call__(self, step: Any) -> Any:
        """Return the learning rate of iteration `step`, counted from 0."""
        raise NotImplementedError(
            f"Learning rate schedule '{type(self).__name__}' must override `__call__(self, step)`."
        )


def rate_type() -> Any:
    """Return the type in which learning rates are computed: the default float type."""
    return np.dtype(config.floatx()).type


def as_rate_type(step: Any, kind: Any) -> Any:
    """Return a step (number, array, tensor or variable) in the type of learning rates."""
    return np.asarray(step).astype(kind)[()]


def check_positive(name: str, value: float) -> None:
    """Raise ValueError unless `value` is above zero."""
    if value <= 0:
        raise ValueError(f"Argument `{name}` must be > 0. Received: {name}={value}")
