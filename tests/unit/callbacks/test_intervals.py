"""Callbacks that hear of batches now and then, and callbacks that are shown the data."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.callbacks import Callback


class Counting(Callback):
    """Counts its calls; hears of each batch from the batch `close_from` on."""

    def __init__(self, close_from: int | None = None) -> None:
        super().__init__()
        self.close_from = close_from
        self.batches: list[int] = []

    @property
    def hears_at_intervals(self) -> bool:
        return self.close_from is None or not self.batches or self.batches[-1] < self.close_from

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self.batches.append(batch)


@pytest.fixture
def model() -> Any:
    model = cr.Sequential([cr.Input((3,)), cr.layers.Dense(1)])
    model.compile("sgd", "mse")
    return model


X = np.random.default_rng(0).normal(size=(4000, 3)).astype("float32")
Y = X[:, :1]


def test_a_callback_content_with_intervals_hears_of_some_batches_and_of_the_last(model: Any) -> None:
    heard = Counting()
    model.fit(X, Y, batch_size=1, epochs=1, callbacks=[heard], verbose=0)
    assert len(heard.batches) < 4000
    assert heard.batches[-1] == 3999


def test_a_callback_may_come_closer_while_training_goes_on(model: Any) -> None:
    heard = Counting(close_from=0)
    model.fit(X, Y, batch_size=1, epochs=1, callbacks=[heard], verbose=0)
    assert heard.batches == [*range(heard.batches[0], 4000)]


def test_one_callback_that_wants_every_batch_is_enough(model: Any) -> None:
    calm, eager = Counting(), Counting(close_from=-1)
    model.fit(X[:50], Y[:50], batch_size=1, epochs=1, callbacks=[calm, eager], verbose=0)
    assert calm.batches == eager.batches == [*range(50)]


def test_a_callback_with_set_data_is_shown_the_batches(model: Any) -> None:
    class Looking(Callback):
        def set_data(self, training: Any, validation: Any) -> None:
            self.seen = training.arrays(), validation

    looking = Looking()
    model.fit(X, Y, validation_data=(X[:7], Y[:7]), callbacks=[looking], verbose=0, epochs=1)
    (x, y, _), validation = looking.seen
    np.testing.assert_array_equal(np.asarray(x), X)
    np.testing.assert_array_equal(np.asarray(y), Y)
    assert validation.size == 7


class Late(Callback):
    """Hears of several epochs at once, until `until` epochs are done."""

    def __init__(self, until: int = 10**9) -> None:
        super().__init__()
        self.until = until
        self.calls: list[list[int]] = []
        self.losses: list[float] = []
        self.one_by_one: list[int] = []

    @property
    def hears_of_epochs_late(self) -> float:
        return 0.05 if len(self.losses) < self.until else 0.0

    def add_epochs(self, epochs: Any, logs: Any) -> None:
        self.calls.append([*epochs])
        self.losses += logs["loss"]

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.one_by_one.append(epoch)
        self.losses.append(logs["loss"])


def test_epochs_told_late_are_the_same_epochs(model: Any) -> None:
    weights, heard = model.get_weights(), Late()
    cr.utils.set_random_seed(1)
    model.compile("sgd", "mse")
    late = model.fit(X, Y, epochs=30, verbose=0, callbacks=[heard])
    after = model.get_weights()
    model.set_weights(weights)
    cr.utils.set_random_seed(1)
    model.compile("sgd", "mse")
    alone = model.fit(X, Y, epochs=30, verbose=0)
    assert late.history == alone.history
    assert late.epoch == [e for call in heard.calls for e in call] == [*range(30)]
    assert heard.losses == late.history["loss"]
    assert len(heard.calls) < 30
    for mine, its in zip(after, model.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, its)


def test_a_callback_may_want_to_hear_of_each_epoch_again(model: Any) -> None:
    heard = Late(until=5)
    history = model.fit(X, Y, epochs=20, verbose=0, callbacks=[heard])
    late = [e for call in heard.calls for e in call]
    assert len(late) >= 5
    assert late + heard.one_by_one == history.epoch == [*range(20)]
    assert heard.losses == history.history["loss"]


def test_one_callback_that_wants_every_epoch_is_enough_for_epochs_too(model: Any) -> None:
    calm, eager = Late(), Counting()
    model.fit(X[:50], Y[:50], epochs=3, callbacks=[calm, eager], verbose=0)
    assert calm.calls == []
    assert calm.one_by_one == [0, 1, 2]


def test_a_history_hears_of_the_epochs_before_one_that_failed() -> None:
    model = cr.Sequential([cr.Input((3,)), cr.layers.Dense(1, kernel_initializer="ones")])
    model.compile(cr.optimizers.SGD(1.1), "mse")
    with pytest.raises(cr.errors.DivergedError, match="the loss became"):
        model.fit(X, 1e3 * Y, batch_size=4000, epochs=400, verbose=0, callbacks=[Late()])
    assert len(model.history.epoch) == len(model.history.history["loss"]) > 3
    assert np.isfinite(model.history.history["loss"]).all()
