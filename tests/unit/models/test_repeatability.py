"""The same seed gives the same bits; training can be cut in two."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr

X = np.random.default_rng(0).normal(size=(50, 4)).astype("float32")
Y = (X[:, 0] > 0).astype("float32")


def network(seed: int | None, optimizer: str = "adam", dtype: str | None = None) -> cr.Sequential:
    if seed is not None:
        cr.utils.set_random_seed(seed)
    net = cr.Sequential(
        [
            cr.Input((4,)),
            cr.layers.GaussianNoise(0.1),
            cr.layers.Dense(16, activation="relu", dtype=dtype),
            cr.layers.Dropout(0.3),
            cr.layers.BatchNormalization(dtype=dtype),
            cr.layers.Dense(1, activation="sigmoid", dtype=dtype),
        ]
    )
    net.compile(optimizer, "binary_crossentropy", metrics=["accuracy"])
    return net


def run(net: Any, **arguments: Any) -> tuple[list[Any], dict[str, list[float]], Any]:
    record = net.fit(X, Y, **{"epochs": 3, "batch_size": 8, "verbose": 0, "validation_split": 0.2, **arguments})
    return net.get_weights(), record.history, net.predict(X, verbose=0)


def equal(a: Any, b: Any) -> bool:
    if isinstance(a, dict):
        return bool(a == b)
    return all(np.array_equal(p, q) for p, q in zip(a, b, strict=True)) if isinstance(a, list) else np.array_equal(a, b)


@pytest.mark.parametrize("dtype", [None, "float64"])
def test_same_seed_same_bits(dtype: str | None) -> None:
    first, second = run(network(7, dtype=dtype)), run(network(7, dtype=dtype))
    assert all(equal(a, b) for a, b in zip(first, second, strict=True))


def test_another_seed_differs_everywhere() -> None:
    first, second = run(network(7)), run(network(8))
    assert not any(equal(a, b) for a, b in zip(first, second, strict=True))


def test_without_a_seed_runs_differ() -> None:
    cr.random.set_random_seed(None) if hasattr(cr.random, "set_random_seed") else None
    assert not equal(network(None).get_weights(), network(None).get_weights())


@pytest.mark.parametrize("optimizer", ["adam", "sgd", "rmsprop"])
def test_two_and_two_epochs_equal_four(optimizer: str) -> None:
    whole, halves = network(3, optimizer), network(3, optimizer)
    whole_history = whole.fit(X, Y, epochs=4, batch_size=8, verbose=0).history
    one = halves.fit(X, Y, epochs=2, batch_size=8, verbose=0).history
    two = halves.fit(X, Y, epochs=2, batch_size=8, verbose=0).history
    assert {k: one[k] + two[k] for k in one} == whole_history
    assert equal(whole.get_weights(), halves.get_weights())


def test_initial_epoch_counts_on_as_well() -> None:
    whole, halves = network(3), network(3)
    whole.fit(X, Y, epochs=4, verbose=0)
    halves.fit(X, Y, epochs=2, verbose=0)
    assert halves.fit(X, Y, epochs=4, initial_epoch=2, verbose=0).epoch == [2, 3]
    assert equal(whole.get_weights(), halves.get_weights())


def test_evaluating_and_predicting_in_between_change_nothing() -> None:
    plain, watched = network(3), network(3)
    plain.fit(X, Y, epochs=3, verbose=0)
    for _ in range(3):
        watched.predict(X, verbose=0)
        watched.evaluate(X, Y, verbose=0)
        watched(X[:3], training=True)
        watched.set_weights(watched.get_weights())
    # A call with training=True moves the averages of BatchNormalization, so they start from where they were.
    fresh = network(3)
    watched.set_weights(fresh.get_weights())
    watched.fit(X, Y, epochs=3, verbose=0)
    assert equal(plain.get_weights(), watched.get_weights())


def test_callbacks_and_progress_do_not_change_the_numbers(capsys: pytest.CaptureFixture[str]) -> None:
    class Ear(cr.callbacks.Callback):
        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            pass

    results = [
        run(network(5), **arguments) for arguments in ({}, {"verbose": 1}, {"verbose": 2}, {"callbacks": [Ear()]})
    ]
    capsys.readouterr()
    for other in results[1:]:
        assert all(equal(a, b) for a, b in zip(results[0], other, strict=True))


def test_rows_are_shuffled_anew_in_each_epoch_and_not_at_all_on_request() -> None:
    seen: list[Any] = []

    class Watch(cr.layers.Layer):
        def call(self, x: Any, training: bool = False) -> Any:
            if training:
                seen.append(np.asarray(x)[:, 0].tolist())
            return x

    rows = np.arange(12, dtype="float32")[:, None]
    for shuffle in (True, False):
        seen.clear()
        net = cr.Sequential([cr.Input((1,)), Watch(), cr.layers.Dense(1)])
        net.compile("sgd", "mse")
        net.optimizer.learning_rate = 0.0
        net.fit(rows, rows, batch_size=12, epochs=3, verbose=0, shuffle=shuffle)
        assert all(sorted(order) == list(range(12)) for order in seen)
        assert len({tuple(order) for order in seen}) == (3 if shuffle else 1)


def test_train_on_batch_draws_other_masks_at_each_step_and_the_same_with_the_same_seed() -> None:
    def masks(seed: int) -> list[Any]:
        cr.utils.set_random_seed(seed)
        found: list[Any] = []

        class Watch(cr.layers.Layer):
            def call(self, x: Any, training: bool = False) -> Any:
                if training:
                    found.append(np.asarray(x).tolist())
                return x

        net = cr.Sequential([cr.Input((30,)), cr.layers.Dropout(0.5), Watch(), cr.layers.Dense(1)])
        net.compile("sgd", "mse")
        for _ in range(2):
            net.train_on_batch(np.ones((1, 30)), np.ones(1))
        return found

    first = masks(1)
    assert first == masks(1)
    assert first[0] != first[1]
    assert first != masks(2)
