"""Many epochs in one native call, where nobody looks in between: no validation, no callback but the history."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from chainrule._typing import Array
from chainrule.data.batches import ArrayBatches, Batches
from chainrule.engines.native import optimizer as steps
from chainrule.engines.native.totals import add_totals, columns, split
from chainrule.engines.plan import CannotLower
from chainrule.models.guard import Guard, roots_of

_AT_ONCE = 1 << 14
"""Epochs in one call; Ctrl-C does not wait for its end."""

_RATES = 1 << 20
"""Learning rates in one call, where they differ."""


def train_epochs(
    engine: Any, model: Any, batches: Batches, epochs: range, guard: Guard, history: Any
) -> dict[str, list[float]] | None:
    """Train epochs and return their logs, name by name; None if they have to run one by one.

    The metrics are left as the last epoch makes them.

    Args:
        engine: a `NativeEngine` that is prepared for the model.
        epochs: their numbers, for messages.
        history: the `History`, which notes the epochs that end, even if a later one fails or is interrupted.

    Raises:
        DivergedError: as `Guard` says.
    """
    if not isinstance(batches, ArrayBatches) or batches.cuts_epochs or not epochs:
        return None
    try:
        job, arrays = engine.job_for(model, batches.arrays(), batches.batch_size)
    except CannotLower:
        return None
    if job.translation.handed or job.updates is not None or steps.steps_per_rate(model.optimizer) != math.inf:
        return None
    done: list[Array] = []
    per_call = _AT_ONCE if steps.constant_rate(model.optimizer) else max(_RATES // batches.steps, 1)
    try:
        for first in range(0, len(epochs), min(per_call, _AT_ONCE)):
            part = epochs[first : first + min(per_call, _AT_ONCE)]
            _call(model, job, arrays.feeds(job.translation), batches, part, guard, done)
    finally:
        totals = np.concatenate(done) if done else np.zeros((0, job.trainer.n_totals()))
        logs = _logs(model, job.translation, totals)
        if len(totals):
            history.add_epochs(epochs[: len(totals)], logs)
    model.reset_metrics()
    add_totals(model, job.translation, totals[-1])
    model._step_logs = None
    return logs


def _call(
    model: Any, job: Any, feeds: list[Any], batches: ArrayBatches, epochs: range, guard: Guard, done: list[Array]
) -> None:
    """Run some epochs and add a row of totals for each that ends to `done`."""
    optimizer, count = model.optimizer, len(epochs)
    totals = np.zeros((count, job.trainer.n_totals()))
    ahead = 1 if steps.constant_rate(optimizer) else count * batches.steps
    rates = steps.rates(optimizer, int(optimizer.iterations), ahead)
    state = roots_of([*model.weights, *optimizer.variables])
    outcome = job.trainer.epochs(
        job.optimizer, feeds, batches.size, batches.batch_size, batches.steps, batches.shuffle, model._random_key,
        model._epochs_seen, count, rates, totals, state,
    )  # fmt: skip
    steps.close_steps(optimizer, model._buffer)
    model._epochs_seen += outcome.epochs
    done.append(totals[: outcome.epochs])
    outcome.raise_pending()
    if outcome.failed:
        guard.diverged(epochs[outcome.epochs], outcome)
    if outcome.before is not None:
        guard.last_loss = outcome.before


def _logs(model: Any, translation: Any, totals: Array) -> dict[str, list[float]]:
    from chainrule.metrics.regression import RootMeanSquaredError

    sums, counts = split(model, translation, totals)
    means = np.divide(sums, counts, out=np.zeros_like(sums), where=counts != 0)
    at = {id(metric): i for i, metric in enumerate(columns(model, translation))}
    found: dict[str, list[float]] = {}
    for name, metric in model.named_metrics():
        column = means[:, at[id(metric)]]
        values = np.sqrt(column) if isinstance(metric, RootMeanSquaredError) else column
        found[name] = values.tolist()
    return dict(sorted(found.items()))
