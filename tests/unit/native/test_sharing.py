"""One model, or its layers, in the hands of several threads and of signal handlers; and what happens without memory."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import layers

pytest.importorskip("chainrule._native")

SANITIZER = os.environ.get("CHAINRULE_SANITIZER", "")
x = np.random.default_rng(0).normal(size=(2000, 4)).astype("float32")
y = x[:, :1] - x[:, 1:2]


def net(width: int = 32) -> Any:
    model = cr.Sequential([cr.Input((4,)), layers.Dense(width, activation="tanh"), layers.Dense(1)])
    model.compile("adam", "mse", metrics=["mae"], engine="native")
    return model


def together(*tasks: Callable[[], Any]) -> None:
    """Run tasks in threads and raise what they raise."""
    errors: list[BaseException] = []

    def guarded(task: Callable[[], Any]) -> None:
        try:
            task()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=guarded, args=(task,)) for task in tasks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


@pytest.mark.skipif(SANITIZER == "thread", reason="threads that train one model do change its weights at once")
def test_threads_that_train_and_evaluate_one_model_wait_for_each_other() -> None:
    model = net()
    model.fit(x, y, batch_size=200, verbose=0)

    def train() -> None:
        for _ in range(10):
            model.fit(x, y, batch_size=200, epochs=2, verbose=0)

    def evaluate() -> None:
        for _ in range(10):
            model.evaluate(x, y, batch_size=200, verbose=0)

    together(train, train, evaluate, evaluate)
    assert model.evaluate(x, y, verbose=0)[0] < 0.5


def test_threads_may_predict_by_models_that_share_layers() -> None:
    entry = cr.Input((4,))
    shared = layers.Dense(16, activation="tanh")(entry)
    models = [cr.Model(entry, layers.Dense(n)(shared)) for n in (1, 2)]
    expected = [m.predict(x[:50], verbose=0) for m in models]

    def predict(i: int) -> None:
        for _ in range(40):
            np.testing.assert_array_equal(models[i].predict(x[:50], verbose=0), expected[i])
            np.testing.assert_allclose(np.asarray(models[i](x[:50])), expected[i], rtol=1e-6)

    together(*(lambda i=i: predict(i) for i in (0, 1, 0, 1)))


def test_many_rows_do_not_keep_other_threads_waiting() -> None:
    model, many = net(400), np.zeros((200_000, 4), np.float32)
    model(many[:1])
    times: list[float] = []
    done = threading.Event()

    def tick() -> None:
        while not done.wait(0.002):
            times.append(time.perf_counter())

    def call() -> None:
        began = time.perf_counter()
        model(many)
        ended = time.perf_counter()
        done.set()
        if ended - began > 0.1:
            assert any(began < t < ended for t in times)

    together(tick, call)


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs timers")
def test_a_signal_handler_that_uses_the_model_that_trains_breaks_nothing() -> None:
    model = net(256)
    many, targets = np.tile(x, (20, 1)), np.tile(y, (20, 1))
    model.evaluate(many, targets, verbose=0)
    before = signal.signal(signal.SIGALRM, lambda *_: model.evaluate(many, targets, verbose=0))
    signal.setitimer(signal.ITIMER_REAL, 0.05, 0.05)
    try:  # within a step the handler is refused, between two epochs it may evaluate
        with contextlib.suppress(RuntimeError):
            model.fit(many, targets, epochs=8, verbose=0)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert np.isfinite(model.fit(x, y, verbose=0).history["loss"]).all()


@pytest.mark.skipif(sys.platform != "linux" or SANITIZER != "", reason="limits the memory of a process")
def test_a_thread_without_memory_raises_a_memory_error() -> None:
    code = """
        import resource
        import numpy as np, chainrule as cr
        from chainrule import layers
        model = cr.Sequential([cr.Input((4,)), layers.Dense(500_000, kernel_initializer="zeros"), layers.Dense(1)])
        model.compile("sgd", "mse", engine="native")
        model.predict(np.zeros((1, 4), "f"), verbose=0)
        now = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (now + (64 << 20),) * 2)
        try:
            model.predict(np.zeros((2000, 4), "f"), verbose=0)
        except MemoryError:
            print("out of memory")
        else:
            print("fine")
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() in ("out of memory", "fine")
