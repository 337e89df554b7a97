"""The native engine and threads: the same bits for any number, many threads at once, forks, and Ctrl-C."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import config

native = pytest.importorskip("chainrule._native")

THREADS = (1, 2, 3, 4, 8)
SANITIZER = os.environ.get("CHAINRULE_SANITIZER", "")


@pytest.fixture
def eight_cores(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let threads be started as if the machine had eight cores."""
    monkeypatch.setattr("chainrule.utils.cores.usable_cores", lambda: 8)
    yield
    config.set_num_threads(None)


def drawn(seed: int) -> tuple[Callable[[], Any], Any, Any, int]:
    """Return what makes a model, its data and its batch size: from narrow with many rows to wide with few."""
    rng = np.random.default_rng(seed)
    small = seed % 2 == 0
    widths = rng.choice((5, 16, 33, 48) if small else (200, 300, 350), rng.integers(1, 4) if small else 2)
    batch = int(rng.choice((700, 1500, 2500) if small else (7, 40, 130, 300)))
    inputs, rows = int(rng.integers(4, 90)), 2 * batch + 3
    x, y = rng.normal(size=(rows, inputs)).astype("float32"), rng.normal(size=(rows, 2)).astype("float32")
    extra, rule = int(rng.integers(0, 4)), str(rng.choice(("adam", "sgd", "rmsprop", "lion")))
    floats = "float64" if seed % 5 == 0 else "float32"

    def make() -> Any:
        cr.utils.set_random_seed(seed)
        net: Any = cr.Sequential([cr.Input((inputs,), dtype=floats)])
        for i, width in enumerate(widths):
            net.add(cr.layers.Dense(int(width), activation=("tanh", "relu", "gelu")[i % 3], dtype=floats))
            if extra == 1:
                net.add(cr.layers.Dropout(0.3, dtype=floats))
            if extra == 2 and not small:
                net.add(cr.layers.BatchNormalization(dtype=floats))
            if extra == 3:
                net.add(cr.layers.LayerNormalization(dtype=floats))
        net.add(cr.layers.Dense(2, dtype=floats))
        net.compile(rule, "mse", metrics=["mae"], engine="native")
        return net

    return make, x, y, batch


def layout_of(net: Any) -> dict[str, Any]:
    (job,) = net._engine._jobs.values()
    return dict(job.trainer.layout())


def trained(make: Callable[[], Any], x: Any, y: Any, batch: int, **settings: Any) -> list[Any]:
    """Return everything that a training leaves, as bytes."""
    net = make()
    history = net.fit(x, y, batch_size=batch, epochs=2, verbose=0, **settings).history
    left = [*net.weights, *net.optimizer.variables]
    return [*(v.numpy().tobytes() for v in left), net.predict(x, verbose=0).tobytes(), sorted(history.items())]


def test_the_bits_do_not_depend_on_the_number_of_threads(eight_cores: None) -> None:
    layouts = []
    for seed in range(6 if SANITIZER else 20):
        make, x, y, batch = drawn(seed)
        results = []
        for count in THREADS:
            config.set_num_threads(count)
            results.append(trained(make, x, y, batch))
        assert all(r == results[0] for r in results[1:]), seed
        net = make()
        net.fit(x[:batch], y[:batch], batch_size=batch, verbose=0)
        layouts.append(layout_of(net))
    assert any(one["by_tiles"] and one["chunks"] > 1 and one["threads"] > 1 for one in layouts)
    assert any(one["fused"] and one["weight_threads"] > 1 for one in layouts)
    assert any(not one["by_tiles"] and one["threads"] > 1 for one in layouts)


def test_the_number_may_change_in_the_middle(eight_cores: None) -> None:
    class Change(cr.callbacks.Callback):
        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            config.set_num_threads((1, 8)[epoch % 2])

    for seed in (1, 2, 3):
        make, x, y, batch = drawn(seed)
        config.set_num_threads(1)
        assert trained(make, x, y, batch, callbacks=[Change()]) == trained(make, x, y, batch)


def in_threads(count: int, work: Callable[[int], Any]) -> list[Any]:
    """Return what `work(0)`, `work(1)`, ... give, all at once."""
    found: list[Any] = [None] * count
    barrier = threading.Barrier(count)

    def run(i: int) -> None:
        barrier.wait()
        found[i] = work(i)

    threads = [threading.Thread(target=run, args=(i,)) for i in range(count)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    return found


@pytest.mark.parametrize("rows", [1, 100, 6000])
def test_sixteen_threads_predict_with_one_model(eight_cores: None, rows: int) -> None:
    make, x, _, _ = drawn(4)
    net = make()
    x = np.resize(x, (rows, x.shape[1]))
    expected = net.predict(x, verbose=0)
    for found in in_threads(16, lambda i: [net.predict(x, verbose=0) for _ in range(5)]):
        for one in found:
            np.testing.assert_array_equal(one, expected)
    for found in in_threads(16, lambda i: np.asarray(net(x))):
        np.testing.assert_array_equal(found, expected)


def test_models_that_train_at_once_equal_those_that_train_alone(eight_cores: None) -> None:
    cases = [drawn(seed) for seed in (1, 2, 3, 4)]
    built = [make() for make, *_ in cases]

    def train(net: Any, x: Any, y: Any, batch: int) -> list[Any]:
        net.fit(x, y, batch_size=batch, epochs=2, verbose=0)
        return [v.numpy().tobytes() for v in [*net.weights, *net.optimizer.variables]]

    together = in_threads(4, lambda i: train(built[i], *cases[i][1:]))
    assert together == [train(make(), x, y, batch) for make, x, y, batch in cases]


def test_instruction_sets_agree() -> None:
    chosen = native.isa()
    try:
        for seed in range(6):
            make, x, y, batch = drawn(seed)
            results = []
            for name in native.isas():
                native.choose_isa(name)
                net = make()
                net.fit(x, y, batch_size=batch, verbose=0)
                assert native.isa() == name
                results.append(net)
            bound = {"float32": 2e-4, "float64": 1e-9}[str(net.weights[0].dtype)]
            for other in results[1:]:
                for a, b in zip(results[0].get_weights(), other.get_weights(), strict=True):
                    if net.optimizer.name == "lion":  # a sign may turn
                        assert np.mean(np.abs(a - b) > bound * np.max(np.abs(a))) < 0.02
                    else:
                        np.testing.assert_allclose(a, b, rtol=0, atol=bound * np.max(np.abs(a)))
    finally:
        native.choose_isa(chosen)


def run_python(code: str, **options: Any) -> Any:
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.skipif(SANITIZER == "thread", reason="the sanitizer lets no threads start after a fork")
def test_the_child_of_a_fork_trains() -> None:
    child = run_python("""
        import os, numpy as np, chainrule as cr
        from chainrule.utils import cores
        cores.usable_cores = lambda: 4
        x = np.random.default_rng(0).normal(size=(3000, 60)).astype("float32")

        def train():
            cr.utils.set_random_seed(1)
            net = cr.Sequential([cr.Input((60,)), cr.layers.Dense(300, activation="relu"), cr.layers.Dense(1)])
            net.compile("adam", "mse", engine="native")
            net.fit(x, x[:, :1], batch_size=500, epochs=2, verbose=0)
            return net.get_weights()

        before = train()
        if pid := os.fork():
            _, status = os.waitpid(pid, 0)
            assert os.waitstatus_to_exitcode(status) == 0, status
            print("parent", all(np.array_equal(a, b) for a, b in zip(before, train())))
        else:
            os._exit(0 if all(np.array_equal(a, b) for a, b in zip(before, train())) else 1)
    """)
    out, err = child.communicate(timeout=120)
    assert (out.strip(), child.returncode) == ("parent True", 0), err


@pytest.mark.skipif(os.name == "nt", reason="no SIGINT to send")
@pytest.mark.parametrize("hidden", [8, 900])
def test_ctrl_c_stops_a_long_epoch(hidden: int) -> None:
    child = run_python(f"""
        import signal, time, numpy as np, chainrule as cr
        signal.signal(signal.SIGINT, signal.default_int_handler)  # jobs in the background of a shell ignore it
        x = np.random.default_rng(0).normal(size=(1 << 16, 64)).astype("float32")
        net = cr.Sequential([cr.Input((64,)), cr.layers.Dense({hidden}, activation="relu"), cr.layers.Dense(1)])
        net.compile(cr.optimizers.Adam(1e-4), "mse", engine="native")
        net.fit(x[:64], x[:64, :1], verbose=0)
        print("begins", flush=True)
        try:
            net.fit(x, x[:, :1], batch_size=8, epochs=100_000, verbose=0)
        except KeyboardInterrupt:
            print(time.time())
        updates = int(net.optimizer.iterations)
        assert updates > 8 and all(np.isfinite(w).all() for w in net.get_weights())
        net.fit(x[:64], x[:64, :1], batch_size=8, verbose=0)
        assert int(net.optimizer.iterations) == updates + 8
        print("goes on")
    """)
    import time

    assert child.stdout.readline() == "begins\n"
    time.sleep(0.5)
    sent = time.time()
    child.send_signal(signal.SIGINT)
    try:
        out, err = child.communicate(timeout=60)
    finally:
        child.kill()
    stopped, goes_on = out.splitlines()
    assert goes_on == "goes on", err
    assert float(stopped) - sent < (60.0 if SANITIZER else 15.0)  # 0.1 s on a machine that has nothing else to do
