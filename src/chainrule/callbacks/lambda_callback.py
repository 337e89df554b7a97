"""A callback made of functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chainrule.callbacks.base import Callback
from chainrule.errors import unknown_name

HOOKS = tuple(name for name in vars(Callback) if name.startswith("on_"))


class LambdaCallback(Callback):
    """Calls the given functions as its hooks (`keras.callbacks.LambdaCallback`).

    Functions of epochs are called as `f(epoch, logs)`, of batches as `f(batch, logs=logs)`, all others as `f(logs)`.

    Args:
        on_epoch_begin: called before each epoch.
        on_epoch_end: called after each epoch.
        on_train_begin: called before training.
        on_train_end: called after training.
        on_train_batch_begin: called before each step of training.
        on_train_batch_end: called after each step of training.
        **kwargs: any other hook of `Callback`, or attributes of the object.

    Raises:
        UnknownNameError: a name begins with `on_` but is no hook.

    >>> LambdaCallback(on_epoch_end=lambda epoch, logs: print(epoch, logs)).on_epoch_end(0, {"loss": 1.0})
    0 {'loss': 1.0}
    """

    def __init__(
        self,
        on_epoch_begin: Callable[..., Any] | None = None,
        on_epoch_end: Callable[..., Any] | None = None,
        on_train_begin: Callable[..., Any] | None = None,
        on_train_end: Callable[..., Any] | None = None,
        on_train_batch_begin: Callable[..., Any] | None = None,
        on_train_batch_end: Callable[..., Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__()
        for name in kwargs:
            if name.startswith("on_") and name not in HOOKS:
                raise unknown_name("callback hook", name, HOOKS)
        self.__dict__.update(kwargs)
        given = {
            "on_epoch_begin": on_epoch_begin,
            "on_epoch_end": on_epoch_end,
            "on_train_begin": on_train_begin,
            "on_train_end": on_train_end,
            "on_train_batch_begin": on_train_batch_begin,
            "on_train_batch_end": on_train_batch_end,
        }
        self.__dict__.update({name: function for name, function in given.items() if function is not None})
