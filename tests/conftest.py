"""What holds for all tests."""

from __future__ import annotations

import contextlib
import gc
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest


def pytest_configure() -> None:
    """Listen to Ctrl-C, as the tests of interrupts expect: jobs in the background of a shell ignore it."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_finish() -> None:
    """Spare garbage collections the many objects of the tests themselves: each took half a second."""
    gc.collect()
    gc.freeze()


class Forwarder:
    """A port of this machine from which bytes go on to another, or to a Unix-domain socket, as through `ssh -L`."""

    def __init__(self) -> None:
        self.target: Any = None
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self._open = [self._listening]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near = self._listening.accept()[0]
                far = socket.socket(socket.AF_UNIX if isinstance(self.target, str) else socket.AF_INET)
                far.connect(self.target)
                self._open += [near, far]
                for a, b in ((near, far), (far, near)):
                    threading.Thread(target=self._pipe, args=(a, b), daemon=True).start()

    def _pipe(self, a: socket.socket, b: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := a.recv(65536):
                b.sendall(data)
            b.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        for own in self._open:
            with contextlib.suppress(OSError):
                own.shutdown(socket.SHUT_RDWR)
            own.close()


@pytest.fixture
def forward() -> Iterator[Callable[[], Forwarder]]:
    """Make forwarders: `forward().port` leads to what its `target` will be."""
    made: list[Forwarder] = []

    def make() -> Forwarder:
        made.append(Forwarder())
        return made[-1]

    yield make
    for forwarder in made:
        forwarder.close()
