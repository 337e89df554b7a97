"""Functional models with arithmetic between their layers, for Keras and chainrule (`K`)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

X = np.cos(np.arange(96.0)).reshape(24, 4)
Y = X[:, :1] ** 2 - X[:, 1:2]


def between(K: Any) -> dict[str, Callable[[Any, Any], Any]]:
    """Return what the models do with two hidden values of 3 numbers each."""
    ops = K.ops
    return {
        "arithmetic": lambda h, g: (1 - h) * g / 2 - h + 0.25,
        "gate": lambda h, g: ops.sigmoid(g) * h + (1 - ops.sigmoid(g)) * ops.tanh(g),
        "powers": lambda h, g: h**2 + ops.square(g) - ops.power(g, 3) + ops.abs(h),
        "constants": lambda h, g: h * np.array([0.5, -1.0, 2.0], h.dtype) - np.array([[1.0, 0.0, -1.0]], h.dtype) + g,
        "joined": lambda h, g: ops.concatenate([ops.relu(h), -g], axis=-1),
        "cut": lambda h, g: ops.concatenate([h[:, :2], g[:, ::2], h[..., -1:]], axis=1),
        "centred": lambda h, g: h - ops.mean(h, axis=-1, keepdims=True) + g * ops.sum(h, axis=1, keepdims=True),
        "largest": lambda h, g: ops.maximum(h, g) - ops.minimum(h, ops.max(g, axis=-1, keepdims=True)),
        "pairs": lambda h, g: ops.reshape(ops.expand_dims(h, 1) * ops.expand_dims(g, 2), (-1, 9)),
        "stacked": lambda h, g: ops.reshape(ops.transpose(ops.stack([h, g], axis=1), (0, 2, 1)), (-1, 6)),
        "functions": lambda h, g: (
            ops.gelu(h) + ops.softmax(g) + ops.leaky_relu(h) * ops.exp(g) + ops.hstack([h, g])[:, 1:4]
        ),
    }


def trained(K: Any, name: str, epochs: int = 3, **compiled: Any) -> tuple[Any, dict[str, Any]]:
    """Return a model, and its losses, weights and predictions after some epochs."""
    x = K.layers.Input((4,))
    h, g = K.layers.Dense(3, activation="tanh")(x), K.layers.Dense(3)(x)
    model = K.Model(x, K.layers.Dense(1)(between(K)[name](h, g)))
    model.set_weights([np.sin(np.arange(w.size) + 1.0).reshape(w.shape) / 2 for w in model.get_weights()])
    model.compile(K.optimizers.SGD(0.0625, momentum=0.5), "mse", **compiled)
    dtype = K.config.floatx()
    history = model.fit(X.astype(dtype), Y.astype(dtype), 8, epochs, shuffle=False, verbose=0).history
    weights = [w for array in model.get_weights() for w in np.ravel(array).tolist()]
    predictions = np.ravel(model.predict(X[:5].astype(dtype), verbose=0)).tolist()
    return model, {"loss": history["loss"], "weights": weights, "predictions": predictions}
