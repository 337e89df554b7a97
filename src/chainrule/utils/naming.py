"""Names of layers and models: 'dense', 'dense_1', 'dense_2', counted per process as in Keras."""

from __future__ import annotations

from threading import Lock

_taken: dict[str, int] = {}
_lock = Lock()


def unique_name(prefix: str) -> str:
    """Return `prefix` the first time, then `prefix_1`, `prefix_2`, and so on; safe to call from several threads.

    >>> reset_names()
    >>> unique_name("dense"), unique_name("dense"), unique_name("dropout")
    ('dense', 'dense_1', 'dropout')
    """
    with _lock:
        count = _taken.get(prefix, 0)
        _taken[prefix] = count + 1
    return f"{prefix}_{count}" if count else prefix


def reset_names() -> None:
    """Start counting again, as `keras.utils.clear_session` does."""
    with _lock:
        _taken.clear()
