"""`fit` and the other loops, beyond what the scenarios compare with Keras."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import chainrule as cr
from chainrule.errors import EngineError
from chainrule.models.evaluate import Pace

X = np.random.default_rng(0).normal(size=(30, 3)).astype("float32")
Y = X.sum(axis=1)


def network(**settings: Any) -> cr.Sequential:
    cr.utils.set_random_seed(2)
    net = cr.Sequential([cr.Input((3,)), cr.layers.Dense(4, activation="tanh"), cr.layers.Dense(1)])
    net.compile(cr.optimizers.SGD(0.05), "mse", **settings)
    return net


@pytest.mark.parametrize(
    "frames",
    [
        lambda x, y: (pd.DataFrame(x, columns=list("abc")), pd.Series(y)),
        lambda x, y: (pl.DataFrame(x, schema=list("abc")), pl.Series(y)),
        lambda x, y: (pa.table({k: x[:, i] for i, k in enumerate("abc")}), pa.array(y)),
        lambda x, y: (x.tolist(), y.tolist()),
        lambda x, y: (x.astype("float64"), y.astype("float16").astype("float32")),
        lambda x, y: (np.asfortranarray(x), y[:, None]),
    ],
)
def test_every_kind_of_table_trains_alike(frames: Any) -> None:
    y = Y.astype("float16").astype("float32")
    expected, net = network(), network()
    expected.fit(X, y, epochs=2, verbose=0)
    x, targets = frames(X, y)
    net.fit(x, targets, epochs=2, verbose=0)
    for a, b in zip(expected.get_weights(), net.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6)
    np.testing.assert_allclose(net.predict(x, verbose=0), expected.predict(X, verbose=0), rtol=1e-5)


def test_arguments_come_in_keras_order() -> None:
    net = network()
    record = net.fit(X, Y, 10, 2, 0)
    assert record.epoch == [0, 1]
    assert record.params == {"verbose": 0, "epochs": 2, "steps": 3}
    assert isinstance(net.evaluate(X, Y, 10, 0), float)
    assert net.predict(X, 10, 0).shape == (30, 1)


def test_validation_is_done_with_the_weights_at_the_epochs_end() -> None:
    net = network()
    record = net.fit(X, Y, epochs=2, verbose=0, validation_data=(X, Y))
    assert record.history["val_loss"][-1] == pytest.approx(net.evaluate(X, Y, verbose=0), rel=1e-6)


def test_metrics_of_training_do_not_leak_into_validation() -> None:
    record = network(metrics=["mae"]).fit(X, Y, epochs=1, verbose=0, validation_data=(X[:1], Y[:1]))
    assert record.history["mae"] != record.history["val_mae"]


def test_progress_lines(capsys: pytest.CaptureFixture[str]) -> None:
    net = network()
    net.fit(X, Y, epochs=2, verbose=2, validation_data=(X, Y))
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "Epoch 1/2"
    assert lines[1].startswith("1/1 - ")
    assert " - loss: " in lines[1]
    assert " - val_loss: " in lines[1]
    net.fit(X, Y, batch_size=2, verbose=1)
    assert "15/15" in capsys.readouterr().out
    net.evaluate(X, Y, verbose=1)
    net.predict(X, verbose=1)
    assert capsys.readouterr().out.count("1/1") >= 2
    net.fit(X, Y, verbose=0)
    net.evaluate(X, Y, verbose=0)
    net.predict(X, verbose=0)
    assert capsys.readouterr().out == ""


class _Callbacks:
    def __init__(self, listens: bool, draws: bool) -> None:
        self.wants_train_batches = self.wants_test_batches = listens
        self.draws = draws
        self.strides: dict[str, int] = {}

    def at_intervals(self, mode: str) -> bool:
        return self.draws


def test_pace_gives_the_engine_as_many_steps_as_it_can() -> None:
    assert Pace(_Callbacks(False, True), "train", 1, 50).next(0) == 50
    silent_stream = Pace(_Callbacks(False, True), "train", 1, None)
    assert silent_stream.next(0) == 1
    each = Pace(_Callbacks(True, False), "train", 1, 50)
    assert [each.next(i) for i in range(3)] == [1, 2, 3]
    in_threes = Pace(_Callbacks(True, False), "test", 3, 8)
    assert [in_threes.next(i) for i in (0, 3, 6)] == [3, 6, 8]


def test_pace_grows_while_only_the_progress_line_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr("chainrule.models.evaluate.perf_counter", lambda: now[0])
    pace = Pace(_Callbacks(True, True), "train", 1, 1000)
    taken, step = [], 0
    for seconds in (0.001, 0.002, 0.004, 0.03, 0.2, 0.001):
        until = pace.next(step)
        taken.append(until - step)
        step = until
        now[0] += seconds
    assert taken == [1, 2, 4, 8, 8, 8]


def test_pace_goes_on_as_in_the_epoch_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chainrule.models.evaluate.perf_counter", lambda: 0.0)
    callbacks = _Callbacks(True, True)
    first = Pace(callbacks, "train", 1, 1000)
    assert [first.next(0), first.next(1), first.next(3)] == [1, 3, 7]
    assert Pace(callbacks, "train", 1, 1000).next(0) == 4
    assert Pace(callbacks, "test", 1, 1000).next(0) == 1
    callbacks.draws = False
    assert Pace(callbacks, "train", 1, 1000).next(0) == 1


def test_an_engine_gets_a_whole_epoch_when_nobody_listens() -> None:
    calls: list[Any] = []

    class Counting(cr.extend.ReferenceEngine):
        name = "counting"

        def train_steps(self, model: Any, epoch: Any, key: Any, first: int, last: int) -> Any:
            calls.append((first, last, epoch.order is None, epoch.batch_size, epoch.steps, epoch.arrays[0].shape))
            return super().train_steps(model, epoch, key, first, last)

    cr.extend.register_engine(Counting)
    try:
        net = network(engine="counting")
        net.fit(X, Y, batch_size=4, epochs=2, verbose=0)
        assert calls == [(0, 8, False, 4, 8, (30, 3))] * 2
        calls.clear()
        net.fit(
            X,
            Y,
            batch_size=15,
            verbose=0,
            shuffle=False,
            callbacks=[cr.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: None)],
        )
        assert calls == [(0, 1, True, 15, 2, (30, 3)), (1, 2, True, 15, 2, (30, 3))]
    finally:
        cr.extend.unregister_engine("counting")


def test_predict_computes_large_batches_and_tells_of_small_ones() -> None:
    computed: list[int] = []
    told: list[Any] = []

    class Counting(cr.extend.ReferenceEngine):
        name = "counting"

        def predict_batch(self, model: Any, x: Any) -> Any:
            computed.append(len(x))
            return super().predict_batch(model, x)

    class Ear(cr.callbacks.Callback):
        def on_predict_batch_end(self, batch: int, logs: Any = None) -> None:
            told.append((batch, logs["outputs"].shape))

    cr.extend.register_engine(Counting)
    try:
        net = network(engine="counting")
        x = np.zeros((1100, 3), "float32")
        assert net.predict(x, verbose=0, callbacks=[Ear()]).shape == (1100, 1)
        assert computed == [1024, 76]
        assert told[:2] == [(0, (32, 1)), (1, (32, 1))]
        assert told[-1] == (34, (12, 1))
        computed.clear()
        net.predict(x[:70], batch_size=32, verbose=0)
        assert computed == [32, 32, 6]
    finally:
        cr.extend.unregister_engine("counting")


def test_results_are_arrays_of_their_own() -> None:
    net = cr.Sequential([cr.Input((3,)), cr.layers.Identity()])
    x = X.copy()
    found = net.predict(x, verbose=0)
    assert found.flags.writeable
    found += 1
    np.testing.assert_array_equal(x, X)


def test_float64_models() -> None:
    cr.config.set_floatx("float64")
    try:
        net = network(metrics=["mae"])
        record = net.fit(X.astype("float64"), Y.astype("float64"), epochs=2, verbose=0)
        assert {v.dtype.name for v in net.weights} == {"float64"}
        assert net.pack().array.dtype == np.float64
        assert net.predict(X, verbose=0).dtype == np.float64
        x = X.astype("float64")
        kernel, bias, last, offset = net.get_weights()
        expected = np.tanh(x @ kernel + bias) @ last + offset
        np.testing.assert_allclose(net.predict(x, verbose=0), expected, rtol=1e-14)
        assert record.history["loss"][1] < record.history["loss"][0]
    finally:
        cr.config.set_floatx("float32")
    mixed = cr.Sequential([cr.Input((3,)), cr.layers.Dense(4, dtype="float64"), cr.layers.Dense(1)])
    mixed.compile("adam", "mse")
    mixed.fit(X, Y, verbose=0)
    assert [v.dtype.name for v in mixed.weights] == ["float64", "float64", "float32", "float32"]


def test_stop_evaluating_and_predicting() -> None:
    net = network()

    class Stop(cr.callbacks.Callback):
        def on_test_batch_end(self, batch: int, logs: Any = None) -> None:
            self.model.stop_evaluating = True

        def on_predict_batch_end(self, batch: int, logs: Any = None) -> None:
            self.model.stop_predicting = True

    stopped = net.evaluate(X, Y, batch_size=10, verbose=0, callbacks=[Stop()])
    assert stopped == pytest.approx(net.evaluate(X[:10], Y[:10], verbose=0))
    assert net.predict(X, batch_size=10, verbose=0, callbacks=[Stop()]).shape == (10, 1)


def test_copies_and_clones_train_on_their_own() -> None:
    import copy
    import pickle

    net = network()
    net.fit(X, Y, epochs=2, verbose=0)
    twins = [copy.deepcopy(net), pickle.loads(pickle.dumps(net))]
    before = net.get_weights()
    for twin in twins:
        twin.fit(X, Y, epochs=2, verbose=0)
    for a, b in zip(before, net.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    net.fit(X, Y, epochs=2, verbose=0)
    for twin in twins:
        for a, b in zip(net.get_weights(), twin.get_weights(), strict=True):
            np.testing.assert_array_equal(a, b)
    clone = cr.models.clone_model(net)
    assert clone.count_params() == net.count_params()
    assert not np.array_equal(clone.get_weights()[0], net.get_weights()[0])
    assert clone.compiled  # as in Keras, with an optimizer that starts anew
    assert int(clone.optimizer.iterations) == 0


def test_what_happens_before_the_first_step_leaves_no_trace() -> None:
    class Counter(cr.layers.Layer):
        def build(self, input_shape: Any) -> None:
            self.calls = self.add_weight((), "zeros", trainable=False, name="calls")
            self.rows = cr.metrics.Sum(name="rows")

        def call(self, x: Any) -> Any:
            self.calls.assign_add(1)
            self.rows.update_state(len(x))
            return x

    net = cr.Sequential([Counter(), cr.layers.Dense(1)])
    net.compile("sgd", "mse")
    assert net.fit(X, Y, batch_size=10, verbose=0).history["rows"] == [30.0]
    assert float(net.layers[0].calls) == 3


def test_compile_within_fit_is_refused_with_what_to_do_instead() -> None:
    net = network()
    compiles = cr.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: net.compile("adam", "mse"))
    with pytest.raises(EngineError, match=r"fit, epoch 2: .* compiled anew by a callback while.*learning_rate"):
        net.fit(X, Y, epochs=3, verbose=0, callbacks=[compiles])
