"""Callbacks with real models: what they stop, restore, save and hear."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.callbacks import (
    Callback,
    CSVLogger,
    EarlyStopping,
    LambdaCallback,
    LearningRateScheduler,
    ModelCheckpoint,
    ReduceLROnPlateau,
    TerminateOnNaN,
)

X = np.random.default_rng(0).normal(size=(40, 3)).astype("float32")
Y = (X.sum(axis=1) > 0).astype("float32")


def make_model(rate: float = 0.5, **compiled: Any) -> Any:
    cr.utils.set_random_seed(1)
    model = cr.Sequential(
        [cr.Input((3,)), cr.layers.Dense(4, activation="tanh"), cr.layers.Dense(1, activation="sigmoid")]
    )
    arguments: dict[str, Any] = {"loss": "binary_crossentropy", "metrics": ["accuracy"], **compiled}
    model.compile(cr.optimizers.SGD(rate), **arguments)
    return model


def fit(model: Any, *callbacks: Callback, **arguments: Any) -> Any:
    settings: dict[str, Any] = {"epochs": 3, "batch_size": 8, "validation_split": 0.2, "verbose": 0, **arguments}
    return model.fit(X, Y, callbacks=list(callbacks), **settings)


def test_every_hook_of_training_is_called_in_order() -> None:
    calls: list[str] = []

    class Diary(Callback):
        def on_train_begin(self, logs: Any = None) -> None:
            calls.append("train begin")

        def on_train_end(self, logs: Any = None) -> None:
            calls.append("train end")

        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            calls.append(f"epoch {epoch} begin")

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            calls.append(f"epoch {epoch} end {' '.join(logs)}")

        def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
            calls.append(f"batch {batch} begin")

        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            calls.append(f"batch {batch} end {' '.join(logs)}")

        def on_test_begin(self, logs: Any = None) -> None:
            calls.append("test begin")

        def on_test_end(self, logs: Any = None) -> None:
            calls.append(f"test end {' '.join(logs)}")

        def on_test_batch_end(self, batch: int, logs: Any = None) -> None:
            calls.append(f"test batch {batch} end {' '.join(logs)}")

    fit(make_model(), Diary(), epochs=1, batch_size=16)
    assert calls == [
        "train begin",
        "epoch 0 begin",
        "batch 0 begin",
        "batch 0 end accuracy loss",
        "batch 1 begin",
        "batch 1 end accuracy loss",
        "test begin",
        "test batch 0 end accuracy loss",
        "test end accuracy loss",
        "epoch 0 end accuracy loss val_accuracy val_loss",
        "train end",
    ]


def test_hooks_of_prediction_see_the_outputs() -> None:
    outputs: list[Any] = []
    model = make_model()
    spy = LambdaCallback(on_predict_batch_end=lambda batch, logs: outputs.append(logs["outputs"]))
    whole = model.predict(X, batch_size=16, verbose=0, callbacks=[spy])
    assert [len(part) for part in outputs] == [16, 16, 8]
    np.testing.assert_array_equal(np.concatenate(outputs), whole)


def test_listening_to_batches_changes_no_number() -> None:
    quiet = fit(make_model())
    heard = fit(make_model(), LambdaCallback(on_train_batch_end=lambda batch, logs: None))
    assert quiet.history == heard.history


def test_best_weights_come_back() -> None:
    model, kept = make_model(rate=5.0), []
    spy = LambdaCallback(on_epoch_end=lambda epoch, logs: kept.append((logs["val_loss"], model.get_weights())))
    stopping = EarlyStopping(patience=1, restore_best_weights=True)
    history = fit(model, stopping, spy, epochs=60)
    assert len(history.epoch) < 60
    best = min(range(len(kept)), key=lambda epoch: kept[epoch][0])
    assert stopping.best_epoch == best < len(kept) - 1
    for restored, original in zip(model.get_weights(), kept[best][1], strict=True):
        np.testing.assert_array_equal(restored, original)


def test_accuracy_is_known_to_be_better_when_higher() -> None:
    stopping = EarlyStopping("val_accuracy", patience=20)
    history = fit(make_model(), stopping, epochs=4)
    assert stopping.best == max(history.history["val_accuracy"])


def test_a_scheduled_rate_is_the_one_used() -> None:
    model = make_model()
    before = model.get_weights()
    history = fit(model, LearningRateScheduler(lambda epoch, rate: 0.0), epochs=1)
    assert history.history["learning_rate"] == [0.0]
    for a, b in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_the_rate_falls_on_a_plateau() -> None:
    plateau = ReduceLROnPlateau("loss", factor=0.5, patience=1, min_delta=100.0)
    rates = fit(make_model(), plateau, epochs=4).history["learning_rate"]
    assert rates == pytest.approx([0.5, 0.5, 0.25, 0.125])


def test_an_exploding_loss_ends_training_in_order(capsys: pytest.CaptureFixture[str]) -> None:
    ended = []
    model = make_model(loss="mse")
    model.layers[-1].activation = cr.activations.get("linear")
    model.compile(cr.optimizers.SGD(1e20), loss="mse")
    history = fit(
        model,
        TerminateOnNaN(),
        LambdaCallback(on_train_end=lambda logs: ended.append(True)),
        validation_split=0.0,
        epochs=10,
    )
    assert history.epoch == [0]
    assert ended == [True]
    assert "Invalid loss, terminating training" in capsys.readouterr().out


def test_the_saved_best_model_predicts_as_it_did(tmp_path: Path) -> None:
    path = tmp_path / "runs" / "best.keras"
    model, predictions = make_model(rate=5.0), {}
    spy = LambdaCallback(
        on_epoch_end=lambda epoch, logs: predictions.update({logs["val_loss"]: model.predict(X, verbose=0)})
    )
    fit(model, ModelCheckpoint(path, save_best_only=True), spy, epochs=12)
    loaded = cr.models.load_model(path)
    np.testing.assert_array_equal(loaded.predict(X, verbose=0), predictions[min(predictions)])
    assert [p.name for p in path.parent.iterdir()] == ["best.keras"]


def test_saved_weights_can_be_loaded_and_numbered(tmp_path: Path) -> None:
    model = make_model()
    fit(model, ModelCheckpoint(tmp_path / "{epoch:02d}.weights.h5", save_weights_only=True), epochs=2)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["01.weights.h5", "02.weights.h5"]
    other = make_model()
    other.load_weights(tmp_path / "02.weights.h5")
    np.testing.assert_array_equal(other.predict(X, verbose=0), model.predict(X, verbose=0))


@pytest.mark.parametrize("name", ["m.keras", "m.weights.h5"])
def test_a_failing_save_leaves_the_earlier_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    path, model = tmp_path / name, make_model()
    checkpoint = ModelCheckpoint(path, save_weights_only=name.endswith(".h5"))
    fit(model, checkpoint, epochs=1)
    before = path.read_bytes()

    def full(*_: Any, **__: Any) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr("h5py.Group.create_dataset", full)
    with pytest.raises((OSError, ValueError), match="No space left on device"):
        fit(model, checkpoint, epochs=1)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == [name]


def test_the_direction_of_an_outputs_metric_is_known() -> None:
    inputs = cr.Input((3,))
    outputs = {name: cr.layers.Dense(1, activation="sigmoid", name=name)(inputs) for name in ("a", "b")}
    model = cr.Model(inputs, outputs)
    model.compile("sgd", loss="mse", metrics={"a": ["accuracy"], "b": ["mae"]})
    stopping = {m: EarlyStopping(m, patience=9) for m in ("a_accuracy", "b_mae", "b_loss")}
    model.fit(X, {"a": Y, "b": Y}, epochs=3, verbose=0, callbacks=list(stopping.values()))
    assert [s._more_is_better for s in stopping.values()] == [True, False, False]


def test_the_table_holds_the_history(tmp_path: Path) -> None:
    history = fit(make_model(), CSVLogger(tmp_path / "log.csv"))
    lines = (tmp_path / "log.csv").read_text().splitlines()
    assert lines[0] == "epoch,accuracy,loss,val_accuracy,val_loss"
    assert [float(line.split(",")[2]) for line in lines[1:]] == history.history["loss"]


def test_a_file_gets_no_control_characters(monkeypatch: pytest.MonkeyPatch) -> None:
    out = io.StringIO()
    monkeypatch.setattr(sys, "stdout", out)
    fit(make_model(), verbose=1)
    lines = out.getvalue().splitlines()
    assert len(lines) == 6
    assert lines[::2] == ["Epoch 1/3", "Epoch 2/3", "Epoch 3/3"]
    assert lines[1].startswith("4/4 ━━━━━━━━━━━━━━━━━━━━ ")
    assert not set("\b\r\x1b") & set(out.getvalue())


def test_a_terminal_line_is_rewritten_in_place(make_terminal: Callable[..., Any]) -> None:
    terminal = make_terminal(columns=200)
    fit(make_model(), verbose="auto", epochs=1)
    assert terminal.getvalue().startswith("\r")
    assert terminal.getvalue().count("\n") == 1
    assert " - val_loss: " in terminal.getvalue()


def test_a_fit_can_be_logged(caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]) -> None:
    cr.config.disable_interactive_logging()
    try:
        with caplog.at_level("INFO", logger="chainrule"):
            fit(make_model(), verbose=1, epochs=2)
    finally:
        cr.config.enable_interactive_logging()
    assert [message[:9] for message in caplog.messages] == ["Epoch 1/2", "4/4 ━━━━━", "Epoch 2/2", "4/4 ━━━━━"]
    assert capsys.readouterr().out == ""
