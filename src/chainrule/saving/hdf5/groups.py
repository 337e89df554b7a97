"""The members of a group by name: from a table of symbols, from links in the header, or from a heap of links."""

from __future__ import annotations

from collections.abc import Iterator

from chainrule.errors import ModelFileError
from chainrule.saving.hdf5.headers import LINK, LINK_INFO, SYMBOL_TABLE, Message
from chainrule.saving.hdf5.heaps import FractalHeap, LocalHeap
from chainrule.saving.hdf5.source import UNDEFINED, Cursor, Source, text
from chainrule.saving.hdf5.trees import leaves, records

_LINKS_BY_NAME = 5
_SOFT = 2
_MOST_MEMBERS = 1_000_000


def is_group(header: list[Message]) -> bool:
    return any(m.kind in (SYMBOL_TABLE, LINK_INFO, LINK) for m in header)


def members(source: Source, header: list[Message], path: str) -> dict[str, int]:
    """Return the addresses of a group's members by name.

    Raises:
        ModelFileError: one of them is a link to elsewhere, or a name occurs twice.
    """
    found: dict[str, int] = {}
    for name, address in _entries(source, header, path):
        if not name or "/" in name or name in found or len(found) >= _MOST_MEMBERS:
            raise source.damaged(f"the names in '{path:.80}' are malformed: {name!r:.80}.")
        found[name] = address
    return found


def _entries(source: Source, header: list[Message], path: str) -> Iterator[tuple[str, int]]:
    for message in header:
        cursor = Cursor(source, message.data)
        if message.kind == SYMBOL_TABLE:
            yield from _symbols(source, cursor.number(), cursor.number(), path)
        elif message.kind == LINK:
            yield _link(source, cursor, path)
        elif message.kind == LINK_INFO:
            heap, tree = addresses_of_dense_storage(cursor, 8)
            if heap != UNDEFINED:
                links = FractalHeap(source, heap)
                for record in records(source, tree, _LINKS_BY_NAME):
                    yield _link(source, links.get(record[4:]), path)


def addresses_of_dense_storage(cursor: Cursor, index_size: int) -> tuple[int, int]:
    """Return where the heap of many links or attributes is, and the tree that lists them by name."""
    cursor.skip(1)
    if cursor.number(1) & 1:
        cursor.skip(index_size)
    return cursor.number(), cursor.number()


def _symbols(source: Source, tree: int, heap: int, path: str) -> Iterator[tuple[str, int]]:
    names = LocalHeap(source, heap)
    for _, at in leaves(source, tree, 0, 8):
        head = source.cursor(at, 8, b"SNOD")
        head.skip(2)
        count = head.number(2)
        table = source.cursor(at + 8, 40 * count)
        for _ in range(count):
            name, address, cached = names.name(table.number()), table.number(), table.number(4)
            table.skip(20)
            if cached == _SOFT or address == UNDEFINED:
                raise _is_link(source, path, name)
            yield name, address


def _link(source: Source, cursor: Cursor, path: str) -> tuple[str, int]:
    version, flags = cursor.number(1), cursor.number(1)
    if version != 1:
        raise source.damaged(f"a link in '{path:.80}' has version {version}.")
    kind = cursor.number(1) if flags & 8 else 0
    cursor.skip((8 if flags & 4 else 0) + (1 if flags & 16 else 0))
    name = text(cursor.take(cursor.number(1 << (flags & 3))))
    if kind != 0:
        raise _is_link(source, path, name)
    return name, cursor.number()


def _is_link(source: Source, path: str, name: str) -> ModelFileError:
    where = f"{path}/{name}".replace("//", "/")
    return source.refused(f"{where!r:.200} is a link; a model file reads only itself.")
