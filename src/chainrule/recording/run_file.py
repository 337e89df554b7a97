"""`RunFile`: writes messages line by line and keeps the file within a budget by thinning older frames."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from contextlib import suppress
from io import FileIO
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import BinaryIO, NamedTuple

from chainrule.errors import ModelFileError
from chainrule.recording.blocks import MOST, halved
from chainrule.recording.lines import Message, decode, encode
from chainrule.recording.reader import read_lines
from chainrule.saving.archive import write_atomically

_EPOCHS = 32 * MOST
"""So many bytes of epochs at most, whatever the budget: each takes 32 with one metric, and no more may be read."""


class Entry(NamedTuple):
    """One line: where it begins, how long it is, and what it is of."""

    offset: int
    length: int
    kind: str
    step: int


class Line(NamedTuple):
    """One message as it is written."""

    data: bytes
    kind: str
    step: int


def line_of(message: Message) -> Line:
    """Return the line of a message."""
    return Line(encode(message).encode("ascii") + b"\n", message["kind"], int(message.get("step") or 0))


class RunFile:
    """A file of messages that is whole after every line.

    Each message is handed to the system at once, so whoever is killed leaves all lines but perhaps the last one. Once
    frames take too much, they are thinned: the distance between two of them, in steps, is doubled until they fit. The
    first and the newest always stay. The thinned file takes the place of the old one in one move.

    Args:
        path: made anew, with the folders around it.
        budget: bytes that the file may have.
        most: frames that it may have; None for any number.
        mode: `'x'` refuses a file that is there, `'w'` replaces it, `'a'` goes on with it.

    Raises:
        ModelFileError: it exists, or cannot be written.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = RunFile(Path(folder) / "run.jsonl", budget=200)
    ...     for step in range(30):
    ...         if file.wants(step):
    ...             file.append({"kind": "frame", "step": step})
    ...     file.close()
    ...     [entry.step for entry in file.entries], file.gap, file.size
    ([0, 9, 17, 25, 29], 8, 133)
    """

    def __init__(self, path: Path, budget: int, mode: str = "x", most: int | None = None) -> None:
        self.path = path
        self.budget = budget
        self.most = most
        self.entries: list[Entry] = []
        self.size = 0
        self.gap = 0
        self.broken = False
        self._opened: FileIO | None = None
        if mode == "a":
            self._go_on()
            return
        if mode == "x" and path.exists():
            raise ModelFileError(
                f"'{path}' exists already. Choose another name, or replace it: Recorder(..., overwrite=True)."
            )
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._opened = FileIO(path, mode)
        except OSError as error:
            raise ModelFileError(f"Cannot write '{path}': {error.strerror or error}.") from None

    def _go_on(self) -> None:
        """Take over the lines that are there, without a broken last one."""
        self._keep([Entry(at, length, m["kind"], int(m.get("step") or 0)) for at, length, m in read_lines(self.path)])

    def wants(self, step: int) -> bool:
        """Whether a frame of this step would be kept: it is far enough from the last one."""
        last = next((e.step for e in reversed(self.entries) if e.kind == "frame"), None)
        return not self.broken and (last is None or step - last >= self.gap)

    def append(self, message: Message) -> None:
        """Write one message; a frame may cause older ones to go."""
        self.append_lines([line_of(message)])

    def append_lines(self, lines: Sequence[Line]) -> None:
        """Write some messages that are lines already."""
        if self.broken or not lines:
            return
        try:
            if self._opened is None:
                self._opened = FileIO(self.path, "a")
            self._opened.write(b"".join(line.data for line in lines))
            for line in lines:
                self.entries.append(Entry(self.size, len(line.data), line.kind, line.step))
                self.size += len(line.data)
            if self.size > min(self.budget, _EPOCHS) or (self.most is not None and self._frames() > self.most):
                self._thin()
        except (OSError, ModelFileError) as error:
            self.broken = True
            reason = getattr(error, "strerror", None) or error
            warnings.warn(
                f"Recorder: '{self.path}' cannot be written any more ({reason}). Training goes on.", stacklevel=2
            )

    def close(self) -> None:
        """End the file; the next message opens it again."""
        if self._opened is not None:
            self._opened.close()
            self._opened = None

    def __del__(self) -> None:  # whoever let go of it has not said that it ends
        with suppress(AttributeError):
            self.close()

    def forget_after(self, step: int) -> None:
        """Drop what was written of later steps: the training goes on from this one."""
        self._keep([e for e in self.entries if e.kind == "start" or (e.step <= step and e.kind != "end")])

    def _frames(self) -> int:
        return sum(e.kind == "frame" for e in self.entries)

    # -- thinning -----------------------------------------------------------------------------------------------------

    def _thin(self) -> None:
        self._thin_blocks()
        entries = self.entries
        for kind in ("frame", "epoch", "epochs"):  # epochs only where they alone are too much
            others = sum(e.length for e in entries if e.kind != kind)
            room = self.budget - others if kind == "frame" else self.budget // 2
            mine = [e for e in entries if e.kind == kind]
            kept, gap = thinned(mine, room, self.most if kind == "frame" else None)
            if kind == "frame":
                self.gap = max(gap, self.gap)
            if len(kept) < len(mine):
                chosen = set(kept)
                entries = [e for e in entries if e.kind != kind or e in chosen]
        if len(entries) < len(self.entries):
            self._keep(entries)

    def _thin_blocks(self) -> None:
        """Leave out every second epoch of the blocks, again and again, while they alone are too much."""
        times = 0
        length = sum(e.length for e in self.entries if e.kind == "epochs")
        while length >> times > min(self.budget // 2, _EPOCHS):
            times += 1
        if times:
            self._keep(self.entries, times)

    def _keep(self, entries: Sequence[Entry], halvings: int = 0) -> None:
        """Write the file anew with some of its lines, and its blocks of epochs halved so often."""
        self.close()
        moved: list[Entry] = []

        def write(new: BinaryIO) -> None:
            with open(self.path, "rb") as old:
                for e in entries:
                    old.seek(e.offset)
                    line = old.read(e.length)
                    if e.kind == "epochs" and halvings:
                        line = _halved(line, halvings)
                    moved.append(e._replace(offset=new.tell(), length=len(line)))
                    new.write(line)

        write_atomically(self.path, write)
        self.entries = moved
        self.size = sum(e.length for e in moved)


def _halved(line: bytes, times: int) -> bytes:
    message = decode(line.rstrip(b"\n"))
    for _ in range(times):
        message = halved(message)
    return line_of(message).data


def thinned(entries: Sequence[Entry], room: int, most: int | None = None) -> tuple[list[Entry], int]:
    """Return which lines to keep so that they fit, and the distance in steps that they have at least; 0: all fit.

    >>> kept, gap = thinned([Entry(0, 10, "frame", step) for step in range(0, 50, 10)], room=35)
    >>> [e.step for e in kept], gap
    ([0, 20, 40], 20)
    """
    kept, gap = list(entries), 0
    while len(kept) > 2 and (sum(e.length for e in kept) > room or (most is not None and len(kept) > most)):
        steps = [e.step for e in kept]
        gap = max(2 * int(median(b - a for a, b in pairwise(steps))), 2 * gap, 1)
        kept = list(_apart(kept, gap))
    return kept, gap


def _apart(entries: Sequence[Entry], gap: int) -> Iterable[Entry]:
    """Yield the first and the last line, and between them those that are at least `gap` steps apart."""
    last: int | None = None
    for e in entries[:-1]:
        if last is None or e.step - last >= gap:
            last = e.step
            yield e
    yield entries[-1]
