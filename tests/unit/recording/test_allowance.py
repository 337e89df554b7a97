"""Allowance: what may be spent of a time that only the test makes pass."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from chainrule.recording.allowance import Allowance

Pass = Callable[[float], None]


@pytest.fixture
def let_pass(monkeypatch: pytest.MonkeyPatch) -> Pass:
    now = [100.0]
    for clock in ("perf_counter", "thread_time"):
        monkeypatch.setattr(f"chainrule.recording.allowance.{clock}", lambda: now[0])

    def let(seconds: float) -> None:
        now[0] += seconds

    return let


def test_what_is_spent_stays_within_the_share_and_room_is_left_for_the_end(let_pass: Pass) -> None:
    allowance = Allowance(0.1)
    with allowance.spending():
        let_pass(1.0)
    assert (allowance.spent, allowance.expected, allowance.used) == (1.0, 1.0, 1.0)
    let_pass(28.9)
    assert not allowance.allows()  # 1 spent, 1 for this block, 1 for the last one: 30 s have to pass
    assert allowance.affords(1.0)
    let_pass(0.2)
    assert allowance.allows()


def test_a_training_of_milliseconds_counts_as_longer_when_it_ends(let_pass: Pass) -> None:
    allowance = Allowance(0.05)
    with allowance.spending():
        let_pass(0.004)
    assert not allowance.allows()
    assert allowance.affords(0.0107)  # 0.05 of 0.296 s, but for what was spent
    assert not allowance.affords(0.0109)
    assert allowance.left(total=0.1) == pytest.approx(0.006)
    assert allowance.left(total=0.2) == pytest.approx(0.006)
    assert allowance.left(total=2.0) == pytest.approx(0.096)


def test_what_other_programs_take_is_not_work(let_pass: Pass, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chainrule.recording.allowance.thread_time", lambda: 0.0)
    allowance = Allowance(0.05)
    with allowance.spending():
        let_pass(0.1)
    assert (allowance.spent, allowance.worked, allowance.expected) == (pytest.approx(0.1), 0.0, 0.0)
    assert not allowance.allows()
    assert allowance.affords(0.0099)
    assert not allowance.affords(0.0101)


def test_what_happens_once_is_not_expected_again(let_pass: Pass) -> None:
    allowance = Allowance(0.5)
    with allowance.spending(again=False):
        let_pass(3.0)
    assert (allowance.spent, allowance.expected) == (3.0, 0.0)


def test_a_block_that_fails_is_counted(let_pass: Pass) -> None:
    allowance = Allowance(0.5)

    def fail() -> None:
        with allowance.spending():
            let_pass(2.0)
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert allowance.spent == 2.0


def test_time_before_it_was_made_can_be_charged(let_pass: Pass) -> None:
    allowance = Allowance(0.5)
    let_pass(1.0)
    allowance.charge(began=98.0, working=98.0)
    assert (allowance.spent, allowance.expected, allowance.elapsed) == (3.0, 3.0, 3.0)


def test_the_clock_goes_on_after_a_pause(let_pass: Pass) -> None:
    allowance = Allowance(0.5)
    let_pass(1000.0)
    allowance.go_on(elapsed=20.0, spent=3.0)
    assert (allowance.elapsed, allowance.spent) == (20.0, 3.0)


def test_without_a_limit_everything_is_allowed(let_pass: Pass) -> None:
    allowance = Allowance(None)
    with allowance.spending():
        let_pass(1e6)
    assert allowance.allows()
    assert allowance.affords(1e6)
