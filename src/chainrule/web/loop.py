"""`Loop`: a training that the page runs: one batch after the other, forwards and backwards, for as long as wanted."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from time import perf_counter
from typing import Any

import numpy as np

from chainrule.data.batches import ArrayBatches
from chainrule.engines.epoch import Epoch
from chainrule.models.evaluate import forget_data, make_callbacks, run_test
from chainrule.models.prepare import prepare
from chainrule.random import threefry
from chainrule.recording import messages
from chainrule.web import settings
from chainrule.web.protocol import Json
from chainrule.web.session import PAUSED, Position
from chainrule.web.stage import Stage

CALL_S = 0.03
"""How long one call of the engine should take while nobody counts batches."""


class Loop:
    """Trains a model on arrays as `fit` does, under a `Session`.

    Args:
        model: compiled; built here if need be.
        training: the data.
        validation: those of the validation, or None.
        about: names and the like for `Stage.begin`.
    """

    def __init__(self, model: Any, training: ArrayBatches, validation: Any = None, **about: Any) -> None:
        prepare(model, training, "dashboard")
        self.model, self.training, self.validation = model, training, validation
        self.stage = Stage(self, PAUSED)
        self.epoch = self.batch = self.step = 0
        self.closed = False
        self._first = _Kept(self)
        self._kept: list[_Kept] = []
        self._at_once = 1
        self._began = perf_counter()
        self._enter_epoch()
        self.stage.begin(model, training, validation, **about)
        self._thread = threading.Thread(target=self._run, name="chainrule-training", daemon=True)

    # -- what a session asks -------------------------------------------------------------------------------------------

    @property
    def position(self) -> Position:
        return Position(self.epoch, self.batch, self.step)

    @property
    def logs(self) -> dict[str, float]:
        return dict(self.model._logs()) if self.batch else {}

    @property
    def kept(self) -> int:
        return len(self._kept)

    def settings(self) -> Json:
        return {**settings.read(self.model), "batch_size": self.training.batch_size}

    def can_set(self) -> list[str]:
        return [*settings.can_set(self.model), "batch_size"]

    def set(self, name: str, value: Any) -> None:
        settings.change(self.model, name, value)

    def edit(self, path: str, index: tuple[int, ...], value: float) -> None:
        settings.edit(self.model, path, index, value)

    def coming_rows(self) -> Sequence[int]:
        size = self.training.batch_size
        rows = range(self.batch * size, min((self.batch + 1) * size, self.training.size))
        return rows if self._order is None else self._order[rows.start : rows.stop].tolist()

    def back(self) -> None:
        self._put_back(self._kept.pop())

    def reset(self) -> None:
        self._kept.clear()
        self._put_back(self._first)

    def _put_back(self, kept: _Kept) -> None:
        kept.restore(self)
        self.stage.hub.forget_after(self.step)

    # -- the thread ----------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin, paused."""
        self._thread.start()

    def close(self) -> None:
        """End the training and its messages."""
        self.closed = True
        self.stage.session.finish("stopped")
        self.stage.session.wake()
        if self._thread.is_alive():
            self._thread.join(5)
        self.stage.close()
        self.stage.hub.close()
        forget_data(self.model)

    def _run(self) -> None:
        session, ended = self.stage.session, False
        while not self.closed:
            session.checkpoint(ended)
            if self.closed or session.over:
                return
            ended = self._train()

    def _train(self) -> bool:
        """Run some batches; True if an epoch has ended with them."""
        self._keep()
        steps, session = self.training.steps, self.stage.session
        until = min(self.batch + (self._at_once if session.free else 1), steps)
        began = perf_counter()
        with self.model.structure_fixed():
            losses = self.model._engine.train_steps(self.model, self._data, self._key, self.batch, until)
        if perf_counter() - began < CALL_S / 2:
            self._at_once = min(2 * self._at_once, 1 << 20)
        elif perf_counter() - began > CALL_S:
            self._at_once = max(self._at_once // 2, 1)
        self.step += len(losses)
        self.batch += len(losses)
        if not np.isfinite(losses).all():
            self._diverged(float(losses[-1]))
            return False
        if self.batch < steps:
            return False
        self._end_epoch()
        return True

    def _diverged(self, loss: float) -> None:
        self.step -= 1
        self.batch -= 1
        text = f"The loss became {loss:g} in epoch {self.epoch + 1}, batch {self.batch + 1}; the step was not made."
        tries = ["go back and lower the learning rate", "reset"]
        self.stage.hub.put(messages.finding("diverged", "error", "loss", self.step, text, {"loss": loss}, tries))
        self.stage.session.pause()

    # -- epochs --------------------------------------------------------------------------------------------------------

    def _enter_epoch(self) -> None:
        """Order the rows of the epoch; the same order each time it is entered."""
        self.model.reset_metrics()
        self._key = threefry.fold_in(self.model._random_key, self.epoch)
        self._order = self.training.order(self._key)
        self._data = Epoch(self.training, self._order)

    def _end_epoch(self) -> None:
        logs = dict(self.model._logs())
        if self.validation is not None:
            silent = make_callbacks(self.model, None, 0, 1, None)
            logs |= {f"val_{k}": v for k, v in run_test(self.model, self.validation, silent).items()}
        seconds = perf_counter() - self._began
        self.stage.hub.put(messages.epoch(self.epoch, self.step, seconds, logs))
        self.epoch, self.batch = self.epoch + 1, 0
        self._enter_epoch()

    def _keep(self) -> None:
        self._kept.append(_Kept(self))
        del self._kept[:-500]


class _Kept:
    """Everything to go on from a step as if what came after it had never been."""

    def __init__(self, loop: Loop) -> None:
        self.place = (loop.epoch, loop.batch, loop.step)
        self.variables = _state_of(loop.model)
        self.values = [v.numpy() for v in self.variables]

    def restore(self, loop: Loop) -> None:
        loop.epoch, loop.batch, loop.step = self.place
        loop._enter_epoch()
        loop._data.fast_forward(loop.batch)
        for variable, value in zip(self.variables, self.values, strict=True):
            variable.assign(value)


def _state_of(model: Any) -> list[Any]:
    metrics = [v for metric in model.metrics for v in metric.variables]
    return [*model.weights, *model.optimizer.variables, *metrics]


__all__ = ["Loop"]
