"""A lock on a folder that the operating system gives back when the process ends, however it ends."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path
from typing import Any

from chainrule.errors import ModelFileError

NAME = ".in-use"


class FolderLock:
    """Keeps everybody else out of a folder, other processes and other trainings of this one alike.

    Args:
        folder: an existing folder.

    Raises:
        ModelFileError: it is locked already, or cannot be written to.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / NAME
        self._file: Any = None
        while self._file is None:
            self._file = self._take()

    def _take(self) -> Any:
        """Open and lock the file; None if its last owner removed it in between."""
        try:
            file = open(self.path, "a+b")  # noqa: SIM115 - stays open as long as the lock is held
        except OSError as error:
            raise ModelFileError(f"Cannot write to '{self.path.parent}': {error.strerror or error}.") from None
        if not _lock(file):
            owner = _owner(file)
            file.close()
            raise ModelFileError(
                f"'{self.path.parent}' is in use by another training{owner}. Give each training a folder of its own, "
                "or wait until the other one ends."
            )
        if sys.platform != "win32" and not self._is_still_there(file):
            file.close()
            return None
        file.truncate(0)
        file.write(str(os.getpid()).encode())
        file.flush()
        return file

    def _is_still_there(self, file: Any) -> bool:
        try:
            return os.path.samestat(os.fstat(file.fileno()), os.stat(self.path))
        except OSError:
            return False

    def release(self) -> None:
        """Let others in."""
        if self._file is None:
            return
        if sys.platform != "win32":  # where an open file cannot be removed
            with contextlib.suppress(OSError):
                self.path.unlink()
        self._file.close()
        self._file = None
        if sys.platform == "win32":
            with contextlib.suppress(OSError):
                self.path.unlink()


def _owner(file: Any) -> str:
    try:
        file.seek(0)
        number = file.read(20).decode().strip()
    except (OSError, UnicodeDecodeError):
        return ""
    return f" (process {number})" if number.isdigit() else ""


if sys.platform == "win32":

    def _lock(file: Any) -> bool:
        import msvcrt

        file.seek(1 << 20)  # beyond the number of the process, which others may read
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:

    def _lock(file: Any) -> bool:
        import fcntl

        try:
            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:  # a file system without locks: better unlocked than not at all
            return True
        return True
