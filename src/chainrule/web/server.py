"""`Server`: the page on this machine, served from a daemon thread until it is closed or the process ends."""

from __future__ import annotations

import atexit
import os
import secrets
import shlex
import threading
import time
from types import TracebackType
from typing import Any, Self

from chainrule.errors import ChainruleError, missing_extra
from chainrule.web.addresses import HOST, Address, Base, loopback, parse_base
from chainrule.web.browser import open_page
from chainrule.web.listening import SocketFile, absolute, check_port, listen
from chainrule.web.stage import Stage

START_S, STOP_S = 10.0, 2.0
CONNECTIONS = 64


class Server:
    """Serves the page of a stage on this machine alone.

    Args:
        stage: what is shown.
        port: 0 takes a free one.
        host: `127.0.0.1`, `::1` or `localhost`; see `addresses.loopback`.
        base_url: the address under which a proxy serves the page; see `addresses.parse_base`.
        socket: listen at this file instead, a Unix-domain socket; `port` is then the one that leads to it.

    Raises:
        ChainruleError: the port is taken, the host is not this machine, the file is there, or no address leads to it.
        MissingExtraError: Starlette or uvicorn is not installed.
    """

    def __init__(
        self, stage: Stage, port: int = 0, host: str = HOST, base_url: str | None = None,
        socket: str | os.PathLike[str] | None = None,
    ) -> None:  # fmt: skip
        try:
            import uvicorn

            from chainrule.web.app import make_app
            from chainrule.web.patience import Patient
        except ImportError as error:
            raise missing_extra(error.name or "starlette", "dashboard", "The dashboard") from None
        self.stage = stage
        base = None if base_url is None else parse_base(base_url)
        host = loopback(host)
        self._file = None if socket is None else _at(socket, port, base)
        self._sockets = listen(host, port) if self._file is None else [self._file.socket]
        self.port: int = port if self._file else self._sockets[0].getsockname()[1]
        self.address = Address(self.port, host, base)
        self.token = secrets.token_urlsafe(32)
        config = uvicorn.Config(
            make_app(stage, self.address, self.token), http=Patient, ws="none", lifespan="off",
            log_config=None, log_level="critical", access_log=False, server_header=False, date_header=False,
            proxy_headers=False, timeout_keep_alive=10, timeout_graceful_shutdown=1, limit_concurrency=CONNECTIONS,
            h11_max_incomplete_event_size=16 << 10,
        )  # fmt: skip
        self._server: Any = uvicorn.Server(config)
        self._thread = threading.Thread(
            target=self._server.run, args=(self._sockets,), name="chainrule-server", daemon=True
        )

    @property
    def url(self) -> str:
        """The address to open, with the token that the page swaps for a cookie."""
        return f"{self.address.url}#t={self.token}"

    @property
    def hint(self) -> str | None:
        """How a browser gets to the socket, where there is one that no proxy leads to."""
        if self._file is None or self.address.base:
            return None
        way = shlex.quote(f"{self.port}:{self._file.name}")
        return f"To reach it from another machine: ssh -L {way} user@this-machine"

    def start(self) -> Self:
        """Begin to serve; returns once requests are answered."""
        self._thread.start()
        atexit.register(self.close)
        try:
            self._wait()
        except BaseException:
            self.close()
            raise
        return self

    def _wait(self) -> None:
        until = time.monotonic() + START_S
        while not self._server.started:
            if not self._thread.is_alive() or time.monotonic() > until:
                raise ChainruleError(f"The dashboard's server did not start at {self.address.url}.")
            time.sleep(0.005)

    def open(self) -> None:
        """Open the page in the browser, if there is one and a way to the page."""
        if self.hint is None:
            open_page(self.url)

    def close(self) -> None:
        """Stop; streams to pages end first."""
        atexit.unregister(self.close)
        if self._file is not None:
            self._file.remove()
        self.stage.hub.close()
        self._server.should_exit = True
        if self._thread.is_alive():
            self._thread.join(STOP_S)
        if not self._thread.is_alive():  # else an answer is still being computed, and the thread closes it in the end
            for own in self._sockets:
                own.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _at(path: Any, port: int, base: Base | None) -> SocketFile:
    """Return a socket at a file, once it is clear by which address a browser will ask for the page."""
    check_port(port)
    if port == 0 and base is None:
        raise ChainruleError(
            f"At the socket {absolute(path)!r:.200} the dashboard must know its address: give the port that will lead "
            "there (port=8050 for ssh -L 8050:...), or the base_url of a proxy."
        )
    return SocketFile(path)


__all__ = ["Server"]
