"""Stop training as soon as the loss is no longer a number."""

from __future__ import annotations

import numpy as np

from chainrule.callbacks import console
from chainrule.callbacks.base import Callback, LogsLike
from chainrule.errors import DivergedError


class InvalidLossError(DivergedError, RuntimeError):
    """The loss became NaN or infinite; a `RuntimeError` too, as Keras raises one."""


class TerminateOnNaN(Callback):
    """Stops when the loss of a batch is NaN or infinite (`keras.callbacks.TerminateOnNaN`).

    Args:
        raise_error: raise at once, so that no callback's `on_train_end` runs, instead of ending training in order.

    >>> TerminateOnNaN(raise_error=True).on_batch_end(3, {"loss": float("inf")})
    Traceback (most recent call last):
    chainrule.callbacks.terminate_on_nan.InvalidLossError: NaN or Inf loss encountered at batch 3. Loss value: inf. ...
    """

    ends_on_nan = True

    def __init__(self, raise_error: bool = False) -> None:
        super().__init__()
        self.raise_error = raise_error

    def on_batch_end(self, batch: int, logs: LogsLike = None) -> None:
        """Check the loss.

        Raises:
            InvalidLossError: it is NaN or infinite, and `raise_error` is set.
        """
        loss = (logs or {}).get("loss")
        if loss is None or np.isfinite(loss):
            return
        if self.raise_error:
            raise InvalidLossError(
                f"NaN or Inf loss encountered at batch {batch}. Loss value: {loss}. Terminating training immediately. "
                "Try a smaller learning rate, scaled inputs, or clipnorm=1.0."
            )
        console.say(f"Batch {batch}: Invalid loss, terminating training")
        self.model.stop_training = True
