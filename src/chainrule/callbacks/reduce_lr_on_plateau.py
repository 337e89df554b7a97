"""Reduce the learning rate when a metric no longer improves."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from chainrule.callbacks import console
from chainrule.callbacks.base import LogsLike
from chainrule.callbacks.monitor import MonitorCallback


class ReduceLROnPlateau(MonitorCallback):
    """`learning_rate *= factor` after `patience` epochs without improvement (`keras.callbacks.ReduceLROnPlateau`).

    The rate in use is added to the logs, and so to the `History`, as `learning_rate`.

    Args:
        monitor: name of the metric, as in `History.history`.
        factor: what the rate is multiplied by, less than 1.
        patience: epochs without improvement that are borne.
        verbose: 1 says each reduction.
        mode: `'min'`, `'max'`, or `'auto'` to go by the metric.
        min_delta: a change of less than this is no improvement.
        cooldown: epochs after a reduction in which nothing is counted.
        min_lr: the rate never falls below this.
        **kwargs: ignored with a warning, for scripts written for older versions.

    Raises:
        ValueError: the factor is 1 or more.

    >>> ReduceLROnPlateau(factor=0.5, patience=2).in_cooldown()
    False
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        factor: float = 0.1,
        patience: int = 10,
        verbose: int = 0,
        mode: str = "auto",
        min_delta: float = 1e-4,
        cooldown: int = 0,
        min_lr: float = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(monitor, mode, min_delta=min_delta)
        if factor >= 1.0:
            raise ValueError(
                f"ReduceLROnPlateau does not support a factor >= 1.0. Received factor={factor}. "
                "Pass one below 1, such as 0.5."
            )
        if kwargs:
            warnings.warn(f"ReduceLROnPlateau ignores unknown arguments: {', '.join(kwargs)}.", stacklevel=2)
        self.factor = factor
        self.patience = patience
        self.verbose = verbose
        self.cooldown = cooldown
        self.min_lr = min_lr
        self.cooldown_counter = 0
        self.wait = 0

    def on_train_begin(self, logs: LogsLike = None) -> None:
        """Forget an earlier `fit`."""
        self.best = None
        self.cooldown_counter = 0
        self.wait = 0

    def on_epoch_end(self, epoch: int, logs: LogsLike = None) -> None:
        """Add the rate to the logs, compare the epoch with the best one, and reduce the rate if it took too long."""
        logs = {} if logs is None else logs
        logs["learning_rate"] = float(self.model.optimizer.learning_rate)
        current = logs.get(self.monitor)
        if current is None:
            self._missing("Learning rate reduction is conditioned on metric", logs)
            return
        if self.in_cooldown():
            self.cooldown_counter -= 1
        if self._is_improvement(current, self.best):
            self.best = current
            self.wait = 0
        elif not self.in_cooldown():
            self.wait += 1
            if self.wait >= self.patience and self._reduce(epoch):
                self.cooldown_counter = self.cooldown
                self.wait = 0

    def state(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in ("best", "cooldown_counter", "wait")}

    def restore(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)

    def in_cooldown(self) -> bool:
        """Whether a reduction was so recent that epochs are not counted."""
        return self.cooldown_counter > 0

    def _reduce(self, epoch: int) -> bool:
        """Reduce the rate, and tell whether it was above the least one."""
        old = float(self.model.optimizer.learning_rate)
        if old <= np.float32(self.min_lr):
            return False
        new = max(old * self.factor, self.min_lr)
        self.model.optimizer.learning_rate = new
        if self.verbose > 0:
            console.say(f"\nEpoch {epoch + 1}: ReduceLROnPlateau reducing learning rate to {new}.")
        return True
