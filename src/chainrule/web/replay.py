"""`Replay`: a recorded training on the page, frame by frame; nothing trains here and nothing changes.

A run that is still going on is followed: what its file gains is shown, until it ends or falls silent.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from time import monotonic, sleep
from typing import Any

from chainrule.errors import ModelFileError
from chainrule.recording.recording import Recording
from chainrule.web.protocol import Json, RequestError
from chainrule.web.replay_stage import ReplayStage
from chainrule.web.session import PAUSED, PLAYING, STOPPED, Position
from chainrule.web.tail import QUIET_S, Tail

SPEED = 10.0
"""Frames per second at first."""

LOOK_S = 0.2
"""So often the file of a run that may be going on is looked at."""


class Replay:
    """Shows the frames of a recording under a session, beginning with the last.

    Args:
        recording: with one frame at least.
        others: recordings to be compared with.
        tail: the file of the recording, if it is to be followed.
        damaged: runs that could not be read: name and reason.

    Raises:
        RequestError: there is no frame.
    """

    def __init__(
        self,
        recording: Recording,
        others: Sequence[Recording] = (),
        tail: Tail | None = None,
        damaged: Sequence[tuple[str, str]] = (),
    ) -> None:
        if not recording.frames:
            yet = " yet" if recording.end is None else ""
            raise RequestError(f"The recording '{recording.name}' has no frames{yet}, so there is nothing to show.")
        self.recording = recording
        self.tail = tail
        self.trouble = ""
        self.at = len(recording.frames) - 1
        self.stage = ReplayStage(self, others, damaged)
        session = self.stage.session
        session.speed, session.idle, session.more = SPEED, self._look, self._more
        self._following = self.live
        self._waiting = not self._following  # paused, but only until something comes
        session.state = PLAYING if self._following else PAUSED
        self._next = 0.0
        self._said = ""
        self.closed = False
        self._thread = threading.Thread(target=self._run, name="chainrule-replay", daemon=True)

    @property
    def frame(self) -> Json:
        """The frame that is shown."""
        return self.recording.frames[self.at]

    # -- what a session asks -------------------------------------------------------------------------------------------

    @property
    def position(self) -> Position:
        """Where the training was."""
        return Position(self.frame["epoch"], self.frame["batch"], self.frame["step"])

    @property
    def logs(self) -> dict[str, float]:
        """Loss and metrics then."""
        return dict(self.frame["logs"])

    @property
    def kept(self) -> int:
        """How many frames there are before this one."""
        return self.at

    def settings(self) -> Json:
        """The settings that the training began with; the learning rate of this frame."""
        training = self.recording.start["training"]
        optimizer = training.get("optimizer") or {}
        return {
            "learning_rate": self.frame["learning_rate"], "optimizer": optimizer.get("name"),
            "batch_size": training.get("batch_size"), "l2": None, "dropout": None,
        }  # fmt: skip

    def can_set(self) -> list[str]:
        """Nothing."""
        return []

    def choices(self) -> Json:
        """One steps by frames, and may go to the first."""
        return {"step": ["batch"], "reset": True}

    def set(self, name: str, value: Any) -> None:
        """Refuse.

        Raises:
            RequestError: always.
        """
        raise RequestError("This training is over: its settings are what they were.", 409)

    def edit(self, path: str, index: tuple[int, ...], value: float) -> None:
        """Refuse.

        Raises:
            RequestError: always.
        """
        raise RequestError("This training is over: its weights are what they were.", 409)

    def back(self) -> None:
        """Go to the frame before."""
        self.at -= 1

    def reset(self) -> None:
        """Go to the first frame."""
        self.at = 0

    def coming_rows(self) -> Sequence[int]:
        """None: batches are not recorded."""
        return []

    # -- the thread ----------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin, paused."""
        self._thread.start()

    def close(self) -> None:
        """End."""
        self.closed = True
        self.stage.session.finish(STOPPED)
        self.stage.session.wake()
        if self._thread.is_alive():
            self._thread.join(5)
        self.stage.hub.close()

    def _run(self) -> None:
        session = self.stage.session
        while not self.closed:
            session.checkpoint()
            if session.over:
                return
            self._look()
            self._advance()

    def _advance(self) -> None:
        """Go to the next frame; from the last one to the first, unless more may come."""
        last = len(self.recording.frames) - 1
        if self.at < last:
            self.at += 1
        elif not self._following:
            self.at = 0
        live = self.live
        self._waiting = self._following and not live  # it has fallen silent, or has ended
        self._following = live and self.at == last
        if self._following:
            sleep(LOOK_S / 4)
        elif self.at == last:
            self.stage.session.pause()

    # -- a run that goes on --------------------------------------------------------------------------------------------

    @property
    def live(self) -> bool:
        """Whether the run is going on, as far as its file tells."""
        return self._state() == "live"

    def _state(self) -> str:
        if self.trouble:
            return "damaged"
        if self.recording.end is not None:
            return "ended"
        return "live" if self.tail is not None and self.tail.age() < QUIET_S else "silent"

    def _more(self) -> Json:
        state = self._state()
        paused = self.stage.session.state == PAUSED
        text = {
            "damaged": self.trouble,
            "ended": f"ended: {(self.recording.end or {}).get('why', '')}",
            "live": "paused here; the training goes on" if paused else "live",
            "silent": "no end"
            + (f", and nothing new for {spoken(self.tail.age())}" if self.tail is not None else " was recorded"),
        }[state]
        return {"recording": {"state": state, "text": text}}

    def _look(self) -> None:
        """Take in what the file has gained, and say so when the run has ended or fallen silent."""
        if self.tail is None or self.trouble or monotonic() < self._next:
            return
        self._next = monotonic() + LOOK_S
        try:
            if self.tail.read():
                self._take(self.tail.recording())
        except ModelFileError as error:
            self.trouble = str(error)
        said = self._more()["recording"]["text"]
        if said != self._said:
            self._said = said
            self.stage.session.tell()

    def _take(self, recording: Recording) -> None:
        if not recording.frames:  # the file was begun anew
            return
        before, self.recording = self.recording, recording
        session, last = self.stage.session, len(recording.frames) - 1
        if recording.start is before.start:
            self.stage.add(before, recording)
        else:
            self.at = last if self._following or self._waiting else min(self.at, last)
            self.stage.renew()
            self.stage.show(True)
        if self._waiting and session.state == PAUSED and self.live and self.at >= len(before.frames) - 1:
            session.state, self._following, self._waiting = PLAYING, True, False
        if self._following and session.state == PLAYING:
            self.at = last


def spoken(seconds: float) -> str:
    """Return a time as one says it.

    >>> spoken(61), spoken(7300), spoken(3e6)
    ('1 minute', '2 hours', '34 days')
    """
    if seconds == float("inf"):
        return "long"
    for unit, length in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if seconds >= length:
            count = int(seconds // length)
            return f"{count} {unit}{'s' if count > 1 else ''}"
    return f"{int(seconds)} seconds"


__all__ = ["Replay"]
