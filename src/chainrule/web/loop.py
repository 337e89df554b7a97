"""`Loop`: a training that the page runs: one batch after the other, forwards and backwards, for as long as wanted."""

from __future__ import annotations

import threading
from time import perf_counter
from typing import Any

import numpy as np

from chainrule.data.batches import ArrayBatches
from chainrule.engines.epoch import Epoch
from chainrule.health import Finding
from chainrule.models.evaluate import forget_data, make_callbacks, run_test
from chainrule.models.prepare import prepare
from chainrule.random import threefry
from chainrule.recording import messages
from chainrule.web.driver import ModelDriver
from chainrule.web.past import Kept
from chainrule.web.session import PAUSED, STOPPED

CALL_S = 0.03
"""How long one call of the engine should take while nobody counts batches."""


class Loop(ModelDriver):
    """Trains a model on arrays as `fit` does, batch for batch the same, on a thread of its own.

    Args:
        model: compiled; built here if need be.
        training: the data.
        validation: those of the validation, or None.
        **about: names and the like for `Stage.begin`.
    """

    training: ArrayBatches

    def __init__(self, model: Any, training: ArrayBatches, validation: Any = None, **about: Any) -> None:
        prepare(model, training, "dashboard")
        super().__init__(model, training, PAUSED)
        self.validation = validation
        self.closed = False
        self._seen = model._epochs_seen
        self._first = self._take()
        self._at_once = 1
        self._began = perf_counter()
        self._enter_epoch()
        self.stage.begin(model, training, validation, **about)
        self._thread = threading.Thread(target=self._run, name="chainrule-training", daemon=True)

    def order(self) -> Any:
        """The order of this epoch."""
        return self._order

    def returned(self, kept: Kept) -> None:
        """Stand where that step stood: the same batches will follow."""
        if kept.batch_size != self.training.batch_size and kept.batch_size is not None:
            self.training.resize(kept.batch_size)
        self.epoch, self.batch, self.step = kept.position.epoch, kept.position.batch, kept.position.step
        self._enter_epoch(keep_metrics=True)
        self._data.fast_forward(self.batch)

    def reset(self) -> None:
        """Begin anew: the first weights, the first order of the rows; settings stay as they are."""
        self.past.clear()
        before = self._first.position
        self._first.put_back()
        self.moved()
        self._restart_optimizer()
        self._at_once, self._next_keep = 1, 0.0  # the beginning of the way is kept again
        self.last_logs, self.new_batch_size = {}, None
        self.epoch, self.batch, self.step = before.epoch, before.batch, before.step
        self._enter_epoch()
        self.stage.restart()

    def _restart_optimizer(self) -> None:
        """Give an optimizer that came later its first state; the learning rate stays what it is."""
        kind, config = type(self.model.optimizer), self.model.optimizer.get_config()
        new = kind.from_config(config)
        new.build(self.model.trainable_variables)
        self.model.optimizer = new
        self.stage.changed()

    # -- the thread ----------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin, paused."""
        self.stage.show(True)
        self._thread.start()

    def close(self) -> None:
        """End the training and its messages; the model stays as it is."""
        if self.closed:
            return
        self.closed = True
        self.stage.session.finish(STOPPED)
        self.stage.session.wake()
        if self._thread.is_alive():
            self._thread.join(5)
        self.stage.close()
        forget_data(self.model)

    def _run(self) -> None:
        session, ended = self.stage.session, False
        while not self.closed:
            session.checkpoint(ended)
            if session.over:
                return
            ended = self._train()

    def _train(self) -> bool:
        """Run some batches; True if an epoch has ended with them."""
        if self.batch == 0 and self.new_batch_size is not None:
            self._resize(self.new_batch_size)
        self.keep()
        steps = self.training.steps
        until = min(self.batch + (self._at_once if self.stage.session.free else 1), steps)
        began = perf_counter()
        with self.model.structure_fixed():
            losses = self.model._engine.train_steps(self.model, self._data, self._key, self.batch, until)
        self._adapt(perf_counter() - began)
        done = len(losses) if np.isfinite(losses).all() else len(losses) - 1
        self.step += done
        self.batch += done
        if done:
            self.moved()
        if done < len(losses):
            self._diverged(float(losses[-1]))
            return False
        self.last_logs = dict(self.model._logs())
        if self.batch < steps:
            return False
        self._end_epoch()
        return True

    def _adapt(self, seconds: float) -> None:
        if seconds < CALL_S / 2:
            self._at_once = min(2 * self._at_once, 1 << 20)
        elif seconds > CALL_S:
            self._at_once = max(self._at_once // 2, 1)

    def _diverged(self, loss: float) -> None:
        text = f"The loss became {loss:g} in epoch {self.epoch + 1}, batch {self.batch + 1}; the step was not made."
        tries = ("Go back, and lower the learning rate.", "Begin anew with a smaller learning rate.")
        self.stage.tell(Finding("diverged", "error", "training", self.step, text, {"loss": loss}, tries).to_message())
        self._enter_epoch()
        self._data.fast_forward(self.batch)
        self.stage.session.pause()

    # -- epochs --------------------------------------------------------------------------------------------------------

    def _resize(self, batch_size: int) -> None:
        self.training.resize(batch_size)
        self.new_batch_size = None
        self._enter_epoch()

    def _enter_epoch(self, keep_metrics: bool = False) -> None:
        """Order the rows of the epoch; the same order each time it is entered."""
        self.model._epochs_seen = self._seen + self.epoch  # a later `fit` goes on from here
        if not keep_metrics:
            self.model.reset_metrics()
        self._key = threefry.fold_in(self.model._random_key, self._seen + self.epoch)
        self._order = self.training.order(self._key)
        self._data = Epoch(self.training, self._order)

    def _end_epoch(self) -> None:
        if self.validation is not None:
            silent = make_callbacks(self.model, None, 0, 1, None)
            found = run_test(self.model, self.validation, silent)
            self.last_logs |= {f"val_{name}": value for name, value in found.items()}
        seconds = perf_counter() - self._began
        self.stage.tell(messages.epoch(self.epoch, self.step, seconds, self.last_logs))
        self.epoch, self.batch = self.epoch + 1, 0
        self._enter_epoch()


__all__ = ["Loop"]
