"""`Painter`: turns moments of a training into frames for the page, on a thread of its own and within a time budget."""

from __future__ import annotations

import threading
from collections.abc import Callable
from time import thread_time
from typing import Any

from chainrule.recording import messages
from chainrule.web.hub import Hub
from chainrule.web.protocol import Json
from chainrule.web.twin import Moment, Twin

SHARE = 0.03
"""While the model trains, this share of the time at most goes into frames."""


class Painter:
    """Makes a frame of the newest moment, again and again, until closed.

    Args:
        hub: where frames go.
        probe: the rows that frames show outputs on.
        listen: called with each frame and its twin's model; what it returns goes to the hub too (`health.Monitor`).
    """

    def __init__(self, hub: Hub, probe: Any, listen: Callable[[Any, Json], list[Json]] | None = None) -> None:
        self.hub = hub
        self.probe = probe
        self.listen = listen
        self.seconds = 0.0
        self._waiting: tuple[Twin, Moment, bool] | None = None
        self._previous: Json | None = None
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
        self._thread.join(5)

    def _run(self) -> None:
        while True:
            self._news.wait()
            self._news.clear()
            while self._waiting is not None:
                waiting, self._waiting = self._waiting, None
                spent = self._make(*waiting)
                if not waiting[2]:
                    self._hurry.wait(min(spent / SHARE, 5.0))
                self._hurry.clear()
            if self._closed:
                return

    def _make(self, twin: Twin, moment: Moment, now: bool) -> float:
        began = thread_time()
        try:
            for message in self._messages(twin, moment):
                self.hub.put(message)
        except Exception as error:  # the page says so, and training goes on
            self.hub.put(_failed(moment, error))
        spent = thread_time() - began
        self.seconds += spent
        return spent

    def _messages(self, twin: Twin, moment: Moment) -> list[Json]:
        here = moment.position
        with twin.at(moment) as model:
            frame = messages.frame(
                model, self.probe, step=here.step, epoch=here.epoch, batch=here.batch, seconds=moment.seconds,
                logs=moment.logs, previous=self._previous,
            )  # fmt: skip
            more = self.listen(model, frame) if self.listen is not None else []
        self._previous = frame
        return [frame, *more]


def _failed(moment: Moment, error: Exception) -> Json:
    text = f"The page cannot show this model: {type(error).__name__}: {error}"[:300]
    tries = ["train on without the page; nothing of the model was changed"]
    return messages.finding("page", "note", "page", moment.position.step, text, {}, tries)


__all__ = ["Painter"]
