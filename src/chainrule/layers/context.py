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
    """One running call: the outermost one (`root`) gives its losses an owner; `training` is inherited by inner layers.

    `layer` and `outputs` tell the glass box who computed what; `outputs` is known once `call` has returned.
    """

    training: bool
    root: object
    draws: int = 0
    layer: Any = None
    outputs: Any = None


class _Stack(threading.local):
    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.names: list[str] = []


_stack = _Stack()


def current() -> Call | None:
    """Return the innermost running call, or None."""
    return _stack.calls[-1] if _stack.calls else None


def recording() -> bool:
    """Whether a tape is recording."""
    return tape.active()


@contextmanager
def enter(layer: Any, training: bool | None) -> Iterator[Call]:
    """Run a layer's `call` inside: `training=None` inherits the flag of the surrounding call, False outside of any."""
    outer = _stack.calls[-1] if _stack.calls else None
    if training is None:
        training = outer.training if outer else False
    call = Call(bool(training), outer.root if outer else object(), layer=layer)
    _stack.calls.append(call)
    _stack.names.append(layer.name)
    try:
        yield call
    finally:
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
