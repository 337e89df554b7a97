"""`Turns`: what pages ask for is computed one thing at a time, within a share of the time while the model trains."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from time import monotonic, thread_time
from typing import Any, TypeVar

from chainrule.web.session import PLAYING, Session

R = TypeVar("R")

SHARE = 0.02
LONGEST_S = 3.0
"""Nobody waits longer than this for a turn."""


class Turns:
    """Runs functions on other threads, each in its turn.

    Args:
        session: of the training that is not to be slowed down.
    """

    def __init__(self, session: Session) -> None:
        self.session = session
        self.seconds = 0.0
        self._next = 0.0
        self._lock = asyncio.Lock()

    async def run(self, function: Callable[..., R], *arguments: Any) -> R:
        """Return what `function(*arguments)` returns, once it is its turn."""
        async with self._lock:
            until = min(self._next, monotonic() + LONGEST_S)
            while self.session.state == PLAYING and monotonic() < until:
                await asyncio.sleep(0.02)
            result, seconds = await asyncio.get_running_loop().run_in_executor(None, _timed, function, arguments)
            self.seconds += seconds
            self._next = monotonic() + seconds / SHARE
            return result


def _timed(function: Callable[..., R], arguments: tuple[Any, ...]) -> tuple[R, float]:
    began = thread_time()
    return function(*arguments), thread_time() - began


__all__ = ["Turns"]
