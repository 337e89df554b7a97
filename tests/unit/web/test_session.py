"""The state machine between the page's commands and a training, without a server and without a model."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from chainrule.web.protocol import RequestError, parse_command
from chainrule.web.session import FINISHED, PAUSED, PLAYING, Position, Session


class Counter:
    """A training that only counts: three batches make an epoch."""

    def __init__(self) -> None:
        self.step = 0
        self.loss = 1.0
        self.done: list[Any] = []
        self.rows: Sequence[int] = [7, 3]
        self.earlier: list[int] = []

    @property
    def position(self) -> Position:
        return Position(self.step // 3, self.step % 3, self.step)

    @property
    def logs(self) -> dict[str, float]:
        return {"loss": self.loss}

    @property
    def kept(self) -> int:
        return len(self.earlier)

    def settings(self) -> dict[str, Any]:
        return {"learning_rate": 0.5}

    def can_set(self) -> list[str]:
        return ["learning_rate"]

    def choices(self) -> dict[str, list[str]]:
        return {"optimizers": ["SGD"]}

    def set(self, name: str, value: Any) -> None:
        self.done.append((name, value))

    def edit(self, path: str, index: tuple[int, ...], value: float) -> None:
        if path != "w":
            raise RequestError("There is no such weight.", 404)
        self.done.append((path, index, value))

    def back(self) -> None:
        self.step = self.earlier.pop()

    def reset(self) -> None:
        self.step = 0

    def coming_rows(self) -> Sequence[int]:
        return self.rows


class Run:
    """Trains on a thread of its own, as the playground does."""

    def __init__(self, state: str) -> None:
        self.driver = Counter()
        self.shown: list[tuple[int, bool]] = []
        self.told: list[dict[str, Any]] = []
        self.session = Session(
            self.driver, lambda now: self.shown.append((self.driver.step, now)), self.told.append, state
        )
        self.error: BaseException | None = None
        self.ended = False
        self.thread = threading.Thread(target=self._train, daemon=True)

    def _train(self) -> None:
        ended = False
        while not self.ended:
            self.session.checkpoint(ended)
            if self.session.over:
                return
            self.driver.earlier.append(self.driver.step)
            self.driver.step += 1
            ended = self.driver.step % 3 == 0
            time.sleep(0.0005)

    def do(self, **command: Any) -> dict[str, Any]:
        return self.session.command(parse_command(command)).result(60)

    def settle(self) -> int:
        """Wait until the training pauses; return the step it stands at."""
        until(lambda: self.session.state == PAUSED and (self.driver.step, True) in self.shown)
        time.sleep(0.01)
        return self.driver.step


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not true():
        assert time.monotonic() < deadline, "it did not happen within 60 seconds"
        time.sleep(0.001)


@pytest.fixture
def run() -> Any:
    run = Run(PAUSED)
    run.thread.start()
    yield run
    run.ended = True
    run.session.finish()
    run.session.wake()
    run.thread.join(5)
    assert not run.thread.is_alive()


def test_paused_means_that_nothing_runs(run: Run) -> None:
    assert run.settle() == 0
    time.sleep(0.05)
    assert run.driver.step == 0
    assert run.shown == [(0, True)]


def test_play_and_pause(run: Run) -> None:
    assert run.do(do="play")["state"] == PLAYING
    until(lambda: run.driver.step > 10)
    assert run.do(do="pause")["state"] == PAUSED
    at = run.settle()
    time.sleep(0.02)
    assert run.driver.step == at


def test_one_batch_at_a_time(run: Run) -> None:
    for expected in (1, 2, 3, 4):
        run.do(do="step", by="batch")
        until(lambda expected=expected: run.driver.step == expected)  # type: ignore[misc]
        assert run.settle() == expected


def test_steps_asked_for_in_a_hurry_are_all_made(run: Run) -> None:
    orders = [run.session.command(parse_command({"do": "step"})) for _ in range(5)]
    for order in orders:
        order.result(60)
    until(lambda: run.driver.step == 5)
    assert run.settle() == 5


def test_one_epoch_at_a_time(run: Run) -> None:
    run.do(do="step", by="batch")
    run.settle()
    run.do(do="step", by="epoch")
    until(lambda: run.driver.step == 3)
    assert run.settle() == 3
    run.session.command(parse_command({"do": "step", "by": "epoch"}))
    run.do(do="step", by="epoch")
    until(lambda: run.driver.step == 9)
    assert run.settle() == 9


def test_observations_of_a_batch_one_by_one_then_its_update(run: Run) -> None:
    assert run.do(do="step", by="sample")["sample"] == {"row": 7, "at": 0, "of": 2}
    assert run.do(do="step", by="sample")["sample"] == {"row": 3, "at": 1, "of": 2}
    assert run.driver.step == 0
    assert run.do(do="step", by="sample")["sample"] is None
    until(lambda: run.driver.step == 1)
    assert run.settle() == 1


def test_back_within_a_batch_is_a_step_back_in_the_walk(run: Run) -> None:
    run.do(do="step", by="sample")
    run.do(do="step", by="sample")
    assert run.do(do="back")["sample"]["at"] == 0
    assert run.do(do="back")["sample"] is None
    assert run.driver.step == 0


def test_a_stream_has_no_next_observations(run: Run) -> None:
    run.driver.rows = []
    with pytest.raises(RequestError, match="come as a stream"):
        run.do(do="step", by="sample")


def test_back_gives_the_step_before_and_pauses(run: Run) -> None:
    run.do(do="step")
    run.settle()
    run.do(do="step")
    until(lambda: run.driver.step == 2)
    run.settle()
    assert run.do(do="back")["step"] == 1
    assert run.do(do="back")["can"]["back"] == 0
    with pytest.raises(RequestError, match="no earlier step"):
        run.do(do="back")


def test_settings_and_weights_change_while_playing(run: Run) -> None:
    run.do(do="play")
    run.do(do="set", name="learning_rate", value=0.1)
    run.do(do="edit", path="w", index=[0, 1], value=2)
    assert run.driver.done == [("learning_rate", 0.1), ("w", (0, 1), 2.0)]
    assert run.session.state == PLAYING


def test_what_cannot_be_done_is_said_and_changes_nothing(run: Run) -> None:
    with pytest.raises(RequestError, match="'dropout' cannot be changed in this training"):
        run.do(do="set", name="dropout", value=0.1)
    with pytest.raises(RequestError, match="no such weight"):
        run.do(do="edit", path="v", index=[], value=2)
    assert run.driver.done == []


def test_an_error_in_a_driver_reaches_who_asked_and_training_goes_on(run: Run) -> None:
    run.driver.reset = lambda: 1 / 0  # type: ignore[method-assign, assignment]
    with pytest.raises(RequestError, match="ZeroDivisionError"):
        run.do(do="reset")
    run.do(do="step")
    until(lambda: run.driver.step == 1)


def test_stop_at_an_epoch_pauses_there_once(run: Run) -> None:
    run.do(do="stop_at", epoch=2)
    assert not run.session.carefree
    run.do(do="play")
    until(lambda: run.session.state == PAUSED and run.driver.step >= 6)
    assert run.settle() == 6
    assert run.session.status()["stop_at"] == {"epoch": None, "loss": None}
    run.do(do="play")
    until(lambda: run.driver.step > 9)


def test_stop_at_a_loss(run: Run) -> None:
    run.do(do="stop_at", loss=0.25)
    run.do(do="play")
    until(lambda: run.driver.step > 5)
    run.driver.loss = 0.2
    until(lambda: run.session.state == PAUSED)


def test_speed_is_batches_per_second(run: Run) -> None:
    run.do(do="set", name="speed", value=50)
    began = time.monotonic()
    run.do(do="play")
    until(lambda: run.driver.step == 10)
    assert time.monotonic() - began > 0.15
    run.do(do="set", name="speed", value=None)
    assert run.session.status()["settings"]["speed"] is None


def test_a_command_does_not_wait_for_a_slow_speed(run: Run) -> None:
    run.do(do="set", name="speed", value=0.1)
    run.do(do="play")
    until(lambda: run.driver.step == 1)
    began = time.monotonic()
    assert run.do(do="pause")["state"] == PAUSED
    assert time.monotonic() - began < 9  # of 10 seconds


def test_two_pages_that_command_at_once(run: Run) -> None:
    def steps() -> None:
        for _ in range(20):
            run.do(do="step")

    pages = [threading.Thread(target=steps) for _ in range(2)]
    for page in pages:
        page.start()
    for page in pages:
        page.join(10)
    run.settle()
    assert 20 <= run.driver.step <= 40
    assert run.session.state == PAUSED


def test_a_paused_training_whose_page_has_gone_goes_on(run: Run) -> None:
    run.settle()
    run.session.abandoned = lambda: True
    until(lambda: run.driver.step > 3)


def test_after_the_end_commands_are_refused() -> None:
    run = Run(PLAYING)
    run.session.finish()
    assert run.told[-1]["state"] == FINISHED
    with pytest.raises(RequestError, match="The training has ended") as caught:
        run.do(do="play")
    assert caught.value.status == 409


def test_commands_that_wait_at_the_end_are_refused() -> None:
    run = Run(PLAYING)
    order = run.session.command(parse_command({"do": "play"}))
    run.session.finish()
    with pytest.raises(RequestError, match="The training has ended"):
        order.result(1)


def test_free_as_long_as_nobody_counts() -> None:
    run = Run(PLAYING)
    assert run.session.free
    assert run.session.carefree
    run.session.command(parse_command({"do": "step"}))
    assert not run.session.free


def test_every_change_is_told(run: Run) -> None:
    run.settle()
    run.do(do="set", name="learning_rate", value=0.1)
    run.do(do="play")
    until(lambda: run.driver.step > 2)
    run.do(do="pause")
    run.settle()
    states = [status["state"] for status in run.told]
    assert states[0] == PAUSED
    assert PLAYING in states
    assert states[-1] == PAUSED
    assert set(run.told[-1]) >= {
        "kind",
        "state",
        "epoch",
        "batch",
        "step",
        "settings",
        "sample",
        "stop_at",
        "can",
        "cost",
    }
