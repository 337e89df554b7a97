"""Keras 3 on the backend that KERAS_BACKEND names, with its defaults: `compile`, then `fit` of a warm model."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from benchmarks.ladder.data import arrays
from benchmarks.ladder.timing import Prepared, calls, training
from benchmarks.ladder.workloads import Network, Workload

MODELS_IN_TURN = 2


def build(network: Network) -> keras.Model:
    activations = [network.activation] * (len(network.widths) - 1) + [network.head]
    layers = [keras.layers.Dense(width, activation=a) for width, a in zip(network.widths, activations, strict=True)]
    model = keras.Sequential([keras.Input((network.features,)), *layers])
    optimizer = keras.optimizers.SGD(0.5) if network.optimizer == "sgd" else "adam"
    model.compile(optimizer=optimizer, loss=network.loss)
    return model


def prepare(workload: Workload, variant: str) -> Prepared:
    network = workload.network
    x, y = arrays(network)
    if workload.kind in ("one-row", "all-rows"):
        return calls(prediction(build(network), x[:1] if workload.kind == "one-row" else x, variant or workload.kind))
    models = [build(network) for _ in range(MODELS_IN_TURN if workload.kind == "many" else 1)]
    settings = {"batch_size": network.batch, "shuffle": network.shuffles, "verbose": 0}

    def train(epochs: int) -> tuple[float, float]:
        start = time.perf_counter()
        histories = [model.fit(x, y, epochs=epochs, **settings) for model in models]
        return time.perf_counter() - start, histories[-1].history["loss"][-1]

    return training(train, network.steps * len(models), network.epochs)


def prediction(model: keras.Model, x: Any, way: str) -> Callable[[], Any]:
    """Return the call to measure: `model(x)`, or `predict` with the default or a named batch size."""
    if way == "one-row":
        return lambda: np.asarray(model(x))
    batch = int(way) if way.isdigit() else None
    return lambda: model.predict(x, batch_size=batch, verbose=0)
