"""Messages as server-sent events: each reader gets what is new, some 20 times a second, until the hub is closed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from time import monotonic

from chainrule.web.hub import Entry, Hub

POLL_S = 0.05
EPOCHS_AT_FIRST, EPOCHS_A_LOOK = 2000, 20
ALIVE_S = 10.0
"""After so long without news a comment is sent, so that a reader who has gone is noticed."""


async def stream(hub: Hub, joined: Callable[[], None]) -> AsyncIterator[bytes]:
    """Yield events for one reader, beginning with everything there is; `joined` is called once.

    It looks rather than waits to be told: telling would cost the training, and could lose the last message.
    """
    seen, sent = 0, monotonic()
    hub.join()
    try:
        await asyncio.get_running_loop().run_in_executor(None, joined)
        yield b"retry: 1000\n\n"
        while True:
            closing = hub.closed  # asked before looking, so that what was put before closing is sent
            entries = hub.since(seen)
            if entries:
                yield b"".join(map(event, thinned(entries, EPOCHS_A_LOOK if seen else EPOCHS_AT_FIRST)))
                seen, sent = max(entry.number for entry in entries), monotonic()
            if closing:
                return
            if monotonic() - sent > ALIVE_S:
                yield b": alive\n\n"
                sent = monotonic()
            await asyncio.sleep(POLL_S)
    finally:
        hub.leave()


def thinned(entries: list[Entry], most: int) -> list[Entry]:
    """Leave epochs out where more than `most` have passed since the last look, but never the newest.

    >>> hub = Hub()
    >>> _ = hub.put({"kind": "start"})
    >>> for i in range(1000):
    ...     _ = hub.put({"kind": "epoch", "epoch": i, "step": i})
    >>> [kept.number for kept in thinned(hub.since(0), 100)][-3:]
    [982, 992, 1001]
    """
    epochs = [entry for entry in entries if entry.kind == "epoch"]
    if len(epochs) <= most:
        return entries
    kept = {id(e) for e in [*epochs[:: -(-len(epochs) // most)], epochs[-1]]}
    return [e for e in entries if e.kind != "epoch" or id(e) in kept]


def event(entry: Entry) -> bytes:
    """Return one message as an event."""
    return f"id: {entry.number}\nevent: {entry.kind}\ndata: {entry.text}\n\n".encode()


__all__ = ["event", "stream"]
