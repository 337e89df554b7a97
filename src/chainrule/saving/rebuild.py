"""Models to descriptions and back: `config.json`, and the settings of `compile`."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from chainrule.errors import ChainruleError, ModelFileError
from chainrule.saving import names, sharing
from chainrule.saving.serialization import deserialize_keras_object, serialize_keras_object

_MALFORMED = (
    TypeError,
    ValueError,
    KeyError,
    AttributeError,
    IndexError,
    ArithmeticError,
    RecursionError,
    MemoryError,
)


def describe_model(model: Any, name: str) -> str:
    """Return `config.json`: the architecture, and what the model was compiled with.

    Raises:
        ModelFileError: a part of the model has no description.
    """
    try:
        return json.dumps(description_of(model), allow_nan=False)
    except (TypeError, ValueError) as error:
        raise ModelFileError(f"Cannot save '{model.name}' to '{name}': {error}"[:500]) from error


def description_of(model: Any) -> Any:
    """Return what `config.json` holds, as JSON-like values."""
    with sharing.scope():
        description = serialize_keras_object(model)
        if getattr(model, "compiled", False):
            description["compile_config"] = serialize_keras_object(model.get_compile_config())
        return sharing.drop_singles(description)


def rebuild_model(name: str, config: Any) -> Any:
    """Return the model that a description names, with fresh weights.

    Raises:
        ModelFileError: the description is malformed, or is none of a model.
    """
    from chainrule.models.model import Model

    if not isinstance(config, dict) or "class_name" not in config or "config" not in config:
        raise ModelFileError(f"'{name}': config.json does not describe a model.")
    try:
        model = deserialize_keras_object(config)
    except ChainruleError as error:
        raise ModelFileError(f"'{name}': {error}"[:500]) from error
    except _MALFORMED as error:
        raise ModelFileError(f"'{name}': the configuration is malformed: {_said(error)}"[:500]) from error
    if not isinstance(model, Model) and type(model) is not names.named("keras.utils", "FeatureSpace"):
        raise ModelFileError(f"'{name}' describes a {type(model).__name__}, not a model.")
    return model


def compile_model(name: str, model: Any, settings: Callable[[], Any]) -> None:
    """Compile a model with the settings of a file.

    Raises:
        ModelFileError: they are malformed, or ask for something that does not exist here.
    """
    advice = "Load with compile=False to leave the compile settings out."
    try:
        model.compile_from_config(settings())
    except ChainruleError as error:
        raise ModelFileError(f"'{name}': compile settings: {error}"[: 490 - len(advice)] + f" {advice}") from error
    except _MALFORMED as error:
        said = f"'{name}': the compile settings are malformed: {_said(error)}"
        raise ModelFileError(f"{said[: 490 - len(advice)]}. {advice}") from error


def _said(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}".replace("\n", " ")
