from __future__ import annotations

import io
import logging
import sys
import types
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from chainrule import config
from chainrule.callbacks import console


@pytest.fixture
def logged() -> Iterator[None]:
    config.disable_interactive_logging()
    yield
    config.enable_interactive_logging()


def test_standard_output_is_looked_up_at_every_call(capsys: pytest.CaptureFixture[str]) -> None:
    console.say("one")
    assert capsys.readouterr().out == "one\n"
    console.write("two")
    assert capsys.readouterr().out == "two"


def test_letters_the_stream_lacks_are_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii"))
    console.say("3/3 ━━─ … é")
    assert raw.getvalue() == b"3/3 ==. ... ?\n"


def test_without_standard_output_nothing_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    console.say("unheard")
    assert not console.is_live(None)


def test_a_switched_off_console_writes_to_the_logger(
    logged: None, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    with caplog.at_level(logging.INFO, logger="chainrule"):
        console.say("\nEpoch 1: \x1b[1msaved\x1b[0m")
        console.say("")
    assert caplog.messages == ["Epoch 1: saved"]
    assert caplog.records[0].name == "chainrule"
    assert capsys.readouterr().out == ""


def test_what_is_logged_is_neither_live_nor_colored(logged: None, make_terminal: Callable[..., Any]) -> None:
    terminal = make_terminal(FORCE_COLOR="1")
    assert not console.is_live(terminal)
    assert not console.has_colors(terminal)


def test_a_terminal_is_live_and_a_file_is_not(make_terminal: Callable[..., Any]) -> None:
    assert console.is_live(make_terminal())
    assert not console.is_live(io.StringIO())
    assert not console.is_live(make_terminal(TERM="dumb"))
    assert not console.is_live(object())


def test_a_closed_stream_is_not_live() -> None:
    stream = io.StringIO()
    stream.close()
    assert not console.is_live(stream)


@pytest.mark.parametrize(
    ("environment", "on_terminal", "in_file"),
    [
        ({}, True, False),
        ({"NO_COLOR": "1"}, False, False),
        ({"FORCE_COLOR": "1"}, True, True),
        ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, False, False),
        ({"TERM": "dumb"}, False, False),
        ({"TERM": "dumb", "FORCE_COLOR": "1"}, True, True),
    ],
)
def test_colors_follow_the_environment(
    make_terminal: Callable[..., Any], environment: dict[str, str], on_terminal: bool, in_file: bool
) -> None:
    terminal = make_terminal(**environment)
    assert console.has_colors(terminal) is on_terminal
    assert console.has_colors(io.StringIO()) is in_file


def test_a_notebook_is_found_without_importing_ipython(monkeypatch: pytest.MonkeyPatch) -> None:
    class OutStream:
        """Stands for the stream of a kernel, which is no terminal."""

        def isatty(self) -> bool:
            return False

    monkeypatch.delitem(sys.modules, "IPython", raising=False)
    assert not console.is_notebook(OutStream())
    assert "IPython" not in sys.modules
    ipython = types.ModuleType("IPython")
    ipython.get_ipython = lambda: types.SimpleNamespace(kernel=object())  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    assert console.is_notebook(OutStream())
    assert console.is_live(OutStream())
    assert console.width(OutStream()) is None
    assert not console.is_notebook(io.StringIO())  # redirected
    ipython.get_ipython = lambda: types.SimpleNamespace()  # type: ignore[attr-defined]  # IPython in a terminal
    assert not console.is_notebook(OutStream())
    ipython.get_ipython = lambda: None  # type: ignore[attr-defined]
    assert not console.is_notebook(OutStream())


def test_width_is_the_terminals(make_terminal: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    assert console.width(make_terminal(columns=57)) == 57
    assert console.width(io.StringIO()) is None
    monkeypatch.setenv("COLUMNS", "nonsense")
    assert console.width(sys.stdout) == 80  # StringIO has no file number to ask
    monkeypatch.setattr("os.get_terminal_size", lambda number: types.SimpleNamespace(columns=132))
    monkeypatch.setattr(sys.stdout, "fileno", lambda: 1)
    assert console.width(sys.stdout) == 132


def test_a_stream_of_unknown_encoding_is_not_trusted_with_letters() -> None:
    assert console.can_show(types.SimpleNamespace(encoding="utf-8"), "━")
    assert console.can_show(types.SimpleNamespace(encoding=None), "━")
    assert not console.can_show(types.SimpleNamespace(encoding="latin-1"), "━")
    assert not console.can_show(types.SimpleNamespace(encoding="no-such"), "━")
