"""An array in the file: what it says of itself, and its numbers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from chainrule._typing import Array
from chainrule.errors import ModelFileError
from chainrule.saving.hdf5 import chunks
from chainrule.saving.hdf5.filters import Filter, read_filters, undo
from chainrule.saving.hdf5.headers import DATASPACE, DATATYPE, EXTERNAL_FILES, FILTERS, LAYOUT, Message
from chainrule.saving.hdf5.source import UNDEFINED, Cursor, Source
from chainrule.saving.hdf5.types import Type, count, native, numbers, read_shape, read_type
from chainrule.saving.limits import ADVICE

_COMPACT, _CONTIGUOUS, _CHUNKED, _VIRTUAL = 0, 1, 2, 3
_MOST_GROWTH = 1100  # deflate cannot do more


class Stored:
    """An array of numbers whose description has been checked, and whose numbers are read when asked for.

    Raises:
        ModelFileError: it holds anything but numbers, or they are not in this file.
    """

    def __init__(self, source: Source, header: list[Message], path: str, is_bfloat16: bool) -> None:
        self._source = source
        self._path = path
        self._where = f"{path!r:.200}"
        parts = self._parts(header)
        shape = read_shape(source, parts[DATASPACE])
        if shape is None:
            raise self._not_plain()
        self.shape = shape
        self._layout = parts[LAYOUT]
        kind = read_type(source, parts[DATATYPE])
        if kind.opaque and is_bfloat16:
            kind = Type(2, kind.name, "<u2", bfloat16=True)
        if kind.dtype is None:
            raise source.refused(f"{self._where} holds {kind.name}, expected numbers.")
        self._type = kind
        self._filters: list[Filter] = []
        if FILTERS in parts:
            self._filters = read_filters(source, parts[FILTERS], self._where)
        if self._cursor()[1] == _VIRTUAL:
            raise self._not_plain()

    def _parts(self, header: list[Message]) -> dict[int, memoryview]:
        parts: dict[int, memoryview] = {}
        for message in header:
            if message.kind not in (DATASPACE, DATATYPE, LAYOUT, FILTERS, EXTERNAL_FILES):
                continue
            if message.shared:
                raise self._source.refused(f"{self._where} shares its description with others, which is not read.")
            if message.kind == EXTERNAL_FILES or message.kind in parts:
                raise self._not_plain()
            parts[message.kind] = message.data
        if not {DATASPACE, DATATYPE, LAYOUT} <= set(parts):
            raise self._not_plain()
        return parts

    def _not_plain(self) -> ModelFileError:
        return self._source.refused(f"{self._where} is not a plain array.")

    def _cursor(self) -> tuple[Cursor, int, int]:
        """Return a cursor on the layout, after its class and version."""
        cursor = Cursor(self._source, self._layout)
        version, kind = cursor.number(1), cursor.number(1)
        if version not in (3, 4, 5) or kind > _VIRTUAL:
            raise self._source.refused(f"{self._where} has a layout of version {version}, class {kind}: not read.")
        return cursor, kind, version

    def read(self) -> Array:
        """Return the numbers.

        Raises:
            ModelFileError: the file does not have as many as the shape claims.
        """
        size = self._type.size * count(self.shape)
        if size > self._source.budget:
            raise self._too_small(size, f" {ADVICE}")
        self._source.spend(size, self._where)
        if size == 0:
            return native(np.empty(self.shape, self._type.stored), self._type)
        cursor, kind, version = self._cursor()
        if kind == _CHUNKED:
            return self._assemble(cursor, version, size)
        if kind == _COMPACT:
            data = cursor.take(cursor.number(2))
        else:
            address, length = cursor.number(), cursor.number()
            data = self._source.take(address, length) if address != UNDEFINED else memoryview(b"")
        if len(data) != size:
            raise self._too_small(size)
        return numbers(data, self._type, self.shape)

    def _too_small(self, size: int, advice: str = "") -> ModelFileError:
        shape = str(self.shape)[:100]
        return self._source.refused(
            f"array {self._where} of shape {shape} claims {size} bytes, but the file is too small for that.{advice}"
        )

    # -- chunks -------------------------------------------------------------------------------------------------------

    def _assemble(self, cursor: Cursor, version: int, size: int) -> Array:
        grid, found = self._chunks(cursor, version)
        expected = count(grid.counts)
        if expected * 8 > self._source.size:  # each has an address in the file
            raise self._too_small(size)
        stored = list(_bounded(found, expected))
        if size > _MOST_GROWTH * sum(c.size for c in stored) or {c.start for c in stored} != set(grid.starts()):
            raise self._too_small(size)
        result = np.empty(self.shape, self._type.stored)
        for chunk in stored:
            data = self._source.take(chunk.at, chunk.size)
            self._source.spend(max(grid.size - size, 0), self._where)  # a chunk that is larger than the array
            plain = undo(self._source, self._filters, chunk.skipped, data, grid.size, self._where)
            values = np.frombuffer(plain, result.dtype).reshape(grid.chunk)
            room = tuple(slice(s, s + c) for s, c in zip(chunk.start, grid.chunk, strict=True))
            target = result[room]
            target[...] = values[tuple(slice(n) for n in target.shape)]
        return native(result, self._type)

    def _chunks(self, cursor: Cursor, version: int) -> tuple[chunks.Grid, Iterable[chunks.Chunk]]:
        flags = cursor.number(1) if version > 3 else 0
        rank = cursor.number(1)
        if rank != len(self.shape) + 1:
            raise self._source.damaged(f"the chunks of {self._where} have {rank - 1} axes, expected {len(self.shape)}.")
        if version == 3:
            address, width = cursor.number(), 4
        else:
            address, width = 0, cursor.number(1)
        sizes = tuple(cursor.number(width) for _ in range(rank))
        if sizes[-1] != self._type.size or 0 in sizes:
            raise self._source.damaged(f"the chunks of {self._where} are malformed.")
        grid = chunks.Grid(self.shape, sizes[:-1], count(sizes))
        if grid.size > self._source.budget:
            raise self._too_small(grid.size, f" {ADVICE}")
        if version == 3:
            return grid, chunks.from_tree(self._source, address, grid)
        if self._filters and flags & 1:
            raise self._source.refused(f"{self._where} leaves chunks at its edge unfiltered, which is not read.")
        return grid, chunks.from_list(self._source, cursor, flags, grid, bool(self._filters), self._where)


def _bounded(found: Iterable[chunks.Chunk], most: int) -> Iterator[chunks.Chunk]:
    for chunk, _ in zip(found, range(most + 1), strict=False):
        yield chunk
