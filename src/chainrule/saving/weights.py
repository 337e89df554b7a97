"""Weights files: HDF5 in Keras 3's layout, read through `saving.hdf5` alone."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from chainrule._typing import Array
from chainrule.errors import ChainruleError, ModelFileError
from chainrule.saving.hdf5 import Store, open_file
from chainrule.saving.legacy_weights import product_of_nadam
from chainrule.saving.state import owners

_NOT_IN_KERAS_2 = ("learning_rate", "u_product")


def pack_weights(model: Any, skipped: Iterable[Any] = ()) -> bytes:
    """Return the weights file of a model as bytes; `skipped` layers are left out."""
    import h5py

    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        for path, thing in owners(model, skipped=skipped):
            group = file.create_group(f"{path}/vars" if path else "vars")
            store: dict[str, Array] = {}
            thing.save_own_variables(store)
            for name, value in store.items():
                group.create_dataset(name, data=np.asarray(value))
            if isinstance(getattr(thing, "name", None), str):
                group.attrs["name"] = thing.name
    return buffer.getvalue()


def unpack_weights(
    model: Any,
    data: bytes,
    source: Path | str,
    skip_mismatch: bool = False,
    optimizer: bool = True,
    skipped: Iterable[Any] = (),
) -> None:
    """Load a weights file into a built model; a failure leaves the model as it was.

    Args:
        data: the file.
        source: its name, for messages.
        skip_mismatch: leave layers out that do not fit, with a warning.
        optimizer: whether to load the optimizer's state, too.
        skipped: layers to leave as they are.

    Raises:
        ModelFileError: the file is damaged, reaches outside of itself, or does not fit the model.
    """
    with unchanged_on_failure(model, source), open_file(data, source) as file:
        fill_model(model, file, source, skip_mismatch, optimizer, skipped)


def fill_model(
    model: Any,
    file: Any,
    source: Path | str,
    skip_mismatch: bool = False,
    optimizer: bool = True,
    skipped: Iterable[Any] = (),
) -> None:
    """Load the groups of an open file into a built model; the arguments are those of `unpack_weights`."""
    for where, thing in owners(model, with_optimizer=False, skipped=skipped):
        _load_one(file.group(f"{where}/vars" if where else "vars"), where, thing, source, skip_mismatch)
    if optimizer and getattr(model, "optimizer", None) is not None:
        _load_optimizer(file.group("optimizer/vars"), model, source)


@contextmanager
def unchanged_on_failure(model: Any, source: Path | str) -> Iterator[None]:
    """Give the model back its variables if the block fails, and say what went wrong in one line."""
    before = [(v, v.numpy()) for v in _all_variables(model)]
    mementos = [thing.memento() for _, thing in owners(model, with_optimizer=False) if hasattr(thing, "memento")]
    try:
        yield
    except BaseException as error:
        for v, value in before:
            v.assign(value)
        for put_back in mementos:
            put_back()
        if isinstance(error, ChainruleError) or not isinstance(error, Exception):
            raise
        raise ModelFileError(f"'{source}': the weights cannot be read: {type(error).__name__}: {error}"[:400]) from None


def _all_variables(model: Any) -> list[Any]:
    optimizer = getattr(model, "optimizer", None)
    return [*model.weights, *(optimizer.variables if optimizer is not None else ())]


def _load_one(store: Store | None, where: str, thing: Any, source: Path | str, skip_mismatch: bool) -> None:
    mine = own_variables(thing)
    if store is None:
        problem = None if not mine else "the file holds no weights for it"
    else:
        problem = (_misfit(store, mine) if mine is not None else None) or _load(store, thing)
    if problem is None:
        return
    text = f"'{source}' does not fit the model at '{where or 'the model itself'}' ({_name(thing)}): {problem}."
    if not skip_mismatch:
        raise ModelFileError(text[:500])
    warnings.warn(f"{text} It is left as it was.", stacklevel=5)


def _load_optimizer(store: Store | None, model: Any, source: Path | str) -> None:
    """Load the state of the optimizer; one that does not fit, or was saved before its first step, starts anew."""
    optimizer = model.optimizer
    if store is None:
        return
    if not optimizer.built and model.built:
        optimizer.build(model.trainable_variables)
    mine = own_variables(optimizer)
    if mine is not None and len(store) <= 2 < len(mine):  # saved with nothing but iteration and learning rate
        return
    if mine is not None and _lacks_rate(store, mine):
        _load_without_rate(store, mine, optimizer)
        return
    problem = (_misfit(store, mine) if mine is not None else None) or _load(store, optimizer)
    if problem is not None:
        text = f"'{source}': the state of {_name(optimizer)} is not loaded, training starts anew: {problem}."
        warnings.warn(text, stacklevel=5)


def _lacks_rate(store: Store, mine: list[Any]) -> bool:
    """Whether a file of Keras 2 has the state of the optimizer: all but the learning rate (and Nadam's product)."""
    rest = [v for v in mine if v.name not in _NOT_IN_KERAS_2]
    shapes = [store.shape(str(i)) if str(i) in store else None for i in range(len(rest))]
    return len(store) == len(rest) < len(mine) and shapes == [v.shape for v in rest]


def _load_without_rate(store: Store, mine: list[Any], optimizer: Any) -> None:
    for i, v in enumerate(v for v in mine if v.name not in _NOT_IN_KERAS_2):
        v.assign(store[str(i)])
    for product, value in product_of_nadam(optimizer):
        product.assign(value)


def _load(store: Store, thing: Any) -> str | None:
    try:
        thing.load_own_variables(store)
    except ModelFileError:
        raise
    except (ChainruleError, ValueError, KeyError, TypeError) as error:
        return str(error).rstrip(".")
    return None


def _name(thing: Any) -> str:
    return f"{type(thing).__name__} '{getattr(thing, 'name', '')}'"


def own_variables(thing: Any) -> list[Any] | None:
    """Return the variables that a layer or optimizer loads by number, or None if its class reads files its own way."""
    if not type(thing).load_own_variables.__module__.startswith("chainrule.") or hasattr(thing, "memento"):
        return None
    if hasattr(thing, "_variables_trainable"):
        return [*thing._variables_trainable, *thing._variables_fixed]
    return list(thing.variables)


def _misfit(store: Store, mine: list[Any]) -> str | None:
    """Compare numbers and shapes before anything is read."""
    names = list(store.keys())
    if len(names) != len(mine):
        return f"it has {len(mine)} variables, the file {len(names)}"
    for i, v in enumerate(mine):
        if str(i) not in names:
            return f"variable '{i}' is missing in the file"
        found = store.shape(str(i))
        if found != v.shape:
            return f"variable '{v.name}' has shape {v.shape}, in the file {found}"
    return None
