"""`Stage`: all that a training and its page share: the session, the newest messages, the twin, the data."""

from __future__ import annotations

from collections.abc import Sequence
from time import perf_counter
from typing import Any

from chainrule.recording import messages
from chainrule.web.hub import Hub
from chainrule.web.painter import Painter
from chainrule.web.protocol import Json, RequestError
from chainrule.web.session import PLAYING, Driver, Session
from chainrule.web.twin import Moment, Twin, values_of, variables_of

INTERVAL_S = 0.05


class Stage:
    """Binds a driver to the page.

    Args:
        driver: who trains; its `model` must be built and compiled before `begin`.
        state: of the session at the beginning.
        hub: where messages go, if there is one already.
    """

    def __init__(self, driver: Driver, state: str = PLAYING, hub: Hub | None = None) -> None:
        self.hub = hub or Hub()
        self.session = Session(driver, self.show, self.hub.put, state)
        self.session.cost = self.cost
        self.model: Any = None
        self.training: Any = None
        self.probe: Any = None
        self.revision = 0
        self.twin: Twin | None = None
        self.moment: Moment | None = None
        self._variables: list[Any] = []
        self._painter: Painter | None = None
        self._began = perf_counter()
        self._next = 0.0

    def begin(
        self,
        model: Any,
        training: Any,
        validation: Any = None,
        *,
        epochs: int | None = None,
        name: str | None = None,
        features: Sequence[str] | None = None,
        target: str | None = None,
        classes: Sequence[str] | None = None,
        **more: Any,
    ) -> None:
        """Send the start message, and be ready to show frames. On the training thread."""
        self.model, self.training = model, training
        self.probe = messages.draw(training)
        self.names = (features, classes)
        start = messages.start(
            model, training, validation, probe=self.probe, epochs=epochs, name=name, features=features, target=target,
            classes=classes,
        )  # fmt: skip
        self.hub.put({**start, **more})
        self._painter = Painter(self.hub, self.probe)
        self.changed()

    def changed(self) -> None:
        """The structure of the model has changed: the twin will be made anew."""
        self.revision += 1
        self._variables = variables_of(self.model)

    # -- the training thread -------------------------------------------------------------------------------------------

    def show(self, now: bool) -> None:
        """Have the page show this moment: at once, or if somebody looks and it is time again."""
        if self._painter is None or not (now or (self.hub.readers and perf_counter() >= self._next)):
            return
        self._next = perf_counter() + INTERVAL_S
        moment = self._take()
        if self.twin is None or self.twin.revision != self.revision:
            self.twin = Twin(self.model, self.revision)
        self.moment = moment
        self._painter.paint(self.twin, moment, now)

    def _take(self) -> Moment:
        driver = self.session.driver
        return Moment(
            position=driver.position, seconds=perf_counter() - self._began, logs=driver.logs,
            values=values_of(self._variables), learning_rate=None, revision=self.revision,
        )  # fmt: skip

    def cost(self) -> float:
        """The share of the time that went into the page."""
        return self._painter.seconds / (perf_counter() - self._began) if self._painter else 0.0

    def close(self) -> None:
        """End: what was shown last stays."""
        if self._painter is not None:
            self._painter.close()

    # -- any thread ----------------------------------------------------------------------------------------------------

    def newest(self) -> tuple[Twin, Moment]:
        """Return the twin and the moment that the page shows.

        Raises:
            RequestError: there is none yet.
        """
        twin, moment = self.twin, self.moment
        if twin is None or moment is None or twin.revision != moment.revision:
            raise RequestError("There is nothing to show yet: training has not begun.", 409)
        return twin, moment


__all__ = ["Json", "Stage"]
