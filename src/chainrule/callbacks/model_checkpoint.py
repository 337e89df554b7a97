"""Save the model, or its weights, while it trains."""

from __future__ import annotations

import os
import warnings
from typing import Any

import numpy as np

from chainrule.callbacks import console
from chainrule.callbacks.base import LogsLike, is_overridden
from chainrule.callbacks.monitor import MonitorCallback


class ModelCheckpoint(MonitorCallback):
    """Saves after each epoch, or after every so many batches (`keras.callbacks.ModelCheckpoint`).

    Args:
        filepath: file name; `{epoch:02d}` and `{batch}` (both from 1) and metrics such as `{val_loss:.2f}` are filled
            in. It ends in `.keras` (or `.h5`), or in `.weights.h5` with `save_weights_only`. Missing folders are made.
        monitor: name of the metric that tells which model is best.
        verbose: 1 says what is done.
        save_best_only: save only when the metric is better than ever.
        save_weights_only: save by `model.save_weights` instead of `model.save`.
        mode: `'min'`, `'max'`, or `'auto'` to go by the metric.
        save_freq: `'epoch'`, or a number of batches.
        initial_value_threshold: the best value to begin with.

    Raises:
        ValueError: the ending does not fit, or `save_freq` is neither.

    >>> ModelCheckpoint("best.h5", save_weights_only=True)
    Traceback (most recent call last):
    ValueError: When using `save_weights_only=True` in `ModelCheckpoint`, the filepath must end in `.weights.h5`. ...
    """

    def __init__(
        self,
        filepath: str | os.PathLike[str],
        monitor: str = "val_loss",
        verbose: int = 0,
        save_best_only: bool = False,
        save_weights_only: bool = False,
        mode: str = "auto",
        save_freq: str | int = "epoch",
        initial_value_threshold: float | None = None,
    ) -> None:
        super().__init__(monitor, mode, initial_value_threshold)
        self.filepath = os.fspath(filepath)
        self.verbose = verbose
        self.save_best_only = save_best_only
        self.save_weights_only = save_weights_only
        self.save_freq = save_freq
        self._epoch = 0
        self._batches_since_saving = 0
        self._last_batch: int | None = None
        _check_frequency(save_freq)
        _check_ending(self.filepath, save_weights_only)

    def _listens_to(self, hook: str) -> bool:
        if is_overridden(self, hook, ModelCheckpoint) or hook != "on_train_batch_end":
            return super()._listens_to(hook)
        return self.save_freq != "epoch"

    def on_train_batch_end(self, batch: int, logs: LogsLike = None) -> None:
        """Save if enough batches have passed."""
        if self._is_due(batch):
            self._save(self._epoch, batch, logs or {})

    def on_epoch_begin(self, epoch: int, logs: LogsLike = None) -> None:
        """Note the epoch, for file names."""
        self._epoch = epoch

    def on_epoch_end(self, epoch: int, logs: LogsLike = None) -> None:
        """Save, unless batches are counted."""
        if self.save_freq == "epoch":
            self._save(epoch, None, logs or {})

    def state(self) -> dict[str, Any]:
        names = ("best", "_epoch", "_batches_since_saving", "_last_batch")
        return {name: getattr(self, name) for name in names}

    def restore(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)

    def _is_due(self, batch: int) -> bool:
        """Count the batches since the last call, of which there may be several, and since the last saving."""
        if self.save_freq == "epoch":
            return False
        new_epoch = self._last_batch is None or batch <= self._last_batch
        self._batches_since_saving += batch + 1 if new_epoch else batch - (self._last_batch or 0)
        self._last_batch = batch
        if self._batches_since_saving < int(self.save_freq):
            return False
        self._batches_since_saving = 0
        return True

    def _save(self, epoch: int, batch: int | None, logs: dict[str, Any]) -> None:
        path = self._path(epoch, batch, logs)
        if not self._is_wanted(epoch, logs, path):
            return
        if os.path.isdir(path):
            raise IsADirectoryError(f"ModelCheckpoint: expected filepath to name a file, but {path} is a folder.")
        os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
        save = self.model.save_weights if self.save_weights_only else self.model.save
        save(path, overwrite=True)
        if self.verbose > 0:
            console.say(f"\nEpoch {epoch + 1}: finished saving model to {path}")

    def _path(self, epoch: int, batch: int | None, logs: dict[str, Any]) -> str:
        fields = {"epoch": epoch + 1, **logs}
        if batch is not None:
            fields.setdefault("batch", batch + 1)
        try:
            return self.filepath.format(**fields)
        except KeyError as error:
            raise KeyError(
                f'Failed to format this callback filepath: "{self.filepath}". '
                f"Reason: `{error.args[0]}` is not available. Available: {', '.join(fields)}."
            ) from None

    def _is_wanted(self, epoch: int, logs: dict[str, Any], path: str) -> bool:
        """Whether the model is to be saved: always, or when it is the best so far."""
        if not self.save_best_only:
            self._say(epoch, f"saving model to {path}")
            return True
        current = logs.get(self.monitor)
        if current is None:
            warnings.warn(
                f"Can save best model only with {self.monitor} available. Saving it anyway. "
                f"Available metrics are: {','.join(logs)}",
                stacklevel=2,
            )
            return True
        if np.ndim(current) > 0:
            warnings.warn(
                f"Can save best model only when `monitor` is a scalar value. Received: {current}. Saving it anyway.",
                stacklevel=2,
            )
            return True
        best = "None" if self.best is None else f"{self.best:.5f}"
        if not self._is_improvement(current, self.best):
            self._say(epoch, f"{self.monitor} did not improve from {best}")
            return False
        self._say(epoch, f"{self.monitor} improved from {best} to {current:.5f}, saving model to {path}")
        self.best = current
        return True

    def _say(self, epoch: int, message: str) -> None:
        if self.verbose > 0:
            console.say(f"\nEpoch {epoch + 1}: {message}")


def _check_frequency(save_freq: object) -> None:
    if save_freq != "epoch" and (not isinstance(save_freq, int) or save_freq < 1):
        raise ValueError(
            f"ModelCheckpoint: unrecognized save_freq: {save_freq!r}. Expected 'epoch' or a number of batches from 1."
        )


def _check_ending(path: str, weights_only: bool) -> None:
    if weights_only and not path.endswith(".weights.h5"):
        raise ValueError(
            "When using `save_weights_only=True` in `ModelCheckpoint`, the filepath must end in `.weights.h5`. "
            f"Received: filepath={path}"
        )
    if not weights_only and not path.endswith((".keras", ".h5")):
        raise ValueError(f"ModelCheckpoint: the filepath must end in `.keras`. Received: filepath={path}")
