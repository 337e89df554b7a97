"""`Turns`: what pages ask for is computed one thing at a time, within a share of the time while the model trains."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from time import monotonic, thread_time
from typing import Any, TypeVar

from chainrule.web.session import PLAYING, Session

R = TypeVar("R")

SHARE = 0.02
BURST_S = 0.1
"""So much may be computed at once, as when a page opens; what is more waits for its share."""
LONGEST_S = 3.0
"""Nobody waits longer than this for a turn."""


class Turns:
    """Runs functions on other threads, each in its turn.

    Args:
        session: of the training that is not to be slowed down.
        share: of the time, while it plays.
    """

    def __init__(self, session: Session, share: float = SHARE) -> None:
        self.session = session
        self.share = share
        self.seconds = 0.0
        self._debt = 0.0
        self._counted = monotonic()
        self._lock = asyncio.Lock()

    async def run(self, function: Callable[..., R], *arguments: Any) -> R:
        """Return what `function(*arguments)` returns, once it is its turn."""
        async with self._lock:
            until = monotonic() + LONGEST_S
            while self.session.state == PLAYING and self._owes() > BURST_S and monotonic() < until:
                await asyncio.sleep(0.02)
            result, seconds = await asyncio.get_running_loop().run_in_executor(None, _timed, function, arguments)
            self.seconds += seconds
            self._debt = self._owes() + seconds
            return result

    def _owes(self) -> float:
        """Return the seconds of work that its share of the time has not paid for yet."""
        now = monotonic()
        self._debt = max(self._debt - self.share * (now - self._counted), 0.0)
        self._counted = now
        return self._debt


def _timed(function: Callable[..., R], arguments: tuple[Any, ...]) -> tuple[R, float]:
    began = thread_time()
    return function(*arguments), thread_time() - began


__all__ = ["Turns"]
