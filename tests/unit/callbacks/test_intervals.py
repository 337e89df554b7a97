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
