"""`Hub`: the newest messages of a training, for any number of readers that ask when it suits them.

Writing costs an assignment and never waits. Of frames and status only the newest is kept, of epochs and findings all
(epochs within a limit). Readers poll; each remembers up to which number it has read.
"""

from __future__ import annotations

import threading
from itertools import takewhile
from time import monotonic

from chainrule.web.protocol import Json

KEPT_EPOCHS = 5000
NEWEST = ("frame", "status", "end")
ALL = ("epoch", "finding")


class Entry:
    """A message with its number; encoded once, by the first reader."""

    def __init__(self, number: int, message: Json) -> None:
        self.number = number
        self.kind = str(message["kind"])
        self.message = message
        self._text: str | None = None

    @property
    def text(self) -> str:
        """The message as JSON."""
        if self._text is None:
            from chainrule.recording.messages import encode

            self._text = encode(self.message)
        return self._text


class Hub:
    """Where the training puts messages and the server reads them.

    >>> hub = Hub()
    >>> _ = hub.put({"kind": "status", "state": "playing"})
    >>> _ = hub.put({"kind": "start"})
    >>> [entry.kind for entry in hub.since(0)]
    ['start', 'status']
    >>> hub.since(hub.number)
    []
    """

    def __init__(self) -> None:
        self.number = 0
        self.closed = False
        self._start: Entry | None = None
        self._newest: dict[str, Entry] = {}
        self._all: dict[str, list[Entry]] = {kind: [] for kind in ALL}
        self._lock = threading.Lock()
        self._readers = 0
        self._contact = monotonic()

    def put(self, message: Json) -> Entry:
        """Add a message; returns it with its number."""
        kind = message["kind"]
        with self._lock:
            self.number += 1
            entry = Entry(self.number, message)
            if kind == "start":
                self._start = entry
            elif kind in NEWEST:
                self._newest.pop(kind, None)  # the newest last
                self._newest[kind] = entry
            else:
                self._add(kind, entry)
        return entry

    def clear(self) -> None:
        """Forget all messages: another training begins."""
        with self._lock:
            self._start, self._newest, self._all = None, {}, {name: [] for name in ALL}

    def _add(self, kind: str, entry: Entry) -> None:
        kept = self._all[kind]
        if kind == "epoch":
            while kept and kept[-1].message["step"] >= entry.message["step"]:
                kept.pop()  # a step back has made them undone
        kept.append(entry)
        if len(kept) > KEPT_EPOCHS:
            self._all[kind] = kept[:-1:2] + kept[-1:]

    def forget_after(self, step: int) -> None:
        """Forget the epochs that ended after this step, and what was found since: they were taken back."""
        with self._lock:
            for kind in ALL:
                self._all[kind] = [e for e in self._all[kind] if (e.message.get("step") or 0) <= step]

    def newest(self, kind: str) -> Json | None:
        """Return the newest message of a kind, or None."""
        if kind == "start":
            return self._start.message if self._start else None
        entry = self._newest.get(kind)
        return entry.message if entry else None

    def all(self, kind: str) -> list[Json]:
        """Return all epochs, or all findings, so far."""
        return [entry.message for entry in self._all[kind]]

    def since(self, number: int) -> list[Entry]:
        """Return what has come after the message of this number, the oldest first; nothing before there is a start.

        Whoever has not had the start yet gets it first, and all that belongs to it.
        """
        start = self._start
        if number >= self.number or start is None:
            return []
        with self._lock:
            lists = [*self._all.values(), list(self._newest.values())]
            after = number if number >= start.number else 0
            new = [entry for kept in lists for entry in _after(after, kept)]
        new.sort(key=lambda entry: entry.number)
        return new if number >= start.number else [start, *new]

    # -- readers -------------------------------------------------------------------------------------------------------

    @property
    def readers(self) -> int:
        """How many pages are listening."""
        return self._readers

    def join(self) -> None:
        """Count one more reader."""
        with self._lock:
            self._readers += 1
            self._contact = monotonic()

    def leave(self) -> None:
        """Count one reader less."""
        with self._lock:
            self._readers -= 1
            self._contact = monotonic()

    def touch(self) -> None:
        """Note that somebody is there, though perhaps not listening."""
        self._contact = monotonic()

    def alone(self) -> float:
        """Return for how many seconds nobody has been there; 0 while somebody listens."""
        return 0.0 if self._readers else monotonic() - self._contact

    def close(self) -> None:
        """Tell all readers that nothing more comes."""
        self.closed = True


def _after(number: int, entries: list[Entry]) -> list[Entry]:
    """Return the entries with a larger number; numbers grow, so old ones need not be looked at."""
    return list(takewhile(lambda entry: entry.number > number, reversed(entries)))


__all__ = ["Entry", "Hub"]
