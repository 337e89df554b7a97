"""Where the chunks of an array are: a tree in the usual files, lists in newer ones."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

from chainrule.saving.hdf5.source import UNDEFINED, Cursor, Source
from chainrule.saving.hdf5.trees import leaves

_SINGLE, _IMPLICIT, _FIXED = 1, 2, 3
_FILTERED_SINGLE = 2
_UNREAD = {4: "an extensible array", 5: "a tree of version 2"}


@dataclass(frozen=True)
class Chunk:
    """A stored chunk: the place of its first element, its bytes in the file, and the filters it went without."""

    start: tuple[int, ...]
    at: int
    size: int
    skipped: int


@dataclass(frozen=True)
class Grid:
    """How an array is cut: its shape, the shape of a chunk, and the bytes of a whole one."""

    shape: tuple[int, ...]
    chunk: tuple[int, ...]
    size: int

    @property
    def counts(self) -> tuple[int, ...]:
        return tuple(-(-n // c) for n, c in zip(self.shape, self.chunk, strict=True))

    def starts(self) -> Iterator[tuple[int, ...]]:
        """Yield the places of the chunks, the last axis fastest."""
        for place in product(*map(range, self.counts)):
            yield tuple(p * c for p, c in zip(place, self.chunk, strict=True))


def from_tree(source: Source, at: int, grid: Grid) -> Iterator[Chunk]:
    """Yield the chunks that a B-tree of version 1 lists."""
    if at == UNDEFINED:
        return
    rank = len(grid.shape)
    for key, address in leaves(source, at, 1, 8 + 8 * (rank + 1)):
        cursor = Cursor(source, key)
        size, skipped = cursor.number(4), cursor.number(4)
        yield Chunk(tuple(cursor.number() for _ in range(rank)), address, size, skipped)


def from_list(source: Source, cursor: Cursor, flags: int, grid: Grid, filtered: bool, where: str) -> Iterator[Chunk]:
    """Yield the chunks as the fourth version of the layout lists them.

    Raises:
        ModelFileError: the list is of a kind that only arrays of open size have.
    """
    kind = cursor.number(1)
    if kind == _SINGLE:
        size, skipped = (cursor.number(), cursor.number(4)) if flags & _FILTERED_SINGLE else (grid.size, 0)
        address = cursor.number()
        if address != UNDEFINED:
            yield Chunk((0,) * len(grid.shape), address, size, skipped)
    elif kind == _IMPLICIT:
        address = cursor.number()
        if address != UNDEFINED:
            for i, start in enumerate(grid.starts()):
                yield Chunk(start, address + i * grid.size, grid.size, 0)
    elif kind == _FIXED:
        cursor.skip(1)
        address = cursor.number()
        if address != UNDEFINED:
            yield from _fixed(source, address, grid, filtered, where)
    else:
        what = _UNREAD.get(kind, f"an index of kind {kind}")
        raise source.refused(f"the chunks of {where} are listed by {what}, which is not read.")


def _fixed(source: Source, at: int, grid: Grid, filtered: bool, where: str) -> Iterator[Chunk]:
    head = source.summed(at, 28, b"FAHD")
    head.skip(2)
    width, page_bits, count = head.number(1), head.number(1), head.number()
    address = head.number()
    total = 1
    for n in grid.counts:
        total *= n
    if count != total or width != (width if filtered and 12 < width <= 20 else 8):
        raise source.damaged(f"the list of the chunks of {where} is malformed.")
    if address == UNDEFINED:
        return
    for start, entry in zip(grid.starts(), _entries(source, address, count, width, page_bits), strict=False):
        place = entry.number()
        size, skipped = (entry.number(width - 12), entry.number(4)) if filtered else (grid.size, 0)
        if place != UNDEFINED:
            yield Chunk(start, place, size, skipped)


def _entries(source: Source, at: int, count: int, width: int, page_bits: int) -> Iterator[Cursor]:
    """Yield the entries of a list, which is cut into pages if it is long."""
    per_page = 1 << min(page_bits, 40)
    if count <= per_page:
        cursor = source.summed(at, 14 + count * width + 4, b"FADB")
        cursor.skip(10)
        for _ in range(count):
            yield Cursor(source, cursor.take(width))
        return
    pages = -(-count // per_page)
    start = 14 + (pages + 7) // 8 + 4
    used = source.summed(at, start, b"FADB")
    used.skip(10)
    used_bits = bytes(used.rest())
    at += start
    for page in range(pages):
        length = min(per_page, count - page * per_page)
        written = used_bits[page // 8] >> (7 - page % 8) & 1
        entries = source.summed(at, length * width + 4, b"") if written else None
        for _ in range(length):
            yield Cursor(source, entries.take(width) if entries is not None else memoryview(b"\xff" * width))
        at += per_page * width + 4
