"""What `fit` returns: the metrics of every epoch."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from chainrule.callbacks.base import Callback, LogsLike


class History(Callback):
    """Records the metrics of each epoch; every `fit` adds one and returns it (`keras.callbacks.History`).

    Attributes:
        history: metric name to the list of its values, one per epoch.
        epoch: numbers of the epochs, from 0.
        params: `{'verbose', 'epochs', 'steps'}`.
        model: the trained model.
    """

    def __init__(self) -> None:
        super().__init__()
        self.history: dict[str, list[Any]] = {}
        self.epoch: list[int] = []

    def on_train_begin(self, logs: LogsLike = None) -> None:
        """Begin a new list of epochs; metrics of an earlier `fit` with the same object are kept, as in Keras."""
        self.epoch = []

    def on_epoch_end(self, epoch: int, logs: LogsLike = None) -> None:
        """Note the metrics of the epoch."""
        self.epoch.append(epoch)
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(value)
        self.model.history = self

    def state(self) -> dict[str, Any]:
        return {"epoch": self.epoch, "history": self.history}

    def restore(self, state: dict[str, Any]) -> None:
        self.epoch, self.history = state["epoch"], state["history"]

    @property
    def hears_of_epochs_late(self) -> float:
        """At any time: it only notes what it hears; a class of the user's own hears of each epoch."""
        return math.inf if type(self) is History else 0.0

    def add_epochs(self, epochs: Sequence[int], logs: Mapping[str, Sequence[Any]]) -> None:
        """Note the metrics of several epochs at once.

        Args:
            logs: metric name to one value per epoch.
        """
        self.epoch.extend(epochs)
        for name, values in logs.items():
            self.history.setdefault(name, []).extend(values)
        self.model.history = self

    def forget_from(self, epoch: int, validated: Callable[[int], bool]) -> None:
        """Forget an epoch and those after it: training has gone back.

        Args:
            validated: whether an epoch was validated.
        """
        taken = [e for e in self.epoch if e >= epoch]
        self.epoch = [e for e in self.epoch if e < epoch]
        for name, values in self.history.items():
            count = sum(map(validated, taken)) if name.startswith("val_") else len(taken)
            del values[len(values) - count :]

    def _repr_html_(self) -> str:
        from chainrule.notebook.history import card

        return card(self)

    def plot(
        self, metrics: str | Sequence[str] | None = None, *, log: bool | None = None, ax: Any = None, theme: Any = None
    ) -> Any:
        """Draw loss and metrics over the epochs, as `chainrule.plot.training`; return the axes.

        Args:
            metrics: names, without `val_`; all by default.
            log: whether on a logarithmic scale; None decides by the range.
            ax: matplotlib axes to draw on.
            theme: `'light'` or `'dark'`.
        """
        from chainrule.plot.pictures.training import training

        return training(self, [metrics] if isinstance(metrics, str) else metrics, log=log, ax=ax, theme=theme)
