"""Trainings, evaluations and predictions of many kinds, and what they print; for Keras and for us."""

from __future__ import annotations

import contextlib
import io
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

RNG = np.random.default_rng(11)
X = RNG.normal(size=(50, 3)).astype("float32")
Y = (X @ np.array([[1.0], [-2.0], [0.5]])).astype("float32") + 0.3
B = (Y > 0).astype("float32")
C = np.eye(3, dtype="float32")[np.digitize(Y[:, 0], [-1, 1])]

RUNS: dict[str, Callable[[Any, Path], Any]] = {}


def run(function: Callable[[Any, Path], Any]) -> Callable[[Any, Path], Any]:
    """Note a function as one of the runs."""
    RUNS[function.__name__] = function
    return function


class Stream(io.StringIO):
    """Standard output that is a terminal, or none."""

    def __init__(self, terminal: bool) -> None:
        super().__init__()
        self.terminal = terminal

    def isatty(self) -> bool:
        return self.terminal


def play(keras: Any, folder: Path, terminal: bool) -> dict[str, Any]:
    """Return of each run the lines that remain visible, and what the run gives back."""
    results = {}
    for name, function in RUNS.items():
        place = folder / name
        place.mkdir()
        keras.backend.clear_session()
        stream = Stream(terminal)
        with contextlib.redirect_stdout(stream), contextlib.chdir(place):
            returned = function(keras, place)
        results[name] = {"lines": finished_lines(stream.getvalue()), "returned": plain(returned)}
    return results


def finished_lines(text: str) -> list[str]:
    """Return what remains visible of each line, times masked."""
    bare = re.sub(r"\x1b\[[0-9;]*m|\x08", "", text)
    lines = [line.rpartition("\r")[2].rstrip(" ") for line in bare.split("\n")]
    lines = [re.sub(r"\b\d+(s|ms|us)\b", "_", line) for line in lines if line]
    return [line for line, after in zip(lines, [*lines[1:], ""], strict=False) if not _is_cut_short(line, after)]


def _is_cut_short(line: str, after: str) -> bool:
    """Whether a bar is one that a callback spoke into: how far it had come is a matter of time."""
    return bool(re.match(r"\d+/\d+ ━", line) and re.match(r"Epoch \d+: ", after))


def plain(value: Any) -> Any:
    """Return a History as the keys and values of its record; numbers with six digits."""
    if hasattr(value, "history"):
        return [[name, plain(values)] for name, values in value.history.items()]
    if value is None:
        return []
    if isinstance(value, list | tuple):
        return [plain(v) for v in value]
    if isinstance(value, dict):
        return [[name, plain(v)] for name, v in value.items()]
    return [float(f"{v:.6g}") for v in np.ravel(np.asarray(value, float))]


def mlp(keras: Any, outputs: int = 1, activation: Any = None, **compiled: Any) -> Any:
    layers = [keras.Input((3,)), keras.layers.Dense(4, activation="tanh"), keras.layers.Dense(outputs, activation)]
    return ready(keras, keras.Sequential(layers), **compiled)


def ready(keras: Any, model: Any, **compiled: Any) -> Any:
    """Compile a model and give it fixed weights."""
    rng = np.random.default_rng(5)
    model.set_weights([rng.normal(size=w.shape).astype("float32") * 0.5 for w in model.get_weights()])
    model.compile(**{"optimizer": keras.optimizers.SGD(0.0625), "loss": "mse", **compiled})
    return model


def fit(model: Any, x: Any = X, y: Any = Y, **arguments: Any) -> Any:
    settings: dict[str, Any] = {"epochs": 2, "shuffle": False}
    if isinstance(x, np.ndarray):
        settings["batch_size"] = 8
    return model.fit(x, y, **{**settings, **arguments})


def stream(count: int | None = None) -> Iterator[Any]:
    """Batches of 10, over and over."""
    i = 0
    while count is None or i < count:
        rows = slice(i % 5 * 10, i % 5 * 10 + 10)
        yield X[rows], Y[rows]
        i += 1


# -- training ----------------------------------------------------------------------------------------------------------


@run
def one_epoch(keras: Any, folder: Path) -> Any:
    return fit(mlp(keras), epochs=1)


@run
def several_epochs(keras: Any, folder: Path) -> Any:
    return fit(mlp(keras, metrics=["mae"]), epochs=11)


@run
def a_line_per_epoch(keras: Any, folder: Path) -> Any:
    return fit(mlp(keras, metrics=["mae"]), verbose=2)


@run
def silence(keras: Any, folder: Path) -> Any:
    return fit(mlp(keras), verbose=0, validation_split=0.2)


@run
def validation(keras: Any, folder: Path) -> Any:
    return fit(mlp(keras, metrics=["mae", "mape"]), validation_split=0.3)


@run
def validation_lines(keras: Any, folder: Path) -> Any:
    model = mlp(keras, metrics=["mae"])
    return fit(model, validation_data=(X[:20], Y[:20]), validation_freq=2, epochs=4, verbose=2)


@run
def listed_validation(keras: Any, folder: Path) -> Any:
    return fit(mlp(keras), validation_data=(X[:20], Y[:20]), validation_freq=[1, 3], epochs=3)


@run
def many_metrics(keras: Any, folder: Path) -> Any:
    metrics = ["accuracy", "AUC", keras.metrics.Precision(name="p"), keras.metrics.Recall(), "mse", "cosine_similarity"]
    model = mlp(keras, 1, "sigmoid", loss="binary_crossentropy", metrics=metrics)
    return fit(model, y=B, validation_split=0.2)


@run
def classes(keras: Any, folder: Path) -> Any:
    metrics = ["accuracy", keras.metrics.TopKCategoricalAccuracy(2, name="top2"), keras.metrics.F1Score("macro")]
    return fit(mlp(keras, 3, "softmax", loss="categorical_crossentropy", metrics=metrics), y=C, verbose=2)


@run
def tiny_values(keras: Any, folder: Path) -> Any:
    model = mlp(keras, metrics=["mae"])
    return [fit(model, X * 1e-3, Y * 1e-4, epochs=9, verbose=v) for v in (1, 2)]


@run
def negative_values(keras: Any, folder: Path) -> Any:
    model = mlp(keras, 3, loss="cosine_similarity", metrics=["cosine_similarity"])
    return [fit(model, y=C, verbose=v, validation_split=0.2) for v in (1, 2)]


@run
def large_values(keras: Any, folder: Path) -> Any:
    return fit(mlp(keras, optimizer=keras.optimizers.SGD(1e-9), metrics=["mae"]), y=Y * 12345.0, verbose=2)


@run
def a_stream_with_steps(keras: Any, folder: Path) -> Any:
    return fit(mlp(keras), stream(), None, steps_per_epoch=3, epochs=3)


@run
def a_stream_without_steps(keras: Any, folder: Path) -> Any:
    return fit(mlp(keras, metrics=["mae"]), stream(5), None, epochs=1)


@run
def a_stream_without_steps_by_lines(keras: Any, folder: Path) -> Any:
    return fit(mlp(keras, metrics=["mae"]), stream(5), None, epochs=1, verbose=2, validation_data=(X, Y))


@run
def a_data_set(keras: Any, folder: Path) -> Any:
    class Tens(keras.utils.PyDataset):  # type: ignore[misc]
        def __len__(self) -> int:
            return 5

        def __getitem__(self, index: int) -> Any:
            rows = slice(index * 10, index * 10 + 10)
            return X[rows], Y[rows]

    return fit(mlp(keras), Tens(), None, validation_data=Tens())


@run
def fewer_steps(keras: Any, folder: Path) -> Any:
    return fit(mlp(keras), steps_per_epoch=3, epochs=2)


@run
def steps_at_once(keras: Any, folder: Path) -> Any:
    return fit(mlp(keras, steps_per_execution=3))


@run
def a_later_beginning(keras: Any, folder: Path) -> Any:
    return fit(mlp(keras), initial_epoch=2, epochs=4)


@run
def weights_of_rows(keras: Any, folder: Path) -> Any:
    model = mlp(keras, metrics=["mae"], weighted_metrics=["mae", "mse"])
    return fit(model, sample_weight=np.linspace(0, 2, 50, dtype="float32"), verbose=2)


@run
def two_outputs(keras: Any, folder: Path) -> Any:
    model = forked(keras)
    ready(
        keras, model, loss={"left": "mse", "right": "binary_crossentropy"}, loss_weights={"left": 0.5, "right": 2.0},
        metrics={"left": ["mae", "mse"], "right": "accuracy"},
    )  # fmt: skip
    return [fit(model, y={"left": Y, "right": B}, verbose=v, validation_split=0.2) for v in (1, 2)]


@run
def two_outputs_in_a_list(keras: Any, folder: Path) -> Any:
    model = ready(keras, forked(keras), loss=["mse", "mae"], metrics=[["mae"], None])
    results = [fit(model, y=[Y, B], verbose=2), model.evaluate(X, [Y, B], verbose=2, batch_size=25)]
    return [*results, model.evaluate(X, [Y, B], return_dict=True, batch_size=25)]


def forked(keras: Any) -> Any:
    inputs = keras.Input((3,), name="in")
    hidden = keras.layers.Dense(4, activation="tanh", name="hidden")(inputs)
    ends = [keras.layers.Dense(1, name="left")(hidden), keras.layers.Dense(1, "sigmoid", name="right")(hidden)]
    return keras.Model(inputs, ends)


@run
def an_own_step(keras: Any, folder: Path) -> Any:
    class Own(keras.Model):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.dense = keras.layers.Dense(1)

        def call(self, x: Any) -> Any:
            return self.dense(x)

    model = Own()
    model(X[:2])
    return fit(ready(keras, model, metrics=["mae"]), validation_split=0.2)


@run
def added_losses(keras: Any, folder: Path) -> Any:
    layers = [keras.Input((3,)), keras.layers.Dense(4, activity_regularizer="l2"), keras.layers.Dense(1)]
    layers[2].kernel_regularizer = keras.regularizers.L1(0.01)
    return fit(ready(keras, keras.Sequential(layers), metrics=["mse"]), verbose=2)


# -- callbacks ---------------------------------------------------------------------------------------------------------


@run
def talking_callbacks(keras: Any, folder: Path) -> Any:
    watchers = [
        keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate / 2, verbose=1),
        keras.callbacks.ModelCheckpoint("{epoch:02d}.weights.h5", save_weights_only=True, verbose=1),
        keras.callbacks.ModelCheckpoint(
            "best.weights.h5", "loss", 1, save_best_only=True, save_weights_only=True, initial_value_threshold=0.5
        ),
        keras.callbacks.EarlyStopping(
            "mae", min_delta=5.0, patience=2, verbose=1, restore_best_weights=True, mode="min"
        ),
    ]
    return [fit(mlp(keras, metrics=["mae"]), callbacks=watchers, epochs=6, verbose=v) for v in (1, 2)]


@run
def a_rate_that_falls(keras: Any, folder: Path) -> Any:
    watcher = keras.callbacks.ReduceLROnPlateau("loss", 0.5, 1, verbose=1, min_delta=5.0, min_lr=0.01)
    return fit(mlp(keras), callbacks=[watcher], epochs=5)


@run
def speaking_hooks(keras: Any, folder: Path) -> Any:
    def say(name: str) -> Callable[..., None]:
        return lambda *a, logs=None: print(name, *(sorted(a[-1]) if a and isinstance(a[-1], dict) else a))

    hooks = {
        f"on_{what}_{when}": say(f"{what} {when}") for what in ("train", "epoch", "test") for when in ("begin", "end")
    }
    hooks["on_test_batch_end"] = say("test batch end")
    return fit(
        mlp(keras), callbacks=[keras.callbacks.LambdaCallback(**hooks)], validation_data=(X[:16], Y[:16]), verbose=2
    )


@run
def averaged_weights(keras: Any, folder: Path) -> Any:
    results = []
    for swap_on_epoch in (False, True):
        optimizer = keras.optimizers.SGD(0.0625, use_ema=True, ema_momentum=0.75)
        model = mlp(keras, optimizer=optimizer, metrics=["mae"])
        swap = keras.callbacks.SwapEMAWeights(swap_on_epoch)
        results.append(fit(model, validation_split=0.2, verbose=2, epochs=3, callbacks=[swap]))
        results.append([*model.get_weights(), *model.evaluate(X, Y, verbose=0, callbacks=[swap])])
    return results


@run
def a_backup(keras: Any, folder: Path) -> Any:
    backup = keras.callbacks.BackupAndRestore("backup", save_freq=3, double_checkpoint=True)
    result = fit(mlp(keras), callbacks=[backup], epochs=3, verbose=2)
    print(sorted(path.name for path in folder.iterdir()))
    return result


@run
def several_numbers(keras: Any, folder: Path) -> Any:
    def spread(y_true: Any, y_pred: Any) -> Any:
        return keras.ops.mean(y_pred) - 3.0

    return [fit(mlp(keras, metrics=[spread]), verbose=v) for v in (1, 2)]


# -- evaluation and prediction -----------------------------------------------------------------------------------------


@run
def evaluations(keras: Any, folder: Path) -> Any:
    model = mlp(keras, metrics=["mae", "mse"])
    results = [model.evaluate(X, Y, batch_size=8, verbose=v) for v in ("auto", 0, 1, 2)]
    return [*results, model.evaluate(X, Y, batch_size=8, steps=2), model.evaluate(X, Y, return_dict=True, verbose=2)]


@run
def evaluations_of_streams(keras: Any, folder: Path) -> Any:
    model = mlp(keras)
    return [
        model.evaluate(stream(3), verbose=1),
        model.evaluate(stream(), steps=4, verbose=2),
        model.evaluate(stream(4)),
    ]


@run
def predictions(keras: Any, folder: Path) -> Any:
    model = mlp(keras)
    shapes = [model.predict(X, batch_size=8, verbose=v).shape for v in ("auto", 0, 1, 2)]
    return [*shapes, model.predict(X, steps=2, batch_size=8).shape, model.predict(X[:1]).shape]


@run
def predictions_of_streams(keras: Any, folder: Path) -> Any:
    model = mlp(keras)
    inputs = ((x,) for x, _ in stream(3))
    endless = ((x,) for x, _ in stream())
    return [model.predict(inputs).shape, model.predict(endless, steps=4, verbose=2).shape]


@run
def bars(keras: Any, folder: Path) -> Any:
    for verbose in (1, 2):
        bar = keras.utils.Progbar(5, verbose=verbose, stateful_metrics=["now"], unit_name="file")
        for i in range(5):
            bar.add(1, [("now", i), ("mean", i), ("small", -1e-5 * i), ("big", 1e6)])
    unknown = keras.utils.Progbar(None)
    for i in range(3):
        unknown.update(i + 1, [("a", i)], finalize=i == 2)
