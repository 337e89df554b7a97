"""Recorder: what is written while a model trains, when, and what becomes of a training that is broken off."""

from __future__ import annotations

import math
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.callbacks import Callback, Recorder
from chainrule.callbacks.recorder import run_path
from chainrule.errors import DataError, DivergedError, ModelFileError
from chainrule.recording import load

RNG = np.random.default_rng(0)
X = RNG.normal(size=(64, 3)).astype("float32")
Y = (X[:, 0] > 0).astype("float32")


def network() -> Any:
    cr.utils.set_random_seed(0)
    layers = [cr.Input((3,)), cr.layers.Dense(4, "tanh", name="a"), cr.layers.Dense(1, "sigmoid", name="b")]
    model = cr.Sequential(layers, name="m")
    model.compile(cr.optimizers.SGD(0.1), "binary_crossentropy", metrics=["accuracy"])
    return model


def record(path: Path, model: Any = None, fit: dict[str, Any] | None = None, **arguments: Any) -> Any:
    """Train for 6 epochs of 4 batches, and return the model and its history."""
    model = model or network()
    recorder = Recorder(path, **{"cost": None, **arguments})
    history = model.fit(X, Y, **{"batch_size": 16, "epochs": 6, "verbose": 0, "callbacks": [recorder], **(fit or {})})
    return model, history, recorder


# -- what is written ---------------------------------------------------------------------------------------------------


def test_a_run_from_beginning_to_end(tmp_path: Path) -> None:
    model, history, _ = record(tmp_path, every=1, name="first", fit={"validation_split": 0.25, "batch_size": 12})
    run = load(tmp_path)
    assert run.path == tmp_path / "run.jsonl"
    assert run.start["run"]["name"] == run.name == "first"
    assert run.start["training"]["epochs"] == 6
    assert run.start["data"]["rows"] == 48
    assert run.start["data"]["validation_rows"] == 16
    assert [e["step"] for e in run.epochs] == [4, 8, 12, 16, 20, 24]
    assert run.history == history.history
    assert run.steps == [0, 4, 8, 12, 16, 20, 24]
    assert [f["epoch"] for f in run.frames] == [0, 0, 1, 2, 3, 4, 5]
    assert [f["batch"] for f in run.frames] == [0, 3, 3, 3, 3, 3, 3]
    assert run.frames[2]["logs"] == {k: v[1] for k, v in history.history.items()}
    assert (run.end or {})["why"] == "all epochs"
    assert (run.end or {})["epoch"] == 6
    for v in model.weights:
        np.testing.assert_array_equal(run.frames[-1]["weights"][v.path], v.value)
    assert repr(run) == "<Recording 'first': 6 epochs, 7 frames, 0 findings, all epochs>"


def test_a_recorded_training_is_bit_for_bit_the_same(tmp_path: Path) -> None:
    plain = network()
    history = plain.fit(X, Y, batch_size=16, epochs=6, verbose=0)
    for every, cost in ((1, None), ("batch", None), ("auto", 0.0), ("auto", 0.3)):
        model, recorded, _ = record(tmp_path, every=every, cost=cost, overwrite=True)
        assert recorded.history == history.history
        for a, b in zip(plain.get_weights(), model.get_weights(), strict=True):
            np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("cost", [None, 0.5, 0.0])
def test_the_first_frame_shows_the_model_before_whenever_it_is_written(tmp_path: Path, cost: float | None) -> None:
    model = network()
    rate = float(model.optimizer.learning_rate)
    schedule = cr.callbacks.LearningRateScheduler(lambda epoch, lr: lr / 2)
    recorder = Recorder(tmp_path, cost=cost)
    model.fit(X, Y, epochs=6, verbose=0, callbacks=[recorder, schedule])
    frames = load(tmp_path).frames
    assert (frames[0]["step"], frames[0]["learning_rate"], frames[0]["seconds"]) == (0, rate, 0.0)
    for v in network().weights:
        np.testing.assert_array_equal(frames[0]["weights"][v.path], v.value)
    np.testing.assert_allclose(frames[0]["outputs"], network().predict(X, verbose=0), rtol=1e-6)
    np.testing.assert_array_equal(frames[-1]["weights"]["m/a/kernel"], model.get_weights()[0])
    assert frames[-1]["learning_rate"] == pytest.approx(rate / 64)


@pytest.mark.parametrize(
    ("every", "steps"),
    [
        (1, [0, 4, 8, 12, 16, 20, 24]),
        (4, [0, 16, 24]),
        (100, [0, 24]),
        ("batch", list(range(25))),
        ("6 batches", [0, 6, 12, 18, 24]),
    ],
)
def test_how_often(tmp_path: Path, every: Any, steps: list[int]) -> None:
    record(tmp_path, every=every)
    assert load(tmp_path).steps == steps


@pytest.mark.parametrize("every", [0, -1, True, "epochs", "0 batches", None, 1.5])
def test_anything_else_is_refused(every: Any) -> None:
    with pytest.raises(DataError, match="every must be 'auto', a number of epochs"):
        Recorder(every=every)


def test_without_time_only_the_first_and_the_last_frame_are_taken(tmp_path: Path) -> None:
    for every in (1, "batch", "auto"):
        record(tmp_path, every=every, cost=0.0, overwrite=True)
        run = load(tmp_path)
        assert run.steps == [0, 24]
        assert len(run.epochs) == 6


def test_batches_are_heard_of_one_by_one_only_while_there_is_time(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, every="batch", cost=0.0)
    assert recorder.hears_at_intervals
    network().fit(X, Y, verbose=0, callbacks=[recorder])
    assert recorder.hears_at_intervals
    journal: Any = recorder.journal
    journal.allowance.share = None
    assert not Recorder.hears_at_intervals.fget(recorder)  # type: ignore[attr-defined]
    assert Recorder(tmp_path, every=2).hears_at_intervals


@pytest.mark.parametrize(("short", "one_by_one"), [(0.0, 5), (1000.0, 1)])
def test_few_epochs_are_looked_into_while_they_are_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, short: float, one_by_one: int
) -> None:
    ended: list[int] = []

    class Listening(Recorder):
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            ended.append(epoch)
            super().on_epoch_end(epoch, logs)

    monkeypatch.setattr("chainrule.callbacks.recorder.SHORT_EPOCH_S", short)
    network().fit(X, Y, batch_size=16, epochs=5, verbose=0, callbacks=[Listening(tmp_path, cost=None)])
    assert ended == list(range(one_by_one))
    assert len(load(tmp_path).epochs) == 5
    assert 1 in load(tmp_path).steps  # which is within the first epoch


def test_what_is_listened_to(tmp_path: Path) -> None:
    def asked(epochs: int, **arguments: Any) -> tuple[bool, bool, float]:
        recorder = Recorder(tmp_path, **arguments)
        recorder.set_params({"epochs": epochs, "steps": 5, "verbose": 0})
        late = recorder.hears_of_epochs_late > 0
        return recorder._listens_to("on_train_batch_end"), late, recorder.epochs_at_once

    assert asked(100) == (False, True, math.inf)
    assert asked(2)[:2] == (True, False)
    assert asked(100, every=2) == (False, True, 2)
    assert asked(100, every="batch")[:2] == (True, False)


def test_many_epochs_run_together(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path)
    history = network().fit(X, Y, batch_size=16, epochs=100, verbose=0, callbacks=[recorder])
    run = load(tmp_path)
    assert run.history == history.history
    assert [e["step"] for e in run.epochs] == list(range(4, 404, 4))
    assert [e["epoch"] for e in run.epochs] == list(range(100))
    assert all(f["step"] % 4 == 0 and f["epoch"] == max(f["step"] // 4 - 1, 0) for f in run.frames)


def without_time_for_whole_frames(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let time be short while a model trains, and enough at the end."""
    monkeypatch.setattr("chainrule.recording.allowance.Allowance.allows", lambda *given: False)
    monkeypatch.setattr("chainrule.recording.allowance.Allowance.left", lambda self, total: 0.05)


@pytest.mark.parametrize("others", [False, True])
def test_a_short_training_gives_a_replay_of_brief_frames(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, others: bool
) -> None:
    without_time_for_whole_frames(monkeypatch)
    seen: dict[int, Any] = {}

    class Look(Callback):  # with it each epoch runs alone
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            seen[epoch] = self.model.get_weights()[0]

    plain = network()
    plain_history = plain.fit(X, Y, batch_size=16, epochs=200, verbose=0, callbacks=[Look()])
    callbacks = [Recorder(tmp_path), *([Callback()] if others else [])]
    model = network()
    history = model.fit(X, Y, batch_size=16, epochs=200, verbose=0, callbacks=callbacks)
    run = load(tmp_path)
    assert history.history == plain_history.history == run.history
    for a, b in zip(plain.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    assert 20 <= len(run.frames) <= 24
    assert run.steps == sorted(set(run.steps))
    assert (run.steps[0], run.steps[-1]) == (0, 800)
    gaps = np.diff(run.steps)
    assert gaps.max() <= 3 * gaps[1:-1].min()
    for frame in run.frames[1:-1]:
        assert frame["units"] == []
        assert frame["step"] == 4 * (frame["epoch"] + 1)
        np.testing.assert_array_equal(frame["weights"]["m/a/kernel"], seen[frame["epoch"]])
        assert frame["logs"]["loss"] == history.history["loss"][frame["epoch"]]
        found = run.model_at(frame).predict(run.start["probe"]["x"], verbose=0)
        np.testing.assert_allclose(frame["outputs"], found, rtol=1e-6)


def test_what_was_noted_of_a_training_that_failed_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    without_time_for_whole_frames(monkeypatch)
    with pytest.raises(RuntimeError):
        network().fit(X, Y, epochs=6, verbose=0, callbacks=[Recorder(tmp_path, every=1), Fail(RuntimeError("no"))])
    assert load(tmp_path).steps == [0, 2, 4, 6]


def test_sketches_leave_room_in_a_small_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    without_time_for_whole_frames(monkeypatch)
    network().fit(X, Y, epochs=60, verbose=0, callbacks=[Recorder(tmp_path / "a", budget_mb=0.03)])
    assert (tmp_path / "a" / "run.jsonl").stat().st_size <= 30_000
    assert 4 < len(load(tmp_path / "a").frames) < 20
    network().fit(X, Y, epochs=60, verbose=0, callbacks=[Recorder(tmp_path / "b", frames=5)])
    assert 3 <= len(load(tmp_path / "b").frames) <= 5


def test_epochs_run_together_up_to_the_next_frame(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parts: list[int] = []
    add = Recorder.add_epochs

    def add_epochs(self: Recorder, epochs: Any, logs: Any) -> None:
        parts.append(len(epochs))
        add(self, epochs, logs)

    monkeypatch.setattr(Recorder, "add_epochs", add_epochs)
    record(tmp_path, every=30, fit={"epochs": 100})
    assert load(tmp_path).steps == [0, 120, 240, 360, 400]
    assert sum(parts) == 100
    assert set(np.cumsum(parts)) >= {30, 60, 90}


def test_best_weights_put_back_are_no_step(tmp_path: Path) -> None:
    stop = cr.callbacks.EarlyStopping("loss", mode="max", patience=4, restore_best_weights=True)
    recorder = Recorder(tmp_path, every=2, cost=None)
    network().fit(X, Y, batch_size=16, epochs=50, verbose=0, callbacks=[stop, recorder])
    frames = load(tmp_path).frames
    assert frames[-1]["epoch"] == stop.stopped_epoch
    assert frames[-1]["step"] > frames[-2]["step"] + 1
    assert all(
        item["ratio"] is not None for frame in frames[1:-1] for item in frame["flow"] if "kernel" in item["path"]
    )
    assert {item["ratio"] for item in frames[-1]["flow"]} == {None}


@pytest.mark.parametrize("budget", [0, -1])
def test_a_file_of_no_bytes_is_refused(tmp_path: Path, budget: float) -> None:
    with pytest.raises(DataError, match=f"budget_mb must be a number of megabytes above 0, but is {budget}"):
        Recorder(tmp_path, budget_mb=budget)


def test_where_no_time_is_left_the_last_frame_is_brief(tmp_path: Path) -> None:
    model, _, _ = record(tmp_path, cost=0.0)
    last = load(tmp_path).frames[-1]
    assert (last["units"], last["gradients"], last["flow"]) == ([], None, [])
    np.testing.assert_array_equal(last["weights"]["m/a/kernel"], model.get_weights()[0])
    np.testing.assert_allclose(last["outputs"], model.predict(X, verbose=0), rtol=1e-6)


def test_a_small_budget_thins_the_frames(tmp_path: Path) -> None:
    record(tmp_path, every="batch", fit={"epochs": 50}, budget_mb=0.1)
    run = load(tmp_path)
    assert (tmp_path / "run.jsonl").stat().st_size <= 100_000
    assert (run.steps[0], run.steps[-1]) == (0, 200)
    assert 8 < len(run.frames) < 60
    assert len(run.epochs) == 50


def test_at_most_so_many_frames(tmp_path: Path) -> None:
    record(tmp_path, every=1, fit={"epochs": 100}, frames=10)
    steps = load(tmp_path).steps
    assert (steps[0], steps[-1]) == (0, 400)
    assert 5 <= len(steps) <= 10


def test_without_times_the_same_training_gives_the_same_file(tmp_path: Path) -> None:
    files = []
    for name in ("a", "b"):
        cr.utils.clear_session()  # or the names of layers are counted on
        record(tmp_path / name, every=1, frames=4, timed=False)
        files.append((tmp_path / name / "run.jsonl").read_bytes())
    assert files[0] == files[1]
    run = load(tmp_path / "a")
    assert run.start["run"]["started"] is None
    assert {m["seconds"] for m in [*run.frames, *run.epochs, run.end or {}]} == {0.0}


def test_of_a_network_too_large_for_the_budget_frames_leave_out_what_does_not_fit(tmp_path: Path) -> None:
    record(tmp_path, budget_mb=0.0005)
    first = load(tmp_path).frames[0]
    assert first["gradients"] is None
    assert sorted(first["weights"]) == ["m/a/bias", "m/a/kernel", "m/b/bias", "m/b/kernel"]
    record(tmp_path, budget_mb=0.0002, overwrite=True)
    run = load(tmp_path)
    assert run.frames[0]["weights"] == {}
    assert run.frames[0]["outputs"].shape == (64, 1)
    with pytest.raises(ModelFileError, match="holds no weights"):
        run.model_at(0)


def test_rows_of_your_own_are_the_probe(tmp_path: Path) -> None:
    model, _, _ = record(tmp_path, probe=(X[:5], Y[:5]))
    run = load(tmp_path)
    np.testing.assert_array_equal(run.start["probe"]["x"], X[:5])
    assert run.start["probe"]["rows"] == []
    np.testing.assert_allclose(run.frames[-1]["outputs"], model.predict(X[:5], verbose=0), rtol=1e-6)
    record(tmp_path, probe=7, overwrite=True)
    assert len(load(tmp_path).start["probe"]["rows"]) == 7


def test_names_reach_the_file(tmp_path: Path) -> None:
    record(tmp_path, features=["age", "<script>", "=cmd()"], target="lived", classes=["no", "yes"])
    data = load(tmp_path).start["data"]
    assert [f["name"] for f in data["features"]] == ["age", "<script>", "=cmd()"]
    assert (data["target"], data["classes"], data["task"]) == ("lived", ["no", "yes"], "binary")


def test_a_sick_training_is_told_of(tmp_path: Path) -> None:
    model = cr.Sequential([cr.Input((3,)), cr.layers.Dense(4, "relu", name="a"), cr.layers.Dense(1, "sigmoid")])
    model.compile("sgd", "binary_crossentropy")
    hidden: Any = model.get_layer("a")
    hidden.bias.assign(np.full(4, -100.0, "float32"))
    _, _, recorder = record(tmp_path, model, every=1)
    found = load(tmp_path).findings
    assert [f["code"] for f in found] == [f.code for f in recorder.findings]
    assert "dead-relu" in [f["code"] for f in found]
    record(tmp_path, model, every=1, health=False, overwrite=True)
    assert load(tmp_path).findings == []


# -- several trainings ------------------------------------------------------------------------------------------------


def test_a_file_that_is_there_is_refused_before_training(tmp_path: Path) -> None:
    record(tmp_path)
    model = network()
    with pytest.raises(ModelFileError, match="exists already"):
        model.fit(X, Y, verbose=0, callbacks=[Recorder(tmp_path)])
    np.testing.assert_array_equal(model.get_weights()[0], network().get_weights()[0])


def test_a_further_fit_of_the_same_model_goes_on(tmp_path: Path) -> None:
    model, first, recorder = record(tmp_path, every=1, fit={"epochs": 2})
    losses = list(first.history["loss"])
    second = model.fit(X, Y, batch_size=16, epochs=5, initial_epoch=2, verbose=0, callbacks=[recorder])
    run = load(tmp_path)
    assert run.steps == [0, 4, 8, 12, 16, 20]
    assert [e["epoch"] for e in run.epochs] == [0, 1, 2, 3, 4]
    assert run.history["loss"] == losses + second.history["loss"]
    assert (run.end or {})["epoch"] == 5
    seconds = [e["seconds"] for e in run.epochs]
    assert seconds == sorted(seconds)


def test_another_model_needs_another_file(tmp_path: Path) -> None:
    _, _, recorder = record(tmp_path)
    with pytest.raises(ModelFileError, match="exists already"):
        network().fit(X, Y, verbose=0, callbacks=[recorder])


def test_the_last_frame_shows_the_weights_that_early_stopping_put_back(tmp_path: Path) -> None:
    model = network()
    stop = cr.callbacks.EarlyStopping("loss", patience=2, mode="max", restore_best_weights=True)
    recorder = Recorder(tmp_path, every=1, cost=None)
    model.fit(X, Y, batch_size=8, epochs=50, verbose=0, callbacks=[recorder, stop])
    assert stop.stopped_epoch
    run = load(tmp_path)
    assert run.frames[-1]["step"] == run.frames[-2]["step"]
    np.testing.assert_array_equal(run.frames[-1]["weights"]["m/a/kernel"], model.get_layer("a").kernel.value)
    assert (run.end or {})["why"] == "stop_training"


# -- other data and models --------------------------------------------------------------------------------------------


def test_a_stream_of_unknown_length(tmp_path: Path) -> None:
    def stream() -> Any:
        for start in range(0, 64, 16):
            yield X[start : start + 16], Y[start : start + 16]

    network().fit(stream(), verbose=0, callbacks=[Recorder(tmp_path, every=1, cost=None)])
    run = load(tmp_path)
    assert run.steps == [0, 4]
    assert run.start["data"]["rows"] is None
    assert run.frames[0]["outputs"].shape == (16, 1)


def test_several_inputs_and_outputs(tmp_path: Path) -> None:
    a, b = cr.Input((3,), name="left"), cr.Input((2,), name="right")
    both = cr.layers.Concatenate()([a, b])
    model = cr.Model([a, b], {"p": cr.layers.Dense(1, name="p")(both), "q": cr.layers.Dense(2, name="q")(both)})
    model.compile("sgd", {"p": "mse", "q": "mae"})
    x, y = [X, X[:, :2]], {"p": Y, "q": X[:, :2]}
    model.fit(x, y, epochs=2, verbose=0, callbacks=[Recorder(tmp_path, every=1, cost=None)])
    run = load(tmp_path)
    assert run.steps == [0, 2, 4]
    assert sorted(run.frames[-1]["outputs"]) == ["p", "q"]
    found = run.model_at().predict(x, verbose=0)
    np.testing.assert_allclose(found["q"][run.start["probe"]["rows"]], run.frames[-1]["outputs"]["q"], rtol=1e-6)


def test_a_model_that_is_python_code(tmp_path: Path) -> None:
    class Mine(cr.Model):
        def __init__(self, size: int) -> None:
            super().__init__(name="mine")
            self.out = cr.layers.Dense(size, name="out")

        def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
            return self.out(inputs)

    model = Mine(1)
    model.compile("sgd", "mse")
    model.fit(X, Y, epochs=2, verbose=0, callbacks=[Recorder(tmp_path, every=1, cost=None)])
    run = load(tmp_path)
    assert run.start["forward"] is None
    assert run.frames[-1]["gradients"]["mine/out/kernel"].shape == (3, 1)
    with pytest.raises(ModelFileError, match="Unknown class 'Mine'"):
        run.model_at()
    again = run.model_at(custom_objects={"Mine": Mine})
    np.testing.assert_array_equal(again.predict(X, verbose=0), model.predict(X, verbose=0))


def test_a_model_that_learns_in_its_own_way_and_cannot_be_called(tmp_path: Path) -> None:
    class Own(cr.Model):
        def __init__(self) -> None:
            super().__init__(name="own")
            self.out = cr.layers.Dense(1, name="out")
            self.out.build((None, 3))

        def train_step(self, data: Any) -> dict[str, Any]:
            x, y = data[:2]
            with cr.GradientTape() as tape:
                loss = cr.ops.mean((self.out(x)[:, 0] - y) ** 2)
            self.optimizer.apply(tape.gradient(loss, self.trainable_variables), self.trainable_variables)
            return {"mine": float(loss)}

    model = Own()
    model.compile("sgd")
    history = model.fit(X, Y, epochs=2, verbose=0, callbacks=[Recorder(tmp_path, every=1, cost=None)])
    run = load(tmp_path)
    assert run.history == history.history
    assert [f["outputs"] for f in run.frames] == [None] * 3
    assert run.frames[-1]["weights"]["out/kernel"].tolist() == model.get_weights()[0].tolist()


# -- trainings that are broken off ------------------------------------------------------------------------------------


class Fail(Callback):
    def __init__(self, error: BaseException) -> None:
        super().__init__()
        self.error = error

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        if epoch == 2:
            raise self.error


@pytest.mark.parametrize(("error", "why"), [(RuntimeError("no"), "error"), (KeyboardInterrupt(), "interrupted")])
def test_why_a_training_was_broken_off(tmp_path: Path, error: BaseException, why: str) -> None:
    callbacks = [Recorder(tmp_path, every=1, cost=None), Fail(error)]
    with pytest.raises(type(error)):
        network().fit(X, Y, epochs=6, verbose=0, callbacks=callbacks)
    run = load(tmp_path)
    assert (run.end or {})["why"] == why
    assert len(run.epochs) == 3


def test_a_training_that_diverges_says_so(tmp_path: Path) -> None:
    model = cr.Sequential([cr.Input((3,)), cr.layers.Dense(1)])
    model.compile(cr.optimizers.SGD(1e30), "mse")
    with pytest.raises(DivergedError):
        model.fit(X, Y, epochs=6, verbose=0, callbacks=[Recorder(tmp_path)])
    run = load(tmp_path)
    assert (run.end or {})["why"] == "error"
    assert "diverged" in [f["code"] for f in run.findings]


def test_a_recorder_without_a_training_says_what_it_is_for() -> None:
    recorder = Recorder()
    recorder.set_model(network())
    with pytest.raises(DataError, match="no training to record"):
        recorder.on_train_begin()


ENDLESS = """
import sys
import numpy as np
import chainrule as cr

model = cr.Sequential([cr.Input((3,)), cr.layers.Dense(64, "relu"), cr.layers.Dense(1)])
model.compile("sgd", "mse")
x = np.random.default_rng(0).normal(size=(64, 3))
recorder = cr.callbacks.Recorder(sys.argv[1], every="batch", cost=None, budget_mb=0.3)
model.fit(x, x[:, 0], epochs=10**6, verbose=0, callbacks=[recorder])
"""


@pytest.mark.skipif(os.name != "posix", reason="kills a process with a signal that only POSIX systems have")
def test_who_is_killed_leaves_a_file_that_can_be_read(tmp_path: Path) -> None:
    for attempt in range(3):
        path = tmp_path / f"{attempt}.jsonl"
        process = subprocess.Popen([sys.executable, "-c", ENDLESS, str(path)])
        try:
            while not path.exists() or path.stat().st_size < 200_000:
                assert process.poll() is None
                time.sleep(0.005)
            time.sleep(0.03 * attempt)
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait()
        run = load(path)
        assert len(run.frames) > 1
        assert run.end is None
        assert run.model_at().count_params() == 321


def test_a_resumed_training_goes_on_with_its_file(tmp_path: Path) -> None:
    def train(kill: bool) -> None:
        callbacks: list[Any] = [
            cr.callbacks.BackupAndRestore(tmp_path / "backup"),
            Recorder(tmp_path / "run.jsonl", every=1, cost=None),
        ]
        model = network()
        if not kill:
            model.fit(X, Y, batch_size=16, epochs=6, verbose=0, callbacks=callbacks)
            return
        with pytest.raises(RuntimeError, match="killed"):
            model.fit(X, Y, batch_size=16, epochs=6, verbose=0, callbacks=[*callbacks, Fail(RuntimeError("killed"))])

    train(kill=True)
    train(kill=False)
    run = load(tmp_path)
    record(tmp_path / "whole", every=1)
    whole = load(tmp_path / "whole")
    assert run.steps == whole.steps
    assert run.history == whole.history
    np.testing.assert_array_equal(run.frames[-1]["weights"]["m/a/kernel"], whole.frames[-1]["weights"]["m/a/kernel"])
    assert (run.end or {})["why"] == "all epochs"


def test_what_a_path_stands_for(tmp_path: Path) -> None:
    assert run_path(tmp_path / "a.jsonl") == tmp_path / "a.jsonl"
    assert run_path(tmp_path) == tmp_path / "run.jsonl"
    (tmp_path / "b.jsonl").mkdir()
    assert run_path(tmp_path / "b.jsonl") == tmp_path / "b.jsonl" / "run.jsonl"


def test_a_probe_that_is_a_stream_is_refused(tmp_path: Path) -> None:
    model = cr.Sequential([cr.Input((1,)), cr.layers.Dense(1)])
    model.compile("sgd", "mse")
    stream = ((np.ones((2, 1)), np.ones(2)) for _ in range(3))
    with pytest.raises(DataError, match=r"^Recorder: probe must be \(x, y\) of arrays, but x is of type generator"):
        model.fit(np.ones((4, 1)), np.ones(4), callbacks=[Recorder(tmp_path, probe=(stream, None))], verbose=0)
