"""`Model.save_weights` and `Model.load_weights`: which kind of file a name asks for."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

from chainrule.errors import ModelFileError
from chainrule.saving.archive import read_archive, write_atomically
from chainrule.saving.gate import gate
from chainrule.saving.keras_format import check_target
from chainrule.saving.legacy_h5 import ENDINGS, load_legacy_weights, read_bytes
from chainrule.saving.limits import at_most
from chainrule.saving.weights import pack_weights, unpack_weights


def save_weights(model: Any, filepath: Any, overwrite: bool = True, max_shard_size: Any = None, **kwargs: Any) -> None:
    """Write the weights of a model, and its optimizer's state if compiled (`keras.saving.save_weights`).

    Args:
        filepath: must end in `.weights.h5`, or in `.weights.json` with `max_shard_size`; or in
            `.safetensors`, which holds the weights alone.
        overwrite: False refuses to replace a file.
        max_shard_size: gigabytes (1024**3 bytes); the weights are spread over files of at most that size.
        objects_to_skip: layers to leave out (a keyword argument).

    Raises:
        ModelFileError: the model has no weights yet, or the name or the disk refuses.
    """
    skipped = _skipped("save_weights", kwargs)
    path = Path(filepath)
    if max_shard_size is not None:
        from chainrule.saving.shards import save_shards

        path = _index_path(path)
        check_target(path, overwrite, ".weights.json")
        _check_built(model, "save_weights")
        save_shards(model, path, float(max_shard_size), skipped)
        return
    if path.suffix == ".safetensors":
        from chainrule.saving.safetensors import save_safetensors

        check_target(path, overwrite, ".safetensors")
        _check_built(model, "save_weights")
        save_safetensors(model, path, skipped)
        return
    check_target(path, overwrite, ".weights.h5", "(or '.safetensors')")
    _check_built(model, "save_weights")
    data = pack_weights(model, skipped)

    def write(file: Any) -> None:
        file.write(data)

    write_atomically(path, write)


def _index_path(path: Path) -> Path:
    """Return the name of the file that lists the shards."""
    if path.name.endswith(".weights.h5"):
        renamed = path.with_suffix(".json")
        warnings.warn(
            f"With max_shard_size, '{path.name}' is written as '{renamed.name}', which lists the files of weights.",
            stacklevel=4,
        )
        return renamed
    return path


def load_weights(model: Any, filepath: Any, skip_mismatch: bool = False, **kwargs: Any) -> None:
    """Read weights into a built model; a failed load changes nothing (`keras.saving.load_weights`).

    Args:
        filepath: a `.weights.h5`, `.weights.json`, `.safetensors` or `.keras` file, or a legacy `.h5` file of weights
            or a model.
        skip_mismatch: leave layers out that do not fit, with a warning.
        by_name: in a legacy file, look for layers by their names, not by their order (a keyword argument).
        objects_to_skip: layers to leave as they are (a keyword argument).
        max_bytes: the most that the file, what it inflates to, and its arrays may each have (a keyword argument). By
            default twice what the file has, and 64 MB.

    Raises:
        ModelFileError: the file cannot be read, or does not fit the model.
    """
    by_name = bool(kwargs.pop("by_name", False))
    max_bytes = kwargs.pop("max_bytes", None)
    skipped = _skipped("load_weights", kwargs)
    path = Path(filepath)
    sharded, modern = path.name.endswith(".weights.json"), path.name.endswith((".weights.h5", ".keras"))
    legacy = path.name.endswith(ENDINGS) and not modern
    tensors = path.suffix == ".safetensors"
    if not (sharded or modern or legacy or tensors):
        raise ModelFileError(
            f"Cannot load weights from '{path}': expected a '.weights.h5', '.weights.json', '.safetensors' or "
            "'.keras' file, or a legacy '.h5' file."
        )
    if by_name and not legacy:
        raise ModelFileError(f"load_weights: by_name is for legacy '.h5' files, which '{path}' is not; leave it out.")
    if skipped and legacy:
        raise ModelFileError(f"load_weights: objects_to_skip is not for legacy '.h5' files such as '{path}'.")
    _check_built(model, "load_weights")
    with at_most(max_bytes), gate(path):
        if legacy:
            load_legacy_weights(model, path, by_name, skip_mismatch)
        elif tensors:
            from chainrule.saving.safetensors import load_safetensors

            load_safetensors(model, path, skip_mismatch, skipped)
        elif sharded:
            from chainrule.saving.shards import load_shards

            load_shards(model, path, skip_mismatch, skipped)
        else:
            data = _member(path) if path.suffix == ".keras" else read_bytes(path)
            unpack_weights(model, data, path, skip_mismatch, skipped=skipped)


def _member(path: Path) -> bytes:
    members = read_archive(path, ("model.weights.h5",))
    if not members:
        raise ModelFileError(f"'{path}' has no member 'model.weights.h5': it is not a Keras model file.")
    return members["model.weights.h5"]


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
