"""Legacy `.h5` files: whole models as one HDF5 file, as Keras 2 had them and Keras 3 still reads and writes them.

attributes          keras_version, backend, model_config (JSON), training_config (JSON)
model_weights/      one group per layer (`legacy_weights`)
optimizer_weights/  the optimizer's variables, as Keras writes them; no version of Keras 3 can train a model on for
                    which it has read them, so ours are in optimizer_state/, and Keras starts with a fresh optimizer
"""

from __future__ import annotations

import io
import json
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from chainrule.errors import ModelFileError
from chainrule.saving import sharing
from chainrule.saving.archive import parse_json
from chainrule.saving.hdf5 import File, open_file
from chainrule.saving.legacy_config import legacy_compile, legacy_model, modern_compile, modernized
from chainrule.saving.legacy_weights import (
    OPTIMIZER,
    read_by_name,
    read_in_order,
    read_optimizer,
    root_of,
    write_variables,
    write_weights,
)
from chainrule.saving.limits import allowed, check_stored
from chainrule.saving.rebuild import compile_model, rebuild_model
from chainrule.saving.serialization import CustomObjectScope, serialize_keras_object
from chainrule.saving.weights import unchanged_on_failure
from chainrule.variables import memory_limit

ENDINGS = (".h5", ".hdf5")
_SPARE = 32 << 20

# -- writing ----------------------------------------------------------------------------------------------------------


def pack_legacy(model: Any, name: str, keras_version: str, include_optimizer: bool = True) -> bytes:
    """Return a whole model as the bytes of a legacy `.h5` file.

    Raises:
        ModelFileError: the model has no graph, or a part of it has no description.
    """
    import h5py

    config, training = _describe(model, name, include_optimizer)
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        file.attrs["keras_version"] = keras_version
        file.attrs["backend"] = "chainrule"
        file.attrs["model_config"] = config.encode()
        if training is not None:
            file.attrs["training_config"] = training.encode()
        write_weights(file.create_group("model_weights"), model, keras_version)
        if include_optimizer and model.optimizer is not None and model.optimizer.variables:
            write_variables(file.create_group(OPTIMIZER), model.optimizer.variables)
    return buffer.getvalue()


def _describe(model: Any, name: str, include_optimizer: bool) -> tuple[str, str | None]:
    if not model.built or model._graph is None:
        raise ModelFileError(
            f"Cannot save '{model.name}' to '{name}': legacy '.h5' files hold Sequential and functional models whose "
            "input shape is known. Save it as '.keras'."
        )
    try:
        config = legacy_model(serialize_keras_object(model))
        training = None
        if model.compiled and include_optimizer and model.optimizer is not None:
            training = json.dumps(legacy_compile(model.get_compile_config()), allow_nan=False)
        return json.dumps(config, allow_nan=False), training
    except (TypeError, ValueError) as error:
        raise ModelFileError(f"Cannot save '{model.name}' to '{name}': {error}"[:500]) from error


# -- reading ----------------------------------------------------------------------------------------------------------


def load_legacy(path: Path, custom_objects: Mapping[str, Any] | None = None, compile: bool = True) -> Any:
    """Return the model of a legacy `.h5` file, written by Keras 2, Keras 3 or chainrule.

    Raises:
        ModelFileError: the file is missing, damaged, or asks for something that does not exist here.
    """
    data = read_bytes(path)
    with (
        open_file(data, path) as file,
        CustomObjectScope(custom_objects),
        sharing.scope(),
        memory_limit(allowed(len(data), _SPARE)),
    ):
        attributes = file.attributes()
        config = _json(file, attributes, "model_config")
        if config is None:
            raise ModelFileError(
                f"'{path}' holds no model ('model_config' is missing): if it holds weights alone, build the model and "
                "call model.load_weights."
            )
        model = rebuild_model(str(path), modernized(str(path), config))
        if not model.built:
            raise ModelFileError(f"'{path}': the model's input shape is not in the file, so it has no weights to fill.")
        read_in_order(file, root_of(file), model)
        if compile:
            _compile(file, model, _json(file, attributes, "training_config"))
    return model


def _compile(file: File, model: Any, training: Any) -> None:
    if training is None:
        return
    if not isinstance(training, dict):
        raise ModelFileError(f"'{file.source}': the compile settings must be a mapping.")
    compile_model(str(file.source), model, lambda: modern_compile(model, training))
    read_optimizer(file, model)


def _json(file: File, attributes: Mapping[str, Any], key: str) -> Any:
    text = attributes.get(key)
    if text is None:
        return None
    if isinstance(text, str):
        text = text.encode()
    if not isinstance(text, bytes):
        raise ModelFileError(f"'{file.source}': attribute '{key}' must be text.")
    return parse_json(str(file.source), key, text)


def load_legacy_weights(model: Any, path: Path, by_name: bool = False, skip_mismatch: bool = False) -> None:
    """Load weights of the legacy form, of a file of weights or of a whole model; a failed load changes nothing.

    Args:
        by_name: give layers the weights of the layers of the same names, in place of those in the same order.
        skip_mismatch: leave variables that do not fit as they are, with a warning.
    """
    with unchanged_on_failure(model, path), open_file(read_bytes(path), path) as file:
        read = read_by_name if by_name else read_in_order
        read(file, root_of(file), model, skip_mismatch)


def read_bytes(path: Path) -> bytes:
    """Return the bytes of a file.

    Raises:
        ModelFileError: it cannot be read.
    """
    try:
        check_stored(path.stat().st_size, path)
        return path.read_bytes()
    except FileNotFoundError:
        raise ModelFileError(f"File not found: '{path}'.") from None
    except OSError as error:
        raise ModelFileError(f"Cannot read '{path}': {error.strerror}.") from None


def warn_of_legacy_form() -> None:
    """Say, as Keras does, that `.h5` is the old form."""
    warnings.warn(
        "The HDF5 form of whole models ('.h5') is the legacy one. Prefer model.save('my_model.keras').",
        stacklevel=4,
    )
