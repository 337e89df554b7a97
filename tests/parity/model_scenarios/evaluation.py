"""`evaluate`, `predict`, single batches, metrics."""

from __future__ import annotations

from typing import Any

import numpy as np


def _classifier(keras: Any, t: Any, **settings: Any) -> Any:
    model = keras.Sequential(
        [keras.Input((3,)), keras.layers.Dense(4, activation="tanh"), keras.layers.Dense(3, activation="softmax")]
    )
    t.start(model)
    model.compile(keras.optimizers.SGD(0.1), "sparse_categorical_crossentropy", **settings)
    return model


def _regressor(keras: Any, t: Any, **settings: Any) -> Any:
    model = t.start(keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)]))
    model.compile(keras.optimizers.SGD(0.1), "mse", **settings)
    return model


def order_of_values(keras: Any, t: Any) -> Any:
    x = t.data(20)
    y = t.classes(x)
    model = _classifier(keras, t, metrics=["sparse_top_k_categorical_accuracy", "accuracy"], weighted_metrics=["acc"])
    bare = _classifier(keras, t)
    named = model.evaluate(x, y, verbose=0, return_dict=True)
    return {
        "values": t.plain(model.evaluate(x, y, verbose=0)),
        "dict": t.plain(named),
        "keys": list(named),
        "names": model.metrics_names,
        "bare": t.plain(bare.evaluate(x, y, verbose=0)),
        "bare dict": t.plain(bare.evaluate(x, y, verbose=0, return_dict=True)),
        "types": [type(v).__name__ for v in model.evaluate(x, y, verbose=0)],
        "in batches": t.plain(model.evaluate(x, y, batch_size=3, verbose=0)),
        "some": t.plain(model.evaluate(x, y, batch_size=3, steps=2, verbose=0)),
    }


def predictions(keras: Any, t: Any) -> Any:
    model = _regressor(keras, t)
    x = t.data(70)
    found = model.predict(x, verbose=0)
    return {
        "type": type(found).__name__,
        "dtype": str(found.dtype),
        "values": t.plain(found),
        "small batches": t.plain(model.predict(x, batch_size=9, verbose=0)),
        "two steps": t.shape(model.predict(x, batch_size=9, steps=2, verbose=0)),
        "on batch": t.plain(model.predict_on_batch(x[:3])),
        "generator": t.plain(model.predict(((x[i : i + 7],) for i in range(0, 70, 7)), verbose=0)),
        "one row": t.plain(model.predict(x[:1], verbose=0)),
        "list": t.plain(model.predict(np.array([[1.0, 2.0, 3.0]]), verbose=0)),
    }


def train_on_batches(keras: Any, t: Any) -> Any:
    """Each call begins with a reset of the metrics."""
    x = t.data(12)
    y = t.target(x)
    model = _regressor(keras, t, metrics=["mae"])
    found: list[Any] = [t.plain(model.train_on_batch(x[:4], y[:4])), t.plain(model.train_on_batch(x[4:], y[4:]))]
    found.append(t.plain(model.train_on_batch(x, y, return_dict=True)))
    model.reset_metrics()
    found.append(t.plain(model.train_on_batch(x[:4], y[:4])))
    found.append(t.plain(model.train_on_batch(x, y, sample_weight=np.abs(x[:, 0]))))
    return {"values": found, "weights": t.plain(model.get_weights()), "iterations": int(model.optimizer.iterations)}


def test_on_batches(keras: Any, t: Any) -> Any:
    x = t.data(12)
    y = t.target(x)
    model = _regressor(keras, t, metrics=["mae"])
    found: list[Any] = [t.plain(model.test_on_batch(x[:4], y[:4])), t.plain(model.test_on_batch(x[4:], y[4:]))]
    found.append(t.plain(model.test_on_batch(x, y, return_dict=True)))
    model.reset_metrics()
    found.append(t.plain(model.test_on_batch(x, y, sample_weight=np.abs(x[:, 0]))))
    bare = _regressor(keras, t)
    return {"values": found, "bare": t.plain(bare.test_on_batch(x, y)), "weights": t.plain(model.get_weights())}


def class_weight_on_batch(keras: Any, t: Any) -> Any:
    x = t.data(12)
    model = _classifier(keras, t)
    return [t.plain(model.train_on_batch(x, t.classes(x), class_weight={0: 2.0, 1: 0.1})), t.plain(model.get_weights())]


def metrics_over_time(keras: Any, t: Any) -> Any:
    x = t.data(12)
    y = t.target(x)
    model = _regressor(keras, t, metrics=["mae"])
    before = [model.metrics_names, t.seen(lambda: [m.name for m in model.metrics])]
    model.fit(x, y, verbose=0, shuffle=False)
    results = t.plain(model.get_metrics_result())
    model.reset_metrics()
    return {
        "before": before,
        "after": model.metrics_names,
        "results": results,
        "zero": t.plain(model.get_metrics_result()),
    }


def accuracy_by_shape(keras: Any, t: Any) -> Any:
    """Keras chooses among three accuracies by the shapes alone."""
    x = t.data(20)
    found = {}
    for name, units, activation, loss, y in (
        ("binary", 1, "sigmoid", "binary_crossentropy", (t.classes(x) > 0).astype("float32")),
        ("sparse", 3, "softmax", "sparse_categorical_crossentropy", t.classes(x)),
        ("one-hot", 3, "softmax", "categorical_crossentropy", np.eye(3, dtype="float32")[t.classes(x)]),
        ("several labels", 3, "sigmoid", "binary_crossentropy", (t.data(20, 3, seed=5) > 0).astype("float32")),
        ("regression", 1, None, "mse", t.target(x)),
        ("auto", 3, "softmax", "crossentropy", t.classes(x)),
    ):
        model = t.start(keras.Sequential([keras.Input((3,)), keras.layers.Dense(units, activation=activation)]))
        model.compile("sgd", loss, metrics=["accuracy"])
        found[name] = t.plain(model.evaluate(x, y, verbose=0))
    return found


def uncompiled(keras: Any, t: Any) -> Any:
    model = t.start(keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)]))
    x = t.data(3)
    return {
        "predict": t.plain(model.predict(x, verbose=0)),
        "metrics": [m.name for m in model.metrics],
        "compiled": model.compiled,
    }
