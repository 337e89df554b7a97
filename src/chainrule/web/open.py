"""`chainrule.dashboard`: a model with its data, or a recorded training, in the browser."""

from __future__ import annotations

import html
import os
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from time import monotonic, sleep
from types import TracebackType
from typing import Any, Self

from chainrule.data.adapters import make_batches
from chainrule.data.batches import ArrayBatches
from chainrule.errors import ChainruleError, DataError, ModelFileError
from chainrule.recording.recording import Recording, load
from chainrule.web.addresses import HOST
from chainrule.web.loop import Loop
from chainrule.web.replay import Replay
from chainrule.web.server import Server
from chainrule.web.tail import QUIET_S, Tail

RUN_FILE = "run.jsonl"
MOST_RUNS = 8
FIRST_S = 10.0
"""So long the first frame of a run that has just begun is waited for."""


class Page:
    """A page in the browser with what stands behind it. Ends with `close()`, its `with` block, or the process.

    Args:
        driver: a `Loop` or a `Replay`.
        server: of its stage, not yet started.
        open: open the page in the browser.
    """

    def __init__(self, driver: Loop | Replay, server: Server, open: bool = True) -> None:
        self.driver = driver
        self.server = server.start()
        driver.start()
        if open:
            self.server.open()

    @property
    def url(self) -> str:
        """The address of the page, token included."""
        return self.server.url

    @property
    def model(self) -> Any:
        """The model, as it is now."""
        return self.driver.stage.model

    def wait(self) -> None:
        """Stay until Ctrl-C, then close."""
        try:
            while not threading.Event().wait(3600):
                pass
        except KeyboardInterrupt:
            self.close()

    def close(self) -> None:
        """End the training and the page; the model stays as it is."""
        self.driver.close()
        self.server.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Page {self.url}>"

    def _repr_html_(self) -> str:
        url = html.escape(self.url, quote=True)
        return f'<a href="{url}" target="_blank" rel="noopener">Open the dashboard</a>'


def dashboard(
    model: Any,
    x: Any = None,
    y: Any = None,
    sample_weight: Any = None,
    *,
    validation_data: Any = None,
    batch_size: int = 32,
    feature_names: Sequence[str] | None = None,
    class_names: Sequence[str] | None = None,
    target: str | None = None,
    name: str | None = None,
    speed: float | None = None,
    port: int = 0,
    open: bool = True,
    wait: bool | None = None,
    host: str = HOST,
    base_url: str | None = None,
    socket: str | os.PathLike[str] | None = None,
) -> Page:
    """Open a page that trains a model on data step by step, or that shows a recorded training.

    The training begins paused. Whatever is learnt is in `model`, and `fit` would go on from there.

    Args:
        model: compiled; or a recording, a run file, or a folder of runs, of which the newest is shown beside the
            others. A run that is going on is followed.
        x, y: arrays or data frames.
        sample_weight: one per row.
        validation_data: `(x, y)`, evaluated after each epoch.
        batch_size: rows per step, at first.
        feature_names, class_names, target, name: shown on the page.
        speed: batches per second at first; None is as fast as it goes.
        port: 0 takes a free one.
        open: open the page in the browser.
        wait: stay until Ctrl-C; by default in scripts, but not in notebooks and at a prompt.
        host: of the page: `127.0.0.1`, `::1` or `localhost`; other machines cannot reach it.
        base_url: the address under which a proxy serves the page, such as JupyterHub's.
        socket: path of a Unix-domain socket to listen at in place of a port; `port` then is the one that leads to it.

    Raises:
        MissingExtraError: Starlette or uvicorn is not installed.
        ChainruleError: the port or socket is taken, the host is not this machine, or the model is not compiled.
        DataError: the data do not fit, or are a stream.
        ModelFileError: a run file is damaged.

    >>> import chainrule as cr
    >>> import numpy as np
    >>> model = cr.Sequential([cr.Input((2,)), cr.layers.Dense(1)])
    >>> model.compile("sgd", "mse")
    >>> with dashboard(model, np.zeros((8, 2)), np.zeros(8), open=False, wait=False) as page:
    ...     page.url.split(":")[1]
    '//127.0.0.1'
    """
    driver: Loop | Replay
    if isinstance(model, str | os.PathLike | Recording):
        driver = replay_of(model)
    else:
        driver = Loop(
            model, *_batches(model, x, y, sample_weight, validation_data, batch_size), features=feature_names,
            classes=class_names, target=target, name=name,
        )  # fmt: skip
        driver.stage.session.speed = speed
    page = Page(driver, Server(driver.stage, port, host, base_url, socket), open)
    if wait or (wait is None and _in_script()):
        print(f"Dashboard (Ctrl-C ends it): {page.url}", file=sys.stderr, flush=True)
        if page.server.hint:
            print(page.server.hint, file=sys.stderr, flush=True)
        page.wait()
    return page


def _batches(model: Any, x: Any, y: Any, weight: Any, validation: Any, size: int) -> tuple[ArrayBatches, Any]:
    if not getattr(model, "compiled", False):
        raise ChainruleError(
            "dashboard: expected a compiled model, or the path of a run. Compile the model first: "
            "model.compile(optimizer='adam', loss='mean_squared_error')."
        )
    if x is None or y is None:
        raise DataError("dashboard: pass the data to train on too: dashboard(model, x, y).")
    training = make_batches(x, y, weight, batch_size=size, shuffle=True, where="dashboard")
    if not isinstance(training, ArrayBatches):
        raise DataError(
            "dashboard: expected arrays or data frames, so that rows can be looked at one by one. For a stream use "
            "model.fit(..., callbacks=[chainrule.callbacks.Dashboard()])."
        )
    if validation is None:
        return training, None
    return training, make_batches(validation[0], validation[1], where="dashboard (validation_data)")


# -- recordings --------------------------------------------------------------------------------------------------------


def replay_of(run: str | os.PathLike[str] | Recording) -> Replay:
    """Return the replay of a recording, a run file or run folder, or of the newest run of a folder of runs.

    Raises:
        DataError: there is no run.
        ModelFileError: the run file is damaged; of a folder: none can be shown.
    """
    if isinstance(run, Recording):
        return Replay(run)
    path = Path(run)
    if path.is_dir() and not (path / RUN_FILE).exists():
        return _newest_of(path)
    if not path.exists():
        raise DataError(
            f"dashboard: there is no file or folder '{path}'. Give a run folder, its {RUN_FILE}, or a folder of runs."
        )
    return Replay(*_followed(path / RUN_FILE if path.is_dir() else path))


def _newest_of(folder: Path) -> Replay:
    """Return the replay of the newest run of a folder that can be shown, beside the others; damaged ones are named."""
    files = sorted(folder.glob(f"*/{RUN_FILE}"), key=lambda p: p.stat().st_mtime, reverse=True)
    if not files:
        raise DataError(f"dashboard: there is no run in '{folder}': neither {RUN_FILE} nor folders that hold one.")
    shown: tuple[Recording, tuple[Recording, ...], Tail] | None = None
    others: list[Recording] = []
    damaged: list[tuple[str, str]] = []
    for file in files:
        try:
            if shown is None and (found := _followed(file))[0].frames:
                shown = found
            elif len(others) < MOST_RUNS - 1:
                others.insert(0, load(file))
        except ModelFileError as error:
            damaged.append((file.parent.name, str(error)))
    if shown is None:
        why = damaged[0][1] if damaged else "none of them has a frame."
        raise ModelFileError(f"dashboard: no run in '{folder}' can be shown: {why}")
    return Replay(shown[0], others, shown[2], damaged)


def _followed(file: Path) -> tuple[Recording, tuple[Recording, ...], Tail]:
    """Return a recording, no others, and its file; of one that has just begun the first frame is waited for."""
    tail, until = Tail(file), monotonic() + FIRST_S
    while True:
        tail.read()
        recording = tail.recording()
        going_on = recording.end is None and tail.age() < QUIET_S
        if recording.frames or not going_on or monotonic() > until:
            return recording, (), tail
        sleep(0.1)


def _in_script() -> bool:
    return not (hasattr(sys, "ps1") or sys.flags.interactive or "IPython" in sys.modules)


__all__ = ["Page", "dashboard", "replay_of"]
