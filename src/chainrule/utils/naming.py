"""Names of layers and models: 'dense', 'dense_1', 'dense_2', counted per process as in Keras; and what is around them.

The path of a variable, `'mlp/dense/kernel'`, has the names of the layers that make it, and of the open `name_scope`s.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from threading import Lock
from types import TracebackType
from typing import Any

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


# -- paths ------------------------------------------------------------------------------------------------------------


class _Scopes(threading.local):
    def __init__(self) -> None:
        self.entries: list[Any] = []


scopes = _Scopes()
"""The layers and name scopes that are open in this thread, the outermost first; each has a `name`."""


class name_scope:
    """Within the block the paths of variables and layers begin with `name` (`keras.name_scope`).

    Args:
        name: without '/'.
        caller: if the innermost scope has the same caller and the same name, no further one is opened.
        deduplicate: False: open it all the same.
        override_parent: a path that takes the place of the scopes around.

    Raises:
        ValueError: the name is no string, or holds a '/'.

    >>> import chainrule as cr
    >>> with cr.name_scope("encoder"):
    ...     v = cr.Variable([1.0], name="w")
    >>> v.path
    'encoder/w'
    """

    def __init__(
        self, name: str, caller: Any = None, deduplicate: bool = True, override_parent: str | None = None
    ) -> None:
        if not isinstance(name, str) or "/" in name:
            raise ValueError(
                f"name_scope: argument `name` must be a string and cannot contain character `/`. Received: name={name}"
            )
        self.name = name
        self.caller = caller
        self.deduplicate = deduplicate
        self.override_parent = override_parent
        self._opened: list[bool] = []

    def __enter__(self) -> name_scope:
        last = scopes.entries[-1] if scopes.entries else None
        same = (
            self.deduplicate
            and self.caller is not None
            and isinstance(last, name_scope)
            and last.caller is self.caller
            and last.name == self.name
        )
        self._opened.append(not same)
        if not same:
            scopes.entries.append(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._opened.pop():
            scopes.entries.pop()


def path_names(*more: Any) -> list[str]:
    """Return the names of the open scopes and of what follows them; one that comes twice in a row counts once."""
    found: list[str] = []
    last: Any = None
    for scope in (*scopes.entries, *more):
        if scope is last:
            continue
        last = scope
        if isinstance(scope, name_scope) and scope.override_parent is not None:
            found = [part for part in scope.override_parent.split("/") if part]
        found.append(scope.name)
    return found


def unique_paths(variables: Iterable[Any]) -> dict[int, str]:
    """Return each variable's path by its id; a path met before gets a number: `dense/kernel#2`."""
    met: dict[str, int] = {}
    found = {}
    for v in variables:
        met[v.path] = met.get(v.path, 0) + 1
        found[id(v)] = v.path if met[v.path] == 1 else f"{v.path}#{met[v.path]}"
    return found
