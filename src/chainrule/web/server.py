"""`Server`: the page on this machine, served from a daemon thread until it is closed or the process ends."""

from __future__ import annotations

import atexit
import secrets
import threading
import time
from types import TracebackType
from typing import Any, Self

from chainrule.errors import ChainruleError, missing_extra
from chainrule.web.addresses import HOST, in_address, listen, loopback
from chainrule.web.browser import open_page
from chainrule.web.stage import Stage

START_S, STOP_S = 10.0, 2.0
CONNECTIONS = 64


class Server:
    """Serves the page of a stage on this machine alone.

    Args:
        stage: what is shown.
        port: 0 takes a free one.
        host: `127.0.0.1`, `::1` or `localhost`; see `addresses.loopback`.

    Raises:
        ChainruleError: the port is taken, or the host is not this machine.
        MissingExtraError: Starlette or uvicorn is not installed.
    """

    def __init__(self, stage: Stage, port: int = 0, host: str = HOST) -> None:
        try:
            import uvicorn

            from chainrule.web.app import make_app
            from chainrule.web.patience import Patient
        except ImportError as error:
            raise missing_extra(error.name or "starlette", "dashboard", "The dashboard") from None
        self.stage = stage
        self.host = loopback(host)
        self._sockets = listen(self.host, port)
        self.port: int = self._sockets[0].getsockname()[1]
        self.token = secrets.token_urlsafe(32)
        config = uvicorn.Config(
            make_app(stage, self.port, self.token, in_address(self.host)), http=Patient, ws="none", lifespan="off",
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
        return f"http://{in_address(self.host)}:{self.port}/#t={self.token}"

    def start(self) -> Self:
        """Begin to serve; returns once requests are answered."""
        self._thread.start()
        until = time.monotonic() + START_S
        while not self._server.started:
            if not self._thread.is_alive() or time.monotonic() > until:
                raise ChainruleError(f"The dashboard's server did not start on port {self.port}.")
            time.sleep(0.005)
        atexit.register(self.close)
        return self

    def open(self) -> None:
        """Open the page in the browser, if there is one."""
        open_page(self.url)

    def close(self) -> None:
        """Stop; streams to pages end first."""
        atexit.unregister(self.close)
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


__all__ = ["Server"]
