"""What a layer can know while it runs: whether it trains, and inside which layers it is called."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from chainrule.autodiff import tape


@dataclass(slots=True)
class Call:
    """One running call; inner layers inherit `training` (None: nobody has said).

    `layer` and `outputs` tell the glass box who computed what; `outputs` is known once `call` has returned.
    """

    training: bool | None
    layer: Any
    outputs: Any = None


class _Stack(threading.local):
    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.names: list[str] = []
        self.trials = 0


_stack = _Stack()


def current() -> Call | None:
    """Return the innermost running call, or None."""
    return _stack.calls[-1] if _stack.calls else None


def recording() -> bool:
    """Whether a tape is recording."""
    return tape.active()


class Entered:
    """Runs a layer's `call` inside: `with Entered(layer, training) as call`."""

    __slots__ = ("call",)

    def __init__(self, layer: Any, training: bool | None) -> None:
        self.call = Call(training, layer)

    def __enter__(self) -> Call:
        _stack.calls.append(self.call)
        _stack.names.append(self.call.layer.name)
        return self.call

    def __exit__(self, *_: object) -> None:
        _stack.calls.pop()
        _stack.names.pop()


@contextmanager
def name_scope(layer: Any) -> Iterator[None]:
    """Variables made inside have the layer's name in their path."""
    if _stack.names and _stack.names[-1] == layer.name:
        yield
        return
    _stack.names.append(layer.name)
    try:
        yield
    finally:
        _stack.names.pop()


def names(layer: Any) -> list[str]:
    """Return the names of the layers around `layer` and its own."""
    if _stack.names and _stack.names[-1] == layer.name:
        return list(_stack.names)
    return [*_stack.names, layer.name]


@contextmanager
def trial() -> Iterator[None]:
    """Within the block calls only serve to find shapes: they leave no losses behind."""
    _stack.trials += 1
    try:
        yield
    finally:
        _stack.trials -= 1


def on_trial() -> bool:
    """Whether a `trial` is under way."""
    return _stack.trials > 0
