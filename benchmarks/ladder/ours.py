"""chainrule, through its public API only: every fit is of a fresh model, so that whatever `fit` prepares is counted."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from benchmarks.ladder.data import arrays
from benchmarks.ladder.timing import Prepared, calls, training
from benchmarks.ladder.workloads import Network, Workload

import chainrule as cr


def build(network: Network, engine: str) -> cr.Model:
    """Return a compiled model as the documentation builds it."""
    activations = [network.activation] * (len(network.widths) - 1) + [network.head]
    layers = [cr.layers.Dense(width, activation=a) for width, a in zip(network.widths, activations, strict=True)]
    model = cr.Sequential([cr.Input((network.features,)), *layers])
    optimizer = cr.optimizers.SGD(0.5) if network.optimizer == "sgd" else "adam"
    model.compile(optimizer=optimizer, loss=network.loss, engine=engine)
    return model


def prepare(workload: Workload, variant: str) -> Prepared:
    engine = "reference" if variant == "reference" else "auto"
    network = workload.network
    if workload.kind == "train":
        return alone(network, engine)
    if workload.kind == "many":
        return in_turn(workload) if variant == "in turn" else together(workload)
    model = build(network, engine)
    x = arrays(network)[0]
    rows = x[:1] if workload.kind == "one-row" else x
    model.predict(rows[:1], verbose=0)
    return calls(prediction(model, rows, variant or workload.kind), engine=model.engine)


def prediction(model: cr.Model, x: Any, way: str) -> Callable[[], Any]:
    """Return the call to measure; each ends with a NumPy array."""
    if way == "predict_on_batch":
        return lambda: model.predict_on_batch(x)
    if way == "one-row":
        return lambda: model(x).numpy()
    return lambda: model.predict(x, verbose=0)


def alone(network: Network, engine: str) -> Prepared:
    x, y = arrays(network)
    shuffle = network.shuffles

    def train(epochs: int) -> tuple[float, float]:
        model = build(network, engine)
        start = time.perf_counter()
        history = model.fit(x, y, batch_size=network.batch, epochs=epochs, shuffle=shuffle, verbose=0)
        return time.perf_counter() - start, history.history["loss"][-1]

    used = build(network, engine)
    used.fit(x[:2], y[:2], batch_size=2, verbose=0)
    return training(train, network.steps, network.epochs, engine=used.engine)


def together(workload: Workload) -> Prepared:
    """All models as one job over the cores; seconds per step of one model."""
    network = workload.network
    x, y = arrays(network)

    def train(epochs: int) -> tuple[float, float]:
        models = [build(network, "auto") for _ in range(workload.models)]
        start = time.perf_counter()
        histories = cr.fit_many(models, x, y, epochs=epochs, batch_size=network.batch, verbose=0)
        return time.perf_counter() - start, histories[-1].history["loss"][-1]

    return training(train, network.steps * workload.models, network.epochs, models=workload.models)


def in_turn(workload: Workload) -> Prepared:
    """The same models one after the other with `fit`: what the efficiency of `fit_many` is counted against."""
    network = workload.network
    x, y = arrays(network)

    def train(epochs: int) -> tuple[float, float]:
        models = [build(network, "auto") for _ in range(workload.models)]
        start = time.perf_counter()
        histories = [model.fit(x, y, epochs=epochs, batch_size=network.batch, verbose=0) for model in models]
        return time.perf_counter() - start, histories[-1].history["loss"][-1]

    return training(train, network.steps * workload.models, network.epochs, models=workload.models)
