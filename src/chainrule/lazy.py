"""Names that are imported on first use, so that importing a package costs only what is used of it."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any


def getter(package: str, modules: Iterable[str], names: Mapping[str, str]) -> Callable[[str], Any]:
    """Return the `__getattr__` of a package.

    Args:
        package: its name.
        modules: names of its submodules.
        names: public names, each with the module that defines it, or `module:name` where it has another name there.

    >>> get = getter("chainrule", ["tree"], {"flatten": "chainrule.tree", "flat": "chainrule.tree:flatten"})
    >>> get("flatten")([1, [2]]), get("flat") is get("flatten")
    ([1, 2], True)
    >>> get("flaten")
    Traceback (most recent call last):
    AttributeError: module 'chainrule' has no attribute 'flaten'. Did you mean 'flatten' or 'flat'?
    """
    known = frozenset(modules)

    def get(name: str) -> Any:
        if name in known:
            return importlib.import_module(f"{package}.{name}")
        if name in names:
            module, _, there = names[name].partition(":")
            return getattr(importlib.import_module(module), there or name)
        raise AttributeError(f"module {package!r} has no attribute {name!r}.{_hint(name, [*known, *names])}")

    return get


def _hint(name: str, known: list[str]) -> str:
    if name.startswith("_"):  # asked for by tools, not by people
        return ""
    import difflib

    near = difflib.get_close_matches(name, known, n=3)
    return f" Did you mean {' or '.join(map(repr, near))}?" if near else ""
