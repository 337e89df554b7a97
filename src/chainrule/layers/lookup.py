"""Layers as configurations, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chainrule.errors import UnknownNameError
from chainrule.layers.base import Layer
from chainrule.saving.serialization import deserialize_keras_object, serialize_keras_object

__all__ = ["deserialize", "serialize"]


def serialize(layer: Layer) -> Any:
    """Return a layer as a configuration, without its weights.

    >>> import chainrule as cr
    >>> cr.layers.serialize(cr.layers.Dense(3, name="d"))["class_name"]
    'Dense'
    """
    return serialize_keras_object(layer)


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """Return the layer that a configuration describes, with fresh weights.

    Raises:
        UnknownNameError: it describes something else.
    """
    layer = deserialize_keras_object(config, custom_objects)
    if not isinstance(layer, Layer):
        raise UnknownNameError(f"Expected the configuration of a layer, but received that of a {type(layer).__name__}.")
    return layer
