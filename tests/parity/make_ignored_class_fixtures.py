"""Record what Keras logs where the loss ignores a class that is, or is not, one of the model's.

Run with a Python that has Keras 3 and JAX (on PyTorch, losses refuse labels outside the classes).
"""

from __future__ import annotations

import json
import os
from pathlib import Path

os.environ["KERAS_BACKEND"] = "jax"

import keras
import numpy as np

METRICS = [
    "accuracy",
    "sparse_categorical_accuracy",
    "sparse_top_k_categorical_accuracy",
    "sparse_categorical_crossentropy",
    "ignoring",
]
IGNORED = [-1, 255, 1]
FILE = Path(__file__).parent / "fixtures" / "ignored_class.json"


def metric(name: str, ignored: int) -> object:
    if name == "ignoring":
        return keras.metrics.SparseCategoricalCrossentropy(ignore_class=ignored)
    if name == "sparse_top_k_categorical_accuracy":
        return keras.metrics.SparseTopKCategoricalAccuracy(k=2)
    return name


def main() -> None:
    rng = np.random.default_rng(0)
    x, labels = rng.normal(size=(12, 4)).astype("float32"), rng.integers(0, 3, size=12)
    kernel = np.arange(12).reshape(4, 3) / 10 - 0.5
    cases = []
    for ignored in IGNORED:
        y = labels.copy()
        y[[1, 5]] = ignored
        for name in METRICS:
            if (ignored, name) == (-1, "sparse_top_k_categorical_accuracy"):
                continue  # JAX reads -1 as the last class there; TensorFlow counts the row as wrong
            for weighted in (False, True):
                model = keras.Sequential([keras.layers.Input((4,)), keras.layers.Dense(3, activation="softmax")])
                model.layers[0].set_weights([kernel, np.zeros(3)])
                given = {"weighted_metrics" if weighted else "metrics": [metric(name, ignored)]}
                loss = keras.losses.SparseCategoricalCrossentropy(ignore_class=ignored)
                model.compile("sgd", loss=loss, jit_compile=False, **given)
                weights = np.linspace(0.5, 1.5, 12) if weighted else None
                before = model.evaluate(x, y, 4, sample_weight=weights, verbose=0, return_dict=True)
                history = model.fit(x, y, 4, 2, sample_weight=weights, shuffle=False, verbose=0).history
                cases.append([ignored, name, weighted, before, history])
    case_lines = ",\n".join(json.dumps(case) for case in cases)
    FILE.write_text(f'{{"x": {x.tolist()}, "labels": {labels.tolist()},\n"cases": [\n{case_lines}\n]}}\n')


if __name__ == "__main__":
    main()
