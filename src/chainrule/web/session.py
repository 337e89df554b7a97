"""`Session`: what a training does next, as the page commands: play, pause, step, back, change, stop.

The training thread calls `checkpoint` between two batches; it obeys, and waits there only while paused. Commands come
from other threads through `command`, which answers once the training thread has done them. The session knows nothing of
servers, and of the training only what `Driver` says.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any, Protocol

from chainrule.errors import ChainruleError
from chainrule.web.protocol import STEPS, Command, Json, RequestError

PLAYING, PAUSED, FINISHED, STOPPED = "playing", "paused", "finished", "stopped"
WAIT_S = 0.1
CATCH_UP_S = 0.05
"""A training that lags behind the speed asked for catches up by this much at most."""


@dataclass(frozen=True)
class Position:
    """Where a training is.

    Args:
        epoch: the one under way, from 0.
        batch: batches of it that are done.
        step: batches done in all.
    """

    epoch: int = 0
    batch: int = 0
    step: int = 0


class Driver(Protocol):
    """What a session needs of whoever trains; all of it is called on the training thread, between two batches."""

    @property
    def position(self) -> Position:
        """Where the training is."""

    @property
    def logs(self) -> dict[str, float]:
        """Loss and metrics so far."""

    @property
    def kept(self) -> int:
        """How many steps back there are."""

    def settings(self) -> Json:
        """The values of the settings."""

    def can_set(self) -> list[str]:
        """Which settings can be changed."""

    def choices(self) -> Json:
        """What more the page should know of what can be done: `optimizers` to choose from, whether to `reset`."""

    def set(self, name: str, value: Any) -> None:
        """Change a setting."""

    def edit(self, path: str, index: tuple[int, ...], value: float) -> None:
        """Change one number of a variable."""

    def back(self) -> None:
        """Go back to the step kept last."""

    def reset(self) -> None:
        """Begin anew."""

    def coming_rows(self) -> Sequence[int]:
        """The rows of the training data that the next batch has; none if nobody knows."""


@dataclass
class _Walk:
    """A walk through the observations of the next batch."""

    rows: Sequence[int]
    at: int = 0


@dataclass
class _Goal:
    """When to pause by itself."""

    batch: int | None = None
    epochs: int | None = None
    epoch: int | None = None
    loss: float | None = None


@dataclass
class _Order:
    command: Command
    done: Future[Json] = field(default_factory=Future)


class Session:
    """The state of a training that can be steered.

    Args:
        driver: who trains.
        show: called with True when what the page shows should be brought up to date at once, with False when it may be.
        tell: called with each new status.
        state: playing or paused, at the beginning.

    >>> session.status()["state"]  # doctest: +SKIP
    'paused'
    """

    def __init__(
        self, driver: Driver, show: Callable[[bool], None], tell: Callable[[Json], object], state: str = PLAYING
    ) -> None:
        self.driver = driver
        self.state = state
        self.speed: float | None = None
        self.cost: Callable[[], float] = lambda: 0.0
        self.abandoned: Callable[[], bool] = lambda: False
        self.idle: Callable[[], object] = lambda: None  # called now and then while paused
        self.more: Callable[[], Json] = dict  # what else a status says
        self._show = show
        self._tell = tell
        self._goal = _Goal()
        self._walk: _Walk | None = None
        self._orders: queue.SimpleQueue[_Order] = queue.SimpleQueue()
        self._news = threading.Event()
        self._next = 0.0  # when the next batch is due at the speed that was asked for
        self._rested = True

    # -- any thread ----------------------------------------------------------------------------------------------------

    def command(self, command: Command) -> Future[Json]:
        """Ask for something; the result is the status once it is done.

        Raises (from the result):
            RequestError: it cannot be done.
        """
        order = _Order(command)
        if self.over:
            order.done.set_exception(RequestError("The training has ended; nothing can be changed any more.", 409))
            return order.done
        self._orders.put(order)
        self._news.set()
        self._refuse_if_over()
        return order.done

    @property
    def over(self) -> bool:
        """Whether the training has ended."""
        return self.state in (FINISHED, STOPPED)

    @property
    def free(self) -> bool:
        """Whether many batches may run before the next checkpoint."""
        goal = self._goal
        return (
            self.state == PLAYING
            and goal.batch is None
            and goal.loss is None
            and not self.speed
            and not self._news.is_set()
        )

    @property
    def carefree(self) -> bool:
        """Whether even epochs may pass unnoticed: no end of one is waited for."""
        goal = self._goal
        return self.free and goal.epochs is None and goal.epoch is None and goal.loss is None

    def wake(self) -> None:
        """Let the training thread look around, if it waits."""
        self._news.set()

    # -- the training thread -------------------------------------------------------------------------------------------

    def checkpoint(self, epoch_ended: bool = False) -> None:
        """Do what was asked for, and wait here while paused. To be called between two batches.

        Args:
            epoch_ended: whether an epoch has just ended.
        """
        if self._reached(epoch_ended):
            self.pause()
        self._obey()
        if self.state == PLAYING:
            self._keep_pace()
        if self.state == PLAYING:
            self._show(False)
        self._wait_while_paused()

    def reopen(self, state: str = PLAYING) -> None:
        """Begin with another training."""
        self.state, self._goal, self._walk = state, _Goal(), None

    def rested(self) -> bool:
        """Whether the training has been paused since this was asked last."""
        rested, self._rested = self._rested, False
        return rested

    def pause(self) -> None:
        """Stop here until somebody says go on."""
        self.state = PAUSED
        self._goal.batch = self._goal.epochs = None

    def finish(self, state: str = FINISHED) -> None:
        """End; commands that are still waiting are refused."""
        if not self.over:
            self.state = state
            self._walk = None
            self._refuse_if_over()
            self._tell(self.status())

    def tell(self) -> None:
        """Tell the page the status."""
        self._tell(self.status())

    def status(self) -> Json:
        """Return the status as the page shows it."""
        here, walk = self.driver.position, self._walk
        return {
            "kind": "status",
            "state": self.state,
            "epoch": here.epoch,
            "batch": here.batch,
            "step": here.step,
            "settings": {**self.driver.settings(), "speed": self.speed},
            "stop_at": {"epoch": self._goal.epoch, "loss": self._goal.loss},
            "sample": None if walk is None else {"row": int(walk.rows[walk.at]), "at": walk.at, "of": len(walk.rows)},
            "can": {
                "set": [*self.driver.can_set(), "speed"],
                "step": list(STEPS),
                "back": self.driver.kept,
                **self.driver.choices(),
            },
            "cost": self.cost(),
            **self.more(),
        }

    def _reached(self, epoch_ended: bool) -> bool:
        """Whether a goal is reached; the one that stays set (`stop_at`) is met once."""
        goal, here = self._goal, self.driver.position
        reached = goal.batch is not None and here.step >= goal.batch
        if epoch_ended:
            goal.epochs = goal.epochs and goal.epochs - 1
            reached |= goal.epochs == 0
            if goal.epoch is not None and here.epoch >= goal.epoch:
                goal.epoch, reached = None, True
        if goal.loss is not None and self.driver.logs.get("loss", float("inf")) <= goal.loss:
            goal.loss, reached = None, True
        return reached

    def _wait_while_paused(self) -> None:
        if self.state != PAUSED:
            return
        self._rested = True
        self._show(True)
        self._tell(self.status())
        while self.state == PAUSED:
            self._news.wait(WAIT_S)  # in pieces, so that Ctrl-C gets through everywhere
            self._obey()
            self.idle()
            if self.state == PAUSED and self.abandoned():
                self.state = PLAYING
        self._tell(self.status())

    def _keep_pace(self) -> None:
        """Wait until the next batch is due, if a speed was asked for."""
        if self.speed and self.abandoned():
            self.speed = None
        while self.speed and self.state == PLAYING:
            now = perf_counter()
            left = self._next - now
            if left <= 0:
                self._next = max(self._next, now - CATCH_UP_S) + 1 / self.speed
                return
            self._show(left > 0.02)
            self._news.wait(min(left, WAIT_S))
            self._obey()

    def _obey(self) -> None:
        self._news.clear()
        while not self._orders.empty():
            order = self._orders.get_nowait()
            try:
                getattr(self, f"_do_{order.command.do}")(order.command)
            except ChainruleError as error:
                order.done.set_exception(error)
            except Exception as error:
                order.done.set_exception(RequestError(f"{type(error).__name__}: {error}"[:300], 500))
            else:
                status = self.status()
                self._tell(status)
                order.done.set_result(status)

    def _refuse_if_over(self) -> None:
        while self.over and not self._orders.empty():
            order = self._orders.get_nowait()
            order.done.set_exception(RequestError("The training has ended; nothing can be changed any more.", 409))

    # -- commands ------------------------------------------------------------------------------------------------------

    def _do_play(self, command: Command) -> None:
        self.state, self._walk, self._next = PLAYING, None, perf_counter()
        self._goal.batch = self._goal.epochs = None

    def _do_pause(self, command: Command) -> None:
        self.pause()

    def _do_step(self, command: Command) -> None:
        if command.by == "sample" and not self._walked():
            return
        self.state, self._walk, self._next = PLAYING, None, perf_counter()
        goal = self._goal
        if command.by == "epoch":
            goal.batch, goal.epochs = None, (goal.epochs or 0) + 1
        else:  # steps asked for in a hurry add up
            goal.batch, goal.epochs = max(goal.batch or 0, self.driver.position.step) + 1, None

    def _walked(self) -> bool:
        """Go on to the next observation; True if they are all done, and the batch itself is next."""
        self.pause()
        if self._walk is not None:
            self._walk.at += 1
            return self._walk.at >= len(self._walk.rows)
        rows = self.driver.coming_rows()
        if not len(rows):
            raise RequestError("The data come as a stream, so that nobody knows the next observations. Step by batch.")
        self._walk = _Walk(rows)
        return False

    def _do_back(self, command: Command) -> None:
        if self._walk is not None:
            self._walk = _Walk(self._walk.rows, self._walk.at - 1) if self._walk.at else None
            return
        if not self.driver.kept:
            raise RequestError("There is no earlier step to go back to.", 409)
        self.pause()
        self.driver.back()
        self._show(True)

    def _do_set(self, command: Command) -> None:
        if command.name == "speed":
            self.speed, self._next = command.value, perf_counter()
            return
        if command.name not in self.driver.can_set():
            raise RequestError(f"'{command.name}' cannot be changed in this training.", 409)
        self.driver.set(command.name, command.value)
        self._show(True)

    def _do_edit(self, command: Command) -> None:
        self.driver.edit(command.path, command.index, command.value)
        self._show(True)

    def _do_stop_at(self, command: Command) -> None:
        self._goal.epoch, self._goal.loss = command.epoch, command.loss

    def _do_reset(self, command: Command) -> None:
        self.pause()
        self._walk = None
        self.driver.reset()
        self._show(True)


__all__ = ["FINISHED", "PAUSED", "PLAYING", "STOPPED", "Driver", "Position", "Session"]
