"""Signatures are read once, and are those of `inspect`."""

from __future__ import annotations

import gc
import inspect
from typing import Any

import pytest

from chainrule.utils import signatures
from chainrule.utils.signatures import signature_of


class Unhashable:
    __hash__ = None  # type: ignore[assignment]

    def __call__(self, x: int, y: int = 2) -> int:
        return x + y


@pytest.mark.parametrize("function", [inspect.signature, object.__init__, Unhashable(), lambda a, *b, c=1, **d: a])
def test_they_are_those_of_inspect(function: Any) -> None:
    assert signature_of(function) == signature_of(function) == inspect.signature(function)


def test_a_function_is_not_kept_alive() -> None:
    before = len(signatures._known)
    signature_of(lambda x: x)
    gc.collect()
    assert len(signatures._known) == before
