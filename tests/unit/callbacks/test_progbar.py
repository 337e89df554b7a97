"""The words of the line are compared with Keras's in tests/parity; here is what chainrule does otherwise."""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Callable
from typing import Any

import pytest

from chainrule.callbacks.progbar import Progbar

ESCAPE = re.compile(r"\x1b\[[0-9;]*m")


def draw(clock: Callable[[float], None], steps: int = 4, seconds: float = 0.1, **arguments: Any) -> Progbar:
    bar = Progbar(target=steps, **arguments)
    for step in range(1, steps + 1):
        clock(seconds)
        bar.update(step, [("accuracy", 0.5), ("loss", 1.0 / step)])
    return bar


def test_in_a_file_there_is_one_plain_line(clock: Callable[[float], None], monkeypatch: pytest.MonkeyPatch) -> None:
    out = io.StringIO()
    monkeypatch.setattr(sys, "stdout", out)
    draw(clock)
    assert out.getvalue() == "4/4 ━━━━━━━━━━━━━━━━━━━━ 0s 100ms/step - accuracy: 0.5000 - loss: 0.2500\n"


def test_in_a_file_colors_can_be_demanded(clock: Callable[[float], None], monkeypatch: pytest.MonkeyPatch) -> None:
    out = io.StringIO()
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setenv("FORCE_COLOR", "1")
    draw(clock)
    assert out.getvalue().startswith("\x1b[1m4/4\x1b[0m \x1b[32m━")
    assert "\r" not in out.getvalue()


def test_a_terminal_line_is_rewritten(make_terminal: Callable[..., Any], clock: Callable[[float], None]) -> None:
    terminal = make_terminal()
    draw(clock)
    frames = [ESCAPE.sub("", frame) for frame in terminal.getvalue().split("\r")]
    assert frames[0] == ""
    assert [frame[:3] for frame in frames[1:]] == ["1/4", "2/4", "3/4", "4/4"]
    assert frames[-1].endswith("\n")
    assert "\n" not in "".join(frames[:-1])
    assert "\b" not in terminal.getvalue()


def test_without_colors_letters_tell_what_is_done(
    make_terminal: Callable[..., Any], clock: Callable[[float], None]
) -> None:
    terminal = make_terminal(NO_COLOR="1")
    draw(clock)
    assert "\x1b" not in terminal.getvalue()
    assert "1/4 ━━━━━─────────────── 0s 100ms/step - accuracy: 0.5000 - loss: 1.0000" in terminal.getvalue()


def test_the_bar_is_ascii_where_the_encoding_lacks_its_letters(
    make_terminal: Callable[..., Any], clock: Callable[[float], None]
) -> None:
    terminal = make_terminal(NO_COLOR="1", encoding="ascii")
    draw(clock)
    assert "1/4 =====............... 0s" in terminal.getvalue()
    assert "4/4 ==================== 0s" in terminal.getvalue()


def test_a_dumb_terminal_gets_plain_lines(make_terminal: Callable[..., Any], clock: Callable[[float], None]) -> None:
    terminal = make_terminal(TERM="dumb")
    draw(clock)
    assert terminal.getvalue() == "4/4 ━━━━━━━━━━━━━━━━━━━━ 0s 100ms/step - accuracy: 0.5000 - loss: 0.2500\n"


@pytest.mark.parametrize("columns", [20, 33, 40, 60, *range(68, 77), 200])
def test_no_line_is_wider_than_the_terminal(
    make_terminal: Callable[..., Any], clock: Callable[[float], None], columns: int
) -> None:
    terminal = make_terminal(columns=columns)
    draw(clock)
    lines = re.split(r"[\r\n]", ESCAPE.sub("", terminal.getvalue()))
    assert max(map(len, lines)) < columns
    if columns >= 40:
        assert "accuracy: 0.5000" in " ".join(lines[-3:])
        assert "loss: 0.2500" in " ".join(lines[-3:])


def test_what_is_cut_while_running_is_complete_in_the_end(
    make_terminal: Callable[..., Any], clock: Callable[[float], None]
) -> None:
    terminal = make_terminal(columns=60, NO_COLOR="1")
    draw(clock)
    frames = terminal.getvalue().split("\r")
    assert frames[1] == "1/4 ━━━━━─────────────── 0s 100ms/step - accuracy: 0.5000 …"
    assert len(frames[1]) == 59
    assert frames[-1] == "4/4 ━━━━━━━━━━━━━━━━━━━━ 0s 100ms/step - accuracy: 0.5000  \n    - loss: 0.2500\n"


def test_a_cut_line_ends_its_colors(make_terminal: Callable[..., Any], clock: Callable[[float], None]) -> None:
    terminal = make_terminal(columns=12)
    draw(clock)
    frame = terminal.getvalue().split("\r")[1]
    assert ESCAPE.sub("", frame) == "1/4 ━━━━━━…"
    assert frame.endswith("\x1b[0m…")


def test_a_shorter_line_covers_the_longer_one_before(
    make_terminal: Callable[..., Any], clock: Callable[[float], None]
) -> None:
    terminal = make_terminal(NO_COLOR="1")
    bar = Progbar(target=3, stateful_metrics=["x"])
    clock(100.0)
    bar.update(1, [("x", 1000.0)])
    clock(100.0)
    bar.update(2, [("x", 1.0)])
    first, second = terminal.getvalue().split("\r")[1:]
    assert second.rstrip() != second
    assert len(second) == len(first)


def test_there_are_at_most_twenty_drawings_a_second(
    make_terminal: Callable[..., Any], clock: Callable[[float], None]
) -> None:
    terminal = make_terminal()
    draw(clock, steps=2000, seconds=0.001)
    assert 38 <= terminal.getvalue().count("\r") <= 42


def test_averages_include_the_steps_that_are_not_drawn(
    make_terminal: Callable[..., Any], clock: Callable[[float], None]
) -> None:
    terminal = make_terminal(NO_COLOR="1")
    bar = Progbar(target=10)
    for step in range(1, 6):
        clock(0.02)
        bar.update(step, [("loss", float(step))])
    bar.add(3, [("loss", 9.0)])
    clock(0.06)
    bar.add(1, [("loss", 0.0)])
    assert terminal.getvalue().split("\r")[-1].rstrip().endswith(f"- loss: {(15 + 27 + 0) / 9:.4f}")


def test_the_stream_is_the_one_of_the_moment(
    clock: Callable[[float], None], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    bar = Progbar(target=1)
    out = io.StringIO()
    monkeypatch.setattr(sys, "stdout", out)
    bar.update(1)
    assert out.getvalue().startswith("1/1 ━")
    assert capsys.readouterr().out == ""


def test_arrays_are_shown_by_their_mean_and_text_as_it_is(
    clock: Callable[[float], None], capsys: pytest.CaptureFixture[str]
) -> None:
    clock(1.0)
    Progbar(target=1, stateless_metrics=()).update(1, [("f1", [0.25, 0.75]), ("phase", "warm-up")])
    assert capsys.readouterr().out.endswith(" - f1: 0.5000 - phase: warm-up\n")


def test_verbose_2_is_one_line_and_verbose_0_is_none(
    make_terminal: Callable[..., Any], clock: Callable[[float], None]
) -> None:
    terminal = make_terminal()
    draw(clock, verbose=2)
    assert terminal.getvalue() == "4/4 - 0s - 100ms/step - accuracy: 0.5000 - loss: 0.2500\n"
    terminal = make_terminal()
    draw(clock, verbose=0)
    assert terminal.getvalue() == ""


def test_both_lists_of_names_are_an_error() -> None:
    with pytest.raises(ValueError, match=r"expected at most one of `stateful_metrics` .* received both"):
        Progbar(3, stateful_metrics=["a"], stateless_metrics=["b"])
