"""Losses by name, configuration, class, object or function."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chainrule.losses import classification, regression
from chainrule.losses.base import Loss
from chainrule.saving.serialization import deserialize_keras_object, get_object, serialize_keras_object

ALIASES: dict[str, Any] = {
    "mse": regression.mean_squared_error,
    "mae": regression.mean_absolute_error,
    "mape": regression.mean_absolute_percentage_error,
    "msle": regression.mean_squared_logarithmic_error,
    "bce": classification.binary_crossentropy,
    "kld": classification.kl_divergence,
}
ALIASES.update({name.upper(): function for name, function in ALIASES.items()})


def get(identifier: Any) -> Any:
    """Return the loss for a name, a configuration, a class, an object, a function or None.

    Raises:
        UnknownNameError: no loss has that name.

    >>> get("mse").__name__, get("MeanSquaredError").name, get(None)
    ('mean_squared_error', 'mean_squared_error', None)
    """
    return get_object(identifier, "loss", "keras.losses", ALIASES, Loss)


def serialize(loss: Any) -> Any:
    """Return the name of one of our loss functions, or the description of a loss object."""
    return serialize_keras_object(loss)


def deserialize(name: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """Return the loss that `serialize` described."""
    if isinstance(name, str):
        return get_object(name, "loss", "keras.losses", {**ALIASES, **(custom_objects or {})}, Loss)
    return deserialize_keras_object(name, custom_objects)
