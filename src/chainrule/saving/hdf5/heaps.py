"""Heaps: where HDF5 keeps names and strings (local and global), and many links or attributes (fractal)."""

from __future__ import annotations

from dataclasses import dataclass

from chainrule.saving.hdf5.source import Cursor, Source, width

_MOST_NAME = 4096


class LocalHeap:
    """The names of a group's members."""

    def __init__(self, source: Source, at: int) -> None:
        head = source.cursor(at, 32, b"HEAP")
        head.skip(4)
        size, _, start = head.number(), head.number(), head.number()
        self._source = source
        self._data = source.take(start, size)

    def name(self, offset: int) -> str:
        """Return the name that begins at an offset."""
        piece = bytes(self._data[offset : offset + _MOST_NAME]) if offset < len(self._data) else b""
        if b"\0" not in piece:
            raise self._source.damaged("the name of a member has no end.")
        return piece[: piece.index(b"\0")].decode("utf-8", "replace")


class GlobalHeap:
    """Strings of any length, by the address of their collection and their number in it."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._collections: dict[int, dict[int, memoryview]] = {}

    def get(self, at: int, number: int) -> memoryview:
        """Return the bytes of one object."""
        if at not in self._collections:
            self._collections[at] = self._read(at)
        found = self._collections[at].get(number)
        if found is None:
            raise self._source.damaged(f"string {number} is missing in the heap at byte {at}.")
        self._source.spend(len(found), "text")
        return found

    def _read(self, at: int) -> dict[int, memoryview]:
        head = self._source.cursor(at, 16, b"GCOL")
        head.skip(4)
        size = head.number()
        self._source.spend(size, "a heap of text")
        cursor = self._source.cursor(at, size)
        cursor.skip(16)
        found = {}
        while cursor.left >= 16:
            number = cursor.number(2)
            cursor.skip(6)
            length = cursor.number()
            if number == 0:
                break
            found[number] = cursor.take(length)
            cursor.align()
        return found


@dataclass(frozen=True)
class _Table:
    """How the blocks of a fractal heap double in size from row to row."""

    width: int
    first: int
    largest: int
    offset_size: int
    length_size: int
    root: int
    rows: int
    has_sums: bool

    def row_size(self, row: int) -> int:
        return self.first << max(row - 1, 0)

    def row_start(self, row: int) -> int:
        return 0 if row == 0 else self.width * self.row_size(row)

    @property
    def direct_rows(self) -> int:
        return self.largest.bit_length() - self.first.bit_length() + 2


class FractalHeap:
    """Many small objects: links and attributes of large groups in newer files."""

    def __init__(self, source: Source, at: int) -> None:
        self._source = source
        self._at = at
        head = source.summed(at, 146, b"FRHP")
        head.skip(3)
        if head.number(2):
            raise source.refused("a heap of the HDF5 file is compressed, which is not read.")
        flags = head.number(1)
        most = head.number(4)
        head.skip(12 * 8)
        wide, first, largest, bits, _ = (head.number(n) for n in (2, 8, 8, 2, 2))
        root, rows = head.number(), head.number(2)
        if not 0 < wide <= 1024 or first & (first - 1) or largest & (largest - 1) or not 0 < first <= largest:
            raise source.damaged(f"the heap at byte {at} is malformed.")
        if bits > 64 or rows > 64:
            raise source.damaged(f"the heap at byte {at} is malformed.")
        sizes = (bits + 7) // 8, width(min(most, largest))
        self._blocks: dict[int, memoryview] = {}
        self._table = _Table(wide, first, largest, *sizes, root, rows, bool(flags & 2))

    def get(self, identifier: memoryview) -> Cursor:
        """Return a cursor on the object that an identifier names."""
        cursor = Cursor(self._source, identifier)
        kind = cursor.number(1) >> 4 & 3
        if kind == 2:
            return Cursor(self._source, cursor.take((identifier[0] & 15) + 1))
        if kind != 0:
            raise self._source.refused("a heap of the HDF5 file holds a huge object, which is not read.")
        table = self._table
        offset, length = cursor.number(table.offset_size), cursor.number(table.length_size)
        if table.rows == 0:
            return self._in_block(table.root, 0, table.first, offset, length)
        return self._find(table.root, 0, table.rows, offset, length, 0)

    def _find(self, at: int, start: int, rows: int, offset: int, length: int, depth: int) -> Cursor:
        table = self._table
        inside = offset - start
        row = 0 if inside < table.first * table.width else (inside // (table.first * table.width)).bit_length()
        if inside < 0 or row >= rows or depth > 16:
            raise self._source.damaged(f"an object at {offset} lies outside of its heap.")
        column = (inside - table.row_start(row)) // table.row_size(row)
        before = 13 + table.offset_size
        entries = rows * table.width
        block = self._source.summed(at, before + 8 * entries + 4, b"FHIB")
        block.skip(before - 4 + 8 * (row * table.width + column))
        child = block.number()
        begin = start + table.row_start(row) + column * table.row_size(row)
        if row < table.direct_rows:
            return self._in_block(child, begin, table.row_size(row), offset, length)
        inner = table.row_size(row).bit_length() - (table.first * table.width).bit_length() + 1
        return self._find(child, begin, inner, offset, length, depth + 1)

    def _in_block(self, at: int, start: int, size: int, offset: int, length: int) -> Cursor:
        if at not in self._blocks:
            self._blocks[at] = self._block(at, size)
        before = 13 + self._table.offset_size + (4 if self._table.has_sums else 0)
        if offset - start < before or offset - start + length > size:
            raise self._source.damaged(f"an object at {offset} lies outside of its block.")
        return Cursor(self._source, self._blocks[at][offset - start : offset - start + length])

    def _block(self, at: int, size: int) -> memoryview:
        """Return a block of objects, whose checksum is that of the block with zeros in place of the sum."""
        self._source.cursor(at, size, b"FHDB")
        block = self._source.take(at, size)
        if self._table.has_sums:
            place = 13 + self._table.offset_size
            self._source.compare(block, place, f"a heap at byte {at}")
        return block
