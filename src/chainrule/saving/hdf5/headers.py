"""Superblocks and object headers: where the root is, and what each object says of itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from chainrule.saving.hdf5.source import UNDEFINED, Cursor, Source

DATASPACE, LINK_INFO, DATATYPE, LINK, EXTERNAL_FILES, LAYOUT = 0x01, 0x02, 0x03, 0x06, 0x07, 0x08
FILTERS, ATTRIBUTE, CONTINUATION, SYMBOL_TABLE, ATTRIBUTE_INFO = 0x0B, 0x0C, 0x10, 0x11, 0x15

_SIGNATURE = b"\x89HDF\r\n\x1a\n"
_LAST_KNOWN = 0x17
_SHARED, _MUST_BE_KNOWN = 0x02, 0x80
_MOST_MESSAGES = 100_000


@dataclass(frozen=True)
class Message:
    """One statement of an object's header."""

    kind: int
    shared: bool
    data: memoryview


def root_address(source: Source) -> int:
    """Return where the header of the root group is.

    Raises:
        ModelFileError: the file does not begin as HDF5 does, or is shorter than it says.
    """
    if bytes(source.view[:8]) != _SIGNATURE:
        raise source.damaged("it does not begin as such a file does.")
    version = source.cursor(8, 1).number(1)
    if version in (0, 1):
        sizes, at = source.cursor(13, 2), 24 if version == 0 else 28
    elif version in (2, 3):
        sizes, at = source.cursor(9, 2), 12
        if bytes(sizes.view) == b"\x08\x08":
            source.summed(0, 48, _SIGNATURE)
    else:
        raise source.damaged(f"its superblock has version {version}, expected 0 to 3.")
    if sizes.number(1) != 8 or sizes.number(1) != 8:
        raise source.refused("the HDF5 file has addresses of other than 8 bytes, which are not read.")
    block = source.cursor(at, 40 if version < 2 else 32)
    base, _, end, last = (block.number() for _ in range(4))
    if base:
        raise source.refused("the HDF5 data does not begin at the first byte; other data stands before it.")
    if end > source.size:
        raise source.damaged(f"it is cut off: {source.size} bytes of {end}.")
    if version < 2:
        if last != UNDEFINED:
            raise source.refused("the HDF5 file is spread over several files, which are not read.")
        return source.cursor(at + 40, 8).number()
    return last


def messages(source: Source, at: int) -> list[Message]:
    """Return the messages of the object header at an address.

    Raises:
        ModelFileError: there is no header, its parts form a cycle, or it holds what has to be understood and is not.
    """
    new = bytes(source.take(at, 4)) == b"OHDR"
    found: list[Message] = []
    for message in _version_2(source, at) if new else _version_1(source, at):
        if message.kind > _LAST_KNOWN:
            raise source.refused(f"an object at byte {at} holds a message of kind {message.kind}, which is not read.")
        found.append(message)
        if len(found) > _MOST_MESSAGES:
            raise source.damaged(f"the object at byte {at} has more than {_MOST_MESSAGES} messages.")
    return found


def _version_1(source: Source, at: int) -> Iterator[Message]:
    head = source.cursor(at, 16)
    version = head.number(1)
    if version != 1:
        raise source.damaged(f"no object's header is at byte {at}.")
    head.skip(7)
    blocks, seen = [(at + 16, head.number(4))], 0
    while blocks:
        start, size = blocks.pop(0)
        seen += size
        if seen > source.size:
            raise source.damaged(f"the parts of the object's header at byte {at} overlap.")
        cursor = source.cursor(start, size)
        while cursor.left >= 8:
            kind, length, flags = cursor.number(2), cursor.number(2), cursor.number(1)
            cursor.skip(3)
            message = _message(source, kind, flags, cursor.take(length))
            if kind == CONTINUATION:
                blocks.append(_target(source, message))
            else:
                yield message


def _version_2(source: Source, at: int) -> Iterator[Message]:
    head = source.cursor(at, 6, b"OHDR")
    if head.number(1) != 2:
        raise source.damaged(f"the object's header at byte {at} has an unknown version.")
    flags = head.number(1)
    before = 6 + (16 if flags & 0x20 else 0) + (4 if flags & 0x10 else 0)
    length = 1 << (flags & 3)
    size = source.cursor(at + before, length).number(length)
    blocks = [(at, before + length + size + 4, before + length)]
    while blocks:
        start, size, skipped = blocks.pop(0)
        cursor = source.summed(start, size, b"OHDR" if start == at else b"OCHK")
        cursor.at = min(skipped, len(cursor.view))
        extra = 2 if flags & 4 else 0
        while cursor.left >= 4 + extra:
            kind, length, own_flags = cursor.number(1), cursor.number(2), cursor.number(1)
            cursor.skip(extra)
            message = _message(source, kind, own_flags, cursor.take(length))
            if kind == CONTINUATION:
                blocks.append((*_target(source, message), 4))
            else:
                yield message


def _message(source: Source, kind: int, flags: int, data: memoryview) -> Message:
    if kind > _LAST_KNOWN and not flags & _MUST_BE_KNOWN:
        kind = 0  # of no importance to readers, it says itself
    return Message(kind, bool(flags & _SHARED), data)


def _target(source: Source, message: Message) -> tuple[int, int]:
    cursor = Cursor(source, message.data)
    return cursor.number(), cursor.number()
