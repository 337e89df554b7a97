"""The loops of evaluation and prediction, and single batches."""

from __future__ import annotations

from collections.abc import Iterator
from time import perf_counter
from typing import Any

import numpy as np

from chainrule import tree
from chainrule._typing import Logs
from chainrule.callbacks.callback_list import CallbackList
from chainrule.config import max_steps_per_epoch
from chainrule.data.adapters import make_batches
from chainrule.data.batches import ArrayBatches, Batch, Batches
from chainrule.engines.epoch import Epoch
from chainrule.errors import DataError, DivergedError
from chainrule.models.guard import Snapshot, rate_of
from chainrule.models.prepare import prepare, prepare_to_predict
from chainrule.random import threefry

_AT_ONCE = 32
"""Batches of the default size that `predict` computes together, unless an engine prefers more (`batches_at_once`)."""

_DRAWN = 40
"""Updates of the progress line of a long prediction."""


def make_callbacks(model: Any, given: Any, verbose: Any, epochs: int, steps: int | None, history: bool = False) -> Any:
    """Return the callbacks as one, with a progress line unless `verbose` is 0."""
    if isinstance(given, CallbackList):
        return given
    level = level_of(verbose)
    return CallbackList(
        given, add_history=history, add_progbar=level != 0, model=model, verbose=level, epochs=epochs, steps=steps
    )


def level_of(verbose: Any) -> int:
    """Return how much to show: 0, 1 or 2; `'auto'` is 1.

    Raises:
        DataError: it is something else.
    """
    if verbose not in ("auto", 0, 1, 2):
        raise DataError(
            f"verbose must be 'auto', 0 (silent), 1 (progress line) or 2 (a line per epoch), but is {verbose!r}."
        )
    return 1 if verbose == "auto" else int(verbose)


def require_inputs(x: Any, where: str) -> None:
    """Check that there is data at all.

    Raises:
        DataError: `x` is None.
    """
    if x is None:
        raise DataError(f"{where}: x is None. Pass arrays, a data frame, a generator of batches or a PyDataset.")


class Pace:
    """How many steps an engine runs at a time: as many as the callbacks' hooks of batches allow.

    All if nobody listens; `steps_per_execution` if somebody does; and if those are content with being told now and
    then (`Callback.hears_at_intervals`, like the progress line), as many as take the time between two updates.

    Args:
        callbacks: the `CallbackList`.
        mode: `'train'` or `'test'`.
        per_call: steps between two calls of the hooks.
        steps: of the whole epoch, or None while unknown.
    """

    update_every_s = 0.05

    def __init__(self, callbacks: Any, mode: str, per_call: int, steps: int | None) -> None:
        listens = callbacks.wants_train_batches if mode == "train" else callbacks.wants_test_batches
        self.steps = steps
        self.per_call = self.stride = per_call if listens or steps is None else steps
        self._at_intervals = (lambda: callbacks.at_intervals(mode)) if listens else bool
        self._strides = callbacks.strides
        self._mode = mode
        if listens and steps is not None:
            self.stride = max(per_call, self._strides.get(mode, 0))  # as far as it went in the epoch before
        self._began: float | None = None

    def next(self, step: int) -> int:
        """Return the number of the step before which to stop again."""
        now = perf_counter()
        if not self._at_intervals():
            self.stride = self.per_call
        elif self._began is not None and now - self._began < self.update_every_s / 2:
            self.stride *= 2
            self._strides[self._mode] = self.stride
        self._began = now
        return step + self.stride if self.steps is None else min(step + self.stride, self.steps)


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
    """Return loss and metrics on data as a dict; see `Model.evaluate`."""
    require_inputs(x, "evaluate")
    batches = make_batches(x, y, sample_weight, batch_size=batch_size, steps=steps, where="evaluate")
    prepare(model, batches, "evaluate")
    try:
        return run_test(model, batches, make_callbacks(model, callbacks, verbose, 1, batches.steps))
    finally:
        forget_data(model)


def forget_data(model: Any) -> None:
    """Let the engine let go of the data it was given."""
    getattr(model._engine, "forget", int)()


def run_test(model: Any, batches: Batches, callbacks: Any) -> Logs:
    """Run the test steps over all batches and return loss and metrics."""
    model.stop_evaluating = False
    callbacks.on_test_begin()
    model.reset_metrics()
    model._step_logs = None
    data = Epoch(batches)
    pace = Pace(callbacks, "test", model.steps_per_execution, data.steps)
    step = 0
    with model.structure_fixed():
        while data.steps is None or step < data.steps:
            until = pace.next(step)
            callbacks.on_test_batch_begin(step)
            losses = model._engine.test_steps(model, data, step, until)
            if len(losses):
                callbacks.on_test_batch_end(step + len(losses) - 1, model._logs)
            step += len(losses)
            if step < until or model.stop_evaluating:
                break
        logs = dict(model._logs())
    callbacks.on_test_end(logs)
    return logs


# -- predict ----------------------------------------------------------------------------------------------------------


def predict(model: Any, x: Any, batch_size: int | None, verbose: Any, steps: int | None, callbacks: Any) -> Any:
    """Return the outputs for all rows as arrays; see `Model.predict`."""
    require_inputs(x, "predict")
    batches = make_batches(x, batch_size=batch_size, steps=steps, where="predict")
    engine = prepare_to_predict(model, batches)
    model.stop_predicting = False
    hooks = make_callbacks(model, callbacks, verbose, 1, batches.steps)
    hooks.on_predict_begin()
    parts: list[Any] = []
    any_size = batch_size is None and steps is None and max_steps_per_epoch() is None and _only_layers(model)
    for step, outputs in _outputs(model, engine, batches, hooks, any_size):
        hooks.on_predict_batch_begin(step)
        parts.append(outputs)
        hooks.on_predict_batch_end(step, {"outputs": outputs})
        if model.stop_predicting:
            break
    hooks.on_predict_end()
    return tree.map_structure(
        lambda *pieces: np.concatenate(pieces) if len(pieces) > 1 else np.array(pieces[0]), *parts
    )


def _only_layers(model: Any) -> bool:
    """Whether a batch may be of any size, because no Python code of the user's own sees it."""
    if model._graph_or_none() is None or model._predicts_itself():
        return False
    return not any(getattr(layer, "batch_matters", False) for layer in model._flatten_layers())


def _outputs(model: Any, engine: Any, batches: Batches, hooks: Any, any_size: bool) -> Iterator[tuple[int, Any]]:
    """Yield the outputs of batches, each with its number; where nobody looks at every one, many together."""
    if not (any_size and isinstance(batches, ArrayBatches)):
        for step, (x, _, _) in enumerate(batches.epoch(None)):
            if batches.steps is None or step < batches.steps:
                yield step, engine.predict_batch(model, x)
        return
    at_once = min(getattr(engine, "batches_at_once", _AT_ONCE), batches.steps)
    split = hooks.wants_predict_batches
    if split and hooks.at_intervals("predict"):
        split, at_once = False, min(at_once, max(_AT_ONCE, batches.steps // _DRAWN))
    for first in range(0, batches.steps, at_once):
        stop = min(first + at_once, batches.steps)
        outputs = engine.predict_batch(model, _join(batches, first, stop)[0])
        if not split:
            yield stop - 1, outputs
            continue
        for i in range(stop - first):
            part = slice(i * batches.batch_size, (i + 1) * batches.batch_size)
            yield first + i, tree.map_structure(lambda a, part=part: a[part], outputs)


def _join(batches: ArrayBatches, first: int, stop: int) -> Batch:
    rows = slice(first * batches.batch_size, stop * batches.batch_size)
    x, y, w = tree.map_structure(lambda a: None if a is None else a[rows], batches.arrays())
    return x, y, w


# -- single batches ---------------------------------------------------------------------------------------------------


def learn_from_batch(model: Any, x: Any, y: Any, sample_weight: Any, class_weight: Any) -> Logs:
    """Learn from one batch; see `Model.train_on_batch`."""
    batches = _one_batch(model, "train_on_batch", x, y, sample_weight, class_weight)
    before = Snapshot([*model.weights, *model.optimizer.variables])
    key = threefry.fold_in(model._random_key, int(model.optimizer.iterations), 1)
    try:
        losses = model._engine.train_steps(model, Epoch(batches), key, 0, 1)
    except Exception:
        before.restore()
        raise
    finally:
        forget_data(model)
    if not np.isfinite(losses).all():
        before.restore()
        raise DivergedError(
            f"train_on_batch: the loss is {losses[0]:g}; the weights were not changed. Try a smaller learning rate"
            f"{rate_of(model.optimizer)}, or scale the inputs."
        )
    return dict(model._logs())


def examine_batch(model: Any, x: Any, y: Any, sample_weight: Any) -> Logs:
    """Return loss and metrics of one batch without learning; see `Model.test_on_batch`."""
    batches = _one_batch(model, "test_on_batch", x, y, sample_weight, None)
    try:
        model._engine.test_steps(model, Epoch(batches), 0, 1)
    finally:
        forget_data(model)
    return dict(model._logs())


def _one_batch(model: Any, where: str, x: Any, y: Any, sample_weight: Any, class_weight: Any) -> ArrayBatches:
    require_inputs(x, where)
    whole = make_batches(x, y, sample_weight, class_weight=class_weight, where=where)
    assert isinstance(whole, ArrayBatches)
    batches = ArrayBatches(*whole.arrays(), batch_size=whole.size)
    prepare(model, batches, where)
    model.reset_metrics()
    return batches


__all__ = [
    "Pace",
    "evaluate",
    "examine_batch",
    "forget_data",
    "learn_from_batch",
    "make_callbacks",
    "predict",
    "run_test",
]
