"""The names that files and strings may use: a closed table of our own classes and functions, and the program's own.

The table is filled by `public` as the classes are defined; users add theirs with `register_keras_serializable`,
`custom_objects` or a scope. A name in a file never causes an import.
"""

from __future__ import annotations

import importlib
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Any, TypeVar

T = TypeVar("T")

_known: dict[str, dict[str, Any]] = {}  # by module, then by name
_registered: dict[str, Any] = {}
_registered_names: dict[Any, str] = {}


# -- the closed table -------------------------------------------------------------------------------------------------


def public(module: str, *older_names: str) -> Callable[[T], T]:
    """Mark a class or function as one that files may name, as `module` plus its own name (`'keras.layers'`, `Dense`).

    Args:
        older_names: names that older files use for it.
    """

    def mark(thing: T) -> T:
        for name in (thing.__name__, *older_names):  # type: ignore[attr-defined]
            _known.setdefault(module, {})[name] = thing
        if isinstance(thing, type):
            thing._keras_module = module  # type: ignore[attr-defined]
        return thing

    return mark


def known(module: str, name: str) -> Any:
    """Return what the table has under a module and a name, or None."""
    if name not in _known.get(module, ()):
        fill_table()
    return _known.get(module, {}).get(name)


def known_anywhere(name: str) -> Any:
    """Return the first class of that name in the table, or None: for descriptions without a module."""
    fill_table()
    return next((thing for _, n, thing in iterate_known() if n == name and isinstance(thing, type)), None)


@cache
def fill_table() -> None:
    """Define all our classes: our own modules, whatever a description says."""
    for module in _MODULES:
        importlib.import_module(f"chainrule.{module}")


_MODULES = (
    "activations",
    "constraints",
    "initializers",
    "layers",
    "losses",
    "metrics",
    "models",
    "optimizers",
    "optimizers.schedules",
    "regularizers",
    "utils.feature_space",
)


def names_of(module: str, kind: type | None = None) -> dict[str, Any]:
    """Return what `public` marked under `module`, by name; with `kind`, only its subclasses."""
    named = _known.get(module, {})
    if kind is None:
        return dict(named)
    return {name: thing for name, thing in named.items() if isinstance(thing, type) and issubclass(thing, kind)}


def named(module: str, name: str) -> Any:
    """Return what `public` has marked so far under a module and a name, or None: `known` without importing all."""
    return _known.get(module, {}).get(name)


def iterate_known() -> Iterator[tuple[str, str, Any]]:
    """Yield `(module, name, thing)` of the table, for the tests that hold every class to the same laws."""
    fill_table()
    for module, things in _known.items():
        for name, thing in things.items():
            yield module, name, thing


@cache
def snake_case(name: str) -> str:
    """Return a class name in Keras's snake case.

    >>> snake_case("BatchNormalization"), snake_case("ReLU"), snake_case("AUC"), snake_case("R2Score")
    ('batch_normalization', 're_lu', 'auc', 'r2_score')
    """
    name = re.sub(r"\W+", "", name)
    name = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub("([a-z])([A-Z])", r"\1_\2", name).lower()


# -- what the running program adds ------------------------------------------------------------------------------------


def register_keras_serializable(package: str = "Custom", name: str | None = None) -> Callable[[T], T]:
    """Register a user's class or function under `package>name`, so that files may name it (`keras.saving`).

    Raises:
        ValueError: the class cannot describe itself, for lack of `get_config`.
    """

    def mark(thing: T) -> T:
        full = f"{package}>{name or thing.__name__}"  # type: ignore[attr-defined]
        if isinstance(thing, type) and not hasattr(thing, "get_config"):
            raise ValueError(f"Cannot register {thing.__name__}: a class in a file needs a get_config method.")
        _registered[full] = thing
        _registered_names[thing] = full
        return thing

    return mark


def get_custom_objects() -> dict[str, Any]:
    """Return the registered objects by name; it may be changed."""
    return _registered


class _Scopes(threading.local):
    def __init__(self) -> None:
        self.stack: list[dict[str, Any]] = []


_scopes = _Scopes()


class CustomObjectScope:
    """Within the block, files and strings may also name `custom_objects` (`keras.saving.custom_object_scope`).

    >>> import chainrule as cr
    >>> with CustomObjectScope({"twice": lambda x: 2 * x}):
    ...     cr.activations.get("twice")(3)
    6
    """

    def __init__(self, custom_objects: Mapping[str, Any] | None) -> None:
        self.custom_objects = dict(custom_objects or {})

    def __enter__(self) -> CustomObjectScope:
        _scopes.stack.append(self.custom_objects)
        return self

    def __exit__(self, *_: object) -> None:
        _scopes.stack.pop()


custom_object_scope = CustomObjectScope


@contextmanager
def no_custom_objects() -> Iterator[None]:
    """Within the block, the scopes of the program are set aside."""
    saved, _scopes.stack = _scopes.stack, []
    try:
        yield
    finally:
        _scopes.stack = saved


def find_custom(name: str, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """Return the user's object of that name (plain or `package>name`), or None."""
    for table in (custom_objects or {}, *reversed(_scopes.stack), _registered):
        if name in table:
            return table[name]
    return _registered.get(f"Custom>{name}")


def is_registered(thing: Any) -> bool:
    """Whether the program registered this class or function."""
    try:
        return thing in _registered_names
    except TypeError:  # not hashable
        return False


def get_registered_name(obj: Any) -> str:
    """Return the name a user's class or function is registered under, or its own name."""
    return _registered_names[obj] if is_registered(obj) else getattr(obj, "__name__", str(obj))


def get_registered_object(
    name: str, custom_objects: Mapping[str, Any] | None = None, module_objects: Mapping[str, Any] | None = None
) -> Any:
    """Return the object registered under `name`, or None."""
    found = find_custom(name, custom_objects)
    return found if found is not None else (module_objects or {}).get(name)
