"""What a layer can know while it runs: whether it trains, and inside which layers it is called."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from chainrule.autodiff import tape
from chainrule.utils.naming import path_names, scopes


class Call:
    """One running call; inner layers inherit `training` (None: nobody has said).

    `layer` and `outputs` tell the glass box who computed what; `outputs` is known once `call` has returned.
    """

    __slots__ = ("layer", "outputs", "training")

    def __init__(self, training: bool | None, layer: Any, outputs: Any = None) -> None:
        self.training = training
        self.layer = layer
        self.outputs = outputs


class _Stack(threading.local):
    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.finished: list[Call] | None = None
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
        scopes.entries.append(self.call.layer)
        return self.call

    def __exit__(self, *_: object) -> None:
        _stack.calls.pop()
        scopes.entries.pop()
        if _stack.finished is not None:
            _stack.finished.append(self.call)


@contextmanager
def observed() -> Iterator[list[Call]]:
    """Collect the calls that end within the block."""
    before, _stack.finished = _stack.finished, []
    try:
        yield _stack.finished
    finally:
        _stack.finished = before


@contextmanager
def name_scope(layer: Any) -> Iterator[None]:
    """Variables made inside have the layer's name in their path."""
    scopes.entries.append(layer)
    try:
        yield
    finally:
        scopes.entries.pop()


def names(layer: Any) -> list[str]:
    """Return the names of the layers around `layer` and its own; a layer that builds itself in its call counts once."""
    return path_names(layer)


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
