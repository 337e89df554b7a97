"""Sixty requests of somebody who should not be here: all of them are refused, and none of them changes anything."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest

from chainrule.data.adapters import make_batches
from chainrule.errors import ChainruleError
from chainrule.web.loop import Loop
from chainrule.web.presets import preset
from chainrule.web.server import Server
from chainrule.web.session import PAUSED

PLAY = b'{"do": "play"}'


class Site:
    """A server with what is needed to write requests to it byte by byte."""

    def __init__(self, host: str = "127.0.0.1") -> None:
        chosen = preset("or")
        self.loop = Loop(chosen.model, make_batches(chosen.x, chosen.y, batch_size=4))  # type: ignore[arg-type]
        self.server = Server(self.loop.stage, host=host).start()
        self.loop.start()
        self.address = (host, self.server.port)
        self.host = f"[{host}]:{self.server.port}" if ":" in host else f"{host}:{self.server.port}"
        self.origin = f"http://{self.host}"

    def close(self) -> None:
        self.loop.close()
        self.server.close()

    def headers(self, **changes: Any) -> list[str]:
        """Return the headers of a proper POST, with some of them changed or (None) left out."""
        proper: dict[str, Any] = {
            "Host": self.host, "Origin": self.origin, "Sec-Fetch-Site": "same-origin", "X-Chainrule": "1",
            "Content-Type": "application/json", "Cookie": f"chainrule_{self.server.port}={self.server.token}",
        }  # fmt: skip
        proper |= {name.replace("_", "-"): value for name, value in changes.items()}
        return [f"{name}: {value}" for name, value in proper.items() if value is not None]

    def ask(
        self, method: str = "POST", path: str = "/api/command", body: bytes = PLAY, more: list[str] | None = None,
        length: Any = ..., **changes: Any,
    ) -> bytes:  # fmt: skip
        lines = [f"{method} {path} HTTP/1.1", *self.headers(**changes), *(more or [])]
        if length is not None and (body or method == "POST"):
            lines.append(f"Content-Length: {len(body) if length is ... else length}")
        return self.send("\r\n".join([*lines, "", ""]).encode("latin-1") + body)

    def send(self, data: bytes, wait: float = 9.0) -> bytes:
        """Send bytes and return what comes back until the head of an answer is whole, or the connection ends."""
        answer = b""
        with socket.create_connection(self.address, timeout=wait) as connection:
            try:
                connection.sendall(data)
                while b"\r\n\r\n" not in answer:
                    part = connection.recv(65536)
                    if not part:
                        break
                    answer += part
            except (ConnectionError, TimeoutError):
                pass
        return answer


def status_of(answer: bytes) -> int:
    """Return the status of an answer; 0 where the connection was closed without one."""
    return int(answer.split(b" ", 2)[1]) if answer.startswith(b"HTTP/1.1 ") else 0


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    site = Site()
    yield site
    site.close()


REQUESTS: dict[str, dict[str, Any]] = {
    # another host name: DNS that points here (W2)
    "host: another site": {"Host": "evil.example"},
    "host: another site with our port": {"Host": "evil.example:{port}"},
    "host: none": {"Host": None},
    "host: empty": {"Host": ""},
    "host: another port": {"Host": "127.0.0.1:1"},
    "host: no port": {"Host": "127.0.0.1"},
    "host: ours as a part": {"Host": "127.0.0.1:{port}.evil.example"},
    "host: ours behind an at sign": {"Host": "evil.example@127.0.0.1:{port}"},
    "host: ours in front of an at sign": {"Host": "127.0.0.1:{port}@evil.example"},
    "host: all addresses": {"Host": "0.0.0.0:{port}"},
    "host: the address as a number": {"Host": "2130706433:{port}"},
    "host: twice": {"more": ["Host: evil.example"]},
    "host: localhost of another domain": {"Host": "localhost.evil.example:{port}"},
    # another page (W3)
    "origin: another site": {"Origin": "http://evil.example"},
    "origin: none, with a cookie only": {"Origin": None},
    "origin: null, from a sandboxed frame": {"Origin": "null"},
    "origin: https": {"Origin": "https://127.0.0.1:{port}"},
    "origin: another port of this machine": {"Origin": "http://127.0.0.1:1"},
    "origin: no port": {"Origin": "http://127.0.0.1"},
    "origin: ours as a part": {"Origin": "http://127.0.0.1:{port}.evil.example"},
    "origin: ours with a path": {"Origin": "http://127.0.0.1:{port}/"},
    "origin: a file": {"Origin": "file://"},
    "origin: an extension": {"Origin": "chrome-extension://abcdefgh"},
    "origin: twice": {"more": ["Origin: http://evil.example"]},
    "site: cross-site": {"Sec_Fetch_Site": "cross-site"},
    "site: same-site": {"Sec_Fetch_Site": "same-site"},
    "site: unknown": {"Sec_Fetch_Site": "friendly"},
    "site: cross-site for the events": {
        "method": "GET",
        "path": "/api/events",
        "body": b"",
        "Sec_Fetch_Site": "cross-site",
    },
    "site: cross-site for data": {
        "method": "GET",
        "path": "/api/derivation?row=0",
        "body": b"",
        "Origin": "http://evil.example",
    },
    # the token
    "token: none": {"Cookie": None},
    "token: wrong": {"Cookie": "chainrule_{port}=wrong"},
    "token: empty": {"Cookie": "chainrule_{port}="},
    "token: of another port": {"Cookie": "chainrule_1={token}"},
    "token: all but the last character": {"Cookie": "chainrule_{port}={token_cut}"},
    "token: with a character more": {"Cookie": "chainrule_{port}={token}x"},
    "token: in the address": {"Cookie": None, "path": "/api/command?t={token}"},
    "token: as a basic password": {"Cookie": None, "Authorization": "Basic {token}"},
    "token: a wrong bearer": {"Cookie": None, "Authorization": "Bearer wrong"},
    "token: none for the events": {"method": "GET", "path": "/api/events", "body": b"", "Cookie": None},
    "token: none for data": {"method": "GET", "path": "/api/view/weights", "body": b"", "Cookie": None},
    "token: a wrong one to be swapped": {"path": "/api/session", "body": b'{"token": "wrong"}', "Cookie": None},
    "token: a list to be swapped": {"path": "/api/session", "body": b'{"token": ["a"]}', "Cookie": None},
    # how it is asked (W4)
    "method: PUT": {"method": "PUT"},
    "method: DELETE": {"method": "DELETE"},
    "method: OPTIONS, before a request of another page": {"method": "OPTIONS", "body": b""},
    "method: TRACE": {"method": "TRACE", "body": b""},
    "method: a command by GET": {"method": "GET", "path": "/api/command", "body": b""},
    "header: the page's mark is missing": {"X_Chainrule": None},
    "type: a form": {"Content_Type": "application/x-www-form-urlencoded"},
    "type: text, which needs no leave": {"Content_Type": "text/plain"},
    # paths (W4)
    "path: out of the folder": {"method": "GET", "path": "/static/../server.py", "body": b""},
    "path: out of the folder, encoded": {"method": "GET", "path": "/static/%2e%2e/%2e%2e/server.py", "body": b""},
    "path: an absolute file": {"method": "GET", "path": "/static//etc/passwd", "body": b""},
    "path: a file of the package": {"method": "GET", "path": "/static/tabs", "body": b""},
    "path: a view that would be a module": {"method": "GET", "path": "/api/view/os", "body": b""},
    # sizes and shapes (W6)
    "size: a body of more than a megabyte": {"body": b'{"do": "' + b"a" * (1 << 20) + b'"}'},
    "size: a body that says it is huge": {"length": 10**12},
    "size: headers of more than 16 KB": {"X_Long": "a" * (17 << 10)},
    "body: no JSON": {"body": b"__import__('os')"},
    "body: nested a hundred thousand times": {"body": b"[" * 100_000},
}


def filled(value: Any, site: Site) -> Any:
    """Return a value with the server's port and token put in."""
    if not isinstance(value, str):
        return value
    token = site.server.token
    return (
        value.replace("{port}", str(site.server.port)).replace("{token}", token).replace("{token_cut}", token[:-1])
    )  # fmt: skip


def test_there_are_sixty() -> None:
    assert len(REQUESTS) == 60


@pytest.mark.parametrize("name", REQUESTS)
def test_refused(site: Site, name: str) -> None:
    wanted = {key: filled(value, site) for key, value in REQUESTS[name].items()}
    answer = site.ask(**wanted)
    assert 400 <= status_of(answer) < 500 or (status_of(answer) == 0 and name.startswith("size")), answer[:200]
    assert site.server.token.encode() not in answer
    assert b"access-control" not in answer.lower()
    assert site.loop.stage.session.state == PAUSED
    assert site.loop.step == 0


def test_sixty_of_sixty(site: Site) -> None:
    """The figure itself: all in one row, and afterwards a proper request is answered as ever."""
    refused = sum(
        not 200 <= status_of(site.ask(**{k: filled(v, site) for k, v in wanted.items()})) < 400
        for wanted in REQUESTS.values()
    )
    assert f"{refused} of {len(REQUESTS)}" == "60 of 60"
    answer = site.ask(body=b'{"do": "pause"}')
    assert status_of(answer) == 200


def test_what_was_refused_differs_from_a_proper_request_in_that_alone(site: Site) -> None:
    assert status_of(site.ask(body=json.dumps({"do": "pause"}).encode())) == 200
    for path in ("/api/derivation?row=0", "/static/main.js", "/"):
        assert status_of(site.ask(method="GET", path=path, body=b"")) == 200
    assert (
        status_of(
            site.ask(Cookie=None, Origin=None, Authorization=f"Bearer {site.server.token}", body=b'{"do": "pause"}')
        )
        == 200
    )


COMMANDS: list[bytes] = [
    b"null", b"[]", b'"play"', b"1", b"{}", b'{"do": "open"}', b'{"do": ["play"]}',
    b'{"do": "play", "path": "/etc/passwd"}',
    b'{"do": "set", "name": "__class__", "value": 1}', b'{"do": "set", "name": "learning_rate", "value": "1e9"}',
    b'{"do": "set", "name": "learning_rate", "value": NaN}', b'{"do": "set", "name": "learning_rate", "value": -1}',
    b'{"do": "set", "name": "learning_rate", "value": Infinity}',
    b'{"do": "set", "name": "learning_rate", "value": 1e999}',
    b'{"do": "set", "name": "batch_size", "value": 0}', b'{"do": "set", "name": "batch_size", "value": 1.5}',
    b'{"do": "set", "name": "batch_size", "value": true}', b'{"do": "set", "name": "optimizer", "value": "os.system"}',
    b'{"do": "set", "name": "optimizer", "value": {"module": "os", "class_name": "system"}}',
    b'{"do": "set", "name": "dropout", "value": 1}', b'{"do": "step", "by": "year"}', b'{"do": "stop_at", "epoch": -1}',
    b'{"do": "edit", "path": "perceptron/out/kernel", "index": [0, 0], "value": NaN}',
    b'{"do": "edit", "path": "perceptron/out/kernel", "index": [0, -1], "value": 1}',
    b'{"do": "edit", "path": "perceptron/out/kernel", "index": [99999999999999999999, 0], "value": 1}',
    b'{"do": "edit", "path": "perceptron/out/kernel", "index": "00", "value": 1}',
    b'{"do": "edit", "path": "../../weights", "index": [0, 0], "value": 1}',
    b'{"do": "edit", "path": "perceptron/out/kernel", "index": [0, 0], "value": 1e31}',
    b'{"do": "edit", "path": "perceptron/out/kernel", "index": [0, 0], "value": 1' + b"0" * 400 + b"}",
    b'{"do": "set", "name": "learning_rate", "value": 1' + b"0" * 400 + b"}",
    b'{"do": "set", "name": "learning_rate", "value": -1' + b"0" * 400 + b"}",
    b'{"do": "stop_at", "loss": 1' + b"0" * 400 + b"}",
    b'{"do": "edit", "path": "\\ud800", "index": [0, 0], "value": 1}', b"[" * 100_000, b"1" * 5000,
]  # fmt: skip


@pytest.mark.parametrize("body", COMMANDS)
def test_commands_that_make_no_sense_are_refused_in_a_sentence(site: Site, body: bytes) -> None:
    before = site.loop.model.get_weights()
    answer = site.ask(body=body)
    assert 400 <= status_of(answer) < 500
    assert site.loop.stage.session.state == PAUSED
    for a, b in zip(before, site.loop.model.get_weights(), strict=True):
        assert (a == b).all()


QUESTIONS = [
    "row=-1", "row=4", "row=99999999999999999999", "row=x", "row=0&digits=99", "row=0&notation=klingon",
    "row=0&weight=nobody", "row=0&weight=perceptron/out/kernel[9,9]", "row=0&weight=" + "a" * 500, "row=%00",
]  # fmt: skip


@pytest.mark.parametrize("query", QUESTIONS)
def test_questions_that_make_no_sense_are_refused_in_a_sentence(site: Site, query: str) -> None:
    answer = site.ask(method="GET", path=f"/api/derivation?{query}", body=b"")
    assert 400 <= status_of(answer) < 500


def test_every_answer_carries_the_headers_that_keep_others_out(site: Site) -> None:
    for path, status in (("/", 200), ("/static/main.js", 200), ("/api/derivation?row=0", 200), ("/nothing", 404)):
        answer = site.ask(method="GET", path=path, body=b"").lower()
        assert status_of(answer.replace(b"http/1.1", b"HTTP/1.1", 1)) == status
        head = answer.split(b"\r\n\r\n")[0]
        assert b"content-security-policy: default-src 'none'; script-src 'self'" in head
        assert b"frame-ancestors 'none'" in head
        assert b"unsafe" not in head
        for line in (b"x-content-type-options: nosniff", b"referrer-policy: no-referrer", b"cache-control: no-store"):
            assert line in head
        assert b"cross-origin-resource-policy: same-origin" in head
        assert b"server:" not in head


def test_the_cookie_is_for_this_server_alone(site: Site) -> None:
    body = json.dumps({"token": site.server.token}).encode()
    answer = site.ask(path="/api/session", body=body, Cookie=None)
    line = next(part for part in answer.split(b"\r\n") if part.lower().startswith(b"set-cookie"))
    assert f"chainrule_{site.server.port}=".encode() in line
    for word in (b"HttpOnly", b"SameSite=Strict", b"Path=/"):
        assert word in line


def test_a_link_to_the_page_from_a_notebook_opens_it_but_reads_nothing(site: Site) -> None:
    link = {"method": "GET", "body": b"", "Origin": None, "Sec_Fetch_Site": "same-site", "Sec_Fetch_Dest": "document"}
    assert status_of(site.ask(path="/", **link)) == 200
    assert status_of(site.ask(path="/", **{**link, "Sec_Fetch_Dest": "iframe"})) == 403
    assert status_of(site.ask(path="/api/derivation?row=0", **{**link, "Sec_Fetch_Dest": "empty"})) == 403


@pytest.mark.parametrize("token", ['"\\ud800"', '"\\udcff"', "null", "[]", '""'])
def test_a_token_that_is_no_text_is_a_wrong_token(site: Site, token: str) -> None:
    assert status_of(site.ask(path="/api/session", body=f'{{"token": {token}}}'.encode(), Cookie=None)) == 401


@pytest.mark.parametrize("fixed", ["[" * 3000, '{"0":1' + "0" * 400 + "}", '{"0":NaN}', '{"²":1}'])
def test_values_for_a_picture_that_are_none_are_refused_in_a_sentence(site: Site, fixed: str) -> None:
    answer = site.ask(method="GET", path=f"/api/view/region?fixed={quote(fixed)}", body=b"")
    assert status_of(answer) == 400


def test_whoever_asks_for_the_head_of_the_stream_does_not_become_a_reader(site: Site) -> None:
    hub = site.server.stage.hub
    joined, hub.join = [], lambda: joined.append(1)  # type: ignore[method-assign]
    answer = site.ask(method="HEAD", path="/api/events", body=b"")
    assert status_of(answer) == 200
    assert b"text/event-stream" in answer
    assert not joined


@pytest.mark.parametrize("path", ["/static", "/api/session/", "/api/events/"])
def test_nobody_is_sent_elsewhere(site: Site, path: str) -> None:
    answer = site.ask(method="GET", path=path, body=b"")
    assert status_of(answer) in (401, 404)
    assert b"location:" not in answer.lower()


def test_a_rate_of_nothing_divides_nothing(site: Site) -> None:
    for command in ({"name": "optimizer", "value": "Ftrl"}, {"name": "learning_rate", "value": 0}):
        assert status_of(site.ask(body=json.dumps({"do": "set", **command}).encode())) == 200
    path = "/api/derivation?row=0&weight=perceptron/out/kernel[0,0]"
    assert status_of(site.ask(method="GET", path=path, body=b"")) == 200


# -- the same server on the loopback address of IPv6 -------------------------------------------------------------------


@pytest.fixture(scope="module")
def six() -> Iterator[Site]:
    try:
        site = Site("::1")
    except ChainruleError as error:
        pytest.skip(f"this machine has no loopback address of IPv6: {error}")
    yield site
    site.close()


REQUESTS_BY_IPV6: dict[str, dict[str, Any]] = {
    "host: another site": {"Host": "evil.example:{port}"},
    "host: none": {"Host": None},
    "host: another port": {"Host": "[::1]:1"},
    "host: no port": {"Host": "[::1]"},
    "host: no brackets": {"Host": "::1:{port}"},
    "host: all addresses": {"Host": "[::]:{port}"},
    "host: another machine": {"Host": "[fe80::1]:{port}"},
    "host: with a zone": {"Host": "[::1%25lo]:{port}"},
    "host: IPv4 in the clothes of IPv6": {"Host": "[::ffff:127.0.0.1]:{port}"},
    "host: ours as a part": {"Host": "[::1]:{port}.evil.example"},
    "host: ours behind an at sign": {"Host": "evil.example@[::1]:{port}"},
    "host: ours in front of an at sign": {"Host": "[::1]:{port}@evil.example"},
    "host: twice": {"more": ["Host: evil.example"]},
    "origin: another site": {"Origin": "http://evil.example"},
    "origin: another site with our port": {"Origin": "http://evil.example:{port}"},
    "origin: none, with a cookie only": {"Origin": None},
    "origin: null, from a sandboxed frame": {"Origin": "null"},
    "origin: https": {"Origin": "https://[::1]:{port}"},
    "origin: another port of this machine": {"Origin": "http://[::1]:1"},
    "origin: no port": {"Origin": "http://[::1]"},
    "origin: no brackets": {"Origin": "http://::1:{port}"},
    "origin: another machine": {"Origin": "http://[fe80::1]:{port}"},
    "origin: ours as a part": {"Origin": "http://[::1]:{port}.evil.example"},
    "site: cross-site": {"Sec_Fetch_Site": "cross-site"},
    "token: none": {"Cookie": None},
    "token: wrong": {"Cookie": "chainrule_{port}=wrong"},
}


@pytest.mark.parametrize("name", REQUESTS_BY_IPV6)
def test_refused_by_ipv6(six: Site, name: str) -> None:
    wanted = {key: filled(value, six) for key, value in REQUESTS_BY_IPV6[name].items()}
    answer = six.ask(**wanted)
    assert status_of(answer) in (400, 401, 403), answer[:200]
    assert six.server.token.encode() not in answer
    assert six.loop.stage.session.state == PAUSED
    assert six.loop.step == 0


def test_a_proper_request_is_answered_by_ipv6(six: Site) -> None:
    assert status_of(six.ask(body=b'{"do": "pause"}')) == 200
    for path in ("/api/derivation?row=0", "/static/main.js", "/"):
        assert status_of(six.ask(method="GET", path=path, body=b"")) == 200
