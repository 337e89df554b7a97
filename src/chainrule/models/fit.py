"""The loops of training, evaluation and prediction, to be read from top to bottom.

for each epoch:  order the rows  ->  for each batch: predict, loss, gradients, update  ->  validate  ->  tell the callbacks
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule import tree
from chainrule._typing import Array, Logs
from chainrule.autodiff.tape import active
from chainrule.data.adapters import make_batches, split_tail
from chainrule.data.batches import ArrayBatches, Batches
from chainrule.engines.choose import choose
from chainrule.errors import DataError, DivergedError
from chainrule.random import threefry

_LARGE_BATCH = 1024


@dataclass(frozen=True)
class FitSettings:
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


class Epoch:
    """One pass over `Batches`: its steps one after the other, for the engine.

    `batches` and `order` let an engine gather the rows of arrays itself.
    """

    def __init__(self, batches: Batches, order: Array | None) -> None:
        self.batches = batches
        self.order = order
        self._stream: Iterator[Any] = batches.epoch(order)

    def step(self, index: int) -> Any:
        """Return `(x, y, sample_weight)` of the next step, or None after the last. Steps are asked for in order."""
        return next(self._stream, None)


# -- fit ----------------------------------------------------------------------------------------------------------------


def fit(model: Any, x: Any, y: Any, s: FitSettings) -> Any:
    """Train and return the history; see `Model.fit`."""
    from chainrule.callbacks.callback_list import CallbackList

    epochs = _count(s.epochs, "epochs")
    verbose = 1 if s.verbose == "auto" else int(s.verbose)
    training, validation = _split(x, y, s)
    prepare(model, training)
    callbacks = s.callbacks
    if not isinstance(callbacks, CallbackList):
        callbacks = CallbackList(
            callbacks, add_history=True, add_progbar=verbose != 0, model=model, verbose=verbose, epochs=epochs,
            steps=training.steps,
        )  # fmt: skip
    model.stop_training = False
    watch = _Watch(model, callbacks)
    callbacks.on_train_begin()
    try:
        for epoch in range(s.initial_epoch, epochs):
            logs = _train_epoch(model, training, callbacks, epoch, watch)
            if validation is not None and _validates(s.validation_freq, epoch):
                logs.update({f"val_{k}": v for k, v in _test(model, validation, callbacks).items()})
            callbacks.on_epoch_end(epoch, logs)
            model.epochs_seen += 1
            if model.stop_training:
                break
    finally:
        model._engine_epoch = None
    finish = getattr(model.optimizer, "finalize_variable_values", None)
    if finish is not None and epochs > s.initial_epoch:
        finish(model.trainable_variables)
    callbacks.on_train_end()
    return model.history


def _split(x: Any, y: Any, s: FitSettings) -> tuple[Batches, Batches | None]:
    """Return the batches to train on and to validate on."""
    weight, validation = s.sample_weight, None
    if s.validation_data is not None:
        validation = _validation(s)
    elif s.validation_split:
        (x, y, weight), tail = split_tail((x, y, weight), s.validation_split)
        validation = make_batches(
            *tail,
            batch_size=s.validation_batch_size or s.batch_size,
            steps=s.validation_steps,
            where="fit (validation)",
        )
    batches = make_batches(
        x, y, weight, batch_size=s.batch_size, steps=s.steps_per_epoch, shuffle=bool(s.shuffle),
        class_weight=s.class_weight, where="fit",
    )  # fmt: skip
    return batches, validation


def _validation(s: FitSettings) -> Batches:
    data = s.validation_data
    parts = tuple(data) if isinstance(data, tuple | list) and not hasattr(data, "shape") else (data,)
    if len(parts) > 3:
        raise DataError(
            f"fit: validation_data is (x, y), (x, y, sample_weight) or a dataset, but has {len(parts)} parts."
        )
    return make_batches(
        *parts,
        batch_size=s.validation_batch_size or s.batch_size,
        steps=s.validation_steps,
        where="fit (validation_data)",
    )


def prepare(model: Any, batches: Batches) -> None:
    """Build the model and its optimizer for the data, move the parameters into one buffer, and choose the engine."""
    build_from(model, batches.peek()[0])
    model.pack()
    if model.optimizer is not None and not model.optimizer.built:
        model.optimizer.build(model.trainable_variables)
    model._engine = choose(model._engine_wanted, model)


def build_from(model: Any, x: Any) -> None:
    """Build a model that has not seen data yet by showing it one row."""
    if not model.built or any(not layer.built for layer in model._flatten_layers()):
        row = tree.map_structure(lambda a: a[:1], x)
        if active():
            raise DataError(
                f"Model '{model.name}' must be built before it is used inside a GradientTape: call it once first."
            )
        model(row, training=False)
    for index, layer in enumerate(model._flatten_layers()):
        layer._random_index = index


def _train_epoch(model: Any, batches: Batches, callbacks: Any, epoch: int, watch: _Watch) -> Logs:
    """Run one epoch and return its loss and metrics."""
    model.reset_metrics()
    callbacks.on_epoch_begin(epoch)
    key = threefry.fold_in(model._random_key, model.epochs_seen)
    data = Epoch(batches, batches.order(key))
    model._engine_epoch = data
    step, stop = 0, batches.steps
    stride = 1 if callbacks.wants_train_batches or stop is None else stop
    while stop is None or step < stop:
        if stride == 1:
            callbacks.on_train_batch_begin(step)
        with model._structure_fixed():
            losses = model._engine.train_steps(model, data, key, step, step + stride)
        watch.check(losses, epoch, step)
        if stride == 1 and len(losses):
            callbacks.on_train_batch_end(step, lambda: _logs(model))
        step += len(losses)
        if len(losses) < stride or model.stop_training:
            break
    watch.keep()
    return _logs(model)


def _logs(model: Any) -> Logs:
    """Return the metrics so far, or what a `train_step` of the user's own returned last."""
    if model.has_own_train_step():
        return dict(getattr(model, "_custom_logs", {}) or {})
    return dict(model.get_metrics_result())


def _validates(freq: Any, epoch: int) -> bool:
    """Whether validation runs after this epoch: every `freq` epochs, or in the listed ones (counted from 1)."""
    if isinstance(freq, Iterable):
        return epoch + 1 in freq  # type: ignore[operator]
    return (epoch + 1) % int(freq) == 0


def _count(value: Any, name: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 0:
        raise DataError(f"fit: {name} must be a whole number of at least 0, but is {value!r}.")
    return int(value)


class _Watch:
    """Looks for a loss that is no longer a number, and keeps the last good weights."""

    def __init__(self, model: Any, callbacks: Any) -> None:
        from chainrule.callbacks.terminate_on_nan import TerminateOnNaN

        self.model = model
        self.left_to_callback = any(isinstance(c, TerminateOnNaN) for c in callbacks.callbacks)
        self.good: list[Array] = []
        self.last_loss: float | None = None
        self.epoch: int | None = None
        self.keep()

    def keep(self) -> None:
        """Remember the weights as they are now, unless they hold something that is no number."""
        values = [v.numpy() for v in self.model.weights]
        if all(np.isfinite(v).all() for v in values if v.dtype.kind == "f"):
            self.good = values

    def check(self, losses: Array, epoch: int, step: int) -> None:
        bad = np.flatnonzero(~np.isfinite(losses))
        if not len(bad):
            if len(losses):
                self.last_loss = float(losses[-1])
            return
        if self.left_to_callback:
            return
        at = int(bad[0])
        before = float(losses[at - 1]) if at else self.last_loss
        for v, value in zip(self.model.weights, self.good, strict=True):
            v.assign(value)
        self.model.optimizer_diverged = True
        raise DivergedError(
            f"fit: the loss became {losses[at]} in epoch {epoch + 1}, batch {step + at + 1}"
            + (f" (the batch before: {before:.4g})" if before is not None else "")
            + f". Training stopped, and the weights are those from the start of this epoch. {self._advice()}"
        )

    def _advice(self) -> str:
        rate = self.model.optimizer.learning_rate
        return (
            f"Try a smaller learning rate (it is {float(rate):.3g}), scale the inputs and targets to about 1 "
            "(layers.Normalization), or clip the gradients (clipnorm=1.0)."
        )


# -- evaluate and predict -----------------------------------------------------------------------------------------------


def evaluate(
    model: Any,
    x: Any,
    y: Any,
    batch_size: int | None,
    verbose: Any,
    sample_weight: Any,
    steps: int | None,
    callbacks: Any,
) -> Logs:
    """Return loss and metrics on data as a dict."""
    from chainrule.callbacks.callback_list import CallbackList

    batches = make_batches(x, y, sample_weight, batch_size=batch_size, steps=steps, where="evaluate")
    prepare(model, batches)
    verbose = 1 if verbose == "auto" else int(verbose)
    if not isinstance(callbacks, CallbackList):
        callbacks = CallbackList(
            callbacks, add_progbar=verbose != 0, model=model, verbose=verbose, epochs=1, steps=batches.steps
        )
    return _test(model, batches, callbacks)


def _test(model: Any, batches: Batches, callbacks: Any) -> Logs:
    """Run the test steps over all batches."""
    model.reset_metrics()
    callbacks.on_test_begin()
    data = Epoch(batches, None)
    step, stop = 0, batches.steps
    stride = 1 if callbacks.wants_test_batches or stop is None else stop
    while stop is None or step < stop:
        if stride == 1:
            callbacks.on_test_batch_begin(step)
        with model._structure_fixed():
            losses = model._engine.test_steps(model, data, step, step + stride)
        if stride == 1 and len(losses):
            callbacks.on_test_batch_end(step, model.get_metrics_result)
        step += len(losses)
        if len(losses) < stride:
            break
    logs = dict(model.get_metrics_result())
    callbacks.on_test_end(logs)
    return {k: _plain(v) for k, v in logs.items()}


def predict(model: Any, x: Any, batch_size: int | None, verbose: Any, steps: int | None, callbacks: Any) -> Any:
    """Return the outputs for all rows as arrays."""
    from chainrule.callbacks.callback_list import CallbackList

    batches = make_batches(x, batch_size=batch_size, steps=steps, where="predict")
    if isinstance(batches, ArrayBatches) and batch_size is None and steps is None:
        batches = ArrayBatches(*batches.arrays(), batch_size=_LARGE_BATCH)
    build_from(model, batches.peek()[0])
    engine = model._engine or choose(model._engine_wanted, model)
    verbose = 1 if verbose == "auto" else int(verbose)
    if not isinstance(callbacks, CallbackList):
        callbacks = CallbackList(
            callbacks, add_progbar=verbose != 0, model=model, verbose=verbose, epochs=1, steps=batches.steps
        )
    callbacks.on_predict_begin()
    parts: list[Any] = []
    for step, batch in enumerate(batches.epoch(None)):
        if batches.steps is not None and step >= batches.steps:
            break
        callbacks.on_predict_batch_begin(step)
        parts.append(engine.predict_batch(model, batch[0]))
        callbacks.on_predict_batch_end(step, {"outputs": parts[-1]})
    callbacks.on_predict_end()
    return tree.map_structure(
        lambda *pieces: np.concatenate(pieces) if len(pieces) > 1 else np.array(pieces[0]), *parts
    )


def on_batch(model: Any, where: str, x: Any, y: Any, sample_weight: Any, class_weight: Any) -> Logs:
    """Train on one batch, or test it, and return loss and metrics."""
    rows = len(tree.flatten(x)[0]) if len(tree.flatten(x)) else 0
    batches = make_batches(x, y, sample_weight, batch_size=max(rows, 1), class_weight=class_weight, where=where)
    prepare(model, batches)
    model.reset_metrics()
    batch = batches.peek()
    if where == "train_on_batch":
        key = threefry.fold_in(model._random_key, int(model.optimizer.iterations), 1)
        data = Epoch(batches, None)
        losses = model._engine.train_steps(model, data, key, 0, 1)
        logs = _logs(model)
        if not np.isfinite(losses).all():
            raise DivergedError(
                f"train_on_batch: the loss is {losses[0]}; the weights were not changed. Try a smaller learning rate "
                f"(it is {float(model.optimizer.learning_rate):.3g}), or scale the inputs."
            )
    else:
        logs = dict(model.test_step(batch))
    return {k: _plain(v) for k, v in logs.items()}


def _plain(value: Any) -> Any:
    array = np.asarray(value)
    return float(array) if array.ndim == 0 else array
