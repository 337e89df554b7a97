"""Memory stays where it is over a thousand repetitions; predictions may be made from many threads at once."""

from __future__ import annotations

import gc
import threading
import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.random import threefry

X = np.random.default_rng(0).normal(size=(8, 3)).astype("float32")
Y = X.sum(axis=1)
BOUND = 100  # bytes at each repetition; what is kept by mistake is rarely so small


def network() -> cr.Sequential:
    net = cr.Sequential(
        [cr.Input((3,)), cr.layers.Dense(4, activation="relu", activity_regularizer="l2"), cr.layers.Dense(1)]
    )
    net.compile("adam", "mse", metrics=["mae"])
    return net


def grown(action: Callable[[], Any], times: int) -> float:
    """Return by how many bytes Python's memory grows at each repetition of an action.

    The repetitions come in four blocks: the first warms up, the least growth of the others counts. What is kept by
    mistake grows in each of them; what another thread of the process (the test runner's) takes once does not.
    """
    tracemalloc.start()
    try:
        sizes = []
        for _ in range(4):
            for _ in range(times // 4):
                action()
            threefry._fold_one.cache_clear()  # a cache of bounded size
            gc.collect()
            sizes.append(tracemalloc.get_traced_memory()[0])
        return float(min(np.diff(sizes))) / (times // 4)
    finally:
        tracemalloc.stop()


def test_growth_is_what_recurs_in_each_block() -> None:
    kept: list[bytes] = []
    assert grown(lambda: kept.append(bytes(200)), 200) > 200

    def once() -> None:
        if len(kept) == 350:
            kept.append(bytes(100_000))
        kept.append(b"")

    assert grown(once, 400) < BOUND


def test_predictions() -> None:
    net = network()
    assert grown(lambda: net.predict(X, verbose=0), 1000) < BOUND
    assert grown(lambda: net(X), 1000) < BOUND


def test_trainings_and_evaluations() -> None:
    net = network()
    assert grown(lambda: net.fit(X, Y, verbose=0), 500) < BOUND
    assert grown(lambda: net.evaluate(X, Y, verbose=0), 500) < BOUND
    assert grown(lambda: net.train_on_batch(X, Y), 500) < BOUND


def test_created_models() -> None:
    def create() -> None:
        inputs = cr.Input((3,))
        cr.Model(inputs, cr.layers.Dense(1)(inputs))
        net = network()
        net.fit(X, Y, verbose=0)
        net.predict(X, verbose=0)

    assert grown(create, 200) < BOUND


def test_models_of_locally_defined_classes_are_freed() -> None:
    def create() -> None:
        class Net(cr.Model):
            def __init__(self) -> None:
                super().__init__()
                self.out = cr.layers.Dense(1)
                self.large = np.zeros(10_000)

            def call(self, x: Any) -> Any:
                return self.out(x)

        Net()(X)

    assert grown(create, 60) < 1000


def test_sixteen_threads_predict_what_one_does() -> None:
    net = cr.Sequential(
        [cr.Input((3,)), cr.layers.Dense(16, activation="tanh"), cr.layers.Dropout(0.5), cr.layers.Dense(2)]
    )
    data = [np.random.default_rng(i).normal(size=(5 + i, 3)).astype("float32") for i in range(16)]
    expected = [net.predict(x, verbose=0) for x in data]
    wrong: list[Any] = []

    def work(i: int) -> None:
        try:
            for _ in range(20):
                if not np.array_equal(net.predict(data[i], verbose=0), expected[i]):
                    wrong.append(i)
                if not np.allclose(net(data[i]), expected[i], atol=1e-6):
                    wrong.append(i)
        except Exception as error:
            wrong.append(error)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(16)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert wrong == []


def test_threads_may_train_models_of_their_own() -> None:
    def train(seed: int) -> list[Any]:
        net = network()
        net.set_weights([np.full(v.shape, 0.1 * seed, "float32") for v in net.weights])
        net.fit(X, Y, epochs=5, verbose=0, shuffle=False)
        return net.get_weights()

    expected = [train(i) for i in range(4)]
    found: dict[int, list[Any]] = {}
    threads = [threading.Thread(target=lambda i=i: found.__setitem__(i, train(i))) for i in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    for i in range(4):
        for a, b in zip(expected[i], found[i], strict=True):
            np.testing.assert_array_equal(a, b)


def test_unbuilt_models_may_be_first_used_by_several_threads() -> None:
    for _ in range(5):
        net = cr.Sequential([cr.layers.Dense(4), cr.layers.Dense(1)])
        barrier = threading.Barrier(4)
        shapes: list[Any] = []

        def work(net: Any = net, barrier: Any = barrier, shapes: Any = shapes) -> None:
            barrier.wait()
            shapes.append(net.predict(X, verbose=0).shape)

        threads = [threading.Thread(target=work) for _ in range(4)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        assert shapes == [(8, 1)] * 4
        assert len(net.weights) == 4


@pytest.mark.parametrize("again", [1, 2])
def test_a_model_is_freed_when_nobody_holds_it(again: int) -> None:
    import weakref

    net = network()
    net.fit(X, Y, verbose=0)
    ghost = weakref.ref(net)
    del net
    gc.collect()
    assert ghost() is None
