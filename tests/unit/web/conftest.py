"""A page's side of the conversation, without a browser."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, ClassVar

import httpx
import pytest

from chainrule.web.session import Position
from chainrule.web.stage import Stage


class Client:
    """Speaks to a server as the page does: a token swapped for a cookie, events, commands, questions."""

    def __init__(self, url: str) -> None:
        base, _, token = url.partition("/#t=")
        headers = {"Origin": base, "X-Chainrule": "1", "Sec-Fetch-Site": "same-origin"}
        self.http = httpx.Client(base_url=base, headers=headers, timeout=60, trust_env=False)
        assert self.http.post("/api/session", json={"token": token}).status_code == 200
        self.heard: list[tuple[str, dict[str, Any]]] = []
        self.ended = threading.Event()
        self._leaving = False
        self._thread: threading.Thread | None = None
        self._response: Any = None

    def command(self, **command: Any) -> Any:
        answer = self.http.post("/api/command", json=command).json()
        return answer.get("status", answer)

    def get(self, path: str, **parameters: Any) -> httpx.Response:
        return self.http.get(path, params=parameters)

    def listen(self) -> Client:
        """Take events in from now on, on a thread of its own."""
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()
        return self

    def _listen(self) -> None:
        kind = ""
        try:
            with self.http.stream("GET", "/api/events", timeout=None) as self._response:
                for line in self._response.iter_lines():
                    if self._leaving:
                        break
                    if line.startswith("event: "):
                        kind = line[7:]
                    elif line.startswith("data: "):
                        self.heard.append((kind, json.loads(line[6:])))
        except httpx.HTTPError:
            pass
        self.ended.set()

    def of(self, kind: str) -> list[dict[str, Any]]:
        """Return the messages of a kind that have come."""
        return [message for k, message in self.heard if k == kind]

    def leave(self) -> None:
        """Close the page: the connection breaks."""
        self._leaving = True
        if self._response is not None:
            stream = self._response.extensions["network_stream"]
            with contextlib.suppress(OSError):
                stream.get_extra_info("socket").shutdown(socket.SHUT_RDWR)
        self.http.close()


def until(true: Callable[[], Any], seconds: float = 60.0) -> None:
    """Wait until something is true."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"it did not happen within {seconds} seconds"
        time.sleep(0.002)


@pytest.fixture
def visit() -> Iterator[Callable[[str], Client]]:
    """Open pages by their address; they are left at the end."""
    clients: list[Client] = []

    def visit(url: str) -> Client:
        clients.append(Client(url))
        return clients[-1]

    yield visit
    for client in clients:
        client.leave()


@pytest.fixture
def wait() -> Callable[..., None]:
    """Wait until something is true."""
    return until


class Nothing:
    """A driver of no training at all."""

    position = Position()
    logs: ClassVar[dict[str, float]] = {}
    kept = 0

    def settings(self) -> dict[str, Any]:
        return {}

    def can_set(self) -> list[str]:
        return []

    def choices(self) -> dict[str, list[str]]:
        return {}


@pytest.fixture
def new_stage() -> Callable[[], Stage]:
    """Make stages on which nothing is trained, for tests of the server by itself."""

    def make() -> Stage:
        stage = Stage(Nothing())  # type: ignore[arg-type]
        stage.hub.put({"kind": "start"})
        return stage

    return make


@pytest.fixture
def stage(new_stage: Callable[[], Stage]) -> Stage:
    """One such stage."""
    return new_stage()
