"""A model that only callbacks see, and the streams they write to."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest


class Optimizer:
    def __init__(self) -> None:
        self.learning_rate = 0.1


class Puppet:
    """Weights are the number of the epoch last begun; files hold that number."""

    def __init__(self) -> None:
        self.optimizer = Optimizer()
        self.stop_training = False
        self.metrics: list[Any] = []
        self.weight = 0.0
        self.history: Any = None

    def get_weights(self) -> list[Any]:
        return [np.array([self.weight])]

    def set_weights(self, weights: list[Any]) -> None:
        self.weight = float(weights[0][0])

    def save(self, filepath: Any, overwrite: bool = True) -> None:
        Path(filepath).write_text(f"model {self.weight}")

    def save_weights(self, filepath: Any, overwrite: bool = True) -> None:
        Path(filepath).write_text(f"weights {self.weight}")


class Terminal(io.StringIO):
    def __init__(self, encoding: str = "utf-8") -> None:
        super().__init__()
        self._encoding = encoding

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return self._encoding

    def isatty(self) -> bool:
        return True

    def write(self, text: str) -> int:
        text.encode(self._encoding)
        return super().write(text)


@pytest.fixture
def puppet() -> Puppet:
    return Puppet()


@pytest.fixture(autouse=True)
def no_demanded_colors(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever runs the tests may have these set."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.delenv("FORCE_COLOR", raising=False)


@pytest.fixture
def make_terminal(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Terminal]:
    """Make standard output a terminal of 80 columns with colours; a call may change all of that."""

    def make(columns: int = 80, encoding: str = "utf-8", **environment: str) -> Terminal:
        for name, value in {"TERM": "xterm", "COLUMNS": str(columns), "NO_COLOR": "", "FORCE_COLOR": ""}.items():
            monkeypatch.setenv(name, environment.get(name, value))
        terminal = Terminal(encoding)
        monkeypatch.setattr(sys, "stdout", terminal)
        return terminal

    return make


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Stop the time that progress lines read; a call lets seconds pass."""
    now = [50.0]
    monkeypatch.setattr("chainrule.callbacks.progbar.perf_counter", lambda: now[0])

    def advance(seconds: float) -> None:
        now[0] += seconds

    return advance
