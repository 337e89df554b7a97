"""Write fixtures/losses.npz with real Keras: every loss, its options, reductions and weights; values and gradients.

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

REDUCTIONS = ["sum_over_batch_size", "mean", "sum", "mean_with_sample_weight", "none", None]

# class name, options, (targets, predictions)
CASES = [
    ("MeanSquaredError", {}, ("numbers", "numbers")),
    ("MeanAbsoluteError", {}, ("numbers", "numbers")),
    ("MeanAbsolutePercentageError", {}, ("numbers", "numbers")),
    ("MeanSquaredLogarithmicError", {}, ("positive", "positive")),
    ("MeanSquaredLogarithmicError", {}, ("positive", "numbers")),
    ("Huber", {}, ("numbers", "numbers")),
    ("Huber", {"delta": 0.3}, ("numbers", "numbers")),
    ("LogCosh", {}, ("numbers", "numbers")),
    ("Poisson", {}, ("positive", "positive")),
    ("CosineSimilarity", {}, ("numbers", "numbers")),
    ("CosineSimilarity", {"axis": 0}, ("numbers", "numbers")),
    ("BinaryCrossentropy", {}, ("binary", "probabilities")),
    ("BinaryCrossentropy", {}, ("shares", "probabilities")),
    ("BinaryCrossentropy", {"label_smoothing": 0.2}, ("binary", "probabilities")),
    ("BinaryCrossentropy", {"from_logits": True}, ("binary", "logits")),
    ("BinaryCrossentropy", {"from_logits": True, "label_smoothing": 0.1}, ("binary", "logits")),
    ("BinaryFocalCrossentropy", {}, ("binary", "open_probabilities")),
    ("BinaryFocalCrossentropy", {"apply_class_balancing": True, "alpha": 0.4}, ("binary", "open_probabilities")),
    ("BinaryFocalCrossentropy", {"gamma": 1.5, "label_smoothing": 0.1}, ("binary", "open_probabilities")),
    ("BinaryFocalCrossentropy", {"from_logits": True}, ("binary", "small_logits")),
    ("CategoricalCrossentropy", {}, ("one_hot", "shares")),
    ("CategoricalCrossentropy", {}, ("one_hot", "positive")),
    ("CategoricalCrossentropy", {"label_smoothing": 0.3}, ("one_hot", "shares")),
    ("CategoricalCrossentropy", {"from_logits": True}, ("one_hot", "logits")),
    ("CategoricalCrossentropy", {"from_logits": True, "label_smoothing": 0.1}, ("one_hot", "logits")),
    ("CategoricalFocalCrossentropy", {}, ("one_hot", "shares")),
    ("CategoricalFocalCrossentropy", {"alpha": 0.5, "gamma": 1.2, "label_smoothing": 0.1}, ("one_hot", "shares")),
    ("CategoricalFocalCrossentropy", {"from_logits": True}, ("one_hot", "small_logits")),
    ("SparseCategoricalCrossentropy", {}, ("labels", "shares")),
    ("SparseCategoricalCrossentropy", {}, ("labels_column", "shares")),
    ("SparseCategoricalCrossentropy", {}, ("labels", "positive")),
    ("SparseCategoricalCrossentropy", {"from_logits": True}, ("labels", "logits")),
    ("SparseCategoricalCrossentropy", {"from_logits": True, "ignore_class": 1}, ("labels", "logits")),
    ("SparseCategoricalCrossentropy", {"from_logits": True, "ignore_class": -1}, ("labels_gaps", "logits")),
    ("KLDivergence", {}, ("shares", "shares_below_1")),
    ("KLDivergence", {}, ("one_hot", "shares_below_1")),
    ("Hinge", {}, ("binary", "numbers")),
    ("Hinge", {}, ("signs", "numbers")),
    ("SquaredHinge", {}, ("binary", "numbers")),
    ("SquaredHinge", {}, ("signs", "numbers")),
    ("CategoricalHinge", {}, ("one_hot", "numbers")),
    ("Dice", {}, ("binary", "open_probabilities")),
    ("Dice", {"axis": (1,)}, ("binary", "open_probabilities")),
    ("Tversky", {}, ("binary", "open_probabilities")),
    ("Tversky", {"alpha": 0.3, "beta": 0.8, "axis": (1,)}, ("binary", "open_probabilities")),
    ("CategoricalGeneralizedCrossEntropy", {}, ("labels", "open_probabilities")),
    ("CategoricalGeneralizedCrossEntropy", {"q": 0.8}, ("labels", "open_probabilities")),
    ("Circle", {}, ("labels", "directions")),
    ("Circle", {"gamma": 8.0, "margin": 0.2, "remove_diagonal": False}, ("labels", "directions")),
]


def data() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(11)
    n, k = 6, 4
    shares = rng.dirichlet(np.ones(k), n)
    shares[1] = [1.0, 0.0, 0.0, 0.0]
    shares[2] = [0.0, 1e-9, 0.3, 0.7 - 1e-9]
    probabilities = rng.uniform(0.02, 0.98, (n, k))
    open_probabilities = probabilities.copy()
    probabilities[0, :3] = [0.0, 1.0, 1e-9]
    logits = rng.normal(0, 3, (n, k))
    logits[0] = [40.0, -60.0, 100.0, -150.0]
    directions = rng.normal(size=(n, k))
    labels = np.array([0, 3, 1, 2, 1, 3], dtype=np.float64)
    return {
        "numbers": rng.normal(0, 1.5, (2, n, k)),
        "positive": rng.uniform(0.05, 4, (2, n, k)),
        "probabilities": np.stack([probabilities, probabilities]),
        "open_probabilities": np.stack([open_probabilities, open_probabilities]),
        "shares": np.stack([rng.dirichlet(np.ones(k), n), shares]),
        # at 1, where the clipping begins, PyTorch's derivative is 1 and JAX's a half
        "shares_below_1": np.stack([np.where(shares == 1, 0.97, shares)] * 2),
        "binary": np.stack([rng.integers(0, 2, (n, k)).astype(float)] * 2),
        "signs": np.stack([rng.choice([-1.0, 1.0], (n, k))] * 2),
        "logits": np.stack([logits, logits]),
        "small_logits": np.stack([rng.normal(0, 2, (n, k))] * 2),
        "one_hot": np.stack([np.eye(k)[[0, 3, 1, 2, 1, 0]]] * 2),
        "directions": np.stack([directions / np.linalg.norm(directions, axis=1, keepdims=True)] * 2),
        "labels": np.stack([labels, labels]),
        "labels_column": np.stack([labels[:, None]] * 2),
        "labels_gaps": np.stack([np.array([0, -1, 1, -1, 1, 3.0])] * 2),
        "weights": np.stack([np.array([1.0, 0.0, 2.0, 0.5, 1.5, 3.0])] * 2),
    }


def evaluate(case: dict, arrays: dict[str, np.ndarray], dtype: str) -> tuple[np.ndarray, np.ndarray]:
    keras.config.set_floatx(dtype)
    loss = getattr(keras.losses, case["name"])(reduction=case["reduction"], **case["options"])
    y = arrays[case["targets"]][0].astype(dtype)
    p = torch.tensor(arrays[case["predictions"]][1].astype(dtype), requires_grad=True)
    weight = arrays["weights"][0].astype(dtype) if case["weights"] else None
    value = loss(torch.tensor(y), p, sample_weight=weight)
    value.sum().backward()
    assert str(value.dtype) == f"torch.{dtype}", (case, value.dtype)
    return value.detach().numpy(), p.grad.numpy()


def main() -> None:
    arrays = data()
    cases, values, gradients = [], {"float32": [], "float64": []}, {"float32": [], "float64": []}
    seen: set[str] = set()
    for name, options, (targets, predictions) in CASES:
        plain = options.get("axis") is None and name not in ("Dice", "Tversky") and name not in seen
        if name in ("Dice", "Tversky") and not options:
            variants = [(r, False) for r in REDUCTIONS]
        elif options.get("axis") == 0:
            variants = [("sum", False)]
        elif plain:
            variants = [(r, w) for r in REDUCTIONS for w in (False, True)]
        else:
            variants = [("sum_over_batch_size", False), ("sum_over_batch_size", True)]
        seen.add(name)
        for reduction, weights in variants:
            case = {"name": name, "options": options, "targets": targets, "predictions": predictions}
            case |= {"reduction": reduction, "weights": weights}
            for dtype in values:
                value, gradient = evaluate(case, arrays, dtype)
                assert np.isfinite(np.append(value, gradient)).all(), case
                case["shape"] = value.shape
                values[dtype].append(value.ravel())
                gradients[dtype].append(gradient.ravel())
            cases.append(case)
    flat = {f"value_{d}": np.concatenate(v) for d, v in values.items()}
    flat |= {f"gradient_{d}": np.concatenate(v) for d, v in gradients.items()}
    known = {n for n in dir(keras.losses) if isinstance(getattr(keras.losses, n), type)} - {"Loss", "CTC"}
    assert {c["name"] for c in cases} == known, known ^ {c["name"] for c in cases}
    path = Path(__file__).parent / "fixtures" / "losses.npz"
    names = [n for n in dir(keras.losses) if not n.startswith("_") and n not in ("CTC", "ctc")]
    public = {n: getattr(keras.losses, n) for n in names}
    signatures = {n: str(inspect.signature(f.__init__ if isinstance(f, type) else f)) for n, f in public.items()}
    configs = {n: f().get_config() for n, f in public.items() if isinstance(f, type)}
    known = {"signatures": json.dumps(signatures), "configs": json.dumps(configs)}
    known["strings"] = json.dumps(sorted(keras.src.losses.ALL_OBJECTS_DICT))
    np.savez_compressed(path, cases=json.dumps(cases), **known, **arrays, **flat)
    print(len(cases), "cases,", path.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
