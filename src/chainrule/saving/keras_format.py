"""`.keras` files: architecture, weights, compile settings and optimizer state in one zip, as Keras 3 has them.

The same members may lie in a folder (`saving.folder`); names that end in `.h5` are the legacy form (`legacy_h5`).
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from chainrule.errors import ModelFileError
from chainrule.saving import assets, folder, sharing
from chainrule.saving.archive import MEMBERS, parse_json, read_archive, write_archive, write_atomically
from chainrule.saving.gate import gate
from chainrule.saving.legacy_config import modern_compile, modernized
from chainrule.saving.limits import allowed, at_most
from chainrule.saving.rebuild import compile_model, describe_model, rebuild_model
from chainrule.saving.serialization import CustomObjectScope
from chainrule.saving.weights import pack_weights, unpack_weights
from chainrule.variables import memory_limit

KERAS_VERSION = "3.15.1"
"""The version of Keras whose layout is written."""

_SPARE = 32 << 20
_MOST_OF_TEXT = 4 << 30
_LEGACY = (".h5", ".hdf5")
_WANTED = (*MEMBERS, assets.FOLDER)

# -- writing ----------------------------------------------------------------------------------------------------------


def save_model(model: Any, filepath: Any, overwrite: bool = True, zipped: bool | None = None, **kwargs: Any) -> None:
    """Write a model to a `.keras` file (`keras.saving.save_model`).

    The file is written beside the old one and then takes its place, so that at every moment one of the two is whole.

    Args:
        filepath: must end in `.keras`, or in `.h5` for the legacy form; or a binary file object.
        overwrite: False refuses to replace a file.
        zipped: False writes a folder that holds the members of a `.keras` file.

    Raises:
        ModelFileError: the name, the disk, or something in the model that no file can hold (a lambda).
    """
    extra: Mapping[str, bytes] = kwargs.pop("extra_members", {})
    include_optimizer = kwargs.pop("include_optimizer", True)
    date = kwargs.pop("_date_saved", None) or _now()
    _check_save_format(filepath, kwargs.pop("save_format", None))
    if kwargs:
        raise TypeError(f"save: unknown arguments {sorted(kwargs)}.")
    name = _named(filepath)
    if hasattr(filepath, "write"):
        write_archive(filepath, pack_model(model, name, date, extra))
        return
    path = Path(filepath)
    if zipped is False:
        folder.check_target(path, overwrite)
        folder.write_folder(path, pack_model(model, name, date, extra))
    elif path.name.endswith(_LEGACY):
        _save_legacy(model, path, overwrite, include_optimizer)
    else:
        check_target(path, overwrite, ".keras", "(or use save_weights for '.weights.h5')")
        members = pack_model(model, name, date, extra)
        write_atomically(path, lambda file: write_archive(file, members))


def pack_model(model: Any, name: str, date: str, extra: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return the members of a model file by name."""
    config, weights = describe_model(model, name), pack_weights(model)
    metadata = {"keras_version": KERAS_VERSION, "date_saved": date, "weights_sha256": sha256(weights).hexdigest()}
    return {
        "metadata.json": json.dumps(metadata).encode(),
        "config.json": config.encode(),
        "model.weights.h5": weights,
        **assets.pack_assets(model),
        **extra,
    }


def _save_legacy(model: Any, path: Path, overwrite: bool, include_optimizer: bool) -> None:
    from chainrule.saving import legacy_h5

    check_target(path, overwrite, path.suffix)
    data = legacy_h5.pack_legacy(model, str(path), KERAS_VERSION, include_optimizer)
    legacy_h5.warn_of_legacy_form()

    def write(file: Any) -> None:
        file.write(data)

    write_atomically(path, write)


def _check_save_format(filepath: Any, save_format: Any) -> None:
    """Accept Keras 2's `save_format` where it says what the name says."""
    if save_format in (None, False):
        return
    endings = {"keras": (".keras",), "h5": _LEGACY, "hdf5": _LEGACY}.get(str(save_format).lower())
    if endings is None or not str(filepath).endswith(endings):
        raise ValueError(
            f"save: save_format={save_format!r} does not go with '{filepath}'. Leave it out: a name that ends in "
            "'.keras' gives the form of Keras 3, '.h5' the legacy one."
        )


def _named(filepath: Any) -> str:
    return f"<{type(filepath).__name__}>" if hasattr(filepath, "read") or hasattr(filepath, "write") else str(filepath)


def check_target(path: Path, overwrite: bool, ending: str, advice: str = "") -> None:
    """Refuse names of another ending, and files that must not be replaced."""
    if not path.name.endswith(ending):
        raise ModelFileError(f"Cannot save to '{path}': the name must end in '{ending}' {advice}".rstrip() + ".")
    if path.exists() and not overwrite:
        raise ModelFileError(f"'{path}' exists already, and overwrite=False was given.")


def _now() -> str:
    return datetime.datetime.now().strftime("%Y-%m-%d@%H:%M:%S")


# -- reading ----------------------------------------------------------------------------------------------------------


def load_model(
    filepath: Any,
    custom_objects: Mapping[str, Any] | None = None,
    compile: bool = True,
    safe_mode: bool = True,
    *,
    max_bytes: int | None = None,
) -> Any:
    """Read a model from a `.keras` file, written here or by Keras 3 (`keras.saving.load_model`).

    Names in the file are looked up in a closed table and in `custom_objects`; nothing is imported or run.

    Args:
        filepath: the file's name, which may also be a folder written with `zipped=False`, or end in `.h5` for the
            legacy form of Keras 2 and 3; or a binary file object.
        custom_objects: your own classes and functions by name.
        compile: whether to compile with the saved settings and load the optimizer's state.
        safe_mode: accepted; loading is always safe, so `False` allows nothing more.
        max_bytes: the most that the file, what it inflates to, its arrays, and the variables that its architecture asks
            for may each have. By default twice what the file has, and some 64 MB.

    Raises:
        ModelFileError: the file is missing, damaged, of another kind, or asks for something that does not exist here.
    """
    with at_most(max_bytes), gate(_named(filepath)):
        return _load(filepath, custom_objects, compile)


def _load(filepath: Any, custom_objects: Mapping[str, Any] | None, compile: bool) -> Any:
    if hasattr(filepath, "read"):
        return unpack_model(_named(filepath), read_archive(filepath, _WANTED), custom_objects, compile)
    path = Path(filepath)
    if path.is_dir():
        return unpack_model(str(path), folder.read_folder(path), custom_objects, compile)
    if path.name.endswith(_LEGACY):
        from chainrule.saving.legacy_h5 import load_legacy

        return load_legacy(path, custom_objects, compile)
    return unpack_model(str(path), read_archive(path, _WANTED), custom_objects, compile)


def unpack_model(
    name: str, members: Mapping[str, bytes], custom_objects: Mapping[str, Any] | None = None, compile: bool = True
) -> Any:
    """Return the model that the members of a file hold."""
    for member in ("config.json", "model.weights.h5"):
        if member not in members:
            raise ModelFileError(f"'{name}' has no member '{member}': it is not a Keras model file.")
    metadata = parse_json(name, "metadata.json", members.get("metadata.json", b"{}"))
    _check_sum(name, metadata, members["model.weights.h5"])
    config = parse_json(name, "config.json", members["config.json"])
    of_keras_2 = isinstance(metadata, dict) and str(metadata.get("keras_version")).startswith("2.")
    room = allowed(len(members["model.weights.h5"]), _SPARE)
    with CustomObjectScope(custom_objects), sharing.scope(), memory_limit(room):
        model = rebuild_model(name, modernized(name, config) if of_keras_2 else config)
        settings = config.get("compile_config")
        if compile and settings:
            compile_model(name, model, lambda: modern_compile(model, settings) if of_keras_2 else settings)
    unpack_weights(model, members["model.weights.h5"], name, optimizer=bool(compile and settings))
    assets.unpack_assets(model, members, name)
    return model


def _check_sum(name: str, metadata: Any, weights: bytes) -> None:
    """Compare the weights with the sum that our own files carry."""
    wanted = metadata.get("weights_sha256") if isinstance(metadata, dict) else None
    if wanted is not None and wanted != sha256(weights).hexdigest():
        raise ModelFileError(f"'{name}': the weights are not those that were saved: their SHA-256 differs.")


# -- text -------------------------------------------------------------------------------------------------------------


def model_from_json(
    json_string: str | bytes, custom_objects: Mapping[str, Any] | None = None, *, max_bytes: int | None = None
) -> Any:
    """Return the model that `Model.to_json` described, with fresh weights.

    Args:
        json_string: the text.
        custom_objects: your own classes and functions by name.
        max_bytes: the most that the weights made now may have in all; 4 GiB by default. A model whose text says no
            input shape makes its weights when it is first called, without a limit.

    Raises:
        ModelFileError: the text does not describe a model, or one that is too large.
    """
    if not isinstance(json_string, str | bytes):
        raise ModelFileError(
            f"model_from_json: expected the text that Model.to_json() gives, received a {type(json_string).__name__}."
        )
    text = json_string.encode() if isinstance(json_string, str) else json_string
    with at_most(max_bytes):
        limit = memory_limit(allowed(0, _MOST_OF_TEXT), weights_follow=False)
    with CustomObjectScope(custom_objects), sharing.scope(), limit:
        return rebuild_model("JSON text", parse_json("JSON text", "the text", text))
