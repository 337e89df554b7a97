"""By how much does the process grow over thousands of trainings, evaluations and predictions? Linux only.

python benchmarks/memory.py [TIMES]
"""

from __future__ import annotations

import gc
import resource
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import chainrule as cr

X = np.random.default_rng(0).normal(size=(64, 4)).astype("float32")
Y = X.sum(axis=1)
FIRST = 100


def network() -> cr.Sequential:
    net = cr.Sequential([cr.Input((4,)), cr.layers.Dense(8, activation="relu"), cr.layers.Dense(1)])
    net.compile("adam", "mse", metrics=["mae"])
    return net


def resident() -> int:
    """Return the memory that the process occupies now, in bytes."""
    pages = Path("/proc/self/statm").read_text().split()[1]
    return int(pages) * resource.getpagesize()


def growth(action: Callable[[], Any], times: int) -> int:
    """Return by how many bytes the process grows after the first hundred repetitions of an action."""
    for _ in range(FIRST):
        action()
    gc.collect()
    before = resident()
    for _ in range(times - FIRST):
        action()
    gc.collect()
    return resident() - before


def main() -> None:
    times = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    net = network()
    actions: dict[str, Callable[[], Any]] = {
        "fit": lambda: net.fit(X, Y, epochs=2, verbose=0),
        "fit with validation": lambda: net.fit(X, Y, epochs=2, validation_data=(X, Y), verbose=0),
        "fit, other arrays": lambda: net.fit(X.copy(), Y.copy(), verbose=0),
        "evaluate": lambda: net.evaluate(X, Y, verbose=0),
        "predict": lambda: net.predict(X, verbose=0),
        "model(x)": lambda: net(X),
        "new model, fit": lambda: network().fit(X, Y, verbose=0),
        "fit_many": lambda: cr.fit_many([network(), network()], X, Y, verbose=0),
    }
    for name, action in actions.items():
        print(f"{name:20} {growth(action, times) / 1e6:6.2f} MB after the first {FIRST} of {times}", flush=True)


if __name__ == "__main__":
    main()
