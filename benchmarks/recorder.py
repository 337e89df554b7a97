"""What `callbacks.Recorder` costs: a training of a table with and without it, in turn.

    python benchmarks/recorder.py [--rounds 15]

20,000 rows of 30 numbers, a network of 64, 64 and 1 units, batches of 32, 20 epochs. Prints the medians, their
difference as a share, and the median of the differences of neighbours, which is steadier on a busy machine.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from statistics import median
from time import perf_counter
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


def timed(x: Any, y: Any, callbacks: list[Any]) -> float:
    model = network()
    began = perf_counter()
    model.fit(x, y, batch_size=BATCH, epochs=EPOCHS, verbose=0, callbacks=callbacks)
    return perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--every", default="auto", help="as for Recorder: auto, batch, a number of epochs")
    given = parser.parse_args()
    every = int(given.every) if given.every.isdigit() else given.every
    x, y = data()
    plain, recorded = [], []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "run.jsonl"
        for round in range(given.rounds + 1):
            without = timed(x, y, [])
            recorder = cr.callbacks.Recorder(path, every=every, overwrite=True)
            with_it = timed(x, y, [recorder])
            if round:  # the first one imports
                plain.append(without)
                recorded.append(with_it)
        run = cr.recording.load(path)
        size = path.stat().st_size
    a, b = median(plain), median(recorded)
    pairs = median(r / p - 1 for p, r in zip(plain, recorded, strict=True))
    print(f"without {a * 1e3:.1f} ms, with {b * 1e3:.1f} ms: {100 * (b / a - 1):+.1f} %, of neighbours {100 * pairs:+.1f} %")
    print(f"{len(run.frames)} frames, {size / 1e3:.0f} KB, health: {[f['code'] for f in run.findings] or 'nothing'}")


if __name__ == "__main__":
    main()
