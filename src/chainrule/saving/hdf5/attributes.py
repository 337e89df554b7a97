"""The attributes of a group or array: texts, lists of texts, numbers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from chainrule.saving.hdf5.groups import addresses_of_dense_storage
from chainrule.saving.hdf5.headers import ATTRIBUTE, ATTRIBUTE_INFO, Message
from chainrule.saving.hdf5.heaps import FractalHeap, GlobalHeap
from chainrule.saving.hdf5.source import UNDEFINED, Cursor, Source, text
from chainrule.saving.hdf5.trees import records
from chainrule.saving.hdf5.types import Type, count, numbers, read_shape, read_type

_BY_NAME = 8


def attributes(source: Source, header: list[Message], heap: GlobalHeap, where: str) -> dict[str, Any]:
    """Return the attributes by name: text as `str`, several texts as a list, numbers as numbers or arrays.

    Raises:
        ModelFileError: one of them is something else.
    """
    found: dict[str, Any] = {}
    for cursor in _stored(source, header, where):
        name, value = _read(source, cursor, heap, where)
        if name in found:
            raise source.damaged(f"{where} has the attribute {name!r:.80} twice.")
        found[name] = value
    return found


def _stored(source: Source, header: list[Message], where: str) -> Iterator[Cursor]:
    for message in header:
        cursor = Cursor(source, message.data)
        if message.kind == ATTRIBUTE:
            if message.shared:
                raise source.refused(f"{where} shares an attribute with others, which is not read.")
            yield cursor
        elif message.kind == ATTRIBUTE_INFO:
            place, tree = addresses_of_dense_storage(cursor, 2)
            if place != UNDEFINED:
                heap = FractalHeap(source, place)
                for record in records(source, tree, _BY_NAME):
                    yield heap.get(record[:8])


def _read(source: Source, cursor: Cursor, heap: GlobalHeap, where: str) -> tuple[str, Any]:
    version, flags = cursor.number(1), cursor.number(1)
    if version not in (1, 2, 3):
        raise source.damaged(f"an attribute of {where} has version {version}.")
    sizes = [cursor.number(2) for _ in range(3)]
    cursor.skip(1 if version == 3 else 0)
    parts = []
    for size in sizes:
        parts.append(cursor.take(size))
        if version == 1:
            cursor.align()
    name = text(parts[0])
    if version > 1 and flags & 3:
        raise source.refused(f"attribute {name!r:.80} of {where} shares its type with others, which is not read.")
    kind, shape = read_type(source, parts[1]), read_shape(source, parts[2])
    if shape is None or (kind.text is None and kind.dtype is None):
        raise source.refused(
            f"attribute {name!r:.80} of {where} holds {kind.name if shape else 'nothing'}; expected text or numbers."
        )
    data = cursor.take(kind.size * count(shape))
    if kind.text is not None:
        return name, _texts(source, data, kind, shape, heap)
    array = numbers(data, kind, shape)
    return name, array if shape else array.item()


def _texts(source: Source, data: memoryview, kind: Type, shape: tuple[int, ...], heap: GlobalHeap) -> Any:
    pieces = [data[i * kind.size : (i + 1) * kind.size] for i in range(count(shape))]
    texts = [_variable(source, piece, heap) if kind.text == "variable" else text(piece) for piece in pieces]
    return texts if shape else texts[0]


def _variable(source: Source, piece: memoryview, heap: GlobalHeap) -> str:
    cursor = Cursor(source, piece)
    length, at, number = cursor.number(4), cursor.number(), cursor.number(4)
    if length == 0:
        return ""
    found = heap.get(at, number)
    if length > len(found):
        raise source.damaged("a text is longer than its place.")
    return bytes(found[:length]).decode("utf-8", "replace")
