"""The page through a proxy that serves it under a path, and through a tunnel to a Unix-domain socket."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import pytest


def use(tab: Any) -> None:
    """Train one batch, and read the derivation and a term of the glossary."""
    page = tab.page
    page.wait_for_selector(".derived tr")
    page.click("#step-batch")
    tab.until(lambda: "step 1" in tab.text(".progress"))
    tab.until(lambda: "check ✓" in tab.text("#derivation"))
    page.reload()  # the cookie alone opens it again
    page.wait_for_selector(".derived tr")
    tab.until(lambda: "step 1" in tab.text(".progress"))


def test_under_the_path_of_a_proxy(forward: Any, play: Any, visit: Any) -> None:
    proxy = forward()
    base = f"http://127.0.0.1:{proxy.port}/user/me/proxy/8050/"
    playground = play("or", base_url=base)
    proxy.target = ("127.0.0.1", playground.server.port)
    tab = visit(playground.url)
    use(tab)
    assert {cookie["path"] for cookie in tab.page.context.cookies()} == {"/user/me/proxy/8050/"}
    assert all(url.startswith((base, "data:", "blob:")) for url in tab.requests), tab.requests


@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="this system has no Unix-domain sockets")
def test_through_a_tunnel_to_a_socket(forward: Any, play: Any, visit: Any, tmp_path: Path) -> None:
    tunnel = forward()
    tunnel.target = str(tmp_path / "page.sock")
    use(visit(play("or", port=tunnel.port, socket=tunnel.target).url))
