"""Weights files: HDF5 in Keras 3's layout, read through one careful wrapper."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule._typing import Array
from chainrule.errors import ChainruleError, ModelFileError
from chainrule.saving.state import owners

if TYPE_CHECKING:
    import h5py

_FILTERS = {"gzip", "lzf", None}


def pack_weights(model: Any) -> bytes:
    """Return the weights file of a model as bytes."""
    import h5py

    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        for path, thing in owners(model):
            group = file.create_group(f"{path}/vars" if path else "vars")
            store: dict[str, Array] = {}
            thing.save_own_variables(store)
            for name, value in store.items():
                group.create_dataset(name, data=value)
            if isinstance(getattr(thing, "name", None), str):
                group.attrs["name"] = thing.name
    return buffer.getvalue()


def unpack_weights(model: Any, data: bytes, path: Path, skip_mismatch: bool = False, optimizer: bool = True) -> None:
    """Load a weights file into a built model; a failure leaves the model as it was.

    Raises:
        ModelFileError: the file is damaged, reaches outside of itself, or does not fit the model.
    """
    import h5py

    before = [(v, v.numpy()) for v in _all_variables(model)]
    try:
        with h5py.File(io.BytesIO(data), "r") as file:
            for where, thing in owners(model, with_optimizer=optimizer):
                _load_one(file, where, thing, path, skip_mismatch)
    except ChainruleError:
        _restore(before)
        raise
    except (OSError, KeyError, ValueError, RuntimeError, TypeError) as error:
        _restore(before)
        raise ModelFileError(f"'{path}': the weights are not readable: {type(error).__name__}: {error}"[:300]) from None


def _restore(before: list[tuple[Any, Array]]) -> None:
    for v, value in before:
        if v.shape == value.shape:
            v.assign(value)


def _all_variables(model: Any) -> list[Any]:
    extra = model.optimizer.variables if getattr(model, "optimizer", None) is not None and model.optimizer.built else []
    return [*model.weights, *extra]


def _load_one(file: h5py.File, where: str, thing: Any, path: Path, skip_mismatch: bool) -> None:
    store = read_group(file, f"{where}/vars" if where else "vars", path)
    if store is None:
        if _has_none(thing) or where == "optimizer":
            return
        raise ModelFileError(
            f"'{path}' holds no weights for '{where}' ({getattr(thing, 'name', '')}): it is of another model."
        )
    try:
        thing.load_own_variables(store)
    except (ChainruleError, ValueError, KeyError) as error:
        if skip_mismatch:
            import warnings

            warnings.warn(f"load_weights: skipped '{getattr(thing, 'name', where)}': {error}", stacklevel=4)
            return
        raise ModelFileError(
            f"'{path}' does not fit the model at '{where or 'the model itself'}': {error}"[:500]
        ) from None


def _has_none(thing: Any) -> bool:
    return not (getattr(thing, "_variables_trainable", ()) or getattr(thing, "_variables_fixed", ()))


def read_group(file: h5py.File, name: str, path: Path) -> dict[str, Array] | None:
    """Return the arrays of a group, or None if there is no such group.

    Every access to the file goes through here: links, external storage and other tricks are refused, and sizes are compared with
    the file's before memory is taken.
    """
    import h5py

    group: Any = file
    for part in name.split("/"):
        link = group.get(part, getlink=True)
        if link is None:
            return None
        if not isinstance(link, h5py.HardLink):
            raise ModelFileError(f"'{path}': '{name}' is a link; a model file reads only itself.")
        group = group[part]
        if not isinstance(group, h5py.Group):
            raise ModelFileError(f"'{path}': '{name}' is not a group.")
    return {key: _read_dataset(group, key, path) for key in group}


def _read_dataset(group: h5py.Group, key: str, path: Path) -> Array:
    import h5py

    if not isinstance(group.get(key, getlink=True), h5py.HardLink):
        raise ModelFileError(f"'{path}': '{group.name}/{key}' is a link; a model file reads only itself.")
    dataset = group[key]
    if (
        not isinstance(dataset, h5py.Dataset)
        or dataset.external
        or dataset.is_virtual
        or dataset.compression not in _FILTERS
    ):
        raise ModelFileError(f"'{path}': '{group.name}/{key}' is not a plain array.")
    if dataset.dtype.kind not in "fiub":
        raise ModelFileError(f"'{path}': '{group.name}/{key}' holds {dataset.dtype}, expected numbers.")
    if dataset.nbytes > 1100 * max(dataset.id.get_storage_size(), 1):
        raise ModelFileError(f"'{path}': '{group.name}/{key}' claims shape {dataset.shape}, but stores almost nothing.")
    return np.asarray(dataset[()])
