"""From strings, configurations, functions and arrays to initializers, and back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from chainrule import config as settings
from chainrule._typing import Array
from chainrule.autodiff.operators import Operators
from chainrule.errors import ShapeError
from chainrule.initializers import constants, distributions, scaling  # noqa: F401 - `public` fills the table
from chainrule.initializers.base import MODULE
from chainrule.saving.serialization import (
    deserialize_keras_object,
    get_object,
    names_of,
    serialize_keras_object,
    snake_case,
)

ALIASES: dict[str, Any] = {snake_case(name): thing for name, thing in names_of(MODULE).items()} | {
    "normal": distributions.RandomNormal,
    "one": constants.Ones,
    "uniform": distributions.RandomUniform,
    "zero": constants.Zeros,
}


def get(identifier: Any) -> Callable[..., Array] | None:
    """Return the initializer that a string, configuration, class, function or array stands for; None stays None.

    Raises:
        UnknownNameError: the string is unknown.

    >>> get("he_normal"), get({"class_name": "Ones", "config": {}})
    (HeNormal(), Ones())
    """
    if isinstance(identifier, Operators | np.ndarray | np.generic):
        return _FromArray(np.asarray(identifier))
    if isinstance(identifier, dict):
        return deserialize(identifier)  # type: ignore[no-any-return]
    return get_object(identifier, "initializer", MODULE, ALIASES)  # type: ignore[no-any-return]


class _FromArray:
    """An initializer that gives a copy of an array and insists on its shape."""

    def __init__(self, value: Array) -> None:
        self.value = value

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> Array:
        if tuple(shape) != self.value.shape:
            raise ShapeError(f"Initializer given as an array of shape {self.value.shape}: asked for {tuple(shape)}.")
        return np.array(self.value, dtype or settings.floatx())


def serialize(initializer: Any) -> Any:
    """Return an initializer's configuration in Keras's form."""
    return serialize_keras_object(initializer)


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """Build an initializer from its configuration; short names (`'zeros'`) are read as well."""
    if isinstance(config, dict) and config.get("class_name") in ALIASES and config.get("registered_name") is None:
        config = {**config, "module": MODULE, "class_name": ALIASES[config["class_name"]].__name__}
    return deserialize_keras_object(config, custom_objects)
