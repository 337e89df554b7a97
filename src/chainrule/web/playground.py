"""`Playground`: a model with its data, a page, and a training that the page steers (`chainrule.dashboard`)."""

from __future__ import annotations

from types import TracebackType
from typing import Any, Self

from chainrule.data.adapters import make_batches
from chainrule.data.batches import ArrayBatches
from chainrule.errors import DataError
from chainrule.web.loop import Loop
from chainrule.web.server import Server


class Playground:
    """Serves a page that trains a model.

    Args:
        model: compiled; trained in place.
        x, y: arrays or data frames.
        sample_weight: one per row, or None.
        validation_data: `(x, y)`, or None.
        batch_size: rows per step.
        speed: batches per second at first; None is as fast as it goes.
        port: 0 takes a free one.
        open: open the page in the browser.
        names: `features`, `classes`, `target`, `name` for the page.
    """

    def __init__(
        self,
        model: Any,
        x: Any,
        y: Any,
        sample_weight: Any = None,
        *,
        validation_data: Any = None,
        batch_size: int = 32,
        speed: float | None = None,
        port: int = 0,
        open: bool = True,
        **names: Any,
    ) -> None:
        training = make_batches(x, y, sample_weight, batch_size=batch_size, shuffle=True, where="dashboard")
        if not isinstance(training, ArrayBatches):
            raise DataError("dashboard: expected arrays or data frames, so that rows can be looked at one by one.")
        validation = (
            make_batches(validation_data[0], validation_data[1], where="dashboard")
            if validation_data is not None
            else None
        )
        self.model = model
        self.loop = Loop(model, training, validation, **names)
        self.loop.stage.session.speed = speed
        self.server = Server(self.loop.stage, port).start()
        self.loop.start()
        if open:
            self.server.open()

    @property
    def url(self) -> str:
        """The address of the page, token included."""
        return self.server.url

    def wait(self) -> None:
        """Stay until the process is interrupted (Ctrl-C), then close."""
        import threading

        try:
            while not threading.Event().wait(3600):
                pass
        except KeyboardInterrupt:
            self.close()

    def close(self) -> None:
        """End the training and the page; the model stays as it is."""
        self.loop.close()
        self.server.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Playground({self.url})"


__all__ = ["Playground"]
