"""Set the learning rate of every epoch by a function."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.callbacks import console
from chainrule.callbacks.base import Callback, LogsLike


class LearningRateScheduler(Callback):
    """Asks `schedule` for the learning rate before each epoch (`keras.callbacks.LearningRateScheduler`).

    The rate in use is added to the logs, and so to the `History`, as `learning_rate`.

    Args:
        schedule: `schedule(epoch, learning_rate)` or `schedule(epoch)`, returns the new rate as a float; epochs count
            from 0.
        verbose: 1 says each rate.

    >>> halving = LearningRateScheduler(lambda epoch, learning_rate: learning_rate / 2)
    """

    def __init__(self, schedule: Callable[..., Any], verbose: int = 0) -> None:
        super().__init__()
        self.schedule = schedule
        self.verbose = verbose

    def on_epoch_begin(self, epoch: int, logs: LogsLike = None) -> None:
        """Set the rate of this epoch.

        Raises:
            ValueError: the optimizer has no learning rate, or the schedule gave something else than a float.
        """
        optimizer = self.model.optimizer
        if not hasattr(optimizer, "learning_rate"):
            raise ValueError(
                f'LearningRateScheduler: the optimizer must have a "learning_rate" attribute. {optimizer!r} has none.'
            )
        if _takes_two(self.schedule):
            rate = self.schedule(epoch, float(optimizer.learning_rate))
        else:
            rate = self.schedule(epoch)
        if not _is_float(rate):
            raise ValueError(f"The output of the `schedule` function should be a float. Got: {rate} for epoch {epoch}")
        optimizer.learning_rate = rate if isinstance(rate, float) else float(rate)
        if self.verbose > 0:
            console.say(f"\nEpoch {epoch + 1}: LearningRateScheduler setting learning rate to {rate}.")

    def on_epoch_end(self, epoch: int, logs: LogsLike = None) -> None:
        """Add the rate to the logs."""
        if logs is not None:
            logs["learning_rate"] = float(self.model.optimizer.learning_rate)


def _takes_two(function: Callable[..., Any]) -> bool:
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # a built-in that does not tell
        return True
    try:
        signature.bind(0, 0.0)
    except TypeError:
        return False
    return True


def _is_float(value: Any) -> bool:
    """Whether `value` is one float: Python's, NumPy's, or a tensor of no axes."""
    if isinstance(value, float):
        return True
    dtype = getattr(value, "dtype", None)
    return dtype is not None and getattr(value, "shape", None) == () and np.dtype(dtype).kind == "f"
