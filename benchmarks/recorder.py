"""What `callbacks.Recorder` costs: a training with and without it, in turn.

    python benchmarks/recorder.py [--rounds 15] [--small] [--beside]

20,000 rows of 30 numbers, a network of 64, 64 and 1 units, batches of 32, 20 epochs; or with --small one neuron that
learns OR in 500 epochs, which takes 2 ms. Prints the medians of both and the median of what the one of a pair costs
more than the other, by the clock and in processor time, which is steadier on a busy machine. "without" has no callback,
so that `fit` runs all epochs in one go; with --beside it has one that listens to epochs and does nothing.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import Any

import numpy as np

import chainrule as cr


class Table:
    """Rows of numbers with two classes."""

    rows, columns, epochs, batch = 20_000, 30, 20, 32

    def data(self) -> tuple[Any, Any]:
        rng = np.random.default_rng(0)
        x = rng.normal(size=(self.rows, self.columns)).astype("float32")
        return x, (x[:, 0] + x[:, 1] * x[:, 2] > 0).astype("float32")

    def network(self) -> Any:
        layers = [cr.layers.Dense(64, "relu"), cr.layers.Dense(64, "relu"), cr.layers.Dense(1, "sigmoid")]
        model = cr.Sequential([cr.Input((self.columns,)), *layers])
        model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
        return model


class Or:
    """Four rows."""

    epochs, batch = 500, 4

    def data(self) -> tuple[Any, Any]:
        return np.array([[0, 0], [0, 1], [1, 0], [1, 1]], "float32"), np.array([0, 1, 1, 1], "float32")

    def network(self) -> Any:
        model = cr.Sequential([cr.Input((2,)), cr.layers.Dense(1, "sigmoid")])
        model.compile(cr.optimizers.SGD(1.0), "mse", metrics=["accuracy"])
        return model


class Silent(cr.callbacks.Callback):
    """Listens to epochs, as any callback does."""

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        pass


def timed(work: Table | Or, callbacks: list[Any]) -> tuple[float, float]:
    """Return seconds by the clock and of the processors."""
    cr.utils.set_random_seed(0)
    model, (x, y) = work.network(), work.data()
    began, used = perf_counter(), process_time()
    model.fit(x, y, batch_size=work.batch, epochs=work.epochs, verbose=0, callbacks=callbacks)
    return perf_counter() - began, process_time() - used


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--every", default="auto", help="as for Recorder: auto, batch, a number of epochs")
    parser.add_argument("--small", action="store_true", help="a training of 2 ms")
    parser.add_argument("--beside", action="store_true", help="compare with a training that has another callback")
    given = parser.parse_args()
    every = int(given.every) if given.every.isdigit() else given.every
    work: Table | Or = Or() if given.small else Table()
    pairs, frames = [], []
    with tempfile.TemporaryDirectory() as folder:
        for i in range(given.rounds + 1):
            path = Path(folder) / f"{i}.jsonl"
            for recorded in (i % 2 == 0, i % 2 == 1):
                if recorded:
                    with_it = timed(work, [cr.callbacks.Recorder(path, every=every)])
                else:
                    without = timed(work, [Silent()] if given.beside else [])
            pairs.append((without, with_it))
            run = cr.recording.load(path)
            frames.append(len(run.frames))
        size = path.stat().st_size
    for i, what in enumerate(("clock", "processors")):
        times = [(a[i], b[i]) for a, b in pairs[1:]]  # the first pair imports
        before, after = (1e3 * median(v) for v in zip(*times, strict=True))
        ms, share = 1e3 * median(b - a for a, b in times), 100 * median(b / a - 1 for a, b in times)
        print(f"{what:<11} without {before:6.1f} ms   with {after:6.1f} ms   of a pair {ms:+.1f} ms, {share:+.1f} %")
    health = [f["code"] for f in run.findings] or "nothing"
    print(f"{median(frames):.0f} frames, {size / 1e3:.0f} KB, health: {health}")


if __name__ == "__main__":
    main()
