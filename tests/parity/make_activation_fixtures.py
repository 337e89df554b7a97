"""Write fixtures/activations.npz with real Keras: values and gradients of every activation in float32 and float64.

Run with a Python that has Keras 3 and PyTorch; the tests need neither.
"""

from __future__ import annotations

import inspect
import json
import os
from pathlib import Path

os.environ["KERAS_BACKEND"] = "torch"

import keras
import numpy as np
import torch
from keras.src.backend.common import dtypes

# outside TensorFlow Keras turns float64 into float32 wherever it promotes types; the same code is wanted in float64
dtypes.BIT64_TO_BIT32_DTYPE["float64"] = "float64"

GRID = [
    1e-6,
    1e-3,
    0.1,
    0.3,
    0.7,
    0.9,
    1.2,
    2.0,
    2.9,
    3.1,
    5.0,
    5.9,
    6.1,
    8.0,
    12.0,
    20.0,
    35.0,
    50.0,
    80.0,
    100.0,
    1000.0,
]
SCALAR = [
    ("relu", {}),
    ("relu", {"negative_slope": 0.1}),
    ("relu", {"max_value": 6.0}),
    ("relu", {"max_value": 2.5}),
    ("relu", {"threshold": 1.0}),
    ("relu", {"negative_slope": 0.2, "max_value": 4.0, "threshold": 0.5}),
    ("relu", {"negative_slope": 0.2, "max_value": 4.0, "threshold": -0.5}),
    ("sigmoid", {}),
    ("tanh", {}),
    ("linear", {}),
    ("elu", {}),
    ("elu", {"alpha": 0.3}),
    ("selu", {}),
    ("gelu", {}),
    ("gelu", {"approximate": True}),
    ("silu", {}),
    ("leaky_relu", {}),
    ("leaky_relu", {"negative_slope": 0.3}),
    ("softplus", {}),
    ("softsign", {}),
    ("exponential", {}),
    ("hard_sigmoid", {}),
    ("mish", {}),
    ("relu6", {}),
    ("celu", {}),
    ("celu", {"alpha": 2.0}),
    ("hard_shrink", {}),
    ("hard_shrink", {"threshold": 1.0}),
    ("hard_silu", {}),
    ("hard_tanh", {}),
    ("log_sigmoid", {}),
    ("soft_shrink", {}),
    ("soft_shrink", {"threshold": 1.0}),
    ("sparse_plus", {}),
    ("sparse_sigmoid", {}),
    ("squareplus", {}),
    ("squareplus", {"b": 1}),
    ("tanh_shrink", {}),
    ("threshold", {"threshold": 0.5, "default_value": -2.0}),
]
VECTOR = [
    ("softmax", {}),
    ("softmax", {"axis": 0}),
    ("log_softmax", {}),
    ("glu", {}),
    ("glu", {"axis": 0}),
]


def evaluate(name: str, options: dict, x: np.ndarray, g: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    tensor = torch.tensor(x, requires_grad=True)
    value = getattr(keras.activations, name)(tensor, **options)
    value.backward(torch.tensor(g[tuple(slice(n) for n in value.shape)]))
    return value.detach().numpy(), tensor.grad.numpy()


def main() -> None:
    rng = np.random.default_rng(7)
    scalar = np.array([-v for v in reversed(GRID)] + GRID)
    vector = rng.normal(0, 2, (4, 6))
    vector[1] *= 50
    arrays = {
        "scalar": scalar,
        "vector": vector,
        "g_scalar": rng.normal(size=scalar.shape),
        "g_vector": rng.normal(size=(4, 6)),
    }
    cases = []
    for kind, listed in (("scalar", SCALAR), ("vector", VECTOR)):
        for name, options in listed:
            x, g = arrays[kind], arrays[f"g_{kind}"]
            if name == "exponential":
                x, g = x[x < 85], g[x < 85]
            for dtype in ("float32", "float64"):
                keras.config.set_floatx(dtype)
                value, gradient = evaluate(name, options, x.astype(dtype), g.astype(dtype))
                assert value.dtype == dtype
                arrays[f"{len(cases)}/{dtype}/value"], arrays[f"{len(cases)}/{dtype}/gradient"] = value, gradient
            cases.append({"kind": kind, "name": name, "options": options})
    names = {c["name"] for c in cases}
    # sparsemax is wrong in Keras 3.15.1 (its results do not add up to 1: keras-team/keras#23425, mended later)
    known = set(keras.src.activations.ALL_OBJECTS_DICT) - {"swish", "hard_swish", "sparsemax"}
    assert names == known, names ^ known
    path = Path(__file__).parent / "fixtures" / "activations.npz"
    listed = sorted({*known, "swish", "hard_swish", "sparsemax", "get", "serialize", "deserialize"})
    signatures = {name: str(inspect.signature(getattr(keras.activations, name))) for name in listed}
    np.savez_compressed(path, cases=json.dumps(cases), signatures=json.dumps(signatures), **arrays)
    print(len(cases), "cases,", path.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
