"""The lecture's worked example: the OR table, and a perceptron with w1 = 1, w2 = -1, b = -0.5."""

from pathlib import Path

import numpy as np

import chainrule as cr

X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], dtype="float32")
OR = np.array([0, 1, 1, 1], dtype="float32")
XOR = np.array([0, 1, 1, 0], dtype="float32")


def perceptron(learning_rate: float = 1.0) -> cr.Sequential:
    """Return the perceptron: one neuron with a sigmoid, squared error, plain gradient descent."""
    model = cr.Sequential([cr.Input((2,)), cr.layers.Dense(1, activation="sigmoid")], name="perceptron")
    model.layers[0].set_weights([[[1.0], [-1.0]], [-0.5]])
    model.compile(optimizer=cr.optimizers.SGD(learning_rate), loss="mean_squared_error", metrics=["accuracy"])
    return model


def mean_loss(w1: np.ndarray, w2: np.ndarray, b: float, y: np.ndarray = OR) -> np.ndarray:
    """Return the mean squared error of a perceptron with these weights, for whole grids of weights at once."""
    h = np.multiply.outer(w1, X[:, 0]) + np.multiply.outer(w2, X[:, 1]) + b
    return ((y - 1 / (1 + np.exp(-h))) ** 2).mean(-1)


def picture(name: str) -> Path:
    """Return where a picture goes, making the folder."""
    folder = Path("pictures")
    folder.mkdir(exist_ok=True)
    return folder / name
