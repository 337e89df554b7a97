"""Scripted trainings that drive callbacks without any model: run once with Keras's (see make_callback_fixtures.py), and
by the tests with ours. Nothing here imports either."""

from __future__ import annotations

import contextlib
import io
import os
import re
import tempfile
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

VAL_LOSS = [1.0, 0.8, 0.79, 0.795, 0.81, 0.7, 0.7004, 0.71, 0.72, 0.69, 0.75, 0.76, 0.77, 0.78]
ACCURACY = [0.5, 0.5, 0.6, 0.61, 0.6, 0.62, 0.62, 0.62, 0.9, 0.89, 0.89, 0.88, 0.95, 0.1]

EARLY_STOPPING: dict[str, dict[str, Any]] = {
    "default": {},
    "patience": {"patience": 2},
    "min_delta": {"patience": 2, "min_delta": 0.05},
    "baseline": {"patience": 3, "baseline": 0.75},
    "unreached baseline": {"patience": 3, "baseline": 0.1, "restore_best_weights": True, "verbose": 1},
    "restore": {"patience": 2, "restore_best_weights": True, "verbose": 1},
    "restore without stop": {"patience": 50, "restore_best_weights": True, "verbose": 1},
    "late start": {"patience": 1, "start_from_epoch": 6, "verbose": 1},
    "max": {"monitor": "accuracy", "mode": "max", "patience": 2, "verbose": 1},
    "wrong way": {"monitor": "accuracy", "mode": "min", "patience": 4},
    "training loss": {"monitor": "loss", "patience": 1},
}
PLATEAU: dict[str, dict[str, Any]] = {
    "default": {},
    "patience": {"patience": 1, "verbose": 1},
    "min_delta": {"patience": 2, "min_delta": 0.05, "factor": 0.5, "verbose": 1},
    "cooldown": {"patience": 1, "cooldown": 2, "factor": 0.5, "verbose": 1},
    "floor": {"patience": 1, "factor": 0.1, "min_lr": 0.003, "verbose": 1},
    "max": {"monitor": "accuracy", "mode": "max", "patience": 1, "factor": 0.25},
}
SCHEDULES: dict[str, Callable[..., Any]] = {
    "two arguments": lambda epoch, rate: rate * 0.9 if epoch > 1 else rate,
    "one argument": lambda epoch: 0.5 / (epoch + 1),
    "numpy": lambda epoch, rate: np.float64(rate / 2),
}
CHECKPOINTS: dict[str, dict[str, Any]] = {
    "every epoch": {"filepath": "model.keras", "verbose": 1},
    "numbered": {"filepath": "deep/er/{epoch:02d}-{val_loss:.2f}.keras", "verbose": 1},
    "best": {"filepath": "best-{epoch}.keras", "save_best_only": True, "verbose": 1},
    "best of accuracy": {
        "filepath": "{accuracy:.3f}.keras",
        "save_best_only": True,
        "monitor": "accuracy",
        "mode": "max",
    },
    "threshold": {"filepath": "t{epoch}.keras", "save_best_only": True, "initial_value_threshold": 0.75, "verbose": 1},
    "weights": {"filepath": "w-{epoch:03d}.weights.h5", "save_weights_only": True},
    "batches": {"filepath": "b-{epoch}-{batch}.keras", "save_freq": 4, "verbose": 1},
}
CSV: dict[str, dict[str, Any]] = {"plain": {}, "semicolon": {"separator": ";"}, "append": {"append": True}}

METRIC_ARGUMENTS: dict[str, dict[str, Any]] = {
    "IoU": {"num_classes": 2, "target_class_ids": [0]},
    "MeanIoU": {"num_classes": 2},
    "OneHotIoU": {"num_classes": 2, "target_class_ids": [0]},
    "OneHotMeanIoU": {"num_classes": 2},
    "PrecisionAtRecall": {"recall": 0.5},
    "RecallAtPrecision": {"precision": 0.5},
    "SensitivityAtSpecificity": {"specificity": 0.5},
    "SpecificityAtSensitivity": {"sensitivity": 0.5},
    "MeanRelativeError": {"normalizer": [1.0]},
}


class Rate:
    """An optimizer of which callbacks see only the learning rate, kept in float32 as in a model."""

    def __init__(self, rate: float) -> None:
        self.value = np.float32(rate)

    @property
    def learning_rate(self) -> Any:
        return self.value

    @learning_rate.setter
    def learning_rate(self, rate: float) -> None:
        self.value = np.float32(rate)


class Puppet:
    """A model whose weight is the number of the epoch."""

    def __init__(self, rate: float = 0.01) -> None:
        self.optimizer = Rate(rate)
        self.stop_training = False
        self.weight = -1
        self.saved: list[str] = []
        self.history: Any = None

    def get_weights(self) -> list[Any]:
        return [np.array([self.weight])]

    def set_weights(self, weights: list[Any]) -> None:
        self.weight = int(weights[0][0])

    def save(self, filepath: Any, overwrite: bool = True, **_: Any) -> None:
        self.saved.append(f"model {filepath}")
        Path(filepath).write_text("model")

    def save_weights(self, filepath: Any, overwrite: bool = True) -> None:
        self.saved.append(f"weights {filepath}")
        Path(filepath).write_text("weights")


def logs_of(epoch: int) -> dict[str, float]:
    """The logs in a model's order: not sorted."""
    return {"loss": 1 / (epoch + 1), "accuracy": ACCURACY[epoch], "val_loss": VAL_LOSS[epoch], "val_accuracy": 0.5}


def play(callbacks: Any, model: Puppet, epochs: int = len(VAL_LOSS), batches: int = 3) -> int:
    """Go through a training; return the number of epochs."""
    callbacks.on_train_begin()
    done = 0
    for epoch in range(epochs):
        callbacks.on_epoch_begin(epoch)
        for batch in range(batches):
            callbacks.on_train_batch_begin(batch)
            callbacks.on_train_batch_end(batch, {"loss": 1.0 + batch, "accuracy": 0.25})
        model.weight = epoch
        callbacks.on_epoch_end(epoch, logs_of(epoch))
        done += 1
        if model.stop_training:
            break
    callbacks.on_train_end({"loss": 0.0})
    return done


@contextlib.contextmanager
def captured() -> Iterator[io.StringIO]:
    with contextlib.redirect_stdout(io.StringIO()) as out, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield out


def run(library: Any) -> dict[str, Any]:
    """Return what the callbacks of `library` (`keras.callbacks` or ours) do in every scenario."""
    result: dict[str, Any] = {"early_stopping": {}, "plateau": {}, "schedule": {}, "checkpoint": {}, "csv": {}}
    for name, arguments in EARLY_STOPPING.items():
        result["early_stopping"][name] = _stop(library, arguments)
    for name, arguments in PLATEAU.items():
        result["plateau"][name] = _rates(library, library.ReduceLROnPlateau(**arguments))
    for name, schedule in SCHEDULES.items():
        result["schedule"][name] = _rates(library, library.LearningRateScheduler(schedule, verbose=1))
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        for name, arguments in CHECKPOINTS.items():
            result["checkpoint"][name] = _save(library, arguments)
        for name, arguments in CSV.items():
            result["csv"][name] = _table(library, arguments)
    result["nan"] = _nan(library)
    result["history"] = _history(library)
    result["batches"] = _calls(library)
    return result


def _list(library: Any, callbacks: list[Any], model: Puppet, **more: Any) -> Any:
    return library.CallbackList(callbacks, model=model, verbose=0, epochs=14, steps=3, **more)


def _stop(library: Any, arguments: dict[str, Any]) -> dict[str, Any]:
    model, callback = Puppet(), library.EarlyStopping(**arguments)
    with captured() as out:
        epochs = play(_list(library, [callback], model), model)
    return {
        "epochs": epochs,
        "stopped_epoch": callback.stopped_epoch,
        "best": float(callback.best),
        "best_epoch": callback.best_epoch,
        "wait": callback.wait,
        "weight": model.weight,
        "printed": out.getvalue(),
    }


def _rates(library: Any, callback: Any) -> dict[str, Any]:
    model = Puppet()
    with captured() as out:
        callbacks = _list(library, [callback], model, add_history=True)
        play(callbacks, model)
    return {
        "rates": model.history.history["learning_rate"],
        "last": float(model.optimizer.learning_rate),
        "keys": list(model.history.history),
        "printed": out.getvalue(),
    }


def _save(library: Any, arguments: dict[str, Any]) -> dict[str, Any]:
    model, callback = Puppet(), library.ModelCheckpoint(**arguments)
    with captured() as out:
        play(_list(library, [callback], model), model, epochs=6)
    return {"saved": model.saved, "printed": out.getvalue()}


def _table(library: Any, arguments: dict[str, Any]) -> list[str]:
    """Two trainings with one object, the second with an array among the logs and a metric less, then a new object."""
    model, callback = Puppet(), library.CSVLogger("log.csv", **arguments)
    texts = []
    callbacks = _list(library, [callback], model)
    play(callbacks, model, epochs=2)
    texts.append(Path("log.csv").read_bytes().decode())
    callbacks.on_train_begin()
    callbacks.on_epoch_end(0, {"f1": np.array([0.5, 0.25]), "loss": np.float32(0.1)})
    callbacks.on_epoch_end(1, {"loss": 1e-9})
    callbacks.on_train_end()
    texts.append(Path("log.csv").read_bytes().decode())
    play(_list(library, [library.CSVLogger("log.csv", **arguments)], model), model, epochs=1)
    texts.append(Path("log.csv").read_bytes().decode())
    os.remove("log.csv")
    return texts


def _nan(library: Any) -> dict[str, Any]:
    model = Puppet()
    with captured() as out:
        callbacks = _list(library, [library.TerminateOnNaN()], model)
        callbacks.on_train_begin()
        callbacks.on_train_batch_end(0, {"loss": 1.0})
        before = model.stop_training
        callbacks.on_train_batch_end(1, {"loss": float("nan")})
        callbacks.on_train_batch_end(2, {"loss": float("-inf")})
        callbacks.on_train_end()
    error = ""
    try:
        library.TerminateOnNaN(raise_error=True).on_batch_end(7, {"loss": float("inf")})
    except RuntimeError as raised:
        error = str(raised)
    return {"before": before, "after": model.stop_training, "printed": out.getvalue(), "error": error}


def _history(library: Any) -> dict[str, Any]:
    model, history = Puppet(), library.History()
    for _ in range(2):  # the second training goes on in the same record
        play(_list(library, [history], model), model, epochs=2)
    return {"history": history.history, "epoch": history.epoch, "params": history.params}


def _calls(library: Any) -> list[str]:
    """The order of hooks and what they are handed, with the older names of the hooks of batches."""
    calls: list[str] = []

    class Old(library.Callback):  # type: ignore[name-defined, misc]
        def on_batch_begin(self, batch: int, logs: Any = None) -> None:
            calls.append(f"old begin {batch} {logs}")

        def on_batch_end(self, batch: int, logs: Any = None) -> None:
            calls.append(f"old end {batch} {logs}")

    class New(library.Callback):  # type: ignore[name-defined, misc]
        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            calls.append(f"new end {batch} {logs}")

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            logs["added"] = 1.0
            calls.append(f"new epoch {epoch}")

        def on_train_begin(self, logs: Any = None) -> None:
            calls.append(f"begin {logs}")

    tail = library.LambdaCallback(
        on_epoch_end=lambda epoch, logs: calls.append(f"lambda epoch {epoch} {logs}"),
        on_train_end=lambda logs: calls.append(f"lambda end {logs}"),
        on_train_batch_begin=lambda batch, logs: calls.append(f"lambda batch {batch} {logs}"),
        on_test_end=lambda logs: calls.append(f"lambda test {logs}"),
    )
    model = Puppet()
    callbacks = _list(library, [Old(), New(), tail], model)
    play(callbacks, model, epochs=1, batches=2)
    callbacks.on_test_begin()
    callbacks.on_test_end({"b": np.float32(0.5), "a": {"z": 2, "y": 1}})
    return calls


# -- the progress line ------------------------------------------------------------------------------------------------

BARS: dict[str, dict[str, Any]] = {
    "stateless": {"target": 12},
    "stateful": {"target": 12, "stateless_metrics": ()},
    "mixed": {"target": 12, "stateful_metrics": ["accuracy"], "unit_name": "sample"},
    "unknown": {"target": None},
    "narrow": {"target": 12, "width": 5, "interval": 0.0},
    "two": {"target": 12, "verbose": 2},
    "silent": {"target": 12, "verbose": 0},
}
STEP_SECONDS = {"quick": 2e-5, "middle": 0.02, "slow": 2.0, "minutes": 30.0, "hours": 1500.0}


def run_bars(progbar: Any, clock: Callable[[Callable[[], float]], Any], stream: Callable[[], Any]) -> dict[str, str]:
    """Return what is written for each kind of bar and speed.

    Args:
        progbar: the class.
        clock: `clock(function)` is a context in which the class reads the time from `function`.
        stream: makes the standard output; its `getvalue` gives what was written.
    """
    written = {}
    for name, arguments in BARS.items():
        for speed, seconds in STEP_SECONDS.items():
            now = [100.0]
            out = stream()
            with clock(lambda now=now: now[0]), contextlib.redirect_stdout(out):
                bar = progbar(**arguments)
                for step in range(1, 13):
                    now[0] += seconds
                    values = [("loss", 2.0 / step**3), ("accuracy", step / 12), ("r2", -0.5 / step)]
                    bar.update(step, values, finalize=False)
                if arguments["target"] is None:
                    bar.target = 12
                bar.update(12, [*values, ("a_very_small_one", 1e-5)], finalize=True)
            written[f"{name}, {speed}"] = out.getvalue()
    return written


def run_logger(library: Any, clock: Callable[[Callable[[], float]], Any], stream: Callable[[], Any]) -> dict[str, str]:
    """Return what is written by training with validation, evaluation and prediction, at every verbosity."""
    written = {}
    for verbose in (0, 1, 2, "auto"):
        for steps in (3, None):
            out = stream()
            now = [100.0]
            with clock(lambda now=now: now[0]), contextlib.redirect_stdout(out):
                _train_evaluate_predict(library, verbose, steps, now)
            written[f"verbose={verbose}, steps={steps}"] = out.getvalue()
    return written


def _train_evaluate_predict(library: Any, verbose: Any, steps: int | None, now: list[float]) -> None:
    model = Puppet()
    for epochs in (2, 1):
        callbacks = library.CallbackList(
            [], add_progbar=True, add_history=True, model=model, verbose=verbose, epochs=epochs, steps=steps
        )
        callbacks.on_train_begin()
        for epoch in range(epochs):
            callbacks.on_epoch_begin(epoch)
            _batches(callbacks, "train", now)
            callbacks.on_test_begin()
            _batches(callbacks, "test", now)
            callbacks.on_test_end({"loss": 0.5})
            callbacks.on_epoch_end(epoch, logs_of(epoch))
        callbacks.on_train_end()
    for mode in ("test", "predict"):
        callbacks = library.CallbackList([], add_progbar=True, model=model, verbose=verbose, epochs=1, steps=steps)
        getattr(callbacks, f"on_{mode}_begin")()
        _batches(callbacks, mode, now)
        end = {"test": {"loss": 0.75, "accuracy": 0.5}, "predict": None}[mode]
        getattr(callbacks, f"on_{mode}_end")(end)


def _batches(callbacks: Any, mode: str, now: list[float]) -> None:
    for batch in range(3):
        getattr(callbacks, f"on_{mode}_batch_begin")(batch)
        now[0] += 0.06
        getattr(callbacks, f"on_{mode}_batch_end")(batch, {"loss": 1.0 / (batch + 1), "accuracy": 0.25})


# -- real training ----------------------------------------------------------------------------------------------------


def run_fit(keras: Any, folder: Path) -> dict[str, Any]:
    """Train, evaluate and predict with `keras` (or ours) from fixed weights; return texts, record and files."""
    rng = np.random.default_rng(3)
    x = rng.normal(size=(40, 3)).astype("float32")
    y = (x @ np.array([1.0, -2.0, 0.5]) > 0).astype("float32")
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1, activation="sigmoid")])
    weights = [np.array([[-0.5], [0.25], [0.125]], "float32"), np.array([0.5], "float32")]
    result: dict[str, Any] = {}
    for verbose in (1, 2):
        model.set_weights(weights)
        model.compile(keras.optimizers.SGD(2.0), "mse", metrics=["accuracy", "mae"])
        watchers = [
            keras.callbacks.ReduceLROnPlateau("loss", factor=0.5, patience=1, min_delta=0.03),
            keras.callbacks.EarlyStopping("val_accuracy", patience=4, restore_best_weights=True, verbose=1),
            keras.callbacks.CSVLogger(folder / "log.csv"),
        ]
        with captured() as out:
            history = model.fit(
                x[:32],
                y[:32],
                epochs=12,
                batch_size=8,
                shuffle=False,
                validation_data=(x[32:], y[32:]),
                callbacks=watchers,
                verbose=verbose,
            )
            model.evaluate(x, y, batch_size=8, verbose=verbose)
            model.predict(x, batch_size=8, verbose=verbose)
        result[f"verbose={verbose}"] = finished_lines(out.getvalue())
    result["history"] = history.history
    result["epoch"] = history.epoch
    result["params"] = history.params
    result["weights"] = [w.tolist() for w in model.get_weights()]
    result["header"] = (folder / "log.csv").read_text().partition("\n")[0]
    return result


def finished_lines(text: str) -> list[str]:
    """Return what remains visible of each line, times masked."""
    plain = re.sub(r"\x1b\[[0-9;]*m|\x08", "", text)
    lines = [line.rpartition("\r")[2].rstrip(" ") for line in plain.split("\n")]
    return [re.sub(r"\b\d+(s|ms|us)\b", "_", line) for line in lines]
