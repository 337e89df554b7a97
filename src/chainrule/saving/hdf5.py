"""The one place that opens HDF5 files. A file is data: it reaches only into itself, and sizes are checked first.

Keras writes plain groups and arrays. Links to elsewhere, external and virtual storage, unknown filters (for which the
library would load plug-ins), and types other than numbers are refused.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from chainrule._typing import Array
from chainrule.errors import ModelFileError

_FILTERS = frozenset({1, 2, 3})  # deflate, shuffle, fletcher32: part of the library itself
_MOST_GROWTH = 1100  # deflate cannot do more
_SPARE = 64 << 20


class File:
    """An open file with a budget of bytes that may be read from it."""

    def __init__(self, root: Any, source: Path | str, size: int) -> None:
        self.root = root
        self.source = source
        self.budget = 2 * size + _SPARE

    def group(self, name: str) -> Store | None:
        """Return the arrays of a group, or None if there is no such group.

        Raises:
            ModelFileError: a link, or something that is no group, is on the way.
        """
        import h5py

        here = self._find(name)
        if here is None:
            return None
        if not isinstance(here, h5py.Group):
            raise ModelFileError(f"'{self.source}': '{name}' is not a group of arrays.")
        return Store(self, here)

    def names(self, name: str = "") -> list[str]:
        """Return the names of a group's members in alphabetical order; none if there is no such group."""
        store = self.group(name)
        return [] if store is None else sorted(store)

    def attributes(self, name: str = "") -> dict[str, Any]:
        """Return the attributes of a group or array: strings, lists of strings, numbers, arrays of numbers.

        Raises:
            ModelFileError: one of them is something else.
        """
        here = self._find(name)
        if here is None:
            return {}
        return {key: _plain(value, f"'{self.source}': '{name}'") for key, value in here.attrs.items()}

    def _find(self, name: str) -> Any:
        import h5py

        here = self.root
        for part in filter(None, name.split("/")):
            if not isinstance(here, h5py.Group):
                raise ModelFileError(f"'{self.source}': '{name}' is not a group of arrays.")
            if here.get(part, getlink=True) is None:
                return None
            here = member(here, part, self.source)
        return here


class Store(Mapping[str, Array]):
    """The arrays of one group by name, each read when asked for."""

    def __init__(self, file: File, group: Any) -> None:
        self._file = file
        self._group = group

    def __iter__(self) -> Iterator[str]:
        return iter(self._group)

    def __len__(self) -> int:
        return len(self._group)

    def shape(self, name: str) -> tuple[int, ...]:
        """Return the shape of an array without reading it."""
        return tuple(self._dataset(name).shape)

    def __getitem__(self, name: str) -> Array:
        dataset = self._dataset(name)
        size = dataset.dtype.itemsize * int(np.prod(dataset.shape, dtype=object))
        self._file.budget -= size
        if size > _MOST_GROWTH * dataset.id.get_storage_size() or self._file.budget < 0:
            raise ModelFileError(
                f"'{self._file.source}': array '{dataset.name}' of shape {dataset.shape} claims {size} bytes, but the "
                "file is too small for that."
            )
        array = np.asarray(dataset[()])
        return _from_bfloat16(array) if _is_bfloat16(dataset) else array

    def _dataset(self, name: str) -> Any:
        import h5py

        dataset = member(self._group, name, self._file.source)
        where = f"'{self._file.source}': '{self._group.name}/{name}'"
        if not isinstance(dataset, h5py.Dataset) or dataset.external or dataset.is_virtual or dataset.shape is None:
            raise ModelFileError(f"{where} is not a plain array.")
        settings = dataset.id.get_create_plist()
        filters = {settings.get_filter(i)[0] for i in range(settings.get_nfilters())}
        if not filters <= _FILTERS:
            raise ModelFileError(f"{where} is compressed with filter {min(filters - _FILTERS)}, which is not read.")
        if dataset.dtype.kind not in "fiub" and not _is_bfloat16(dataset):
            raise ModelFileError(f"{where} holds {dataset.dtype}, expected numbers.")
        return dataset


def member(group: Any, name: str, source: Path | str) -> Any:
    """Return a member of a group, unless it is a link to elsewhere."""
    import h5py

    link = group.get(name, getlink=True)
    if link is None:
        raise KeyError(f"'{group.name}' has no member '{name}'")
    if not isinstance(link, h5py.HardLink):
        raise ModelFileError(f"'{source}': '{group.name}/{name}' is a link; a model file reads only itself.")
    return group[name]


def _plain(value: Any, where: str) -> Any:
    """Return the value of an attribute as plain Python values and arrays of numbers."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, str | bool | int | float):
        return value
    array = np.asarray(value)
    if array.dtype.kind in "OSU":
        return [_plain(v, where) for v in array.tolist()] if array.ndim else _plain(array.item(), where)
    if array.dtype.kind not in "fiub":
        raise ModelFileError(f"{where} has an attribute of type {array.dtype}; expected text or numbers.")
    return array if array.ndim else array.item()


def _is_bfloat16(dataset: Any) -> bool:
    return bool(dataset.dtype.kind == "V" and dataset.dtype.itemsize == 2 and dataset.attrs.get("dtype") == "bfloat16")


def _from_bfloat16(array: Array) -> Array:
    bits = array.view(np.uint16).astype(np.uint32) << 16
    return bits.view(np.float32)


@contextmanager
def open_file(data: bytes, source: Path | str) -> Iterator[File]:
    """Open the bytes of an HDF5 file for reading.

    Raises:
        ModelFileError: they are none.
    """
    import h5py

    try:
        root = h5py.File(io.BytesIO(data), "r")
    except (OSError, RuntimeError, ValueError, KeyError) as error:
        reason = str(error).replace("\n", " ")[:150]
        raise ModelFileError(f"'{source}': the weights are not a readable HDF5 file: {reason}") from None
    with root:
        yield File(root, source, len(data))
