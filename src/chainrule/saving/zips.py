"""Zip archives as model files have them, read strictly: each byte belongs to one member, and both lists of them agree.

Stored and deflated members, zip64 and trailing sizes are read. Refused are data before, between or after the members
(which other programs could take for something else), encryption, links, names that lead elsewhere, and sizes that the
archive does not have. Nothing is written, and no more is inflated than was announced.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from typing import BinaryIO

from chainrule.errors import ModelFileError

_MOST_MEMBERS = 1000
_MOST_GROWTH = 1100  # deflate cannot do more
_MOST_COMMENT = 65535
_MOST_NAME = 1024
_LINK = 0xA  # the kind of a symbolic link in the mode of a member
_STORED, _DEFLATED = 0, 8
_ENCRYPTED, _SIZES_FOLLOW, _UTF8 = 0x01, 0x08, 0x800
_ALLOWED = 0x02 | 0x04 | _SIZES_FOLLOW | _UTF8
_FULL16, _FULL32 = 0xFFFF, 0xFFFFFFFF
_LONGEST_DESCRIPTOR = 24

_END = struct.Struct("<4s4H2LH")
_END64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR = struct.Struct("<4sLQL")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_LOCAL = struct.Struct("<4s5H3L2H")


@dataclass(frozen=True)
class Member:
    """One member as the list at the end of the archive describes it."""

    name: str
    raw_name: bytes
    flags: int
    method: int
    crc: int
    stored: int
    size: int
    at: int


class Archive:
    """An archive whose structure has been checked.

    Raises:
        ModelFileError: it is no zip archive, is damaged, or holds what no model file has.
    """

    def __init__(self, file: BinaryIO, name: str) -> None:
        self._file = file
        self._name = name
        self._length = file.seek(0, 2)
        first, size, number, end = self._directory()
        if number > _MOST_MEMBERS:
            raise ModelFileError(f"'{name}' holds {number} members; a model file has at most {_MOST_MEMBERS}.")
        if first + size != end:
            raise self._unreadable("other data stands before or within it")
        self.members = self._list(self._at(first, size), number)
        self._starts = self._check_places(first)

    def read(self, name: str, limit: int, advice: str = "") -> bytes:
        """Return the bytes of a member, at most `limit`.

        Args:
            advice: what to do if there are more.

        Raises:
            ModelFileError: it is larger, or damaged.
        """
        member = self.members[name]
        if member.size > limit:
            raise ModelFileError(
                f"'{self._name}': member {name!r:.80} has {member.size} bytes; at most {limit} are read from this file."
                f"{advice}"
            )
        data = self._at(self._starts[name], member.stored)
        if member.method == _DEFLATED:
            data = self._inflate(member, data)
        if len(data) != member.size or zlib.crc32(data) != member.crc:
            raise self._damaged(member, "its bytes are not those that were written (CRC-32)")
        return data

    def _inflate(self, member: Member, data: bytes) -> bytes:
        stream = zlib.decompressobj(-zlib.MAX_WBITS)
        try:
            result = stream.decompress(data, member.size + 1)
        except zlib.error as error:
            raise self._damaged(member, str(error)) from None
        if not stream.eof and len(result) == member.size:
            result += stream.decompress(stream.unconsumed_tail, 1)  # the mark of the end alone is left
        if not stream.eof or stream.unused_data or len(result) != member.size:
            raise self._damaged(member, f"it does not inflate to {member.size} bytes")
        return result

    # -- structure ----------------------------------------------------------------------------------------------------

    def _at(self, at: int, size: int) -> bytes:
        if at < 0 or size < 0 or at + size > self._length:
            raise self._unreadable(f"it refers to {size} bytes at {at}, but has {self._length}")
        self._file.seek(at)
        data = self._file.read(size)
        if len(data) != size:
            raise self._unreadable("it ends too early")
        return data

    def _unreadable(self, reason: str) -> ModelFileError:
        return ModelFileError(f"'{self._name}' is not a readable '.keras' file (a zip archive): {reason}.")

    def _damaged(self, member: Member, reason: str) -> ModelFileError:
        return ModelFileError(f"'{self._name}': member {member.name!r:.80} is damaged: {reason}.")

    def _directory(self) -> tuple[int, int, int, int]:
        """Return where the list of members begins, its bytes, the number of members, and where it has to end."""
        length = min(self._length, _END.size + _MOST_COMMENT)
        tail = self._at(self._length - length, length)
        at = tail.rfind(b"PK\5\6")
        while at >= 0:
            if at + _END.size <= length:
                end = _END.unpack_from(tail, at)
                if at + _END.size + end[7] == length:
                    break
            at = tail.rfind(b"PK\5\6", 0, at)
        else:
            raise self._unreadable("its end is missing, or other data follows it")
        where = self._length - length + at
        _, disk, first_disk, here, number, size, first, _ = end
        if _FULL16 in (here, number) or _FULL32 in (size, first):
            return self._directory64(where)
        if disk or first_disk or here != number:
            raise self._unreadable("it is a part of several")
        return first, size, number, where

    def _directory64(self, where: int) -> tuple[int, int, int, int]:
        signature, disk, at, disks = _LOCATOR.unpack(self._at(where - _LOCATOR.size, _LOCATOR.size))
        end = _END64.unpack(self._at(at, _END64.size))
        _, length, _, _, own_disk, first_disk, here, number, size, first = end
        fits = at + 12 + length == where - _LOCATOR.size and length == _END64.size - 12
        if signature != b"PK\6\7" or end[0] != b"PK\6\6" or not fits:
            raise self._unreadable("its end is malformed")
        if disk or disks > 1 or own_disk or first_disk or here != number:
            raise self._unreadable("it is a part of several")
        return first, size, number, at

    def _list(self, data: bytes, number: int) -> dict[str, Member]:
        found: dict[str, Member] = {}
        at = 0
        for _ in range(number):
            if at + _CENTRAL.size > len(data):
                raise self._unreadable("its list of members is cut off")
            signature, _, _, flags, method, _, _, crc, stored, size, *rest = _CENTRAL.unpack_from(data, at)
            name_length, extra_length, comment, disk, _, mode, start = rest
            at += _CENTRAL.size
            raw = data[at : at + name_length]
            extra = data[at + name_length : at + name_length + extra_length]
            at += name_length + extra_length + comment
            if signature != b"PK\1\2" or at > len(data) or disk not in (0, _FULL16):
                raise self._unreadable("its list of members is malformed")
            size, stored, start = self._sizes(extra, size, stored, start)
            name = raw.decode("utf-8" if flags & _UTF8 else "cp437", "replace")
            member = Member(name, raw, flags, method, crc, stored, size, start)
            self._check(member, mode, found)
            found[name] = member
        if at != len(data):
            raise self._unreadable("its list of members is longer than it says")
        return found

    def _sizes(self, extra: bytes, *given: int) -> list[int]:
        """Return sizes and place, those that do not fit 32 bits from the field for them."""
        values = list(given)
        at = 0
        while at + 4 <= len(extra):
            kind, length = struct.unpack_from("<2H", extra, at)
            if kind == 1:
                numbers = [n for (n,) in struct.iter_unpack("<Q", extra[at + 4 : at + 4 + length // 8 * 8])]
                for i, value in enumerate(values):
                    if value == _FULL32 and numbers:
                        values[i] = numbers.pop(0)
            at += 4 + length
        if _FULL32 in values or at > len(extra):
            raise self._unreadable("its list of members is malformed")
        return values

    def _check(self, member: Member, mode: int, found: dict[str, Member]) -> None:
        """Refuse what no model file has, whether anybody wants the member or not."""
        name = member.name
        leads_away = name.startswith("/") or ":" in name[:2] or "\\" in name or ".." in name.split("/")
        strange = not name or len(name) > _MOST_NAME or not name.isprintable()
        if leads_away or strange or name in found or mode >> 28 == _LINK:
            reason = "twice" if name in found else "which no model file has"
            raise ModelFileError(f"'{self._name}' holds a member {name!r:.80} {reason}.")
        where = f"'{self._name}': member {name!r:.80}"
        if member.flags & _ENCRYPTED:
            raise ModelFileError(f"{where} is encrypted.")
        if member.method not in (_STORED, _DEFLATED):
            raise ModelFileError(f"{where} is neither stored nor deflated.")
        if member.size > _MOST_GROWTH * max(member.stored, 1):
            raise ModelFileError(f"{where} would grow {member.size // max(member.stored, 1)} times.")
        if member.flags & ~_ALLOWED or (member.method == _STORED and member.size != member.stored):
            raise self._damaged(member, "its description contradicts itself")

    def _check_places(self, end: int) -> dict[str, int]:
        """Compare each member with the description before its bytes; return where the bytes begin."""
        starts = {}
        free = 0
        for member in sorted(self.members.values(), key=lambda m: m.at):
            gap = member.at - free
            if gap < 0 or gap > _LONGEST_DESCRIPTOR or (gap and not free):
                raise self._unreadable("its members overlap, or other data stands between them")
            head = _LOCAL.unpack(self._at(member.at, _LOCAL.size))
            signature, _, flags, method, _, _, crc, stored, size, name_length, extra_length = head
            same = (signature, flags, method) == (b"PK\3\4", member.flags, member.method)
            raw = self._at(member.at + _LOCAL.size, name_length)
            follow = flags & _SIZES_FOLLOW
            if not same or raw != member.raw_name or not (follow or crc == member.crc):
                raise self._damaged(member, "its two descriptions differ")
            if not follow and (stored not in (member.stored, _FULL32) or size not in (member.size, _FULL32)):
                raise self._damaged(member, "its two descriptions differ")
            starts[member.name] = member.at + _LOCAL.size + name_length + extra_length
            free = starts[member.name] + member.stored
        if not free <= end <= free + _LONGEST_DESCRIPTOR:
            raise self._unreadable("other data stands before its list of members")
        return starts
