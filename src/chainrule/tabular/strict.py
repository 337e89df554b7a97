"""Reading what a file says, field by field: exactly the expected ones, each of its type. Nothing is executed."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from chainrule.errors import ModelFileError

_MOST = 1_000_000


class Names:
    """Stands for: a list of different strings, read as a tuple."""


class Counts:
    """Stands for: a list of non-negative integers, read as a tuple."""


class Records:
    """Stands for: a list of mappings, which are read further by the caller."""


def kind_of(data: Any, where: str, kinds: Sequence[str]) -> str:
    """Return the field `kind`, which must be one of `kinds`."""
    kind = data.get("kind") if isinstance(data, Mapping) else None
    if kind not in kinds:
        raise ModelFileError(f"{where}: expected a kind of {', '.join(kinds)}, found {str(kind)[:40]!r}.")
    return str(kind)


def record(data: Any, fields: Mapping[str, Any], where: str) -> dict[str, Any]:
    """Return the mapping `data`, which must have exactly these fields.

    Args:
        fields: name to `str`, `bool`, `int`, `float`, `Names`, `Counts` or `Records`.

    Raises:
        ModelFileError: naming the field.

    >>> record({"a": 1, "b": ["x", "y"]}, {"a": float, "b": Names}, "example")
    {'a': 1.0, 'b': ('x', 'y')}
    """
    if not isinstance(data, Mapping):
        raise ModelFileError(f"{where}: expected a mapping, found {type(data).__name__}.")
    wrong = sorted(set(fields) ^ set(data))
    if wrong:
        state = "missing" if wrong[0] in fields else "unknown"
        raise ModelFileError(f"{where}: the field {str(wrong[0])[:40]!r} is {state}.")
    return {name: _value(data[name], kind, f"{where}, field {name!r}") for name, kind in fields.items()}


def _value(value: Any, kind: Any, where: str) -> Any:
    if kind is float and isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        return float(value)
    if kind in (str, bool) and isinstance(value, kind):
        return value
    if kind is int and isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 2**53:
        return value
    if isinstance(value, list) and len(value) <= _MOST:
        if kind is Names and all(isinstance(v, str) for v in value) and len(set(value)) == len(value):
            return tuple(value)
        if kind is Counts and all(isinstance(v, int) and not isinstance(v, bool) and v >= 0 for v in value):
            return tuple(value)
        if kind is Records and all(isinstance(v, Mapping) for v in value):
            return value
    raise ModelFileError(f"{where}: expected {_named(kind)}, found {str(value)[:40]!r}.")


def _named(kind: Any) -> str:
    return {
        str: "text", bool: "true or false", int: "a non-negative integer", float: "a finite number",
        Names: "a list of different names", Counts: "a list of counts", Records: "a list of mappings",
    }[kind]  # fmt: skip
