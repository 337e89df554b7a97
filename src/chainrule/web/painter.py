"""`Painter`: turns moments of a training into frames for the page, on a thread of its own and within a time budget."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from time import thread_time
from typing import Any

from chainrule.data.batches import ArrayBatches
from chainrule.health import Finding, Monitor
from chainrule.recording import messages
from chainrule.web.hub import Hub
from chainrule.web.protocol import Json
from chainrule.web.trail import Trail
from chainrule.web.twin import Moment, Twin

SHARE = 0.03
"""While the model trains, this share of the time at most goes into frames."""


class Painter:
    """Makes a frame of the newest moment, again and again, until closed.

    Args:
        hub: where frames go, and what is found wrong with them.
        probe: the rows that frames show outputs on.
        trail: where the weights are noted.
        training: the data, looked at once.
        features: names of the columns.
    """

    def __init__(
        self, hub: Hub, probe: Any, trail: Trail, training: Any = None, features: Sequence[str] | None = None
    ) -> None:
        self.hub = hub
        self.probe = probe
        self.trail = trail
        self.training = training
        self.features = features
        self.seconds = 0.0
        self._waiting: tuple[Twin, Moment, bool] | None = None
        self._previous: Json | None = None
        self._monitor: Monitor | None = None
        self._heard = hub.number
        self._failed = False
        self._news = threading.Event()
        self._hurry = threading.Event()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="chainrule-painter", daemon=True)
        self._thread.start()

    def paint(self, twin: Twin, moment: Moment, now: bool) -> None:
        """Have a frame made of this moment; a newer one may take its place before that. Never waits.

        Args:
            now: at once, whatever the time budget says: the training is paused.
        """
        self._waiting = (twin, moment, now)
        self._news.set()
        if now:
            self._hurry.set()

    def close(self) -> None:
        """Make the frame that is still waiting, and end."""
        self._closed = True
        self._news.set()
        self._hurry.set()
        if threading.current_thread() is not self._thread:
            self._thread.join(5)

    def _run(self) -> None:
        while not (self._closed and self._waiting is None):
            self._news.wait()
            self._news.clear()
            waiting, self._waiting = self._waiting, None
            if waiting is not None:
                self._hurry.clear()
                spent = self._make(*waiting)
                if not waiting[2] and not self._closed:
                    self._hurry.wait(min(spent / SHARE, 5.0))

    def _make(self, twin: Twin, moment: Moment, now: bool) -> float:
        began = thread_time()
        try:
            for message in self._messages(twin, moment):
                self.hub.put(message)
        except Exception as error:  # the page says so, and training goes on
            if not self._failed:
                self.hub.put(_failure(moment, error))
            self._failed = True
        spent = thread_time() - began
        self.seconds += spent
        return spent

    def _messages(self, twin: Twin, moment: Moment) -> list[Json]:
        here, previous = moment.position, self._previous
        if previous is not None and previous["step"] >= here.step:
            previous = None  # the training has gone back
        with twin.at(moment) as model:
            frame = messages.frame(
                model, self.probe, step=here.step, epoch=here.epoch, batch=here.batch, seconds=moment.seconds,
                logs=moment.logs, previous=previous,
            )  # fmt: skip
            self._previous = frame
            self.trail.add(here.step, frame["weights"])
            return [frame, *self._findings(model, frame)]

    def _findings(self, model: Any, frame: Json) -> list[Json]:
        """Return what is wrong, each thing once."""
        found = []
        if self._monitor is None:
            self._monitor = Monitor(model, self.probe)
            if isinstance(self.training, ArrayBatches):
                x, y, _ = self.training.arrays()
                found += self._monitor.data(x, y, self.features)
        self._monitor.model = model
        for entry in self.hub.since(self._heard):
            self._heard = entry.number
            if entry.kind == "epoch":
                found += self._monitor.hear(entry.message)
        found += self._monitor.hear(frame)
        return [finding.to_message() for finding in found]


def _failure(moment: Moment, error: Exception) -> Json:
    text = f"The page cannot show this model: {type(error).__name__}: {error}"[:300]
    tries = ("Train on without the page; nothing of the model was changed.",)
    return Finding("page", "note", "page", moment.position.step, text, {}, tries).to_message()


__all__ = ["Painter"]
