"""Objects that occur several times in one description: written with a number, and read as one object again.

A layer that two nested models share keeps one set of weights this way. In force only within `scope()`.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from chainrule.errors import ModelFileError

KEY = "shared_object_id"


class _State(threading.local):
    active = False
    written: dict[int, tuple[int, Any]]
    counts: dict[int, int]
    read: dict[int, Any]


_state = _State()


@contextmanager
def scope() -> Iterator[None]:
    """Within the block, shared objects are numbered and recognised."""
    _state.active, _state.written, _state.counts, _state.read = True, {}, {}, {}
    try:
        yield
    finally:
        _state.active = False
        _state.written, _state.counts, _state.read = {}, {}, {}


def note(thing: Any, description: dict[str, Any]) -> None:
    """Give a description the number of its object."""
    if _state.active:
        number, _ = _state.written.setdefault(id(thing), (len(_state.written) + 1, thing))
        _state.counts[number] = _state.counts.get(number, 0) + 1
        description[KEY] = number


def drop_singles(description: Any) -> Any:
    """Return a description without the numbers of objects that occur once in it."""
    if isinstance(description, dict):
        single = _state.counts.get(description.get(KEY, 0), 0) < 2
        return {k: drop_singles(v) for k, v in description.items() if not (k == KEY and single)}
    if isinstance(description, list | tuple):
        return [drop_singles(v) for v in description]
    return description


def find(config: Mapping[str, Any]) -> Any:
    """Return the object already made for a description with this number, or None.

    Raises:
        ModelFileError: the number is none.
    """
    number = config.get(KEY)
    if number is not None and not isinstance(number, int):
        raise ModelFileError(f"'{KEY}' must be a whole number, but the file has {number!r:.80}.")
    return _state.read.get(number) if _state.active and isinstance(number, int) else None


def remember(config: Mapping[str, Any], thing: Any) -> None:
    """Keep the object made for a description that has a number."""
    number = config.get(KEY)
    if _state.active and isinstance(number, int):
        _state.read[number] = thing
