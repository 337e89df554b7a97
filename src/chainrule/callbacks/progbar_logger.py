"""The callback behind `verbose=1` and `verbose=2`."""

from __future__ import annotations

import sys
from typing import Any

from chainrule.callbacks import console
from chainrule.callbacks.base import Callback, LogsLike, is_overridden
from chainrule.callbacks.progbar import Progbar


class ProgbarLogger(Callback):
    """Shows the progress of `fit`, `evaluate` and `predict` on standard output (`keras.callbacks.ProgbarLogger`)."""

    def __init__(self) -> None:
        super().__init__()
        self.seen = 0
        self.progbar: Progbar | None = None
        self.target: int | None = None
        self.verbose: int = 1
        self.epochs = 1
        self._called_in_fit = False

    def set_params(self, params: dict[str, Any]) -> None:
        """Receive `verbose` ('auto' means 1), `epochs`, and `steps`: None if unknown."""
        self.params = params
        verbose = params.get("verbose", "auto")
        self.verbose = 1 if verbose == "auto" else int(verbose)
        self.epochs = params.get("epochs", 1)
        self.target = params.get("steps")

    def _listens_to(self, hook: str) -> bool:
        if is_overridden(self, hook, ProgbarLogger) or not hook.endswith("_batch_end"):
            return super()._listens_to(hook)
        if not self.verbose or (hook == "on_test_batch_end" and self._called_in_fit):
            return False
        # With a known number of steps, batches matter only where the line is redrawn.
        return self.target is None or (self.verbose == 1 and console.is_live(sys.stdout))

    @property
    def hears_at_intervals(self) -> bool:
        """Whether redrawing now and then is enough: not for subclasses, which may do anything."""
        return type(self) is ProgbarLogger

    def due(self, batch: int) -> bool:
        """Count the batch, and tell whether its logs are going to be shown."""
        self.seen = batch + 1
        return self.verbose == 1 and (self.progbar is None or self.progbar.due())

    def on_train_begin(self, logs: LogsLike = None) -> None:
        """Remember that evaluations from now on are the silent ones within `fit`."""
        self._called_in_fit = True

    def on_test_begin(self, logs: LogsLike = None) -> None:
        """Begin a line, unless within `fit`."""
        if not self._called_in_fit:
            self._begin()

    def on_predict_begin(self, logs: LogsLike = None) -> None:
        """Begin a line."""
        self._begin()

    def on_epoch_begin(self, epoch: int, logs: LogsLike = None) -> None:
        """Begin a line, under a headline if there are several epochs."""
        self._begin()
        if self.verbose and self.epochs > 1:
            console.say(f"Epoch {epoch + 1}/{self.epochs}")

    def on_train_batch_end(self, batch: int, logs: LogsLike = None) -> None:
        """Show the step and the metrics so far."""
        self._update(batch, logs)

    def on_test_batch_end(self, batch: int, logs: LogsLike = None) -> None:
        """Show the step and the metrics so far, unless within `fit`."""
        if not self._called_in_fit:
            self._update(batch, logs)

    def on_predict_batch_end(self, batch: int, logs: LogsLike = None) -> None:
        """Show the step."""
        self._update(batch, None)

    def on_epoch_end(self, epoch: int, logs: LogsLike = None) -> None:
        """Finish the line with the metrics of the epoch and of its validation."""
        self._finish(logs)

    def on_test_end(self, logs: LogsLike = None) -> None:
        """Finish the line, unless within `fit`."""
        if not self._called_in_fit:
            self._finish(logs)

    def on_predict_end(self, logs: LogsLike = None) -> None:
        """Finish the line."""
        self._finish(logs)

    def _begin(self) -> Progbar:
        progbar = Progbar(self.target, verbose=self.verbose, stateless_metrics=())
        if self.progbar is not None:  # short epochs together are not drawn more often than long ones
            progbar._last_update = self.progbar._last_update
        self.seen, self.progbar = 0, progbar
        return progbar

    def _update(self, batch: int, logs: LogsLike) -> None:
        progbar = self.progbar or self._begin()
        self.seen = batch + 1
        if self.verbose == 1:
            progbar.update(self.seen, (logs or {}).items(), finalize=False)

    def _finish(self, logs: LogsLike) -> None:
        progbar = self.progbar or self._begin()
        if self.target is None:
            self.target = progbar.target = self.seen
        progbar.update(self.target, (logs or {}).items(), finalize=True)
