"""`.keras` files: architecture, weights, compile settings and optimizer state in one zip, as Keras 3 writes and reads them."""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from chainrule.errors import ChainruleError, ModelFileError
from chainrule.saving.archive import parse_json, read_archive, write_archive, write_atomically
from chainrule.saving.serialization import CustomObjectScope, deserialize_keras_object, serialize_keras_object
from chainrule.saving.weights import pack_weights, unpack_weights

KERAS_VERSION = "3.15.1"
"""The version of Keras whose layout is written."""


def save_model(model: Any, filepath: Any, overwrite: bool = True, zipped: bool | None = None, **kwargs: Any) -> None:
    """Write a model to a `.keras` file (`keras.saving.save_model`).

    Args:
        filepath: must end in `.keras`.
        overwrite: False refuses to replace a file.
        zipped: accepted; the file is always a zip.

    Raises:
        ModelFileError: the name, the disk, or something in the model that no file can hold (a lambda).
    """
    path = Path(filepath)
    extra: Mapping[str, bytes] = kwargs.pop("extra_members", {})
    kwargs.pop("include_optimizer", None)
    if kwargs:
        raise TypeError(f"save: unknown arguments {sorted(kwargs)}.")
    if path.suffix != ".keras":
        raise ModelFileError(
            f"Cannot save to '{path}': the name must end in '.keras' (or use save_weights for '.weights.h5')."
        )
    if path.exists() and not overwrite:
        raise ModelFileError(f"'{path}' exists already, and overwrite=False was given.")
    members = {
        "metadata.json": json.dumps({"keras_version": KERAS_VERSION, "date_saved": _now()}).encode(),
        "config.json": _describe(model, path).encode(),
        "model.weights.h5": pack_weights(model),
        **extra,
    }
    write_atomically(path, lambda file: write_archive(file, members))


def _now() -> str:
    return datetime.datetime.now().strftime("%Y-%m-%d@%H:%M:%S")


def _describe(model: Any, path: Path) -> str:
    try:
        description = serialize_keras_object(model)
        if type(model).__name__ == "Functional":
            description["module"], description["registered_name"] = "keras.src.models.functional", "Functional"
        if model.compiled:
            description["compile_config"] = model.get_compile_config()
        return json.dumps(description)
    except TypeError as error:
        raise ModelFileError(f"Cannot save to '{path}': {error}") from error


def load_model(
    filepath: Any, custom_objects: Mapping[str, Any] | None = None, compile: bool = True, safe_mode: bool = True
) -> Any:
    """Read a model from a `.keras` file, written here or by Keras 3 (`keras.saving.load_model`).

    Names in the file are looked up in a closed table and in `custom_objects`; nothing is imported or run.

    Args:
        custom_objects: your own classes and functions by name.
        compile: whether to compile with the saved settings and load the optimizer's state.
        safe_mode: accepted; loading is always safe, so `False` allows nothing more.

    Raises:
        ModelFileError: the file is missing, damaged, of another kind, or asks for something that does not exist here.
    """
    path = Path(filepath)
    _import_all()
    members = read_archive(path)
    for name in ("config.json", "model.weights.h5"):
        if name not in members:
            raise ModelFileError(f"'{path}' has no member '{name}': it is not a Keras model file.")
    config = parse_json(path, "config.json", members["config.json"])
    with CustomObjectScope(custom_objects):
        model = _rebuild(path, config)
        settings = config.get("compile_config")
        if compile and settings:
            _compile(path, model, settings)
    unpack_weights(model, members["model.weights.h5"], path, optimizer=bool(compile and settings))
    return model


def _rebuild(path: Path, config: Any) -> Any:
    from chainrule.models.model import Model

    try:
        model = deserialize_keras_object(config)
    except ChainruleError as error:
        raise ModelFileError(f"'{path}': {error}"[:700]) from error
    except (TypeError, ValueError, KeyError, AttributeError, IndexError) as error:
        raise ModelFileError(
            f"'{path}': the configuration is malformed: {type(error).__name__}: {error}"[:500]
        ) from error
    if not isinstance(model, Model):
        raise ModelFileError(f"'{path}' describes a {type(model).__name__}, not a model.")
    return model


def _compile(path: Path, model: Any, settings: Any) -> None:
    try:
        model.compile_from_config(settings)
    except ChainruleError as error:
        raise ModelFileError(
            f"'{path}': compile settings: {error} Load with compile=False to leave them out."[:700]
        ) from error
    except (TypeError, ValueError, KeyError, AttributeError) as error:
        raise ModelFileError(
            f"'{path}': the compile settings are malformed: {type(error).__name__}: {error}"[:500]
        ) from error


def save_weights(model: Any, filepath: Any, overwrite: bool = True, max_shard_size: Any = None, **kwargs: Any) -> None:
    """Write the weights of a model, and its optimizer's state if compiled, to a `.weights.h5` file."""
    path = Path(filepath)
    if not path.name.endswith(".weights.h5"):
        raise ModelFileError(f"Cannot save to '{path}': the name must end in '.weights.h5'.")
    if max_shard_size is not None:
        raise ModelFileError("save_weights: max_shard_size is not supported; the weights go into one file.")
    if path.exists() and not overwrite:
        raise ModelFileError(f"'{path}' exists already, and overwrite=False was given.")
    data = pack_weights(model)
    write_atomically(path, lambda file: file.write(data) and None)


def load_weights(model: Any, filepath: Any, skip_mismatch: bool = False, **kwargs: Any) -> None:
    """Read weights from a `.weights.h5` or `.keras` file into a built model; a failed load changes nothing."""
    path = Path(filepath)
    if path.suffix == ".keras":
        data = read_archive(path, ("model.weights.h5",)).get("model.weights.h5", b"")
    elif path.name.endswith(".weights.h5"):
        try:
            data = path.read_bytes()
        except OSError as error:
            raise ModelFileError(f"Cannot read '{path}': {error.strerror}.") from None
    else:
        raise ModelFileError(f"Cannot load weights from '{path}': expected a '.weights.h5' or '.keras' file.")
    if not model.built:
        raise ModelFileError(
            f"Model '{model.name}' has no weights yet: give it an Input, or call it on data, before load_weights."
        )
    unpack_weights(model, data, path, skip_mismatch)


def model_from_json(json_string: str, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """Return the model that `Model.to_json` described, with fresh weights."""
    _import_all()
    with CustomObjectScope(custom_objects):
        return _rebuild(Path("JSON text"), parse_json(Path("JSON text"), "the text", json_string.encode()))


def _import_all() -> None:
    """Fill the closed table: our own modules, whatever the file says."""
    from chainrule import (  # noqa: F401
        activations,
        constraints,
        initializers,
        layers,
        losses,
        metrics,
        models,
        optimizers,
        regularizers,
    )
    from chainrule.optimizers import schedules  # noqa: F401
