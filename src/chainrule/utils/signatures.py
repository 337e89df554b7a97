"""The signatures of functions, read once: `inspect.signature` takes longer than what most of its answers are for."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import cache
from types import WrapperDescriptorType
from typing import Any
from weakref import WeakKeyDictionary

_known: WeakKeyDictionary[Callable[..., Any], inspect.Signature] = WeakKeyDictionary()


def signature_of(function: Callable[..., Any]) -> inspect.Signature:
    """Return `inspect.signature(function)`, from memory if it was asked for before.

    >>> signature_of(signature_of) is signature_of(signature_of)
    True
    """
    try:
        return _known[function]
    except KeyError:
        _known[function] = found = inspect.signature(function)
        return found
    except TypeError:  # an object that cannot be a key
        if isinstance(function, WrapperDescriptorType):  # `object.__init__` of a class that has none of its own
            return _of_built_in(function)
        return inspect.signature(function)


_of_built_in = cache(inspect.signature)
