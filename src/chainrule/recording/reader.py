"""Run files line by line: sizes are checked, nothing is imported or run, and errors name the line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from chainrule.errors import ModelFileError
from chainrule.recording.lines import LONGEST, Message, decode
from chainrule.saving.gate import gate
from chainrule.saving.limits import check_stored

MOST_BYTES = 2 << 30
MOST_LINES = 2_000_000


def read_lines(path: Path) -> Iterator[tuple[int, int, Message]]:
    """Yield offset, length and message of every line; a broken last one is left out: its writer was killed.

    Raises:
        ModelFileError: there is no such file, it is too large, or a line is broken; the message names it.
    """
    try:
        with path.open("rb") as file:
            yield from _read(file, path)
    except FileNotFoundError:
        raise ModelFileError(f"File not found: '{path}'. Expected a run file that callbacks.Recorder wrote.") from None
    except OSError as error:
        raise ModelFileError(f"Cannot read '{path}': {error.strerror or error}.") from None


def _read(file: BinaryIO, path: Path) -> Iterator[tuple[int, int, Message]]:
    size = file.seek(0, 2)
    check_stored(size, path, MOST_BYTES)
    offset = file.seek(0)
    number = 0
    while offset < size:
        line = file.readline(LONGEST + 2)
        number += 1
        if number > MOST_LINES:
            raise ModelFileError(f"'{path}' has more than {MOST_LINES} lines.")
        last = offset + len(line) >= size
        try:
            with gate(f"{path}, line {number}"):
                message = decode(line.rstrip(b"\r\n"))
        except ModelFileError:
            if last and number > 1:
                return
            raise
        yield offset, len(line), message
        offset += len(line)
