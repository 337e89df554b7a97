"""Weights spread over several files: `m.weights.json` lists `m_00000.weights.h5`, `m_00001.weights.h5`, ...

    {"metadata": {"total_size": bytes, "sha256": {file: sum}}, "weight_map": {"/layers/dense/vars": file or [files]}}

The layout is Keras's; the sums are our own, and say whether all files are of one save.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from chainrule._typing import Array
from chainrule.errors import ModelFileError
from chainrule.saving.archive import parse_json
from chainrule.saving.folder import read_plain
from chainrule.saving.hdf5 import File, Store, open_file
from chainrule.saving.limits import check_stored
from chainrule.saving.several import write_together
from chainrule.saving.state import owners
from chainrule.saving.weights import fill_model, unchanged_on_failure

_GIGABYTE = 1024**3
_MOST_SHARDS = 10_000
_MOST_INDEX = 64 << 20

# -- writing ----------------------------------------------------------------------------------------------------------


def save_shards(model: Any, path: Path, most: float, skipped: Iterable[Any] = ()) -> None:
    """Write the weights of a model as files of at most `most` gigabytes each, and the file that lists them.

    Raises:
        ModelFileError: one array alone is larger, or the disk refuses; the old files are unchanged then.
    """
    writer = _Writer(path.name.removesuffix(".json").removesuffix(".weights"), most * _GIGABYTE)
    for where, thing in owners(model, skipped=skipped):
        store: dict[str, Array] = {}
        thing.save_own_variables(store)
        name = getattr(thing, "name", None)
        writer.write(f"{where}/vars" if where else "vars", store, name if isinstance(name, str) else None)
    shards = writer.finish()
    metadata = {
        "total_size": writer.total,
        "sha256": {name: sha256(data).hexdigest() for name, data in shards.items()},
    }
    index = json.dumps({"metadata": metadata, "weight_map": writer.places}, indent=4)
    files = {path.with_name(name): data for name, data in shards.items()}
    before = _listed_before(path) - set(shards)
    write_together({**files, path: index.encode()}, tuple(path.with_name(name) for name in before))


def _listed_before(path: Path) -> set[str]:
    """Return the files that the list to be replaced names, if there is one."""
    try:
        return set(_files(path, parse_json(path, "the list", path.read_bytes())))
    except (OSError, ModelFileError):
        return set()


class _Writer:
    """Files in memory; the last one takes arrays until it is full."""

    def __init__(self, base: str, most: float) -> None:
        self.base, self.most = base, most
        self.places: dict[str, Any] = {}
        self.total = 0
        self._shards: dict[str, io.BytesIO] = {}
        self._file: Any = None
        self._size = 0
        self._open_next()

    def _open_next(self) -> None:
        import h5py

        if self._file is not None:
            self._file.close()
        self._name = f"{self.base}_{len(self._shards):05}.weights.h5"
        self._shards[self._name] = io.BytesIO()
        self._file, self._size = h5py.File(self._shards[self._name], "w"), 0

    def write(self, group: str, store: Mapping[str, Array], name: str | None) -> None:
        """Write the arrays of one owner."""
        self._file.require_group(group)
        if name is not None:
            self._file[group].attrs["name"] = name
        for key, value in store.items():
            array = np.asarray(value)
            if array.nbytes > self.most:
                raise ModelFileError(
                    f"Cannot write '{group}/{key}' of {array.nbytes} bytes into files of at most {self.most:.0f} "
                    "bytes: choose a larger max_shard_size (in gigabytes)."
                )
            if self._size + array.nbytes > self.most:
                self._open_next()
            self._file.require_group(group).create_dataset(key, data=array)
            self._size += array.nbytes
            self.total += array.nbytes
            self._note(f"/{group}")

    def _note(self, group: str) -> None:
        known = self.places.get(group)
        if known is None:
            self.places[group] = self._name
        elif self._name not in (known if isinstance(known, list) else [known]):
            self.places[group] = [*(known if isinstance(known, list) else [known]), self._name]

    def finish(self) -> dict[str, bytes]:
        """Return the files by name."""
        self._file.close()
        return {name: buffer.getvalue() for name, buffer in self._shards.items()}


# -- reading ----------------------------------------------------------------------------------------------------------


def load_shards(model: Any, path: Path, skip_mismatch: bool = False, skipped: Iterable[Any] = ()) -> None:
    """Load the weights that a `.weights.json` lists into a built model; a failure leaves the model as it was.

    The files must lie beside the list, under plain names, and be files of their own: no links.

    Raises:
        ModelFileError: a file is missing, damaged, or of another save, or does not fit the model.
    """
    data = read_plain(path.parent, path.name)
    if data is None:
        raise ModelFileError(f"File not found: '{path}'.")
    if len(data) > _MOST_INDEX:
        raise ModelFileError(f"'{path}' has {len(data)} bytes; at most {_MOST_INDEX} are read.")
    index = parse_json(path, "the list", data)
    names = _files(path, index)
    sums = index["metadata"].get("sha256") if isinstance(index.get("metadata"), dict) else None
    with ExitStack() as stack, unchanged_on_failure(model, path):
        opened, size = [], 0
        for name in names:
            shard = _shard(path, name, sums)
            size += len(shard)
            check_stored(size, path)
            opened.append(stack.enter_context(open_file(shard, path.with_name(name))))
        fill_model(model, _Together(opened), path, skip_mismatch, skipped=skipped)


def _files(path: Path, index: Any) -> list[str]:
    """Return the names of the files that a list names.

    Raises:
        ModelFileError: the list is malformed, or a name is more than the name of a file beside it.
    """
    places = index.get("weight_map") if isinstance(index, dict) else None
    if not isinstance(places, dict):
        raise ModelFileError(f"'{path}' does not list weights: it has no 'weight_map'.")
    names: dict[str, None] = {}
    for place in places.values():
        for name in place if isinstance(place, list) else [place]:
            if not isinstance(name, str) or not name.endswith(".weights.h5") or not _is_plain(name):
                raise ModelFileError(f"'{path}' lists {name!r:.80}, expected a '.weights.h5' file beside it.")
            names[name] = None
    if len(names) > _MOST_SHARDS:
        raise ModelFileError(f"'{path}' lists {len(names)} files; at most {_MOST_SHARDS} are read.")
    return list(names)


def _is_plain(name: str) -> bool:
    return not any(c in name for c in "/\\\0:") and name not in (".", "..")


def _shard(path: Path, name: str, sums: Any) -> bytes:
    data = read_plain(path.parent, name)
    if data is None:
        raise ModelFileError(f"'{path}' lists '{name:.80}', which is not beside it.")
    wanted = sums.get(name) if isinstance(sums, dict) else None
    if wanted is not None and wanted != sha256(data).hexdigest():
        raise ModelFileError(f"'{path}': '{name:.80}' is not the file that was saved with it: its SHA-256 differs.")
    return data


class _Together:
    """Several open files, read as one."""

    def __init__(self, files: list[File]) -> None:
        self._files = files

    def group(self, name: str) -> _Stores | None:
        """Return the arrays of a group, in whichever files they are, or None if no file has that group."""
        stores = [store for store in (file.group(name) for file in self._files) if store is not None]
        return _Stores(name, stores) if stores else None


class _Stores(Mapping[str, Array]):
    """The arrays of one group that is spread over files."""

    def __init__(self, name: str, stores: list[Store]) -> None:
        self._holders: dict[str, Store] = {}
        for store in stores:
            for key in store:
                if key in self._holders:
                    raise ModelFileError(f"array '{name}/{key}' is in two files.")
                self._holders[key] = store

    def __iter__(self) -> Iterator[str]:
        return iter(self._holders)

    def __len__(self) -> int:
        return len(self._holders)

    def shape(self, name: str) -> tuple[int, ...]:
        """Return the shape of an array without reading it."""
        return self._holders[name].shape(name)

    def __getitem__(self, name: str) -> Array:
        return self._holders[name][name]
