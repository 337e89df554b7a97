"""What `callbacks.Recorder` costs: a training of a table with and without it, in turn.

    python benchmarks/recorder.py [--rounds 15]

20,000 rows of 30 numbers, a network of 64, 64 and 1 units, batches of 32, 20 epochs. Prints the medians of both and the
median of what the one of a pair costs more than the other, by the clock and in processor time, which is steadier on a
busy machine. "without" has a callback that listens to epochs and does nothing, or (with --alone) none at all: then
`fit` runs all epochs in one go.
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

ROWS, COLUMNS, EPOCHS, BATCH = 20_000, 30, 20, 32


def data() -> tuple[Any, Any]:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(ROWS, COLUMNS)).astype("float32")
    return x, (x[:, 0] + x[:, 1] * x[:, 2] > 0).astype("float32")


def network() -> Any:
    cr.utils.set_random_seed(0)
    layers = [cr.layers.Dense(64, "relu"), cr.layers.Dense(64, "relu"), cr.layers.Dense(1, "sigmoid")]
    model = cr.Sequential([cr.Input((COLUMNS,)), *layers])
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    return model


class Silent(cr.callbacks.Callback):
    """Listens to epochs, as any callback does."""

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        pass


def timed(x: Any, y: Any, callbacks: list[Any]) -> tuple[float, float]:
    """Return seconds by the clock and of the processors."""
    model = network()
    began, used = perf_counter(), process_time()
    model.fit(x, y, batch_size=BATCH, epochs=EPOCHS, verbose=0, callbacks=callbacks)
    return perf_counter() - began, process_time() - used


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--every", default="auto", help="as for Recorder: auto, batch, a number of epochs")
    parser.add_argument("--alone", action="store_true", help="compare with a training that has no callback at all")
    given = parser.parse_args()
    every = int(given.every) if given.every.isdigit() else given.every
    x, y = data()
    pairs = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "run.jsonl"
        for _ in range(given.rounds + 1):
            without = timed(x, y, [] if given.alone else [Silent()])
            pairs.append((without, timed(x, y, [cr.callbacks.Recorder(path, every=every, overwrite=True)])))
        run = cr.recording.load(path)
        size = path.stat().st_size
    for i, what in enumerate(("clock", "processors")):
        times = [(a[i], b[i]) for a, b in pairs[1:]]  # the first pair imports
        without_it, with_it = (1e3 * median(v) for v in zip(*times, strict=True))
        more = 100 * median(b / a - 1 for a, b in times)
        print(f"{what:<11} without {without_it:6.1f} ms   with {with_it:6.1f} ms   of a pair {more:+.1f} %")
    print(f"{len(run.frames)} frames, {size / 1e3:.0f} KB, health: {[f['code'] for f in run.findings] or 'nothing'}")


if __name__ == "__main__":
    main()
