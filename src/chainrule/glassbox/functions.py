"""Which activation function a layer applies, and what is known about it."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from chainrule import activations
from chainrule.autodiff.tensor import Tensor
from chainrule.formulas import Facts, facts_of


def activation_of(layer: Any) -> tuple[str, Facts | None]:
    """Return the name and the facts of the activation that a layer applies; `("", None)` if it applies none."""
    from chainrule import layers

    if isinstance(layer, layers.ReLU):
        parameters = {
            "negative_slope": layer.negative_slope,
            "max_value": layer.max_value,
            "threshold": layer.threshold,
        }
        return "relu", facts_of(activations.relu, **parameters)
    if isinstance(layer, layers.LeakyReLU):
        return "leaky_relu", facts_of(activations.leaky_relu, negative_slope=layer.negative_slope)
    if isinstance(layer, layers.ELU):
        return "elu", facts_of(activations.elu, alpha=layer.alpha)
    if isinstance(layer, layers.Softmax):
        return "softmax", facts_of(activations.softmax)
    function = getattr(layer, "activation", None)
    return ("", None) if function is None else described(function)


def facts_hold(layer: Any, source: Tensor, out: Tensor) -> bool:
    """Whether `out` really is the layer's activation of `source`: a class of the user's may do more with it."""
    function = getattr(layer, "activation", None)
    if function is None:
        return True
    made = function.call(source.value) if hasattr(function, "call") else function(source.value)
    made = np.asarray(made)
    return made.shape == out.shape and bool(np.allclose(made, out.value, rtol=1e-9, atol=1e-12, equal_nan=True))


def described(function: Any) -> tuple[str, Facts | None]:
    """Return the name and the facts of an activation function, object or layer.

    >>> described(activations.sigmoid)[0]
    'sigmoid'
    """
    if isinstance(function, functools.partial):
        name, _ = described(function.func)
        return name, facts_of(function.func, **function.keywords) if not function.args else None
    if hasattr(function, "call"):
        return activation_of(function)
    name = str(getattr(function, "__name__", "f"))
    return name if name.isidentifier() else "f", facts_of(function)
