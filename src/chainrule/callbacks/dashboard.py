"""`Dashboard`: a page in the browser that shows an ordinary `fit` live, and steers it."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from os import PathLike
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from chainrule.callbacks.base import Callback, LogsLike

_SWITCH_S = 5e-4
"""For so long, in place of 5 ms, the training waits for another thread's Python when it comes back from native code."""

if TYPE_CHECKING:
    from chainrule.web.fitting import Fitting
    from chainrule.web.server import Server


class Dashboard(Callback):
    """Serves a page on this machine that shows the training: weights, outputs, derivations, curves, health.

    The page is there as soon as the callback is made; it fills when `fit` begins.
    From the page one can pause, step, change the learning rate, optimizer, batch size and regularization, edit weights
    and go back. Training never waits for the browser unless it is paused there; if the page is closed while paused,
    training goes on. It stays after `fit`, until `stop()` or the end of the process.

    Args:
        port: 0 takes a free one.
        open: open the page in the browser; its address is printed too.
        paused: begin paused; goes on by itself if nobody opens the page within 30 seconds.
        feature_names, class_names: shown in place of x1, x2, ... and 0, 1, ...
        host: of the page: `127.0.0.1`, `::1` or `localhost`; other machines cannot reach it.
        base_url: the address under which a proxy serves the page, such as JupyterHub's.
        socket: path of a Unix-domain socket to listen at in place of a port; `port` then is the one that leads to it.

    Raises:
        MissingExtraError: Starlette or uvicorn is not installed.
        ChainruleError: the port or socket is taken, or the host is not this machine.

    >>> import chainrule as cr
    >>> import numpy as np
    >>> model = cr.Sequential([cr.Input((2,)), cr.layers.Dense(1)])
    >>> model.compile("sgd", "mse")
    >>> with Dashboard(open=None) as page:
    ...     history = model.fit(np.zeros((8, 2)), np.zeros(8), verbose=0, callbacks=[page])
    ...     page.url.split(":")[1]
    '//127.0.0.1'
    """

    def __init__(
        self,
        port: int = 0,
        open: bool | None = True,
        paused: bool = False,
        feature_names: Sequence[str] | None = None,
        class_names: Sequence[str] | None = None,
        host: str = "127.0.0.1",
        base_url: str | None = None,
        socket: str | PathLike[str] | None = None,
    ) -> None:
        super().__init__()
        self.host = host
        self.base_url = base_url
        self.socket = socket
        self.port = port
        self.open = open
        self.paused = paused
        self.feature_names = feature_names
        self.class_names = class_names
        self._data: tuple[Any, Any] = (None, None)
        self._fitting, self._server = self._serve()

    @property
    def url(self) -> str:
        """The address of the page, token included."""
        return self._server.url

    @property
    def hears_at_intervals(self) -> bool:
        """True while nobody counts batches."""
        return self._fitting.stage.session.free

    @property
    def hears_of_epochs_late(self) -> float:
        """A fraction of a second, while nobody counts epochs."""
        return self._fitting.patience

    def set_data(self, training: Any, validation: Any) -> None:
        """Receive the data of the training that is about to begin."""
        self._data = (training, validation)

    def _serve(self) -> tuple[Fitting, Server]:
        from chainrule.web.server import Server  # first: it says what to install
        from chainrule.web.fitting import Fitting  # isort: skip

        fitting = Fitting()
        server = Server(fitting.stage, self.port, self.host, self.base_url, self.socket).start()
        if self.open is not None:
            print(f"Dashboard: {server.url}", file=sys.stderr, flush=True)
            if server.hint:
                print(server.hint, file=sys.stderr, flush=True)
        if self.open:
            server.open()
        return fitting, server

    def on_train_begin(self, logs: LogsLike = None) -> None:
        if self._switching is None:
            self._switching = sys.getswitchinterval()
            sys.setswitchinterval(min(self._switching, _SWITCH_S))
        epochs = (self.params or {}).get("epochs")
        self._fitting.begin(
            self.model, *self._data, epochs, self.paused, features=self.feature_names, classes=self.class_names
        )

    def on_epoch_begin(self, epoch: int, logs: LogsLike = None) -> None:
        steps = self._fitting.resized()
        if steps is not None and self.params:
            self.params["steps"] = steps

    def take_place(self) -> Any:
        """Return, once, the place that the page has put the training back to; asked by `fit`."""
        return self._fitting.take_place()

    def on_train_batch_end(self, batch: int, logs: LogsLike = None) -> None:
        self._fitting.batches_done(batch, dict(logs or {}))

    def on_epoch_end(self, epoch: int, logs: LogsLike = None) -> None:
        self._fitting.epoch_done(epoch, dict(logs or {}))

    def add_epochs(self, epochs: Sequence[int], logs: Mapping[str, Sequence[Any]]) -> None:
        self._fitting.epochs_done(epochs, logs)

    def on_train_end(self, logs: LogsLike = None) -> None:
        self._fitting.end("stop_training" if self.model.stop_training else "all epochs")

    def close(self) -> None:
        """Called by `fit` however it ends: a training that was interrupted or failed says so on the page."""
        if self._switching is not None:
            sys.setswitchinterval(self._switching)
            self._switching = None
        error = sys.exc_info()[1]
        self._fitting.end("interrupted" if isinstance(error, KeyboardInterrupt) else "error")

    _switching: float | None = None  # Python's own interval, while a training runs

    # -- the page ------------------------------------------------------------------------------------------------------

    def stop(self) -> None:
        """End the page."""
        self._fitting.stage.close()
        self._server.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


__all__ = ["Dashboard"]
