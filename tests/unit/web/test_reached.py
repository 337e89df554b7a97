"""A page that browsers reach by another way than its port: through a proxy's address, or a Unix-domain socket."""

from __future__ import annotations

import os
import socket
import stat
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import httpx
import pytest

from chainrule.errors import ChainruleError
from chainrule.web.addresses import Address, Base, parse_base
from chainrule.web.server import Server

HUB = "https://hub.example.org/user/me/proxy/8050/"
PROPER = {"X-Chainrule": "1", "Sec-Fetch-Site": "same-origin"}
needs_unix = pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="this system has no Unix-domain sockets")


@pytest.fixture
def serve(new_stage: Any) -> Iterator[Callable[..., Server]]:
    opened: list[Server] = []

    def serve(**options: Any) -> Server:
        opened.append(Server(new_stage(), **options).start())
        return opened[-1]

    yield serve
    for server in opened:
        server.close()


# -- a proxy's address -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "base"),
    [
        (HUB, Base("https", "hub.example.org", "/user/me/proxy/8050/")),
        ("HTTPS://Hub.Example.org", Base("https", "hub.example.org", "/")),
        ("https://hub.example.org:443/a", Base("https", "hub.example.org", "/a/")),
        ("http://localhost:8888/proxy/8050", Base("http", "localhost:8888", "/proxy/8050/")),
        ("http://localhost:80/", Base("http", "localhost", "/")),
        ("https://[2001:DB8:0::1]:8443/a/", Base("https", "[2001:db8::1]:8443", "/a/")),  # as browsers write it
        ("https://hub.example.org/staticfiles/api/", Base("https", "hub.example.org", "/staticfiles/api/")),
        ("https://hub.example.org/user/me%40example.org/", Base("https", "hub.example.org", "/user/me%40example.org/")),
    ],
)
def test_addresses_of_proxies(url: str, base: Base) -> None:
    assert parse_base(url) == base


@pytest.mark.parametrize(
    "url",
    ["", "*", "hub.example.org", "//hub.example.org", "ftp://hub.example.org", "https://", "https://*", "https://*.org",
     "https://a b", "https://hub.example.org/?a", "https://hub.example.org/#t", "https://me@hub.example.org",
     "https://me:secret@hub.example.org", "https://hub.example.org:", "https://hub.example.org:port",
     "https://hub.example.org/a//b", "https://hub.example.org/../a", "https://hub.example.org/%2e%2E/a",
     "https://hub.example.org/a;Domain=org", "https://hub.example.org/a\r\nSet-Cookie: b", "https://hub.example.org\n",
     "https://hub.example.org/a, b", "https://\u0130.org", "https://hub.example.org/\u00e9", None, 1, b"https://a",
     "https://hub.example.org:0", "https://hub.example.org:99999", "https://[::::]/a", "https://[1.2.3.4]/",
     "https://hub.example.org/static", "https://hub.example.org/api/me", "https://hub.example.org/%61pi/"],
)  # fmt: skip
def test_what_is_no_address_of_a_proxy(url: Any) -> None:
    with pytest.raises(ChainruleError, match=r"base_url must be the address under which a proxy serves it") as refused:
        parse_base(url)
    assert len(str(refused.value).splitlines()) == 1


def test_the_address_to_open_is_the_proxys(serve: Any) -> None:
    server = serve(base_url=HUB)
    assert server.url == f"{HUB}#t={server.token}"
    assert server.hint is None


@pytest.mark.parametrize("prefix", ["", "/user/me/proxy/8050"])
@pytest.mark.parametrize("host", ["hub.example.org", "127.0.0.1:{port}"])
def test_requests_through_a_proxy(serve: Any, prefix: str, host: str) -> None:
    """It may take its path off or not, and leave `Host` as the browser wrote it or not."""
    server = serve(base_url=HUB)
    headers = {**PROPER, "Host": host.format(port=server.port), "Origin": "https://hub.example.org"}
    with httpx.Client(base_url=f"http://127.0.0.1:{server.port}{prefix}", headers=headers, trust_env=False) as http:
        assert http.get("/").status_code == http.get("/static/main.js").status_code == 200
        assert http.post("/api/command", json={"do": "fly"}).status_code == 401
        answer = http.post("/api/session", json={"token": server.token})
        assert answer.status_code == 200
        cookie = answer.headers["set-cookie"]
        assert cookie == (
            f"chainrule_{server.port}={server.token}; Path=/user/me/proxy/8050/; HttpOnly; SameSite=Strict; Secure"
        )
        headers = {"Cookie": cookie.partition(";")[0]}
        assert http.post("/api/command", json={"do": "fly"}, headers=headers).status_code == 400


@pytest.mark.parametrize(
    "wrong",
    [
        {"Host": "hub.example.org.evil.example"}, {"Host": "hub.example.org:8050"}, {"Host": "evil.example"},
        {"Host": "example.org"}, {"Origin": "http://hub.example.org"}, {"Origin": "https://hub.example.org:8050"},
        {"Origin": "https://evil.example"}, {"Origin": "null"}, {"Origin": ""}, {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "cross-site"}, {"X-Chainrule": "0"}, {"Authorization": "Bearer wrong"},
        {"X-Forwarded-Host": "hub.example.org", "Host": "evil.example"},
    ],
)  # fmt: skip
def test_a_proxy_opens_the_door_to_nobody_else(serve: Any, wrong: dict[str, str]) -> None:
    server = serve(base_url=HUB)
    headers = {
        **PROPER, "Host": "hub.example.org", "Origin": "https://hub.example.org",
        "Authorization": f"Bearer {server.token}",
    }  # fmt: skip
    url = f"http://127.0.0.1:{server.port}/api/command"
    with httpx.Client(trust_env=False) as http:
        assert http.post(url, json={"do": "fly"}, headers=headers).status_code == 400
        assert http.post(url, json={"do": "fly"}, headers={**headers, **wrong}).status_code in (401, 403)


@pytest.mark.parametrize(
    "path",
    ["/user/me/proxy/8050/../../static/main.js", "/user/me/proxy/8050//static/main.js", "/user/me/proxy/static/main.js",
     "/user/you/proxy/8050/static/main.js", "/user/me/proxy/8050/user/me/proxy/8050/static/main.js"],
)  # fmt: skip
def test_paths_beside_the_proxys_lead_nowhere(serve: Any, path: str) -> None:
    server = serve(base_url=HUB)
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as connection:
        lines = [f"GET {path} HTTP/1.1", "Host: hub.example.org", f"Authorization: Bearer {server.token}", "", ""]
        connection.sendall("\r\n".join(lines).encode())
        assert connection.recv(12) == b"HTTP/1.1 404"


def test_the_own_address_goes_on_to_work_beside_the_proxys(serve: Any, visit: Any) -> None:
    server = serve(base_url=HUB)
    client = visit(f"http://127.0.0.1:{server.port}/#t={server.token}")  # its cookie has the path /, and is not Secure
    assert client.http.post("/api/command", json={"do": "fly"}).status_code == 400  # understood, and refused


def test_a_name_with_an_at_sign_in_the_path_is_found_again() -> None:
    address = Address(8050, base=parse_base("https://hub.example.org/user/me%40example.org/"))
    assert address.within("/user/me@example.org/api/events") == "/api/events"  # as the server decodes it
    assert "; Path=/user/me%40example.org/;" in address.cookie("a", "b", "https://hub.example.org")


# -- a socket ----------------------------------------------------------------------------------------------------------


@needs_unix
def test_a_socket_through_a_tunnel(serve: Any, visit: Any, wait: Any, forward: Any, tmp_path: Path) -> None:
    tunnel = forward()
    tunnel.target = str(tmp_path / "page.sock")
    server = serve(port=tunnel.port, socket=tmp_path / "page.sock")
    assert server.url == f"http://127.0.0.1:{tunnel.port}/#t={server.token}"
    assert stat.S_IMODE((tmp_path / "page.sock").stat().st_mode) == 0o600
    assert server.hint == (
        f"To reach it from another machine: ssh -L {tunnel.port}:{tmp_path / 'page.sock'} user@this-machine"
    )
    client = visit(server.url).listen()
    wait(lambda: client.of("start"))
    assert client.http.post("/api/command", json={"do": "fly"}).status_code == 400  # understood, and refused
    server.close()
    wait(client.ended.is_set)
    assert not (tmp_path / "page.sock").exists()


@needs_unix
@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:1", "evil.example:{port}", "page.sock", ""])
def test_a_socket_checks_the_host_too(serve: Any, tmp_path: Path, host: str) -> None:
    server = serve(port=8050, socket=tmp_path / "page.sock")
    transport = httpx.HTTPTransport(uds=str(tmp_path / "page.sock"))
    with httpx.Client(transport=transport, headers={"Authorization": f"Bearer {server.token}"}) as http:
        assert http.get("http://localhost:8050/api/derivation?row=0").status_code != 403
        refused = http.get("http://localhost:8050/", headers={"Host": host.format(port=8050)})
        assert refused.status_code in (400, 403)


@needs_unix
def test_a_socket_behind_a_proxy_needs_no_port(serve: Any, tmp_path: Path) -> None:
    server = serve(base_url=HUB, socket=str(tmp_path / "page.sock"))
    assert server.url.startswith(HUB)
    assert server.hint is None
    with httpx.Client(transport=httpx.HTTPTransport(uds=str(tmp_path / "page.sock"))) as http:
        assert http.get("http://hub.example.org/user/me/proxy/8050/static/main.js").status_code == 200


@needs_unix
def test_a_socket_needs_an_address(tmp_path: Path, serve: Any) -> None:
    with pytest.raises(ChainruleError, match=r"give the port that will lead there \(port=8050 for ssh -L 8050:"):
        serve(socket=tmp_path / "page.sock")
    with pytest.raises(ChainruleError, match="must be a number from 0 to 65535"):
        serve(port=70_000, socket=tmp_path / "page.sock")
    assert list(tmp_path.iterdir()) == []


@needs_unix
def test_what_is_at_a_sockets_path_is_kept_unless_it_is_a_socket_nobody_listens_at(serve: Any, tmp_path: Path) -> None:
    path = tmp_path / "page.sock"
    path.write_text("a file of somebody's")
    with pytest.raises(ChainruleError, match=r"there is a file that is no socket\. Give the path"):
        serve(port=8050, socket=path)
    assert path.read_text() == "a file of somebody's"
    path.unlink()
    first = serve(port=8050, socket=path)
    with pytest.raises(ChainruleError, match="there is a socket, of another server or user"):
        serve(port=8050, socket=path)
    first.close()
    with socket.socket(socket.AF_UNIX) as left:  # by a server that was killed
        left.bind(str(path))
    serve(port=8050, socket=path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@needs_unix
def test_closing_removes_no_other_file(serve: Any, tmp_path: Path) -> None:
    path = tmp_path / "page.sock"
    first = serve(port=8050, socket=path)
    path.unlink()
    second = serve(port=8051, socket=path)
    first.close()
    with httpx.Client(transport=httpx.HTTPTransport(uds=str(path))) as http:
        assert http.get("http://localhost:8051/static/main.js").status_code == 200
    path.unlink()
    path.write_text("a file of somebody's")
    second.close()
    assert path.read_text() == "a file of somebody's"


@needs_unix
@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_child_process_leaves_the_socket_where_it_is(serve: Any, tmp_path: Path) -> None:
    server = serve(port=8050, socket=tmp_path / "page.sock")
    with warnings.catch_warnings(action="ignore"):  # fork beside threads: the child does nothing but this
        child = os.fork()
    if child == 0:
        server._file.remove()
        os._exit(0)
    os.waitpid(child, 0)
    assert (tmp_path / "page.sock").exists()


@needs_unix
def test_a_start_that_fails_leaves_nothing_behind(serve: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "page.sock"
    with pytest.raises(ChainruleError, match="its host can be"):
        serve(port=8050, socket=path, host="evil.example")
    with monkeypatch.context() as broken:
        broken.setattr(os, "chmod", mock.Mock(side_effect=PermissionError(1, "not so")))
        with pytest.raises(ChainruleError, match=r"cannot listen at the socket '.*': not so\. Give"):
            serve(port=8050, socket=path)
    with monkeypatch.context() as broken:
        broken.setattr("uvicorn.Server.run", lambda *_: None)
        with pytest.raises(ChainruleError, match=r"did not start at http://127\.0\.0\.1:8050/"):
            serve(port=8050, socket=path)
    assert list(tmp_path.iterdir()) == []


@needs_unix
@pytest.mark.parametrize("port", [0, 8050])
@pytest.mark.parametrize("path", [5, True, ["a"], 1.5])
def test_what_is_no_path_is_said(serve: Any, path: Any, port: int) -> None:
    with pytest.raises(ChainruleError, match="socket must be the path of a file, but is "):
        serve(port=port, socket=path)


@needs_unix
def test_a_path_of_bytes_and_one_with_a_space(serve: Any, tmp_path: Path) -> None:
    server = serve(port=8050, socket=os.fsencode(tmp_path / "my page.sock"))
    assert f"ssh -L '8050:{tmp_path}/my page.sock' user@" in server.hint


@needs_unix
@pytest.mark.parametrize("name", ["no such folder/page.sock", "x" * 200, ".", "a\0b", "\ud800", "a\nb\nc/d"])
def test_a_path_that_cannot_be_a_socket(serve: Any, tmp_path: Path, name: str) -> None:
    with pytest.raises(ChainruleError, match=r"cannot listen at the socket '.*: .*Give the path of a file") as refused:
        serve(port=8050, socket=os.path.join(tmp_path, name))
    assert len(str(refused.value).splitlines()) == 1


@needs_unix
def test_no_browser_is_opened_where_nothing_leads_to_the_page_yet(
    serve: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr("chainrule.web.server.open_page", opened.append)
    serve(port=8050, socket=tmp_path / "page.sock").open()
    assert opened == []
    serve(base_url=HUB, socket=tmp_path / "another.sock").open()
    assert len(opened) == 1


@needs_unix
def test_fit_and_dashboard_take_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import numpy as np

    import chainrule as cr

    model = cr.Sequential([cr.Input((2,)), cr.layers.Dense(1)])
    model.compile("sgd", "mse")
    path = tmp_path / "page.sock"
    with cr.callbacks.Dashboard(open=False, port=8050, socket=path) as page:
        assert page.url.startswith("http://127.0.0.1:8050/#t=")
        assert "ssh -L 8050:" in capsys.readouterr().err
    with cr.dashboard(model, np.zeros((8, 2)), np.zeros(8), open=False, wait=False, base_url=HUB, socket=path) as page:
        assert page.url.startswith(HUB)
    assert not path.exists()
