"""Record the penalties of Keras's regularizers in float64, and its numerical tools. Run with a Python that has Keras 3:

python tests/parity/make_regularizer_fixtures.py
"""

from __future__ import annotations

import inspect
import json
import os
from pathlib import Path
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "torch")

import keras  # type: ignore[import-not-found]
import numpy as np

keras.config.set_floatx("float64")

CASES: list[tuple[str, dict[str, Any]]] = [
    ("L1", {}),
    ("L1", {"l1": 0.3}),
    ("L2", {}),
    ("L2", {"l2": 0.7}),
    ("L1L2", {}),
    ("L1L2", {"l1": 0.1}),
    ("L1L2", {"l2": 0.2}),
    ("L1L2", {"l1": 0.1, "l2": 0.2}),
    ("OrthogonalRegularizer", {}),
    ("OrthogonalRegularizer", {"factor": 2.0, "mode": "columns"}),
]


def gradient(regularizer: Any, x: np.ndarray) -> tuple[float, list[Any]]:
    import torch  # type: ignore[import-not-found]

    tensor = torch.tensor(x, requires_grad=True)
    value = regularizer(tensor)
    if value.requires_grad:
        value.backward()
    return float(value), np.zeros_like(x).tolist() if tensor.grad is None else tensor.grad.numpy().tolist()


def main() -> None:
    x = np.random.default_rng(0).normal(size=(4, 3))
    rows = []
    for name, arguments in CASES:
        value, dx = gradient(getattr(keras.regularizers, name)(**arguments), x)
        rows.append({"class": name, "arguments": arguments, "value": value, "gradient": dx})
    names = ["Regularizer", "L1", "L2", "L1L2", "OrthogonalRegularizer", "l1", "l2", "l1_l2", "orthogonal_regularizer"]
    fixture = {
        "x": x.tolist(),
        "cases": rows,
        "signatures": {n: str(inspect.signature(getattr(keras.regularizers, n).__init__)) for n in names},
        "serialized": {n: keras.regularizers.serialize(getattr(keras.regularizers, n)()) for n in names[1:5]},
    }
    path = Path(__file__).parent / "fixtures" / "regularizers.json"
    path.write_text(json.dumps(fixture, indent=0) + "\n", encoding="utf-8")
    print(f"{path}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
