"""Stop training when a metric no longer improves."""

from __future__ import annotations

from typing import Any

from chainrule.callbacks import console
from chainrule.callbacks.base import LogsLike
from chainrule.callbacks.monitor import MonitorCallback


class EarlyStopping(MonitorCallback):
    """Stops after `patience` epochs without improvement (`keras.callbacks.EarlyStopping`).

    With `restore_best_weights`, the weights of the best epoch are put back when training ends, however it ends.

    Args:
        monitor: name of the metric, as in `History.history`.
        min_delta: a change of less than this is no improvement.
        patience: epochs without improvement that are borne.
        verbose: 1 says what is done.
        mode: `'min'`, `'max'`, or `'auto'` to go by the metric.
        baseline: an epoch counts as improvement only if it is also better than this.
        restore_best_weights: whether to put back the best epoch's weights; else the last ones stay.
        start_from_epoch: epochs at the beginning that are not watched.

    >>> EarlyStopping(patience=3).patience
    3
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        min_delta: float = 0,
        patience: int = 0,
        verbose: int = 0,
        mode: str = "auto",
        baseline: float | None = None,
        restore_best_weights: bool = False,
        start_from_epoch: int = 0,
    ) -> None:
        super().__init__(monitor, mode, min_delta=min_delta)
        self.patience = patience
        self.verbose = verbose
        self.baseline = baseline
        self.restore_best_weights = restore_best_weights
        self.start_from_epoch = start_from_epoch
        self.wait = 0
        self.stopped_epoch = 0
        self.best_epoch = 0
        self.best_weights: list[Any] | None = None

    def on_train_begin(self, logs: LogsLike = None) -> None:
        """Forget an earlier `fit`."""
        self.wait = 0
        self.stopped_epoch = 0
        self.best = None
        self.best_epoch = 0
        self.best_weights = None

    def on_epoch_end(self, epoch: int, logs: LogsLike = None) -> None:
        """Compare the epoch with the best one, and ask to stop if it took too long."""
        current = self.get_monitor_value(logs)
        if current is None or epoch < self.start_from_epoch:
            return
        if self.restore_best_weights and self.best_weights is None:
            self._keep_weights(epoch)
        self.wait += 1
        if self._is_improvement(current, self.best):
            self.best = current
            self._keep_weights(epoch)
            if self.baseline is None or self._is_improvement(current, self.baseline):
                self.wait = 0
        elif self.wait >= self.patience:
            self.stopped_epoch = epoch
            self.model.stop_training = True

    def on_train_end(self, logs: LogsLike = None) -> None:
        """Say that training stopped early, and put back the best weights."""
        if self.stopped_epoch > 0 and self.verbose > 0:
            console.say(f"Epoch {self.stopped_epoch + 1}: early stopping")
        if self.restore_best_weights and self.best_weights is not None:
            if self.verbose > 0:
                console.say(f"Restoring model weights from the end of the best epoch: {self.best_epoch + 1}.")
            self.model.set_weights(self.best_weights)

    def state(self) -> dict[str, Any]:
        names = ("best", "best_epoch", "best_weights", "stopped_epoch", "wait")
        return {name: getattr(self, name) for name in names}

    def restore(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)

    def get_monitor_value(self, logs: LogsLike) -> Any:
        """Return the watched metric, or None with a warning that names the available ones."""
        value = (logs or {}).get(self.monitor)
        if value is None:
            self._missing("Early stopping conditioned on metric", logs or {})
        return value

    def _keep_weights(self, epoch: int) -> None:
        self.best_epoch = epoch
        if self.restore_best_weights:
            self.best_weights = self.model.get_weights()
