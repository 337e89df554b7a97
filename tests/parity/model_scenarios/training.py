"""`fit` with every argument."""

from __future__ import annotations

from typing import Any

import numpy as np


def _model(keras: Any, t: Any, metrics: Any = ("mae",), rate: float = 0.05, **settings: Any) -> Any:
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4, activation="tanh"), keras.layers.Dense(1)])
    t.start(model)
    model.compile(keras.optimizers.SGD(rate), settings.pop("loss", "mse"), metrics=list(metrics), **settings)
    return model


def _classifier(keras: Any, t: Any, **settings: Any) -> Any:
    model = keras.Sequential(
        [keras.Input((3,)), keras.layers.Dense(4, activation="tanh"), keras.layers.Dense(3, activation="softmax")]
    )
    t.start(model)
    model.compile(keras.optimizers.SGD(0.1), "sparse_categorical_crossentropy", **settings)
    return model


def _result(t: Any, model: Any, record: Any) -> Any:
    return {"history": t.history(record), "weights": t.plain(model.get_weights())}


def simplest(keras: Any, t: Any) -> Any:
    model, x = _model(keras, t), t.data(40)
    return _result(t, model, model.fit(x, t.target(x), verbose=0, shuffle=False))


def batches(keras: Any, t: Any) -> Any:
    """The last batch is short, and weighs less in the loss of the epoch."""
    model, x = _model(keras, t), t.data(20)
    return _result(t, model, model.fit(x, t.target(x), batch_size=8, epochs=3, verbose=0, shuffle=False))


def initial_epoch(keras: Any, t: Any) -> Any:
    model, x = _model(keras, t), t.data(20)
    return _result(t, model, model.fit(x, t.target(x), epochs=5, initial_epoch=3, verbose=0, shuffle=False))


def no_epochs(keras: Any, t: Any) -> Any:
    model, x = _model(keras, t), t.data(20)
    return _result(t, model, model.fit(x, t.target(x), epochs=0, verbose=0))


def validation_split(keras: Any, t: Any) -> Any:
    model, x = _model(keras, t), t.data(21)
    w = np.abs(t.data(21, 1)[:, 0])
    record = model.fit(
        x, t.target(x), sample_weight=w, validation_split=0.3, epochs=2, batch_size=4, verbose=0, shuffle=False
    )
    return _result(t, model, record)


def validation_data(keras: Any, t: Any) -> Any:
    found = {}
    x, v = t.data(20), t.data(9, seed=7)
    w = np.abs(t.data(9, 1, seed=8)[:, 0])
    forms = {
        "pair": (v, t.target(v)),
        "list": [v, t.target(v)],
        "triple": (v, t.target(v), w),
        "dataset": _Rows(keras, v, t.target(v), 4),
    }
    for name, data in forms.items():
        model = _model(keras, t, weighted_metrics=["mse"])
        record = model.fit(
            x,
            t.target(x),
            validation_data=data,
            validation_batch_size=None if name == "dataset" else 4,
            verbose=0,
            shuffle=False,
        )
        found[name] = _result(t, model, record)
    return found


def _Rows(keras: Any, x: Any, y: Any, size: int) -> Any:
    class Rows(keras.utils.PyDataset):
        def __len__(self) -> int:
            return -(-len(x) // size)

        def __getitem__(self, i: int) -> Any:
            return x[i * size : (i + 1) * size], y[i * size : (i + 1) * size]

    return Rows()


def validation_freq(keras: Any, t: Any) -> Any:
    found = {}
    x = t.data(12)
    for name, freq in (("two", 2), ("list", [1, 4])):
        model = _model(keras, t)
        record = model.fit(
            x,
            t.target(x),
            epochs=4,
            validation_data=(x[:5], t.target(x)[:5]),
            validation_freq=freq,
            verbose=0,
            shuffle=False,
        )
        found[name] = t.history(record)
    return found


def validation_steps(keras: Any, t: Any) -> Any:
    model, x = _model(keras, t), t.data(20)
    record = model.fit(
        x,
        t.target(x),
        epochs=2,
        batch_size=4,
        validation_data=(x, t.target(x)),
        validation_steps=2,
        verbose=0,
        shuffle=False,
    )
    return t.history(record)


def class_weight(keras: Any, t: Any) -> Any:
    x = t.data(20)
    y = t.classes(x)
    model = _classifier(keras, t, metrics=["accuracy"], weighted_metrics=["accuracy"])
    record = model.fit(
        x, y, class_weight={0: 2.0, 1: 0.5}, epochs=2, batch_size=6, verbose=0, shuffle=False, validation_data=(x, y)
    )
    binary = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1, activation="sigmoid")])
    t.start(binary)
    binary.compile(keras.optimizers.SGD(0.1), "binary_crossentropy", metrics=["accuracy"])
    second = binary.fit(x, (y > 0).astype("float32"), class_weight={0: 3.0, 1: 1.0}, verbose=0, shuffle=False)
    hot = keras.Sequential([keras.Input((3,)), keras.layers.Dense(3, activation="softmax")])
    t.start(hot)
    hot.compile(keras.optimizers.SGD(0.1), "categorical_crossentropy")
    third = hot.fit(x, keras.utils.to_categorical(y, 3), class_weight={0: 3.0, 2: 0.1}, verbose=0, shuffle=False)
    return [_result(t, model, record), _result(t, binary, second), _result(t, hot, third)]


def sample_weight(keras: Any, t: Any) -> Any:
    x = t.data(20)
    w = np.abs(t.data(20, 1, seed=8)[:, 0])
    model = _model(keras, t, weighted_metrics=["mae", "mse"])
    record = model.fit(x, t.target(x), sample_weight=w, epochs=2, batch_size=6, verbose=0, shuffle=False)
    return {
        **_result(t, model, record),
        "evaluate": t.plain(model.evaluate(x, t.target(x), sample_weight=w, verbose=0, return_dict=True)),
    }


def steps_per_epoch(keras: Any, t: Any) -> Any:
    """Fewer steps than the data have: the next epoch goes on where the last one stopped."""
    found = {}
    x = t.data(20)
    for name, arguments in (
        ("two", {"batch_size": 4, "steps_per_epoch": 2}),
        ("all", {"batch_size": 4, "steps_per_epoch": 5}),
    ):
        model = _model(keras, t)
        found[name] = _result(t, model, model.fit(x, t.target(x), epochs=2, verbose=0, shuffle=False, **arguments))
    return found


def generator(keras: Any, t: Any) -> Any:
    x = t.data(24)
    y = t.target(x)

    def endless() -> Any:
        i = 0
        while True:
            rows = slice(4 * (i % 6), 4 * (i % 6) + 4)
            yield x[rows], y[rows]
            i += 1

    def weighted() -> Any:
        for i in range(6):
            yield x[4 * i : 4 * i + 4], y[4 * i : 4 * i + 4], np.full(4, 1.0 + i, "float32")

    first, second = _model(keras, t), _model(keras, t)
    one = first.fit(endless(), steps_per_epoch=4, epochs=3, verbose=0)
    two = second.fit(weighted(), verbose=0)
    return [_result(t, first, one), _result(t, second, two), t.plain(first.evaluate(endless(), steps=3, verbose=0))]


def dataset(keras: Any, t: Any) -> Any:
    model, x = _model(keras, t), t.data(22)
    record = model.fit(_Rows(keras, x, t.target(x), 5), epochs=2, verbose=0, shuffle=False)
    return {
        **_result(t, model, record),
        "evaluate": t.plain(model.evaluate(_Rows(keras, x, t.target(x), 5), verbose=0)),
    }


def frames(keras: Any, t: Any) -> Any:
    """A data frame, a series and lists are arrays."""
    import pandas as pd

    x = t.data(12)
    found = []
    for data, y in (
        (pd.DataFrame(x, columns=list("abc")), pd.Series(t.target(x))),
        (x.astype("float64"), t.target(x).astype("float64")[:, None]),
    ):
        model = _model(keras, t)
        record = model.fit(data, y, batch_size=5, verbose=0, shuffle=False)
        found.append({**_result(t, model, record), "predict": t.plain(model.predict(data, verbose=0))})
    return found


def dict_of_inputs(keras: Any, t: Any) -> Any:
    a, b = keras.Input((1,), name="a"), keras.Input((2,), name="b")
    model = t.start(keras.Model({"a": a, "b": b}, keras.layers.Dense(1)(keras.layers.concatenate([a, b]))))
    model.compile(keras.optimizers.SGD(0.1), "mse")
    x = t.data(12)
    data = {"a": x[:, 0], "b": x[:, 1:]}
    return _result(
        t, model, model.fit(data, t.target(x), batch_size=5, verbose=0, shuffle=False, validation_split=0.25)
    )


def target_shapes(keras: Any, t: Any) -> Any:
    """(n,) and (n, 1) mean the same; integers are numbers."""
    found = []
    x = t.data(12)
    for y in (t.target(x), t.target(x)[:, None], t.classes(x), t.classes(x).astype("float64"), t.classes(x) > 1):
        model = _model(keras, t)
        found.append(_result(t, model, model.fit(x, y, verbose=0, shuffle=False)))
    return found


def callbacks_and_logs(keras: Any, t: Any) -> Any:
    heard: list[Any] = []

    class Ear(keras.callbacks.Callback):
        def on_train_begin(self, logs: Any = None) -> None:
            heard.append(["train begin", logs])

        def on_train_end(self, logs: Any = None) -> None:
            heard.append(["train end", logs])

        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            heard.append(["epoch begin", epoch, logs])

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            heard.append(["epoch end", epoch, dict(logs or {}), list(logs or {})])

        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            heard.append(["batch end", batch, dict(logs or {})])

        def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
            heard.append(["batch begin", batch, logs])

        def on_test_begin(self, logs: Any = None) -> None:
            heard.append(["test begin", logs])

        def on_test_end(self, logs: Any = None) -> None:
            heard.append(["test end", logs])

        def on_test_batch_end(self, batch: int, logs: Any = None) -> None:
            heard.append(["test batch end", batch, dict(logs or {})])

        def on_predict_batch_end(self, batch: int, logs: Any = None) -> None:
            heard.append(["predict batch end", batch, t.shape((logs or {})["outputs"])])

    model, x = _model(keras, t), t.data(10)
    ear = Ear()
    model.fit(
        x,
        t.target(x),
        batch_size=4,
        epochs=2,
        verbose=0,
        shuffle=False,
        validation_data=(x, t.target(x)),
        callbacks=[ear],
    )
    model.evaluate(x, t.target(x), batch_size=4, verbose=0, callbacks=[ear])
    model.predict(x, batch_size=4, verbose=0, callbacks=[ear])
    model.predict(t.data(70), verbose=0, callbacks=[ear])
    return {"heard": heard, "params": ear.params}


def steps_per_execution(keras: Any, t: Any) -> Any:
    heard: list[Any] = []

    class Ear(keras.callbacks.Callback):
        def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
            heard.append(["begin", batch])

        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            heard.append(["end", batch])

    model, x = _model(keras, t, steps_per_execution=3), t.data(45)
    record = model.fit(x, t.target(x), batch_size=5, epochs=2, verbose=0, shuffle=False, callbacks=[Ear()])
    return {"heard": heard, **_result(t, model, record)}


def stopped_early(keras: Any, t: Any) -> Any:
    class Stop(keras.callbacks.Callback):
        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            if batch == 1 and self.seen == 2:
                self.model.stop_training = True

        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            self.seen = epoch

    model, x = _model(keras, t), t.data(20)
    record = model.fit(
        x,
        t.target(x),
        batch_size=4,
        epochs=9,
        verbose=0,
        shuffle=False,
        callbacks=[Stop()],
        validation_data=(x, t.target(x)),
    )
    again = model.fit(x, t.target(x), epochs=2, verbose=0, shuffle=False)
    return {
        **_result(t, model, record),
        "again": t.history(again),
        "flag": model.stop_training,
        "same": model.history is again,
    }


def history_object(keras: Any, t: Any) -> Any:
    model, x = _model(keras, t), t.data(12)
    first = model.fit(x, t.target(x), epochs=2, verbose=0, shuffle=False)
    second = model.fit(x, t.target(x), epochs=1, verbose=0, shuffle=False)
    mine = keras.callbacks.History()
    model.fit(x, t.target(x), epochs=2, verbose=0, shuffle=False, callbacks=[mine])
    model.fit(x, t.target(x), epochs=2, verbose=0, shuffle=False, callbacks=[mine])
    types = sorted({type(v).__name__ for values in first.history.values() for v in values})
    return {
        "first": t.history(first),
        "second": t.history(second),
        "mine": t.history(mine),
        "types": types,
        "model": first.model is model,
    }


def averaged_weights(keras: Any, t: Any) -> Any:
    """With use_ema the weights are their moving average after fit."""
    found = []
    x = t.data(12)
    for frequency in (None, 2):
        model = t.start(
            keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, activation="tanh"), keras.layers.Dense(1)])
        )
        optimizer = keras.optimizers.SGD(0.1, use_ema=True, ema_momentum=0.8, ema_overwrite_frequency=frequency)
        model.compile(optimizer, "mse")
        found.append(_result(t, model, model.fit(x, t.target(x), epochs=3, batch_size=4, verbose=0, shuffle=False)))
    return found


def optimizers_kept(keras: Any, t: Any) -> Any:
    """A second fit goes on with the moments of the first; a new compile with the same object as well."""
    x = t.data(12)
    model = t.start(keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)]))
    adam = keras.optimizers.Adam(0.05)
    model.compile(adam, "mse")
    model.fit(x, t.target(x), epochs=2, verbose=0, shuffle=False)
    model.fit(x, t.target(x), epochs=2, verbose=0, shuffle=False)
    middle = t.plain(model.get_weights())
    model.compile(adam, "mse")
    model.fit(x, t.target(x), epochs=1, verbose=0, shuffle=False)
    return {"middle": middle, "end": t.plain(model.get_weights()), "iterations": int(adam.iterations)}


def learning_rate_changed(keras: Any, t: Any) -> Any:
    x = t.data(12)
    model = _model(keras, t, rate=0.1)
    schedule = keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate * 0.5)
    record = model.fit(x, t.target(x), epochs=3, verbose=0, shuffle=False, callbacks=[schedule])
    return {**_result(t, model, record), "rate": float(model.optimizer.learning_rate)}


def loss_forms(keras: Any, t: Any) -> Any:
    found = {}
    x = t.data(12)
    forms = {
        "name": "mse",
        "class name": "MeanSquaredError",
        "object": keras.losses.MeanSquaredError(),
        "function": keras.losses.mean_squared_error,
        "own": lambda y, p: keras.ops.mean(keras.ops.abs(y - p[:, 0]) ** 1.5),
        "sum": keras.losses.MeanSquaredError(reduction="sum"),
        "list": ["mse"],
        "dict": {"last": "mse"},
    }
    for name, loss in forms.items():
        inputs = keras.Input((3,))
        model = t.start(keras.Model(inputs, keras.layers.Dense(1, name="last")(inputs)))
        model.compile(keras.optimizers.SGD(0.1), loss=loss, metrics=["mae"])
        found[name] = _result(t, model, model.fit(x, t.target(x), epochs=2, verbose=0, shuffle=False))
    return found


def metric_forms(keras: Any, t: Any) -> Any:
    x = t.data(12)
    model = _classifier(
        keras,
        t,
        metrics=[
            "accuracy",
            "acc",
            keras.metrics.SparseTopKCategoricalAccuracy(k=2, name="top2"),
            keras.metrics.sparse_categorical_crossentropy,
        ],
        weighted_metrics=["accuracy"],
    )
    y = t.classes(x)
    record = model.fit(x, y, verbose=0, shuffle=False, validation_data=(x, y))
    return {
        "history": t.history(record),
        "evaluate": t.plain(model.evaluate(x, y, verbose=0)),
        "names": [m.name for m in model.metrics],
    }


def refused(keras: Any, t: Any) -> Any:
    x = t.data(8)
    y = t.target(x)
    model = _model(keras, t)
    raw = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    no_loss = t.start(keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)]))
    no_loss.compile("sgd")
    return {
        "not compiled": t.seen(lambda: raw.fit(x, y, verbose=0)),
        "evaluate": t.seen(lambda: raw.evaluate(x, y, verbose=0)),
        "on batch": t.seen(lambda: raw.train_on_batch(x, y)),
        "lengths": t.seen(lambda: model.fit(x, y[:5], verbose=0)),
        "width": t.seen(lambda: model.fit(x[:, :2], y, verbose=0)),
        "generator and y": t.seen(lambda: model.fit(iter([(x, y)]), y, verbose=0)),
        "split of a generator": t.seen(lambda: model.fit(iter([(x, y)]), validation_split=0.5, verbose=0)),
        "frequency": t.seen(lambda: model.fit(x, y, validation_data=(x, y), validation_freq="often", verbose=0)),
        "both weights": t.seen(lambda: model.train_on_batch(x, y, class_weight={0: 1.0}, sample_weight=y)),
        "weights": t.plain(model.get_weights()),
    }
