"""The loop of training, to be read from top to bottom.

for each epoch: order the rows -> for each batch: predict, loss, gradients, update -> validate -> tell the callbacks

One batch is `Trainer._learn`; an engine runs as many of them at a time as the callbacks allow.
"""

from __future__ import annotations

from collections.abc import Iterable
from time import perf_counter
from typing import Any, NamedTuple

import numpy as np

from chainrule._typing import Logs
from chainrule.callbacks.history import History
from chainrule.config import limited_epochs
from chainrule.data.adapters import make_batches, split_tail
from chainrule.data.batches import Batches
from chainrule.data.streams import unpack
from chainrule.engines.epoch import Epoch
from chainrule.errors import DataError, EngineError
from chainrule.models.checks import located
from chainrule.models.evaluate import Pace, forget_data, make_callbacks, require_inputs, run_test
from chainrule.models.going_back import Place, WentBack, follow
from chainrule.models.guard import Guard
from chainrule.models.prepare import check_more, prepare
from chainrule.models.traps import warn_of_tail
from chainrule.random import threefry


class FitSettings(NamedTuple):
    """The arguments of `Model.fit` besides the data."""

    batch_size: int | None
    epochs: int
    verbose: Any
    callbacks: Any
    validation_split: float
    validation_data: Any
    shuffle: bool
    class_weight: Any
    sample_weight: Any
    initial_epoch: int
    steps_per_epoch: int | None
    validation_steps: int | None
    validation_batch_size: int | None
    validation_freq: Any


def fit(model: Any, x: Any, y: Any, s: FitSettings) -> Any:
    """Train and return the history; see `Model.fit`."""
    first, last = check_count(s.initial_epoch, "initial_epoch"), limited_epochs(check_count(s.epochs, "epochs"))
    _check_frequency(s.validation_freq)
    require_inputs(x, "fit")
    training, validation = _split(x, y, s)
    prepare(model, training, "fit")
    if validation is not None:
        check_more(model, validation, "fit (validation)")
        if s.validation_data is None:
            warn_of_tail(model, training, validation)
    given = s.callbacks if model._recorder is None else [s.callbacks or [], model._recorder]
    callbacks = make_callbacks(model, given, s.verbose, last, training.steps, history=True)
    callbacks.set_data(training, validation)
    model.stop_training = False
    logs: Logs = {}
    try:
        callbacks.on_train_begin()
        guard = Guard(model, silent=_ends_on_nan(callbacks))
        todo, logs, step = _resume(model, training, callbacks, range(first, last))
        before, place = model._epochs_seen - todo.start, None
        try:
            epochs, logs = _train_together(model, training, validation, callbacks, todo, guard, logs)
            while epochs:
                try:
                    if not step:
                        epochs, logs = _train_in_parts(model, training, validation, callbacks, epochs, guard, logs)
                    if not epochs:
                        break
                    epoch, epochs = epochs[0], epochs[1:]
                    logs = _train_epoch(model, training, callbacks, epoch, guard, epoch + 1 == last, step, place)
                    step, place = 0, None
                    if validation is not None and _validates(s.validation_freq, epoch):
                        logs.update({f"val_{k}": v for k, v in run_test(model, validation, callbacks).items()})
                    callbacks.on_epoch_end(epoch, logs)
                    follow(callbacks)
                    if model.stop_training:
                        break
                except WentBack as back:  # a callback has taken steps back
                    place = back.place
                    epochs, step = range(place.seen - before, last), place.step
                    _go_back(model, epochs.start, guard, s.validation_freq if validation is not None else ())
        finally:
            forget_data(model)
            if last > 0:
                model.optimizer.finalize_variable_values(model.trainable_variables)
        callbacks.on_train_end(logs)
    finally:
        callbacks.close()
    return model.history


def _resume(model: Any, batches: Batches, callbacks: Any, epochs: range) -> tuple[range, Logs, int]:
    """Let go by what an interrupted training has done before, if a callback knows of one.

    Returns the epochs that are left, the logs of the last one, and the step of the first one to go on with.
    """
    found = callbacks.resumption
    if found is None:
        return epochs, {}, 0
    for epoch in range(epochs.start, min(found.epoch, epochs.stop)):
        key = threefry.fold_in(model._random_key, model._epochs_seen - (found.epoch - epoch))
        batches.pass_by(batches.order(key))
    if found.stopped and not found.step:
        return range(0), found.logs, 0
    return range(found.epoch, epochs.stop), found.logs, found.step


def _go_back(model: Any, epoch: int, guard: Guard, validated: Any) -> None:
    """Undo what the loop noted of an epoch and those after it."""
    model.stop_training = False
    model.history.forget_from(epoch, lambda e: _validates(validated, e))
    guard.end_epoch(epoch)


def _train_together(
    model: Any, batches: Batches, validation: Any, callbacks: Any, epochs: range, guard: Guard, before: Logs
) -> tuple[range, Logs]:
    """Let the engine run all epochs in one go, if it can and nobody looks in between.

    Returns the epochs that are left, and the logs of the last one that ran.
    """
    together = getattr(model._engine, "train_epochs", None)
    if together is None or validation is not None or not callbacks.only_history:
        return epochs, before
    with model.structure_fixed(), located(f"fit, epoch {epochs.start + 1}"):
        logs = together(model, batches, epochs, guard, callbacks.callbacks[0])
    if logs is None:
        return epochs, before
    return epochs[len(epochs) :], {name: values[-1] for name, values in logs.items()}


def _train_in_parts(
    model: Any, batches: Batches, validation: Any, callbacks: Any, epochs: range, guard: Guard, logs: Logs
) -> tuple[range, Logs]:
    """Let the engine run some epochs in one go, again and again, while nobody needs to hear of each at once.

    Returns the epochs that are left, and the logs of the last one that ran.
    """
    together, count = getattr(model._engine, "train_epochs", None), 1
    while together is not None and validation is None and epochs and (late := callbacks.epochs_late()):
        part = epochs[: int(min(count, callbacks.most_epochs()))]
        began, notes = perf_counter(), _Notes(callbacks)
        with model.structure_fixed(), located(f"fit, epoch {part.start + 1}"), notes:
            found = together(model, batches, part, guard, notes)
        if found is None:
            break
        callbacks.add_epochs(part, found)
        follow(callbacks)
        logs = {name: values[-1] for name, values in found.items()}
        epochs = epochs[len(part) :] if not model.stop_training else range(0)
        count = max(int(min(late, _LATEST_S) / max(perf_counter() - began, 1e-6) * len(part)), 1)
        together = getattr(model._engine, "train_epochs", None)
    return epochs, logs


_LATEST_S = 1.0
"""Seconds of epochs in one call at most, however late the callbacks may hear of them."""


class _Notes:
    """Takes what an engine says of several epochs; if it fails, a `History` hears of those that ended before."""

    def __init__(self, callbacks: Any) -> None:
        self.callbacks = callbacks
        self._noted: tuple[Any, Any] | None = None

    def add_epochs(self, epochs: Any, logs: Any) -> None:
        self._noted = (epochs, logs)

    def __enter__(self) -> None: ...

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None and self._noted is not None:
            for callback in self.callbacks.callbacks:
                if isinstance(callback, History):
                    callback.add_epochs(*self._noted)


def _train_epoch(
    model: Any, batches: Batches, callbacks: Any, epoch: int, guard: Guard, last: bool, step: int = 0,
    place: Place | None = None,
) -> Logs:  # fmt: skip
    """Run one epoch, or what is left of it from `step` on, and return its loss and metrics."""
    model.reset_metrics()
    callbacks.on_epoch_begin(epoch)
    if place is not None:
        place.enter()
    elif step:
        callbacks.resumption.enter_epoch(callbacks.callbacks)
        model.stop_training = callbacks.resumption.stopped
    key = threefry.fold_in(model._random_key, model._epochs_seen)
    data = Epoch(batches, batches.order(key))
    pace = Pace(callbacks, "train", model.steps_per_execution, data.steps)
    data.fast_forward(step)
    with model.structure_fixed():
        while (data.steps is None or step < data.steps) and not (step and model.stop_training):
            until = pace.next(step)
            callbacks.on_train_batch_begin(step)
            with guard, located(f"fit, epoch {epoch + 1}"):
                losses = _engine(model).train_steps(model, data, key, step, until)
            guard.check(losses, epoch, step)
            if len(losses):
                callbacks.on_train_batch_end(step + len(losses) - 1, model._logs)
                follow(callbacks)
            step += len(losses)
            if step < until:
                break
        guard.end_epoch(epoch, last)
        model._epochs_seen += 1
        return dict(model._logs())


def _engine(model: Any) -> Any:
    """Return the engine that was chosen for this training.

    Raises:
        EngineError: a callback has compiled the model since.
    """
    if model._engine is None:
        raise EngineError(
            f"model '{model.name}' was compiled anew by a callback while fit was running. To change the learning rate, "
            "set model.optimizer.learning_rate; to change more, set model.stop_training = True, and call compile and "
            "fit again when fit has returned."
        )
    return model._engine


# -- the arguments ----------------------------------------------------------------------------------------------------


def _split(x: Any, y: Any, s: FitSettings) -> tuple[Batches, Batches | None]:
    """Return the batches to train on and to validate on."""
    weight, validation = s.sample_weight, None
    size = s.validation_batch_size or s.batch_size
    if s.validation_data is not None:
        vx, vy, vw = unpack(s.validation_data, "fit: validation_data")
        validation = make_batches(vx, vy, vw, batch_size=size, steps=s.validation_steps, where="fit (validation_data)")
    elif s.validation_split:
        (x, y, weight), (vx, vy, vw) = split_tail((x, y, weight), s.validation_split)
        validation = make_batches(vx, vy, vw, batch_size=size, steps=s.validation_steps, where="fit (validation)")
    batches = make_batches(
        x, y, weight, batch_size=s.batch_size, steps=s.steps_per_epoch, shuffle=bool(s.shuffle),
        class_weight=s.class_weight, where="fit",
    )  # fmt: skip
    return batches, validation


def check_count(value: Any, name: str) -> int:
    """Return a number of epochs, or the number of one, as an int.

    Raises:
        DataError: it is none.
    """
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 0:
        raise DataError(f"fit: {name} must be a whole number of at least 0, but is {value!r}.")
    return int(value)


def _check_frequency(freq: Any) -> None:
    if isinstance(freq, bool) or not isinstance(freq, int | np.integer | Iterable) or (freq == 0):
        raise DataError(
            f"fit: validation_freq must be a whole number of epochs, or a list of epochs from 1, but is {freq!r}."
        )


def _validates(freq: Any, epoch: int) -> bool:
    """Whether validation runs after this epoch: every `freq` epochs, or in the listed ones (counted from 1)."""
    return epoch + 1 in freq if isinstance(freq, Iterable) else (epoch + 1) % int(freq) == 0


def _ends_on_nan(callbacks: Any) -> bool:
    """Whether a `TerminateOnNaN` is among the callbacks."""
    return any(getattr(c, "ends_on_nan", False) for c in callbacks.callbacks)
