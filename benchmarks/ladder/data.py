"""The rows every contestant sees: the same seed, the same float32 arrays."""

from __future__ import annotations

import numpy as np
from benchmarks.ladder.workloads import Network
from numpy.typing import NDArray

Array = NDArray[np.generic]


def arrays(network: Network) -> tuple[Array, Array]:
    """Return inputs (rows, features) and targets: (rows,) for one output or class numbers, else (rows, outputs)."""
    if network.rows == 4:
        x = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], np.float32)
        return x, np.array([0, 1, 1, 1], np.float32)
    rng = np.random.default_rng(0)
    x = rng.standard_normal((network.rows, network.features), dtype=np.float32)
    return x, targets(network, x, rng)


def targets(network: Network, x: NDArray[np.float32], rng: np.random.Generator) -> Array:
    """Return something to learn from `x`, of the kind that the loss asks for."""
    outputs = network.widths[-1]
    if network.loss == "binary_crossentropy":
        return (x[:, 0] * x[:, 1] + x[:, 2] > 0).astype(np.float32)
    if network.loss == "sparse_categorical_crossentropy":
        return np.asarray(x[:, :outputs].argmax(axis=1), np.int32)
    if network.features == outputs == 4:
        return exponential(x)
    return np.tanh(x @ rng.standard_normal((network.features, outputs), dtype=np.float32) / 32)


def exponential(x: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the entries of exp(A) where each row of `x` holds a 2x2 matrix A, as in the example of SimpleChains.jl."""
    a = x.reshape(-1, 2, 2).astype(np.float64)
    term = total = np.broadcast_to(np.eye(2), a.shape)
    for k in range(1, 40):
        term = term @ a / k
        total = total + term
    return total.reshape(-1, 4).astype(np.float32)
