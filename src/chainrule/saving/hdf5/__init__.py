"""The one place that reads HDF5: a small reader of our own, of what Keras and h5py write, and of nothing else.

A file is data: it reaches only into itself, and sizes are checked before memory is taken. Groups, arrays of numbers and
attributes of text and numbers are read. Links to elsewhere, external and virtual storage, other types, and filters that
would be plug-ins are refused. The library's own C code is used for writing only.

    source      bytes within bounds                 headers     what an object says of itself
    groups      members by name                     trees, heaps    where names, links, strings and chunks are
    arrays      shape, type and numbers             types, chunks, filters
    attributes  texts and numbers of a group
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from chainrule._typing import Array
from chainrule.saving.hdf5.arrays import Stored
from chainrule.saving.hdf5.attributes import attributes
from chainrule.saving.hdf5.groups import is_group, members
from chainrule.saving.hdf5.headers import ATTRIBUTE, ATTRIBUTE_INFO, Message, messages, root_address
from chainrule.saving.hdf5.heaps import GlobalHeap
from chainrule.saving.hdf5.source import Source


class File:
    """An open file.

    Attributes:
        source: its name, for messages.
    """

    def __init__(self, source: Source) -> None:
        self.source = source.name
        self._source = source
        self._root = root_address(source)
        self._strings = GlobalHeap(source)
        self._headers: dict[int, list[Message]] = {}
        self._members: dict[int, dict[str, int]] = {}
        self._members_of(self._root, "/")  # a file whose root cannot be read is none

    def group(self, name: str) -> Store | None:
        """Return the arrays of a group, or None if there is no such group.

        Raises:
            ModelFileError: a link, or something that is no group, is on the way.
        """
        at = self._find(name)
        return None if at is None else Store(self, "/" + name.strip("/"), self._members_of(at, name))

    def names(self, name: str = "") -> list[str]:
        """Return the names of a group's members in alphabetical order; none if there is no such group."""
        at = self._find(name)
        return [] if at is None else sorted(self._members_of(at, name))

    def is_group(self, name: str) -> bool:
        """Whether there is a group of that name, not an array."""
        at = self._find(name)
        return at is not None and is_group(self._header(at))

    def attributes(self, name: str = "") -> dict[str, Any]:
        """Return the attributes of a group or array: strings, lists of strings, numbers, arrays of numbers.

        Raises:
            ModelFileError: one of them is something else.
        """
        at = self._find(name)
        where = f"{'/' + name!r:.200}"
        return {} if at is None else attributes(self._source, self._header(at), self._strings, where)

    def _find(self, name: str) -> int | None:
        at, path = self._root, ""
        for part in filter(None, name.split("/")):
            inside = self._members_of(at, path)
            if part not in inside:
                return None
            at, path = inside[part], f"{path}/{part}"
        return at

    def _header(self, at: int) -> list[Message]:
        if at not in self._headers:
            self._headers[at] = messages(self._source, at)
        return self._headers[at]

    def _members_of(self, at: int, path: str) -> dict[str, int]:
        if at not in self._members:
            header = self._header(at)
            if not is_group(header):
                raise self._source.refused(f"{path.strip('/')!r:.200} is not a group of arrays.")
            self._members[at] = members(self._source, header, "/" + path.strip("/"))
        return self._members[at]

    def _array(self, at: int, path: str) -> Stored:
        header = self._header(at)
        if is_group(header):
            raise self._source.refused(f"{path!r:.200} is not a plain array.")
        has_attributes = any(m.kind in (ATTRIBUTE, ATTRIBUTE_INFO) for m in header)
        marks = attributes(self._source, header, self._strings, repr(path)[:200]) if has_attributes else {}
        return Stored(self._source, header, path, marks.get("dtype") == "bfloat16")


class Store(Mapping[str, Array]):
    """The arrays of one group by name, each read when asked for."""

    def __init__(self, file: File, path: str, inside: Mapping[str, int]) -> None:
        self._file = file
        self._path = path
        self._inside = inside

    def __iter__(self) -> Iterator[str]:
        return iter(self._inside)

    def __len__(self) -> int:
        return len(self._inside)

    def shape(self, name: str) -> tuple[int, ...]:
        """Return the shape of an array without reading it."""
        return self._stored(name).shape

    def __getitem__(self, name: str) -> Array:
        return self._stored(name).read()

    def _stored(self, name: str) -> Stored:
        if name not in self._inside:
            raise KeyError(f"'{self._path}' has no member '{name}'")
        return self._file._array(self._inside[name], f"{self._path}/{name}".replace("//", "/"))


@contextmanager
def open_file(data: bytes, source: Path | str) -> Iterator[File]:
    """Open the bytes of an HDF5 file for reading.

    Args:
        data: the whole file.
        source: its name, for messages.

    Raises:
        ModelFileError: they are none.
    """
    yield File(Source(data, source))
