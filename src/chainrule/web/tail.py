"""`Tail`: a run file that may still be written: what it holds so far, and what it gains."""

from __future__ import annotations

import time
from pathlib import Path
from typing import BinaryIO

from chainrule.errors import ModelFileError
from chainrule.recording.lines import LONGEST, Message, decode
from chainrule.recording.reader import MOST_BYTES
from chainrule.recording.recording import Recording
from chainrule.saving.gate import gate

QUIET_S = 60.0
"""A run without an end whose last line is older than this is called live no more."""

_MARK = 256


class Tail:
    """Reads whole lines of a file as they come; a line that is being written waits until it is whole.

    Whoever records thins the file now and then, by putting a shorter one in its place; then all is read anew.

    Args:
        path: of the run file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.messages: list[Message] = []
        self._at = 0
        self._mark = b""
        self._seen: tuple[int, ...] = ()

    def read(self) -> bool:
        """Take in the lines that have come since the last time; returns whether there are any, or the file is new.

        Raises:
            ModelFileError: a line that others follow is broken, the file is too large, or cannot be read.
        """
        try:
            now = self.path.stat()
            seen = (now.st_size, now.st_mtime_ns, now.st_ino)
            if seen == self._seen:
                return False
            if now.st_size > MOST_BYTES:
                raise ModelFileError(f"'{self.path}' has {now.st_size} bytes; a run file may have {MOST_BYTES}.")
            with self.path.open("rb") as file:
                anew = not self._goes_on(file)
                if anew:
                    self.messages, self._at, self._mark = [], 0, b""
                count = len(self.messages)
                self._take(file)
        except OSError as error:
            raise ModelFileError(f"Cannot read '{self.path}': {error.strerror or error}.") from None
        self._seen = seen
        return anew or len(self.messages) > count

    def recording(self) -> Recording:
        """Return what the file holds so far.

        Raises:
            ModelFileError: it does not begin as a run file does.
        """
        return Recording(list(self.messages), self.path)

    def age(self) -> float:
        """Return for how many seconds the file has not changed."""
        try:
            return max(time.time() - self.path.stat().st_mtime, 0.0)
        except OSError:
            return float("inf")

    def _goes_on(self, file: BinaryIO) -> bool:
        """Whether what was read before is still there; only its end is compared."""
        file.seek(max(self._at - _MARK, 0))
        return file.read(min(self._at, _MARK)) == self._mark

    def _take(self, file: BinaryIO) -> None:
        size, start = file.seek(0, 2), file.seek(self._at)
        while start < size:
            line = file.readline(LONGEST + 2)
            start += len(line)
            try:
                with gate(f"{self.path}, line {len(self.messages) + 1}"):
                    message = decode(line.rstrip(b"\r\n")) if line.strip() else None
            except ModelFileError:
                if start >= size and self.messages:
                    return  # being written; or its writer was killed, and another may go on without it
                raise
            self._at, self._mark = start, (self._mark + line)[-_MARK:]
            if message is not None:
                self.messages.append(message)


__all__ = ["QUIET_S", "Tail"]
