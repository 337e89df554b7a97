"""scikit-learn's MLPClassifier and MLPRegressor; each fit is of a fresh estimator, which has nothing to compile."""

from __future__ import annotations

import time
import warnings
from typing import Any

from benchmarks.ladder.data import arrays
from benchmarks.ladder.timing import Prepared, calls, training
from benchmarks.ladder.workloads import Network, Workload
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier, MLPRegressor

warnings.simplefilter("ignore", ConvergenceWarning)


def build(network: Network, epochs: int) -> Any:
    """Return an estimator that trains exactly `epochs` epochs, without the default weight decay."""
    kind = MLPRegressor if network.head == "linear" else MLPClassifier
    settings = {"solver": "sgd", "learning_rate_init": 0.5, "momentum": 0.0} if network.optimizer == "sgd" else {}
    return kind(
        hidden_layer_sizes=network.widths[:-1],
        activation={"sigmoid": "logistic"}.get(network.activation, network.activation),
        batch_size=network.batch,
        shuffle=network.shuffles,
        max_iter=epochs,
        n_iter_no_change=epochs + 1,
        alpha=0.0,
        **settings,
    )


def prepare(workload: Workload, variant: str) -> Prepared:
    network = workload.network
    x, y = arrays(network)
    if workload.kind in ("one-row", "all-rows"):
        fitted = build(network, 1).fit(x[:500], y[:500])
        rows = x[:1] if workload.kind == "one-row" else x
        return calls(lambda: fitted.predict_proba(rows))

    def train(epochs: int) -> tuple[float, float]:
        estimator = build(network, epochs)
        start = time.perf_counter()
        estimator.fit(x, y)
        return time.perf_counter() - start, estimator.loss_

    return training(train, network.steps, network.epochs)
