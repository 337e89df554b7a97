"""Evaluate, predict and save with the moving average of the weights."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from chainrule.callbacks.base import Callback, LogsLike


class SwapEMAWeights(Callback):
    """Puts the optimizer's moving average in the place of the weights for a while (`keras.callbacks.SwapEMAWeights`).

    During evaluations, validations and predictions the model has the averages; afterwards it has its weights again
    (after a prediction, too, where Keras forgets it). The optimizer needs `use_ema=True`.

    Args:
        swap_on_epoch: put the averages in place at the end of each epoch, too, until the next one begins: for a
            `ModelCheckpoint` that stands after this callback in the list.

    Raises:
        ValueError: the optimizer keeps no averages.

    >>> import numpy as np
    >>> import chainrule as cr
    >>> model = cr.Sequential([cr.Input((1,)), cr.layers.Dense(1)])
    >>> model.compile(cr.optimizers.SGD(use_ema=True), "mse")
    >>> history = model.fit(np.ones((8, 1)), np.ones(8), verbose=0, callbacks=[SwapEMAWeights()])
    """

    def __init__(self, swap_on_epoch: bool = False) -> None:
        super().__init__()
        self.swap_on_epoch = swap_on_epoch
        self._weights: list[Any] | None = None  # of the model, while the averages are in their place

    def state(self) -> dict[str, Any]:
        return {"weights": self._weights}

    def restore(self, state: dict[str, Any]) -> None:
        self._weights = state["weights"]

    def on_train_begin(self, logs: LogsLike = None) -> None:
        """Forget an earlier `fit`, which may have ended by an exception."""
        self._weights = None

    def on_epoch_begin(self, epoch: int, logs: LogsLike = None) -> None:
        """Put the weights back."""
        if self.swap_on_epoch:
            self._put_weights_back()

    def on_epoch_end(self, epoch: int, logs: LogsLike = None) -> None:
        """Put the averages in place, if `swap_on_epoch`."""
        if self.swap_on_epoch:
            self._put_averages_in_place()

    def on_test_begin(self, logs: LogsLike = None) -> None:
        """Put the averages in place."""
        self._put_averages_in_place()

    def on_test_end(self, logs: LogsLike = None) -> None:
        """Put the weights back."""
        self._put_weights_back()

    def on_predict_begin(self, logs: LogsLike = None) -> None:
        """Put the averages in place."""
        self._put_averages_in_place()

    def on_predict_end(self, logs: LogsLike = None) -> None:
        """Put the weights back."""
        self._put_weights_back()

    def on_train_end(self, logs: LogsLike = None) -> None:
        """Forget the weights: training leaves the averages in their place for good."""
        self._weights = None

    def _put_averages_in_place(self) -> None:
        if self._weights is not None:
            return
        pairs = list(_pairs(self.model.optimizer))
        self._weights = [variable.numpy() for variable, _ in pairs]
        for variable, average in pairs:
            variable.assign(average)

    def _put_weights_back(self) -> None:
        if self._weights is None:
            return
        for (variable, _), weight in zip(_pairs(self.model.optimizer), self._weights, strict=True):
            variable.assign(weight)
        self._weights = None


def _pairs(optimizer: Any) -> Iterator[tuple[Any, Any]]:
    """Yield each variable with its average; none before the first step, when there is nothing to average."""
    optimizer = getattr(optimizer, "inner_optimizer", optimizer)
    several = getattr(optimizer, "optimizers", None)
    averaging = [o for o in several or [optimizer] if getattr(o, "use_ema", False)]
    if not averaging:
        text = f"Received: use_ema={getattr(optimizer, 'use_ema', None)}"
        if several:
            text = "Received a MultiOptimizer whose optimizers all have `use_ema=False`."
        raise ValueError(f"SwapEMAWeights must be used when `use_ema=True` is set on the optimizer. {text}")
    for one in averaging:
        if one.built and int(one.iterations):
            for variable, average in zip(one._trainable_variables, one.moment_variables("average"), strict=True):
                if average is not None:
                    yield variable, average
