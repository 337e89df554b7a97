"""The filters of chunks: deflate, shuffle and Fletcher's checksum. Others would be plug-ins, and are refused."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np

from chainrule.saving.hdf5.checksum import fletcher32
from chainrule.saving.hdf5.source import Cursor, Source

_DEFLATE, _SHUFFLE, _FLETCHER = 1, 2, 3
_MOST_FILTERS = 8


@dataclass(frozen=True)
class Filter:
    kind: int
    settings: tuple[int, ...]


def read_filters(source: Source, data: memoryview, where: str) -> list[Filter]:
    """Return the filters that chunks went through, in the order of writing.

    Raises:
        ModelFileError: one is unknown.
    """
    cursor = Cursor(source, data)
    version, number = cursor.number(1), cursor.number(1)
    if version not in (1, 2) or number > _MOST_FILTERS:
        raise source.damaged(f"the filters of {where} are malformed.")
    cursor.skip(6 if version == 1 else 0)
    found = []
    for _ in range(number):
        kind = cursor.number(2)
        name_length = cursor.number(2) if version == 1 or kind >= 256 else 0
        cursor.skip(2)
        settings = cursor.number(2)
        cursor.skip(-(-name_length // 8) * 8 if version == 1 else name_length)
        values = tuple(cursor.number(4) for _ in range(settings))
        cursor.skip(4 if version == 1 and settings % 2 else 0)
        if kind not in (_DEFLATE, _SHUFFLE, _FLETCHER):
            raise source.refused(f"{where} is compressed with filter {kind}, which is not read.")
        found.append(Filter(kind, values))
    return found


def undo(source: Source, filters: list[Filter], skipped: int, data: memoryview, size: int, where: str) -> bytes:
    """Return the `size` bytes of a chunk as they were before the filters."""
    result = bytes(data)
    for i, one in reversed(list(enumerate(filters))):
        if skipped >> i & 1:
            continue
        if one.kind == _DEFLATE:
            result = _inflate(source, result, size + 4 * len(filters), where)
        elif one.kind == _SHUFFLE:
            result = _unshuffle(result, one.settings[0] if one.settings else 1)
        else:
            if len(result) < 4 or fletcher32(result[:-4]) != int.from_bytes(result[-4:], "little"):
                raise source.damaged(f"the checksum of a chunk of {where} is wrong.")
            result = result[:-4]
    if len(result) != size:
        raise source.damaged(f"a chunk of {where} has {len(result)} bytes, expected {size}.")
    return result


def _inflate(source: Source, data: bytes, most: int, where: str) -> bytes:
    stream = zlib.decompressobj()
    try:
        result = stream.decompress(data, most)
    except zlib.error as error:
        raise source.damaged(f"a chunk of {where} cannot be inflated: {error}.") from None
    if not stream.eof:
        raise source.damaged(f"a chunk of {where} does not end, or holds more than {most} bytes.")
    return result


def _unshuffle(data: bytes, size: int) -> bytes:
    """Put the bytes of each element together again; what is left over at the end stayed as it was."""
    if size < 2 or len(data) < size:
        return data
    whole = len(data) // size * size
    parts = np.frombuffer(data, np.uint8, whole).reshape(size, whole // size)
    return parts.T.tobytes() + data[whole:]
