"""The bytes of a file, read within bounds: every number in it is checked before anything is done with it."""

from __future__ import annotations

from pathlib import Path

from chainrule.errors import ModelFileError
from chainrule.saving.hdf5.checksum import lookup3
from chainrule.saving.limits import ADVICE, allowed

UNDEFINED = (1 << 64) - 1
"""The address of what is not there."""

_SPARE = 64 << 20


class Source:
    """The bytes of a file, and a budget: how many may be made of them, and how many may be summed."""

    def __init__(self, data: bytes, name: Path | str) -> None:
        self.view = memoryview(data)
        self.name = name
        self.size = len(data)
        self.budget = allowed(self.size, _SPARE)
        self._to_sum = 2 * self.size + (1 << 20)

    def damaged(self, what: str) -> ModelFileError:
        """Return the error for bytes that are no HDF5."""
        return ModelFileError(f"'{self.name}': the weights are not a readable HDF5 file: {what}"[:500])

    def refused(self, what: str) -> ModelFileError:
        """Return the error for what is HDF5, but has no place in a model file."""
        return ModelFileError(f"'{self.name}': {what}"[:500])

    def take(self, at: int, size: int) -> memoryview:
        """Return `size` bytes from `at`.

        Raises:
            ModelFileError: they are not in the file.
        """
        if at < 0 or size < 0 or at + size > self.size:
            raise self.damaged(f"it refers to {size} bytes at {at}, but ends at {self.size}.")
        return self.view[at : at + size]

    def cursor(self, at: int, size: int, signature: bytes = b"") -> Cursor:
        """Return a cursor on `size` bytes, after a signature that must be there."""
        cursor = Cursor(self, self.take(at, size))
        if bytes(cursor.take(len(signature))) != signature:
            raise self.damaged(f"{signature.decode()} is expected at byte {at}.")
        return cursor

    def summed(self, at: int, size: int, signature: bytes) -> Cursor:
        """Return a cursor on `size` bytes, the last four of which are the checksum of those before."""
        if size < 4:
            raise self.damaged(f"there is no room for a checksum at byte {at}.")
        self.compare(self.take(at, size), size - 4, f"the part at byte {at}", ends=True)
        return self.cursor(at, size - 4, signature)

    def compare(self, block: memoryview, place: int, what: str, ends: bool = False) -> None:
        """Compare a block with the checksum within it; the rest of the block counts, too, unless the sum `ends` it.

        Raises:
            ModelFileError: they differ, or the same bytes are summed again and again.
        """
        self._to_sum -= len(block)
        if self._to_sum < 0:
            raise self.damaged("its parts overlap.")
        rest = b"" if ends else bytes(4) + bytes(block[place + 4 :])
        if lookup3(bytes(block[:place]) + rest) != int.from_bytes(block[place : place + 4], "little"):
            raise self.damaged(f"the checksum of {what} is wrong.")

    def spend(self, size: int, what: str) -> None:
        """Count bytes that are about to be made.

        Raises:
            ModelFileError: the file is too small for so many.
        """
        self.budget -= size
        if self.budget < 0:
            raise self.refused(f"{what} claims {size} bytes, but the file is too small for that. {ADVICE}")


class Cursor:
    """Reads numbers and bytes one after the other, never beyond its end."""

    def __init__(self, source: Source, view: memoryview) -> None:
        self.source = source
        self.view = view
        self.at = 0

    @property
    def left(self) -> int:
        return len(self.view) - self.at

    def take(self, size: int) -> memoryview:
        if size < 0 or size > self.left:
            raise self.source.damaged(f"{size} bytes are expected where {self.left} are left.")
        self.at += size
        return self.view[self.at - size : self.at]

    def number(self, size: int = 8) -> int:
        """Return the next bytes as a number without sign."""
        return int.from_bytes(self.take(size), "little")

    def skip(self, size: int) -> None:
        self.take(size)

    def align(self, size: int = 8) -> None:
        """Go on to the next multiple of `size`, or to the end."""
        self.at = min(-(-self.at // size) * size, len(self.view))

    def rest(self) -> memoryview:
        return self.take(self.left)


def text(data: memoryview | bytes) -> str:
    """Return a string up to its first zero byte; bytes that are no UTF-8 come as question marks."""
    return bytes(data).split(b"\0", 1)[0].decode("utf-8", "replace")


def width(number: int) -> int:
    """Return how many bytes a number needs."""
    return max(1, (number.bit_length() + 7) // 8)
