"""`.keras` files: architecture, weights, compile settings and optimizer state in one zip, as Keras 3 has them."""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from chainrule.errors import ChainruleError, ModelFileError
from chainrule.saving import sharing
from chainrule.saving.archive import parse_json, read_archive, write_archive, write_atomically
from chainrule.saving.serialization import CustomObjectScope, deserialize_keras_object, serialize_keras_object
from chainrule.saving.weights import pack_weights, unpack_weights
from chainrule.variables import memory_limit

KERAS_VERSION = "3.15.1"
"""The version of Keras whose layout is written."""

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
_SPARE = 64 << 20


# -- a whole model ----------------------------------------------------------------------------------------------------


def save_model(model: Any, filepath: Any, overwrite: bool = True, zipped: bool | None = None, **kwargs: Any) -> None:
    """Write a model to a `.keras` file (`keras.saving.save_model`).

    The file is written beside the old one and then takes its place, so that at every moment one of the two is whole.

    Args:
        filepath: must end in `.keras`; or a binary file object.
        overwrite: False refuses to replace a file.
        zipped: accepted; the file is always a zip.

    Raises:
        ModelFileError: the name, the disk, or something in the model that no file can hold (a lambda).
    """
    extra: Mapping[str, bytes] = kwargs.pop("extra_members", {})
    kwargs.pop("include_optimizer", None)
    date = kwargs.pop("_date_saved", None) or _now()
    if kwargs:
        raise TypeError(f"save: unknown arguments {sorted(kwargs)}.")
    if zipped is False:
        raise ModelFileError("save: zipped=False, a folder in place of a file, is not supported; leave it out.")
    name = _named(filepath)
    if not hasattr(filepath, "write"):
        _check_target(Path(filepath), overwrite, ".keras", "(or use save_weights for '.weights.h5')")
    config, weights = describe_model(model, name), pack_weights(model)
    metadata = {"keras_version": KERAS_VERSION, "date_saved": date, "weights_sha256": sha256(weights).hexdigest()}
    members = {
        "metadata.json": json.dumps(metadata).encode(),
        "config.json": config.encode(),
        "model.weights.h5": weights,
        **extra,
    }
    if hasattr(filepath, "write"):
        write_archive(filepath, members)
    else:
        write_atomically(Path(filepath), lambda file: write_archive(file, members))


def _named(filepath: Any) -> str:
    return f"<{type(filepath).__name__}>" if hasattr(filepath, "read") or hasattr(filepath, "write") else str(filepath)


def _check_target(path: Path, overwrite: bool, ending: str, advice: str = "") -> None:
    if not path.name.endswith(ending):
        raise ModelFileError(f"Cannot save to '{path}': the name must end in '{ending}' {advice}".rstrip() + ".")
    if path.exists() and not overwrite:
        raise ModelFileError(f"'{path}' exists already, and overwrite=False was given.")


def _now() -> str:
    return datetime.datetime.now().strftime("%Y-%m-%d@%H:%M:%S")


def describe_model(model: Any, name: str) -> str:
    """Return `config.json`: the architecture, and what the model was compiled with.

    Raises:
        ModelFileError: a part of the model has no description.
    """
    try:
        with sharing.scope():
            description = serialize_keras_object(model)
            if model.compiled:
                description["compile_config"] = serialize_keras_object(model.get_compile_config())
            return json.dumps(sharing.drop_singles(description), allow_nan=False)
    except (TypeError, ValueError) as error:
        raise ModelFileError(f"Cannot save '{model.name}' to '{name}': {error}"[:500]) from error


def load_model(
    filepath: Any, custom_objects: Mapping[str, Any] | None = None, compile: bool = True, safe_mode: bool = True
) -> Any:
    """Read a model from a `.keras` file, written here or by Keras 3 (`keras.saving.load_model`).

    Names in the file are looked up in a closed table and in `custom_objects`; nothing is imported or run.

    Args:
        filepath: the file's name, or a binary file object.
        custom_objects: your own classes and functions by name.
        compile: whether to compile with the saved settings and load the optimizer's state.
        safe_mode: accepted; loading is always safe, so `False` allows nothing more.

    Raises:
        ModelFileError: the file is missing, damaged, of another kind, or asks for something that does not exist here.
    """
    name = _named(filepath)
    members = read_archive(filepath if hasattr(filepath, "read") else Path(filepath))
    for member in ("config.json", "model.weights.h5"):
        if member not in members:
            raise ModelFileError(f"'{name}' has no member '{member}': it is not a Keras model file.")
    _check_sum(name, members)
    config = parse_json(name, "config.json", members["config.json"])
    room = 2 * len(members["model.weights.h5"]) + _SPARE
    with CustomObjectScope(custom_objects), sharing.scope(), memory_limit(room):
        model = rebuild_model(name, config)
        settings = config.get("compile_config")
        if compile and settings:
            _compile(name, model, settings)
    unpack_weights(model, members["model.weights.h5"], name, optimizer=bool(compile and settings))
    return model


def _check_sum(name: str, members: Mapping[str, bytes]) -> None:
    """Compare the weights with the sum that our own files carry."""
    metadata = parse_json(name, "metadata.json", members.get("metadata.json", b"{}"))
    wanted = metadata.get("weights_sha256") if isinstance(metadata, dict) else None
    if wanted is not None and wanted != sha256(members["model.weights.h5"]).hexdigest():
        raise ModelFileError(f"'{name}': the weights are not those that were saved: their SHA-256 differs.")


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
    if not isinstance(model, Model):
        raise ModelFileError(f"'{name}' describes a {type(model).__name__}, not a model.")
    return model


def _compile(name: str, model: Any, settings: Any) -> None:
    advice = "Load with compile=False to leave the compile settings out."
    try:
        model.compile_from_config(settings)
    except ChainruleError as error:
        raise ModelFileError(f"'{name}': compile settings: {error}"[: 490 - len(advice)] + f" {advice}") from error
    except _MALFORMED as error:
        said = f"'{name}': the compile settings are malformed: {_said(error)}"
        raise ModelFileError(f"{said[: 490 - len(advice)]}. {advice}") from error


def _said(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}".replace("\n", " ")


# -- weights alone ----------------------------------------------------------------------------------------------------


def save_weights(model: Any, filepath: Any, overwrite: bool = True, max_shard_size: Any = None, **kwargs: Any) -> None:
    """Write the weights of a model, and its optimizer's state if compiled, to a `.weights.h5` file.

    Args:
        objects_to_skip: layers to leave out (a keyword argument).

    Raises:
        ModelFileError: the model has no weights yet, or the name or the disk refuses.
    """
    skipped = _skipped("save_weights", kwargs)
    path = Path(filepath)
    _check_target(path, overwrite, ".weights.h5")
    if max_shard_size is not None:
        raise ModelFileError("save_weights: max_shard_size is not supported; the weights go into one file.")
    _check_built(model, "save_weights")
    data = pack_weights(model, skipped)

    def write(file: Any) -> None:
        file.write(data)

    write_atomically(path, write)


def load_weights(model: Any, filepath: Any, skip_mismatch: bool = False, **kwargs: Any) -> None:
    """Read weights from a `.weights.h5` or `.keras` file into a built model; a failed load changes nothing.

    Args:
        skip_mismatch: leave layers out that do not fit, with a warning.
        objects_to_skip: layers to leave as they are (a keyword argument).

    Raises:
        ModelFileError: the file cannot be read, or does not fit the model.
    """
    if kwargs.pop("by_name", False):
        raise ModelFileError("load_weights: by_name is for HDF5 files of Keras 2, which are not read; leave it out.")
    skipped = _skipped("load_weights", kwargs)
    path = Path(filepath)
    if not path.name.endswith((".keras", ".weights.h5")):
        raise ModelFileError(f"Cannot load weights from '{path}': expected a '.weights.h5' or '.keras' file.")
    _check_built(model, "load_weights")
    if path.suffix == ".keras":
        members = read_archive(path, ("model.weights.h5",))
        if not members:
            raise ModelFileError(f"'{path}' has no member 'model.weights.h5': it is not a Keras model file.")
        data = members["model.weights.h5"]
    else:
        try:
            data = path.read_bytes()
        except OSError as error:
            raise ModelFileError(f"Cannot read '{path}': {error.strerror}.") from None
    unpack_weights(model, data, path, skip_mismatch, skipped=skipped)


def _skipped(method: str, kwargs: dict[str, Any]) -> Any:
    skipped = kwargs.pop("objects_to_skip", None) or ()
    if kwargs:
        raise TypeError(f"{method}: unknown arguments {sorted(kwargs)}.")
    return skipped


def _check_built(model: Any, method: str) -> None:
    if not model.built:
        raise ModelFileError(
            f"Model '{model.name}' has no weights yet: give it an Input, or call it on data, before {method}."
        )


# -- text -------------------------------------------------------------------------------------------------------------


def model_from_json(json_string: str, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """Return the model that `Model.to_json` described, with fresh weights.

    Raises:
        ModelFileError: the text does not describe a model.
    """
    with CustomObjectScope(custom_objects), sharing.scope():
        return rebuild_model("JSON text", parse_json("JSON text", "the text", json_string.encode()))
