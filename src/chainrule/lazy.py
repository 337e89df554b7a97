"""Names that are imported on first use, so that importing a package costs only what is used of it."""

from __future__ import annotations

import importlib
import sys
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
        from chainrule.scope import missing

        raise missing(package, name, [*known, *names], sys._getframe(1))

    return get


def refuser(package: str) -> Callable[[str], Any]:
    """Return the `__getattr__` of a module whose names are all there: it says why one is not."""

    def get(name: str) -> Any:
        from chainrule.scope import missing

        raise missing(package, name, vars(sys.modules[package]), sys._getframe(1))

    return get
