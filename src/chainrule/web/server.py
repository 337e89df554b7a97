"""`Server`: the page on this machine, served from a daemon thread until it is closed or the process ends."""

from __future__ import annotations

import atexit
import secrets
import socket
import threading
import time
from types import TracebackType
from typing import Any, Self

from chainrule.errors import ChainruleError, missing_extra
from chainrule.web.browser import open_page
from chainrule.web.stage import Stage

HOST = "127.0.0.1"
START_S, STOP_S = 10.0, 2.0
CONNECTIONS = 64


class Server:
    """Serves the page of a stage on this machine alone.

    Args:
        stage: what is shown.
        port: 0 takes a free one.

    Raises:
        ChainruleError: the port is taken.
        MissingExtraError: Starlette or uvicorn is not installed.
    """

    def __init__(self, stage: Stage, port: int = 0) -> None:
        try:
            import uvicorn

            from chainrule.web.app import make_app
            from chainrule.web.patience import Patient
        except ImportError as error:
            raise missing_extra(error.name or "starlette", "dashboard", "The dashboard") from None
        self.stage = stage
        self._socket = _listen(port)
        self.port: int = self._socket.getsockname()[1]
        self.token = secrets.token_urlsafe(32)
        config = uvicorn.Config(
            make_app(stage, self.port, self.token), http=Patient, ws="none", lifespan="off", log_config=None,
            log_level="critical", access_log=False, server_header=False, date_header=False, proxy_headers=False,
            timeout_keep_alive=10, timeout_graceful_shutdown=1, limit_concurrency=CONNECTIONS,
            h11_max_incomplete_event_size=16 << 10,
        )  # fmt: skip
        self._server: Any = uvicorn.Server(config)
        self._thread = threading.Thread(
            target=self._server.run, args=([self._socket],), name="chainrule-server", daemon=True
        )

    @property
    def url(self) -> str:
        """The address to open, with the token that the page swaps for a cookie."""
        return f"http://{HOST}:{self.port}/#t={self.token}"

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
            self._socket.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _listen(port: int) -> socket.socket:
    """Return a socket on this port of this machine.

    Raises:
        ChainruleError: it is taken, or no port.
    """
    if not isinstance(port, int) or isinstance(port, bool) or not 0 <= port <= 65535:
        raise ChainruleError(f"The dashboard's port must be a number from 0 to 65535, but is {port!r:.60}.")
    taken = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        taken.bind((HOST, port))
        taken.listen(128)
    except OSError as error:
        taken.close()
        raise ChainruleError(
            f"The dashboard cannot use port {port}: {error.strerror}. Leave the port out to get a free one."
        ) from None
    return taken


__all__ = ["Server"]
