"""The server by itself: when it starts and stops, what it endures, and the three lessons of the first design."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from chainrule.errors import ChainruleError
from chainrule.web import listening, patience
from chainrule.web.server import Server
from chainrule.web.stage import Stage


def has_ipv6() -> bool:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


needs_ipv6 = pytest.mark.skipif(not has_ipv6(), reason="this machine has no loopback address of IPv6")


@pytest.fixture
def server(stage: Stage) -> Iterator[Server]:
    with Server(stage) as server:
        yield server


def test_the_last_message_always_arrives(server: Server, visit: Any, wait: Any) -> None:
    """Lesson 1: whoever is told of news by an event may clear it after looking, and miss the last."""
    pages = [visit(server.url).listen() for _ in range(3)]
    for step in range(3000):
        server.stage.hub.put({"kind": "frame", "step": step})
    for page in pages:
        wait(lambda page=page: page.of("frame") and page.of("frame")[-1]["step"] == 2999)
        assert len(page.of("frame")) < 3000


def test_telling_wakes_nobody(server: Server, visit: Any, wait: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lesson 2: waking the server's loop at each step costs a training of small steps half its speed."""
    page = visit(server.url).listen()
    wait(lambda: page.of("start"))
    loop = asyncio.BaseEventLoop
    monkeypatch.setattr(loop, "call_soon_threadsafe", lambda *_: pytest.fail("the server's loop was woken"))
    for step in range(20_000):
        server.stage.hub.put({"kind": "frame", "step": step})
    monkeypatch.undo()


def test_closing_ends_open_streams_at_once(stage: Stage, visit: Any, wait: Any) -> None:
    """Lesson 3: a server that waits for its open streams never stops."""
    server = Server(stage).start()
    page = visit(server.url).listen()
    wait(lambda: page.of("start"))
    stage.hub.put({"kind": "end", "step": 7})
    began = time.monotonic()
    server.close()
    assert time.monotonic() - began < 20
    wait(page.ended.is_set)
    assert page.of("end") == [{"kind": "end", "step": 7}]


def test_it_ends_with_its_block(stage: Stage) -> None:
    with Server(stage) as server:
        assert httpx.get(f"http://127.0.0.1:{server.port}/", trust_env=False).status_code == 200
    with pytest.raises(httpx.HTTPError):
        httpx.get(f"http://127.0.0.1:{server.port}/", timeout=10, trust_env=False)
    assert not [t for t in threading.enumerate() if t.name == "chainrule-server"]


def test_a_port_that_is_taken_is_named(stage: Stage, server: Server) -> None:
    with pytest.raises(ChainruleError, match=rf"cannot use port {server.port}: .* Leave the port out"):
        Server(stage, server.port)


@pytest.mark.parametrize("port", [-1, 65536, "8765", 1.5, True])
def test_what_is_no_port_is_said(stage: Stage, port: Any) -> None:
    with pytest.raises(ChainruleError, match="must be a number from 0 to 65535"):
        Server(stage, port)


def test_it_listens_on_this_machine_alone(server: Server) -> None:
    assert [own.getsockname()[0] for own in server._sockets] == ["127.0.0.1"]
    others = {a[4][0] for a in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)} - {"127.0.0.1"}
    for address in [a for a in others if not a.startswith("127.")]:
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection((address, server.port), timeout=1)


@pytest.mark.parametrize(
    "host",
    ["0.0.0.0", "::", "", "192.168.0.1", "10.0.0.1", "fe80::1", "example.org", "localhost.example.org", "::1%lo",
     "[::1]", "127.0.0.1:80", "127.1", "2130706433", "::ffff:127.0.0.1", None, 1, b"127.0.0.1", b"::1"],
)  # fmt: skip
def test_a_host_that_is_not_this_machine_alone_is_refused(stage: Stage, host: Any) -> None:
    with pytest.raises(ChainruleError, match=r"its host can be 127\.0\.0\.1, ::1 or localhost, not ") as refused:
        Server(stage, host=host)
    assert len(str(refused.value).splitlines()) == 1


@needs_ipv6
@pytest.mark.parametrize("written", ["::1", "0:0:0:0:0:0:0:1"])
def test_it_listens_on_the_loopback_of_ipv6_where_that_is_asked_for(stage: Stage, visit: Any, written: str) -> None:
    with Server(stage, host=written) as server:
        assert [own.getsockname()[0] for own in server._sockets] == ["::1"]
        assert server.url.startswith(f"http://[::1]:{server.port}/#t=")
        assert visit(server.url).get("/").status_code == 200
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", server.port), timeout=1)


def test_another_address_of_this_machine_is_its_own_name(stage: Stage, visit: Any) -> None:
    try:
        server = Server(stage, host="127.0.0.2")
    except ChainruleError as error:
        pytest.skip(str(error))
    with server:
        assert visit(server.url).get("/").status_code == 200


@needs_ipv6
def test_localhost_is_both_addresses_so_that_nobody_else_gets_its_visitors(stage: Stage, visit: Any) -> None:
    with Server(stage, host="localhost") as server:
        assert [own.getsockname()[0] for own in server._sockets] == ["127.0.0.1", "::1"]
        token = server.url.partition("/#")[2]
        for name in ("localhost", "127.0.0.1", "[::1]"):
            assert visit(f"http://{name}:{server.port}/#{token}").get("/").status_code == 200
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as other:
        port = other.getsockname()[1]
        with pytest.raises(ChainruleError, match=f"cannot use port {port}: "):
            Server(stage, port, host="localhost")


def test_a_machine_without_ipv6(stage: Stage, visit: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    real = socket.socket

    def without(family: Any = -1, *more: Any, **named: Any) -> socket.socket:
        if family == socket.AF_INET6:
            raise OSError(errno.EAFNOSUPPORT, os.strerror(errno.EAFNOSUPPORT))
        return real(family, *more, **named)

    monkeypatch.setattr(listening.socket, "socket", without)
    with pytest.raises(ChainruleError, match="cannot use the host ::1: "):
        Server(stage, host="::1")
    server = Server(stage, host="localhost")
    monkeypatch.undo()
    with server:
        assert visit(server.url).get("/").status_code == 200


def test_each_server_has_a_token_of_its_own(stage: Stage) -> None:
    tokens = set()
    for _ in range(3):
        server = Server(stage)
        tokens.add(server.token)
        server._sockets[0].close()
    assert len(tokens) == 3
    assert all(len(token) >= 32 for token in tokens)


def test_readers_are_counted(server: Server, visit: Any, wait: Any) -> None:
    first, second = visit(server.url).listen(), visit(server.url).listen()
    wait(lambda: server.stage.hub.readers == 2)
    first.leave()
    wait(lambda: server.stage.hub.readers == 1)
    assert server.stage.hub.alone() == 0.0
    second.leave()
    wait(lambda: server.stage.hub.readers == 0)
    assert server.stage.hub.alone() > 0


def test_a_slow_request_is_given_up(stage: Stage, monkeypatch: pytest.MonkeyPatch, wait: Any) -> None:
    monkeypatch.setattr(patience.Patient, "seconds", 0.2)
    with Server(stage) as server:
        slow = [socket.create_connection(("127.0.0.1", server.port), timeout=30) for _ in range(20)]
        for connection in slow[1:]:
            connection.sendall(b"GET / HTTP/1.1\r\nHost: 127")
        body = b"POST /api/command HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\n\r\n{"
        slow[0].sendall(body)
        for connection in slow:
            while True:
                try:
                    if not connection.recv(1000):
                        break
                except ConnectionError:
                    break
            connection.close()
        wait(lambda: not server._server.server_state.connections)


def test_the_second_request_of_a_connection_has_no_more_time_than_the_first(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience.Patient, "seconds", 0.2)
    with Server(stage) as server, socket.create_connection(("127.0.0.1", server.port), timeout=30) as connection:
        whole = f"GET /static/icon.svg HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n\r\n".encode()
        for _ in range(2):
            connection.sendall(whole)
            answer = b""
            while not answer.endswith(b"</svg>\n"):  # head and body may come apart
                part = connection.recv(1 << 20)
                assert part, "the connection was closed"
                answer += part
            assert answer.startswith(b"HTTP/1.1 200")
        time.sleep(0.4)  # a connection may rest between two requests
        began = time.monotonic()
        connection.sendall(b"GET / HT")
        with contextlib.suppress(ConnectionError):
            while connection.recv(1000):
                pass
        assert time.monotonic() - began < 9


def test_a_stream_outlives_that_patience(stage: Stage, monkeypatch: pytest.MonkeyPatch, visit: Any, wait: Any) -> None:
    monkeypatch.setattr(patience.Patient, "seconds", 0.2)
    with Server(stage) as server:
        page = visit(server.url).listen()
        wait(lambda: page.of("start"))
        time.sleep(0.5)
        stage.hub.put({"kind": "status", "state": "playing"})
        wait(lambda: page.of("status"))


def test_the_sixty_fifth_connection_is_turned_away(stage: Stage) -> None:
    with Server(stage) as server:
        idle = [socket.create_connection(("127.0.0.1", server.port), timeout=30) for _ in range(64)]
        time.sleep(0.1)
        answer = httpx.get(f"http://127.0.0.1:{server.port}/", trust_env=False)
        assert answer.status_code == 503
        for connection in idle:
            connection.close()
        time.sleep(0.2)
        assert httpx.get(f"http://127.0.0.1:{server.port}/", trust_env=False).status_code == 200


SCRIPT = """
import sys, time
from chainrule.web.loop import Loop
from chainrule.web.presets import preset
from chainrule.data.adapters import make_batches
from chainrule.web.server import Server
chosen = preset("or")
loop = Loop(chosen.model, make_batches(chosen.x, chosen.y))
server = Server(loop.stage).start()
loop.start()
print(server.port, flush=True)
{then}
"""


@pytest.mark.parametrize(("then", "kill"), [("sys.exit()", None), ("time.sleep(60)", signal.SIGKILL), ("1 / 0", None)])
def test_it_stops_with_its_process(then: str, kill: Any) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT.format(then=then)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert process.stdout is not None
    port = int(process.stdout.readline())
    if kill is not None:
        assert httpx.get(f"http://127.0.0.1:{port}/", trust_env=False).status_code == 200
        os.kill(process.pid, kill)
    process.wait(10)
    process.stdout.close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=1)
