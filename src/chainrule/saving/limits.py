"""How many bytes a loader may take: what the caller says (`max_bytes`), or else a multiple of what the file has."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from chainrule.errors import ModelFileError

ADVICE = "If you trust the file, allow more with max_bytes=..."

_most: ContextVar[int | None] = ContextVar("max_bytes", default=None)


@contextmanager
def at_most(max_bytes: Any) -> Iterator[None]:
    """Within the block, no step of a reader takes more bytes than this; None leaves the limit to the file's size.

    Raises:
        TypeError, ValueError: it is no whole number, or negative.

    >>> with at_most(1000):
    ...     allowed(10, spare=64)
    1000
    >>> allowed(10, spare=64)
    84
    """
    if max_bytes is not None:
        if isinstance(max_bytes, bool) or not hasattr(max_bytes, "__index__"):
            raise TypeError(f"max_bytes must be a whole number of bytes or None, but is {max_bytes!r:.80}.")
        max_bytes = max_bytes.__index__()
        if max_bytes < 0:
            raise ValueError(f"max_bytes must not be negative, but is {max_bytes}.")
    before = _most.set(max_bytes)
    try:
        yield
    finally:
        _most.reset(before)


def allowed(size: int, spare: int) -> int:
    """Return how many bytes may be taken for what a file of `size` bytes says: by default twice that, and `spare`."""
    most = _most.get()
    return 2 * size + spare if most is None else most


def check_stored(size: int, name: object, otherwise: int | None = None) -> None:
    """Refuse a file before it is read, if it has more bytes than the caller allows.

    Args:
        otherwise: the limit where the caller has set none.

    Raises:
        ModelFileError: it has.
    """
    most = _most.get()
    most = otherwise if most is None else most
    if most is not None and size > most:
        raise ModelFileError(f"'{name}' has {size} bytes; at most {most} are read. {ADVICE}")
