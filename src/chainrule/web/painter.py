"""`Painter`: turns moments of a training into frames for the page, on a thread of its own and within a time budget."""

from __future__ import annotations

import threading
from time import perf_counter, thread_time
from typing import Any

import numpy as np

from chainrule.data.batches import ArrayBatches
from chainrule.health import Finding, Monitor
from chainrule.recording import messages
from chainrule.web.hub import Hub
from chainrule.web.protocol import Json
from chainrule.web.trail import Trail
from chainrule.web.twin import Moment, Twin

SHARE = 0.02
"""While the model trains, this share of the time at most goes into frames."""

BYTES_A_SECOND = 4_000_000
"""So much of frames at most: a page has to read them, too."""

DATA_S = 2.0
"""After so long, or when the training pauses, the health of the data is looked at."""


class Painter:
    """Makes a frame of the newest moment, again and again, until closed.

    Args:
        hub: where frames go, and what is found wrong with them.
        probe: the rows that frames show outputs on.
        trail: where the weights are noted.
        about: what `messages.start` takes besides the model.
        engine: that trains; the twin has none.
    """

    def __init__(self, hub: Hub, probe: Any, trail: Trail, about: Json, engine: str) -> None:
        self.hub = hub
        self.probe = probe
        self.trail = trail
        self.about = about
        self.engine = engine
        self.seconds = 0.0
        self._waiting: tuple[Twin, Moment, bool] | None = None
        self._previous: Json | None = None
        self._monitor: Monitor | None = None
        self._heard = hub.number
        self._length = 0
        self._failed = self._started = self._checked = False
        self._began = perf_counter()
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
                    self._hurry.wait(min(max(spent / SHARE, self._length / BYTES_A_SECOND), 5.0))

    def _make(self, twin: Twin, moment: Moment, now: bool) -> float:
        began = thread_time()
        try:
            self._put(twin, moment, now)
        except Exception as error:  # the page says so, and training goes on
            if not self._failed:
                self.hub.put(failure(moment.position.step, error))
            self._failed = True
        spent = thread_time() - began
        self.seconds += spent
        return spent

    def _put(self, twin: Twin, moment: Moment, now: bool) -> None:
        with np.errstate(all="ignore"):
            if not self._started:
                with twin.at(moment) as model:
                    start = messages.start(model, probe=self.probe, **self.about)
                start["model"]["engine"] = self.engine
                self.hub.put(start)
                self._started = True
            for message in self._messages(twin, moment, now):
                entry = self.hub.put(message)
                if message["kind"] == "frame":
                    self._length = len(entry.text)  # encoded here, where the time is counted

    def _messages(self, twin: Twin, moment: Moment, now: bool) -> list[Json]:
        here, previous = moment.position, self._previous
        with twin.at(moment) as model:
            if previous is not None and previous["step"] > here.step:  # the training has gone back
                self._forget_after(model, here.step)
            if previous is not None and previous["step"] >= here.step:
                previous = None
            frame = messages.frame(
                model, self.probe, step=here.step, epoch=here.epoch, batch=here.batch, seconds=moment.seconds,
                logs=moment.logs, previous=previous,
            )  # fmt: skip
            self._previous = frame
            self.trail.add(here.step, frame["weights"])
            return [frame, *self._findings(model, frame, now)]

    def _forget_after(self, model: Any, step: int) -> None:
        """Know no more of what came after a step: it may be found again."""
        known = self._monitor.findings if self._monitor is not None else []
        self._monitor = Monitor(model, self.probe)
        self._monitor.findings = [f for f in known if (f.step or 0) <= step]
        self._heard = 0

    def _findings(self, model: Any, frame: Json, now: bool) -> list[Json]:
        """Return what is wrong, each thing once. The data are looked at when there is time for it."""
        found, training = [], self.about["training"]
        if self._monitor is None:
            self._monitor = Monitor(model, self.probe)
        self._monitor.model = model
        if not self._checked and isinstance(training, ArrayBatches) and (now or perf_counter() - self._began > DATA_S):
            self._checked = True
            x, y, _ = training.arrays()
            found += self._monitor.data(x, y, self.about["features"])
        for entry in self.hub.since(self._heard):
            self._heard = entry.number
            if entry.kind == "epoch":
                found += self._monitor.hear(entry.message)
        found += self._monitor.hear(frame)
        return [finding.to_message() for finding in found]


def failure(step: int, error: Exception) -> Json:
    """Return the message that the page cannot show a model."""
    text = f"The page cannot show this model: {type(error).__name__}: {error}"[:300]
    tries = ("Train on without the page; nothing of the model was changed.",)
    return Finding("page", "note", "page", step, text, {}, tries).to_message()


__all__ = ["Painter", "failure"]
