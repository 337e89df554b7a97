"""`find_learning_rate`: one short training in which the learning rate grows with every step.

L. N. Smith, "Cyclical learning rates for training neural networks" (2017), section 3.3.
"""

from __future__ import annotations

import copy
import pickle
from collections.abc import Iterator
from typing import Any

import numpy as np

from chainrule.data.adapters import make_batches
from chainrule.data.batches import Batches
from chainrule.errors import DataError, DivergedError
from chainrule.glassbox.record import undisturbed
from chainrule.random.threefry import fold_in, key_from_seed
from chainrule.tuning.rates import LearningRates, smoothed

_FEWEST = 10


def find_learning_rate(
    model: Any,
    x: Any,
    y: Any = None,
    start: float = 1e-7,
    end: float = 10.0,
    steps: int = 100,
    *,
    batch_size: int = 32,
    sample_weight: Any = None,
    stop_at: float = 4.0,
    smoothing: float = 0.8,
    seed: int = 0,
) -> LearningRates:
    """Try learning rates from `start` to `end`, one per step, on a copy of the model, and suggest one.

    The model, its optimizer and the random generators stay as they are.

    Args:
        model: compiled; the optimizer's other settings are kept, a schedule is put aside.
        x, y, sample_weight: training data as `fit` takes them.
        start, end: the first and the last rate; each is a constant factor larger than the one before.
        steps: how many rates.
        batch_size: rows per step; take that of the training to come, for the best rate grows with it.
        stop_at: end the search when the smoothed loss is that many times the lowest so far.
        smoothing: weight of what came before in the running mean of the losses.
        seed: of the order of the rows.

    Raises:
        DataError: the rates or steps make no sense, or the loss is no number from the start.

    >>> import chainrule as cr
    >>> x = np.linspace(-1, 1, 64)[:, None]
    >>> model = cr.Sequential([cr.Input((1,)), cr.layers.Dense(1)])
    >>> model.compile("sgd", "mse")
    >>> found = find_learning_rate(model, x, 2 * x, start=1e-4, end=10)
    >>> 0.01 < found.suggestion < 1
    True
    """
    _check(start, end, steps)
    model._assert_compiled("find_learning_rate")
    rates = np.geomspace(start, end, steps)
    batches = make_batches(x, y, sample_weight, batch_size=batch_size, shuffle=True, where="find_learning_rate")
    losses: list[float] = []
    with undisturbed(model), np.errstate(all="ignore"):
        trained = _copy(model)
        rate = _Rate(trained)
        for value, batch in zip(rates, _endless(batches, seed), strict=False):
            rate.set(float(value))
            loss = _learn(trained, batch)
            if not np.isfinite(loss):
                break
            losses.append(loss)
            smooth = smoothed(np.asarray(losses), smoothing)
            if len(losses) > _FEWEST and smooth[-1] > stop_at * smooth.min():
                break
    if len(losses) < 2:
        raise DataError(
            f"find_learning_rate: the loss is no number from learning rate {rates[len(losses)]:.3g} on. Look for "
            "missing numbers in x and y, scale them, or begin with a smaller rate."
        )
    return LearningRates.of(rates[: len(losses)], losses, smoothing, exploded=len(losses) < steps)


def _copy(model: Any) -> Any:
    """Return a copy of a model; one with functions that have no name keeps these, and its optimizer starts anew."""
    try:
        return copy.deepcopy(model)
    except pickle.PicklingError as error:
        from chainrule.models.clone import clone_model

        try:
            found = clone_model(model)
        except TypeError:
            raise DataError(f"find_learning_rate: {error}") from None
        found.set_weights(model.get_weights())
        found._random_key, found._epochs_seen = model._random_key, model._epochs_seen
        return found


class _Rate:
    """Sets the learning rate of a model whatever decides it: a number, a schedule or a function."""

    def __init__(self, model: Any) -> None:
        self.value = 0.0
        self.optimizers = getattr(model.optimizer, "optimizers", None) or [model.optimizer]

    def set(self, value: float) -> None:
        self.value = value
        for optimizer in self.optimizers:
            try:
                optimizer.learning_rate = value
            except TypeError:  # a schedule or a function decides
                optimizer.learning_rate = lambda: self.value


def _learn(model: Any, batch: Any) -> float:
    try:
        return float(model.train_on_batch(*batch, return_dict=True)["loss"])
    except DivergedError:
        return float("nan")


def _endless(batches: Batches, seed: int) -> Iterator[Any]:
    """Yield the batches of epoch after epoch, each in an order of its own."""
    epoch = 0
    while True:
        order = batches.order(fold_in(key_from_seed(seed), epoch))
        empty = True
        for batch in batches.epoch(order):
            empty = False
            yield batch
        if empty:
            return
        epoch += 1


def _check(start: float, end: float, steps: int) -> None:
    if not 0 < start < end < float("inf"):
        raise DataError(f"find_learning_rate: expected 0 < start < end, but start={start!r} and end={end!r}.")
    if isinstance(steps, bool) or not isinstance(steps, int | np.integer) or steps < _FEWEST:
        raise DataError(f"find_learning_rate: steps must be a whole number of at least {_FEWEST}, but is {steps!r}.")
