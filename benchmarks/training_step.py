"""How long is one training step of a table-sized network, on the reference engine and in the peers that are installed?

    python benchmarks/training_step.py [ROUNDS]

20,000 rows of 30 features, 64-64-1 relu, Adam, batch 32. Systems take turns; medians over rounds. Peers (PyTorch and
Keras) are measured where they can be imported. The public `fit` is what counts.
"""

from __future__ import annotations

import importlib
import os
import statistics
import sys
import time
from collections.abc import Callable
from importlib.util import find_spec

import numpy as np

ROWS, FEATURES, BATCH = 20_000, 30, 32


def data() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    x = rng.standard_normal((ROWS, FEATURES)).astype("float32")
    return x, (x[:, 0] * x[:, 1] + x[:, 2] > 0).astype("float32")


def keras_like(name: str) -> Callable[[], None]:
    if name == "keras":
        os.environ.setdefault("KERAS_BACKEND", "jax")
    keras = importlib.import_module(name)
    model = keras.Sequential(
        [
            keras.Input((FEATURES,)),
            keras.layers.Dense(64, activation="relu"),
            keras.layers.Dense(64, activation="relu"),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile(optimizer="adam", loss="binary_crossentropy")
    x, y = data()
    return lambda: model.fit(x, y, batch_size=BATCH, epochs=1, verbose=0)


def torch_loop() -> Callable[[], None]:
    import torch

    x, y = (torch.tensor(a) for a in data())
    layers = [
        torch.nn.Linear(FEATURES, 64),
        torch.nn.ReLU(),
        torch.nn.Linear(64, 64),
        torch.nn.ReLU(),
        torch.nn.Linear(64, 1),
    ]
    model = torch.nn.Sequential(*layers)
    optimizer = torch.optim.Adam(model.parameters())

    def epoch() -> None:
        order = torch.randperm(ROWS)
        for start in range(0, ROWS, BATCH):
            rows = order[start : start + BATCH]
            optimizer.zero_grad()
            torch.nn.functional.binary_cross_entropy_with_logits(model(x[rows])[:, 0], y[rows]).backward()
            optimizer.step()

    return epoch


def systems() -> dict[str, Callable[[], None]]:
    found = {"chainrule (reference engine)": keras_like("chainrule")}
    if find_spec("torch"):
        found["torch"] = torch_loop()
    if find_spec("keras"):
        found["keras"] = keras_like("keras")
    return found


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    runners = systems()
    taken: dict[str, list[float]] = {name: [] for name in runners}
    for run in runners.values():
        run()  # warm-up
    for _ in range(rounds):
        for name, run in runners.items():
            start = time.perf_counter()
            run()
            taken[name].append((time.perf_counter() - start) / (ROWS / BATCH))
    ours = statistics.median(next(iter(taken.values())))
    for name, times in taken.items():
        median = statistics.median(times)
        low, middle, high = (1e6 * v for v in (min(times), median, max(times)))
        print(f"{name:30s} {middle:8.0f} us a step   (min {low:.0f}, max {high:.0f})   {median / ours:5.2f}x")


if __name__ == "__main__":
    main()
