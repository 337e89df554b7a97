"""A failing step leaves the model as it was at the start of the epoch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import DataError, DivergedError

X = np.random.default_rng(0).normal(size=(40, 3)).astype("float32")
Y = X.sum(axis=1)


def model(rate: float, optimizer: Any = None) -> cr.Sequential:
    cr.utils.set_random_seed(1)
    net = cr.Sequential([cr.Input((3,)), cr.layers.Dense(8, activation="relu"), cr.layers.Dense(1)])
    net.compile(optimizer or cr.optimizers.SGD(rate, momentum=0.9), "mse")
    return net


def everything(net: Any) -> list[Any]:
    return [v.numpy() for v in (*net.weights, *net.optimizer.variables)]


def same(a: list[Any], b: list[Any]) -> bool:
    return len(a) == len(b) and all(np.array_equal(x, y) for x, y in zip(a, b, strict=True))


def test_a_diverging_loss_stops_training_with_the_last_good_weights() -> None:
    net = model(30.0)
    net.build((None, 3))
    before = net.get_weights()
    with pytest.raises(DivergedError) as caught:
        net.fit(X, Y, epochs=50, verbose=0)
    text = str(caught.value)
    assert text.startswith("fit: the loss became ")
    assert " in epoch " in text
    assert "batch " in text
    assert "(the loss of the batch before: " in text
    assert text.endswith(
        "Training stopped, and the weights are those from the start of this epoch. Try a smaller learning rate "
        "(it is 30), scale the inputs and targets to about 1 (layers.Normalization), or clip the gradients "
        "(clipnorm=1.0)."
    )
    assert all(np.isfinite(w).all() for w in everything(net))
    if " in epoch 1," in text:
        assert same(before, net.get_weights())


def test_after_a_divergence_training_goes_on_as_if_it_had_not_been() -> None:
    net, other = model(0.01), model(0.01)
    for m in (net, other):
        m.fit(X, Y, epochs=2, verbose=0)
    good = everything(net)
    net.optimizer.learning_rate = 1e20
    with pytest.raises(DivergedError):
        net.fit(X, Y, epochs=3, verbose=0)
    net.optimizer.learning_rate = 0.01
    assert same(good, everything(net))
    for m in (net, other):
        m.fit(X, Y, epochs=2, verbose=0)
    assert same(everything(net), everything(other))


@pytest.mark.filterwarnings("ignore::chainrule.errors.TrapWarning")  # the inputs are far too large, on purpose
def test_weights_that_overflow_in_the_last_step_are_noticed() -> None:
    net = model(1e38)
    net.build((None, 3))
    before = net.get_weights()
    with pytest.raises(
        DivergedError, match=r"fit: the weights became (infinite|NaN) \('sequential.*/kernel'\) in epoch 1"
    ):
        net.fit(X * 1e4, Y, batch_size=40, epochs=1, verbose=0)
    assert same(before, net.get_weights())


def test_the_moving_averages_are_restored_too() -> None:
    net = cr.Sequential([cr.Input((3,)), cr.layers.BatchNormalization(), cr.layers.Dense(1)])
    net.compile(cr.optimizers.SGD(0.01), "mse")
    before = net.get_weights()
    with pytest.raises(DivergedError):
        net.fit(X, Y * 1e30, verbose=0)
    assert same(before, net.get_weights())
    with pytest.raises(DivergedError, match=r"train_on_batch: the loss is inf; the weights were not changed\."):
        net.train_on_batch(X, Y * 1e30)
    assert same(before, net.get_weights())


def test_terminate_on_nan_takes_over() -> None:
    net = model(30.0)
    record = net.fit(X, Y, epochs=50, verbose=0, callbacks=[cr.callbacks.TerminateOnNaN()])
    assert net.stop_training
    assert len(record.epoch) < 50
    assert not np.isfinite(record.history["loss"][-1])


def test_an_error_in_a_late_batch_leaves_the_weights_unchanged() -> None:
    net = cr.Sequential([cr.Input((3,)), cr.layers.Dense(2, activation="softmax")])
    net.compile("adam", "sparse_categorical_crossentropy")
    labels = np.zeros(40, dtype=int)
    labels[::2] = 1
    labels[37] = 5

    def batches() -> Iterator[Any]:
        for i in range(0, 40, 8):
            yield X[i : i + 8], labels[i : i + 8]

    net.fit(X[:8], labels[:8], verbose=0)
    before = everything(net)
    with pytest.raises(DataError, match="label 5 in row 5 is outside the 2 classes"):
        net.fit(batches(), verbose=0)
    assert same(before, everything(net))
    net.fit(X[:8], labels[:8], verbose=0)
    assert not same(before, everything(net))


def test_an_error_in_the_users_own_code_leaves_the_weights_unchanged() -> None:
    class Fragile(cr.layers.Layer):
        calls = 0

        def call(self, x: Any, training: bool = False) -> Any:
            if training:
                type(self).calls += 1
                if self.calls == 3:
                    raise RuntimeError("third call")
            return x

    net = cr.Sequential([cr.Input((3,)), Fragile(), cr.layers.Dense(1)])
    net.compile(cr.optimizers.Adam(0.1), "mse")
    before = net.get_weights()
    with pytest.raises(RuntimeError, match="third call"):
        net.fit(X, Y, batch_size=8, verbose=0)
    assert same(before, net.get_weights())
    assert int(net.optimizer.iterations) == 0


def test_a_callbacks_error_keeps_what_was_learnt() -> None:
    class Stop(cr.callbacks.Callback):
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            raise KeyboardInterrupt

    net = model(0.01)
    net.build((None, 3))
    before = net.get_weights()
    with pytest.raises(KeyboardInterrupt):
        net.fit(X, Y, verbose=0, callbacks=[Stop()])
    assert not same(before, net.get_weights())
