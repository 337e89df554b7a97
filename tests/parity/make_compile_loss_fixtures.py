"""Write fixtures/compile_loss.json with real Keras: the total and the logged losses of models with several outputs.

Run with a Python that has Keras 3 and PyTorch; the tests need neither.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

os.environ["KERAS_BACKEND"] = "torch"

import keras
import numpy as np
import torch
from keras.src.trainers.compile_utils import CompileLoss

# loss, loss_weights, output names, y, outputs, sample weights; arrays by name
CASES = [
    ("mse", None, ["a"], "yb", "A", None),
    ("mse", None, None, "yb", "A", None),
    ("crossentropy", None, ["a"], "ya", "A", None),
    ("crossentropy", None, ["a"], "yc", "C", None),
    ("ce", None, ["a"], "yo", "C", None),
    ("mse", [2.0], ["a"], "yb", "A", None),
    ("mse", 2.0, ["a"], "yb", "A", None),
    ("mse", None, ["a"], "yb", "A", "w"),
    ({"a": "mse"}, {"a": 3.0}, ["a"], "yb", "A", None),
    (["mse"], None, ["a"], "yb", "A", None),
    ("mse", None, ["a", "b"], ["ya", "yb"], ["A", "B"], None),
    (["mse", "mae"], None, ["a", "b"], ["ya", "yb"], ["A", "B"], None),
    (["mse", "mae"], None, None, ["ya", "yb"], ["A", "B"], None),
    (["mse", "mae"], [1.0, 10.0], ["a", "b"], ["ya", "yb"], ["A", "B"], None),
    (["mse", None], None, ["a", "b"], ["ya", "yb"], ["A", "B"], None),
    (["mse", None], None, ["a", "b"], ["ya"], ["A", "B"], None),
    (["mse", None], [2.0, None], ["a", "b"], ["ya", "yb"], ["A", "B"], None),
    ({"a": "mse", "b": "mae"}, {"a": 1.0, "b": 10.0}, ["a", "b"], ["ya", "yb"], ["A", "B"], None),
    ({"b": "mse", "a": "mae"}, {"a": 1.0, "b": 10.0}, ["a", "b"], ["ya", "yb"], ["A", "B"], None),
    ({"a": "mse", "b": "mae"}, None, ["a", "b"], {"a": "ya", "b": "yb"}, ["A", "B"], None),
    ({"a": "mse", "b": None}, None, ["a", "b"], ["ya", "yb"], ["A", "B"], None),
    ({"a": "mse", "b": "mae"}, {"a": 1.0, "b": 10.0}, ["x", "y"], {"a": "ya", "b": "yb"}, {"a": "A", "b": "B"}, None),
    ({"a": "mse"}, None, ["a", "b"], {"a": "ya", "b": "yb"}, {"a": "A", "b": "B"}, None),
    ({"a": "mse"}, None, ["a", "b"], {"a": "ya"}, {"a": "A", "b": "B"}, None),
    ("mse", None, ["a", "b"], {"a": "ya", "b": "yb"}, {"a": "A", "b": "B"}, None),
    ({"b": "mse", "a": "mae"}, None, ["b", "a"], {"b": "yb", "a": "ya"}, {"b": "B", "a": "A"}, None),
    (
        {"u": ["mse", "mae"], "v": "crossentropy"},
        None,
        ["p", "q", "v"],
        {"u": ["ya", "yb"], "v": "yc"},
        {"u": ["A", "B"], "v": "C"},
        None,
    ),
    (
        {"u": ["mse", "mae"], "v": "crossentropy"},
        {"u": [1.0, 2.0], "v": 3.0},
        ["p", "q", "v"],
        {"u": ["ya", "yb"], "v": "yc"},
        {"u": ["A", "B"], "v": "C"},
        None,
    ),
    ([["mse", "mae"], "crossentropy"], None, ["p", "q", "v"], [["ya", "yb"], "yc"], [["A", "B"], "C"], None),
    (["mse", "mae"], None, ["a", "b"], ["ya", "yb"], ["A", "B"], ["w", "z"]),
    (["mse", "mae"], None, ["a", "b"], ["ya", "yb"], ["A", "B"], "w"),
    ({"a": "mse", "b": "mae"}, None, ["a", "b"], {"a": "ya", "b": "yb"}, {"a": "A", "b": "B"}, {"a": "w", "b": "z"}),
]


def main() -> None:
    rng = np.random.default_rng(0)
    n = 4
    labels = rng.integers(0, 3, n)
    arrays = {
        "A": rng.uniform(0.1, 0.9, (n, 1)),
        "B": rng.uniform(0.1, 0.9, (n, 1)),
        "C": rng.dirichlet(np.ones(3), n),
        "ya": rng.integers(0, 2, (n, 1)).astype(float),
        "yb": rng.normal(size=(n, 1)),
        "yc": labels.astype(float),
        "yo": np.eye(3)[labels],
        "w": np.array([1.0, 2.0, 3.0, 4.0]),
        "z": np.array([1.0, 0.0, 0.0, 1.0]),
    }
    arrays = {name: np.round(a, 6) for name, a in arrays.items()}

    def fill(structure: object) -> object:
        return keras.tree.map_structure(lambda name: torch.tensor(arrays[name].astype("float32")), structure)

    results = []
    for loss, weights, names, y, p, w in CASES:
        compiled = CompileLoss(loss, weights, output_names=names)
        total = float(compiled(fill(y), fill(p), None if w is None else fill(w)))
        logged = {m.name: float(m.result()) for m in compiled.metrics}
        results.append({"total": total, "logged": logged})
    path = Path(__file__).parent / "fixtures" / "compile_loss.json"
    stored = {"arrays": {k: a.tolist() for k, a in arrays.items()}, "cases": CASES, "results": results}
    path.write_text(json.dumps(stored) + "\n")


if __name__ == "__main__":
    main()
