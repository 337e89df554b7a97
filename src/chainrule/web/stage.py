"""`Stage`: all that a training and its page share: the session, the newest messages, the twin, the data."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from time import monotonic, perf_counter, sleep
from typing import Any

from chainrule.data.batches import ArrayBatches, Batch, Batches
from chainrule.recording import messages
from chainrule.web import turns
from chainrule.web.hub import Hub
from chainrule.web.painter import Painter, failure
from chainrule.web.protocol import Json, RequestError
from chainrule.web.session import PLAYING, Driver, Session
from chainrule.web.trail import Trail
from chainrule.web.twin import Moment, Twin, values_of, variables_of

INTERVAL_S = 0.05
"""While the model trains, a moment is taken this often at most."""

SHARE = 0.02
"""The share of the training thread's time that taking moments may cost, where they are large."""

SOON_S = 2.0
"""A question that comes before there is anything to show waits for so long."""


class Peeked(Batches):
    """What is known of data of which only some rows are at hand.

    Args:
        first: these rows.
        steps, size, batch_size: as of `Batches`.
    """

    def __init__(self, first: Batch, steps: int | None, size: int | None, batch_size: int | None) -> None:
        self.steps, self.size, self.batch_size = steps, size, batch_size
        self._first = first

    def peek(self) -> Batch:
        """The rows that are known."""
        return self._first


class Stage:
    """Binds a driver to the page.

    Args:
        driver: who trains.
        state: of the session at the beginning.

    Attributes:
        hub: the messages.
        session: what happens next.
        training, probe, names: the data, for what is computed on them.
        trail: the weights the training has passed through, as far as the page has seen them.
        shown: the twin, and the moment that the page shows; None before anything is shown.
        runs: recordings of other trainings, to be compared with.
        damaged: runs that could not be read: name and reason.
        share: of the time, that answers to the page may take while it plays.
    """

    share = turns.SHARE

    def __init__(self, driver: Driver, state: str = PLAYING) -> None:
        self.driver = driver
        self.hub = Hub()
        self.trail = Trail()
        self.runs: list[Any] = []
        self.damaged: list[tuple[str, str]] = []
        self.session = Session(driver, self.show, self.hub.put, state)
        self.session.cost = self.cost
        self.model: Any = None
        self.training: Any = None
        self.probe: Any = None
        self.names: tuple[Sequence[str] | None, Sequence[str] | None] = (None, None)
        self.revision = 0
        self.twin: Twin | None = None
        self.shown: tuple[Twin, Moment] | None = None
        self._noted: Moment | None = None
        self.seconds = 0.0
        self._about: Json | None = None
        self._variables: list[Any] = []
        self._painter: Painter | None = None
        self._began = perf_counter()
        self._next = 0.0
        self._wanted = False

    # -- the training thread -------------------------------------------------------------------------------------------

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
    ) -> None:
        """Be ready to show a training; the work begins when somebody looks."""
        self.model, self.names = model, (features, classes)
        if not isinstance(training, ArrayBatches):  # a stream: found out before any batch is used up
            training = Peeked(training.peek(), training.steps, training.size, training.batch_size)
        self.training = training
        self._about = {
            "training": self.training, "validation": validation, "epochs": epochs, "name": name, "features": features,
            "target": target, "classes": classes, "started": datetime.now(UTC).isoformat(timespec="seconds"),
        }  # fmt: skip
        self.restart()

    def restart(self) -> None:
        """Begin the messages anew."""
        self.close()
        self._painter = None
        self.hub.clear()
        self.trail.clear()
        self.shown = self._noted = None
        self._began, self.seconds = perf_counter(), 0.0
        self.changed()

    def changed(self) -> None:
        """The structure of the model has changed: the twin will be made anew."""
        self.revision += 1
        self._variables = variables_of(self.model)

    def tell(self, message: Json) -> None:
        """Send a message."""
        self.hub.put(message)

    def forget_after(self, step: int) -> None:
        """The training has gone back to this step."""
        self.hub.forget_after(step)

    def show(self, now: bool) -> None:
        """Have the page show this moment: at once, or if somebody looks and it is time again."""
        wanted = self.hub.readers or self._wanted
        if self._about is None or not (now or (wanted and perf_counter() >= self._next)):
            return
        began = perf_counter()
        try:
            self.note()
            self.paint(now)
        except Exception as error:  # a model that cannot be copied: training goes on, and the page says why it is empty
            self._give_up(error)
        self.hub.put(self.session.status())
        spent = perf_counter() - began
        self._next = perf_counter() + max(INTERVAL_S, spent / SHARE)
        self.seconds += spent

    def _give_up(self, error: Exception) -> None:
        """Tell the page, if only this, that the model cannot be shown; it is not tried again."""
        about, self._about = self._about, None
        with suppress(Exception):
            self.hub.put(messages.start(self.model, probe=messages.draw(self.training), **(about or {})))
        self.hub.put(failure(self.driver.position.step, error))

    def note(self) -> None:
        """Take the values of the variables as they are now."""
        self._noted = Moment(
            self.driver.position, perf_counter() - self._began, dict(self.driver.logs), values_of(self._variables),
            self.revision,
        )  # fmt: skip

    def paint(self, now: bool) -> None:
        """Have the noted moment shown. After the training any thread may do so, for a page that came late."""
        moment = self._noted
        if moment is None or self._about is None:
            return
        if self.twin is None or self.twin.revision != self.revision:
            self.twin = Twin(self.model, self.revision)
        if self._painter is None:
            self.probe = messages.draw(self.training)
            self._painter = Painter(self.hub, self.probe, self.trail, self._about, self.model.engine.partition(" ")[0])
        self.shown, self._wanted = (self.twin, moment), False
        self._painter.paint(self.twin, moment, now)

    def close(self) -> None:
        """End; what was shown last stays."""
        if self._painter is not None:
            self._painter.close()

    # -- any thread ----------------------------------------------------------------------------------------------------

    def joined(self) -> None:
        """A page has come. If the training is over and nobody has looked so far, show how it ended."""
        if self.session.over and self._painter is None:
            self.paint(True)

    def cost(self) -> float:
        """The share of the time since the beginning that went into the page."""
        painted = self._painter.seconds if self._painter is not None else 0.0
        return (painted + self.seconds) / max(perf_counter() - self._began, 1e-9)

    def explained(self, error: Exception) -> Exception:
        """Return what an error that nobody foresaw is to the page: the same, as the model is the user's own."""
        return error

    def newest(self) -> tuple[Twin, Moment]:
        """Return the twin, and the moment that the page shows; waits a moment for the first.

        Raises:
            RequestError: there is none yet.
        """
        deadline = monotonic() + SOON_S
        while self.shown is None and monotonic() < deadline:
            self._wanted = True
            self.joined()
            sleep(0.01)
        if self.shown is None:
            raise RequestError("There is nothing to show yet: the training has not begun.", 409)
        return self.shown


__all__ = ["Stage"]
