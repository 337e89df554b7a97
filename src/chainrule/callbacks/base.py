"""The base of all callbacks: hooks of training, evaluation and prediction, each doing nothing until overridden."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

LogsLike: TypeAlias = dict[str, Any] | None
"""Metric name to value: Python floats (arrays for metrics of several numbers), or None."""

ALIASES = {"on_train_batch_begin": "on_batch_begin", "on_train_batch_end": "on_batch_end"}
"""Hooks whose default calls another one, kept for code written when training was all there was."""


class Callback:
    """Base of callbacks: override the hooks you need and pass the object to `fit`, `evaluate` or `predict`.

    Within a hook, `self.model` is the model and `self.params` a dict with `verbose`, `epochs` and `steps`. A hook may
    set `self.model.stop_training = True`. One `logs` dict is handed to all callbacks in turn, so that later ones see
    what earlier ones add.

    >>> class Announce(Callback):
    ...     def on_epoch_end(self, epoch, logs=None):
    ...         print(epoch, logs["loss"])
    >>> Announce().on_epoch_end(0, {"loss": 0.5})
    0 0.5
    """

    params: dict[str, Any] | None = None
    _model: Any = None
    _resumes = False  # set before the `on_train_begin` of a training that goes on where it was interrupted

    def __init__(self) -> None:
        self.params = None
        self._model = None

    def set_params(self, params: dict[str, Any]) -> None:
        """Receive `{'verbose', 'epochs', 'steps'}` before the first hook."""
        self.params = params

    def set_model(self, model: Any) -> None:
        """Receive the model before the first hook."""
        self._model = model

    @property
    def model(self) -> Any:
        """The model that is trained, evaluated or asked to predict."""
        return self._model

    @property
    def hears_at_intervals(self) -> bool:
        """Whether the hooks of batches may be called some 20 times a second in place of after each batch.

        It is asked before each call, so it may change while training goes on.
        """
        return False

    @property
    def hears_of_epochs_late(self) -> float:
        """How many seconds of epochs may pass before it hears of them through `add_epochs`; 0: of each at once.

        It is asked before each call, so it may change while training goes on.
        """
        return 0.0

    @property
    def epochs_at_once(self) -> float:
        """How many epochs may run at most before it hears of them, where it hears of them late."""
        return math.inf

    def add_epochs(self, epochs: Sequence[int], logs: Mapping[str, Sequence[Any]]) -> None:
        """Hear of several epochs at once, in place of `on_epoch_begin` and `on_epoch_end`, after the last of them.

        Args:
            epochs: their numbers.
            logs: metric name to one value per epoch.
        """

    def state(self) -> dict[str, Any]:
        """Return what the callback has counted so far: names to numbers, texts, arrays, or lists and dicts of them.

        `BackupAndRestore` writes it, and hands it to `restore` when the training goes on in a new process.
        """
        return {}

    def restore(self, state: dict[str, Any]) -> None:
        """Take back what `state` returned; called after `on_train_begin`."""

    def on_batch_begin(self, batch: int, logs: LogsLike = None) -> None:
        """Called by `on_train_batch_begin`, whose older name it is."""

    def on_batch_end(self, batch: int, logs: LogsLike = None) -> None:
        """Called by `on_train_batch_end`, whose older name it is."""

    def on_epoch_begin(self, epoch: int, logs: LogsLike = None) -> None:
        """Called before each epoch of training; `epoch` counts from 0."""

    def on_epoch_end(self, epoch: int, logs: LogsLike = None) -> None:
        """Called after each epoch of training, and after its validation, with all its metrics (`val_` prefixed)."""

    def on_train_batch_begin(self, batch: int, logs: LogsLike = None) -> None:
        """Called before each step of training; `batch` counts from 0 in every epoch."""
        self.on_batch_begin(batch, logs=logs)

    def on_train_batch_end(self, batch: int, logs: LogsLike = None) -> None:
        """Called after each step of training with the metrics of the epoch so far."""
        self.on_batch_end(batch, logs=logs)

    def on_test_batch_begin(self, batch: int, logs: LogsLike = None) -> None:
        """Called before each batch of `evaluate`, and of the validation within `fit`."""

    def on_test_batch_end(self, batch: int, logs: LogsLike = None) -> None:
        """Called after each batch of `evaluate`, and of the validation within `fit`, with the metrics so far."""

    def on_predict_batch_begin(self, batch: int, logs: LogsLike = None) -> None:
        """Called before each batch of `predict`."""

    def on_predict_batch_end(self, batch: int, logs: LogsLike = None) -> None:
        """Called after each batch of `predict` with `{'outputs': ...}`."""

    def on_train_begin(self, logs: LogsLike = None) -> None:
        """Called once before training."""

    def on_train_end(self, logs: LogsLike = None) -> None:
        """Called once after training with the metrics of the last epoch."""

    def on_test_begin(self, logs: LogsLike = None) -> None:
        """Called once before evaluation or validation."""

    def on_test_end(self, logs: LogsLike = None) -> None:
        """Called once after evaluation or validation with its metrics."""

    def on_predict_begin(self, logs: LogsLike = None) -> None:
        """Called once before prediction."""

    def on_predict_end(self, logs: LogsLike = None) -> None:
        """Called once after prediction."""

    def _listens_to(self, hook: str) -> bool:
        """Whether calling `hook` could do anything; callbacks that know better override this."""
        return is_overridden(self, hook) or (hook in ALIASES and is_overridden(self, ALIASES[hook]))


def is_overridden(callback: Any, hook: str, base: type = Callback) -> bool:
    """Whether the object, or its class somewhere below `base`, has a `hook` of its own.

    >>> is_overridden(Callback(), "on_epoch_end")
    False
    """
    own: Callable[..., Any] | None = getattr(callback, hook, None)
    return own is not None and getattr(own, "__func__", own) is not getattr(base, hook)


def listens_to(callback: Any, hook: str) -> bool:
    """Whether `callback` does anything at `hook`; it need not derive from `Callback`."""
    ask = getattr(callback, "_listens_to", None)
    return bool(ask(hook)) if ask is not None else is_overridden(callback, hook)
