"""What a message of each kind has to have, and how what was read is checked."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from chainrule.errors import ModelFileError

NOT_FINITE = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
_MOST = 1 << 53

Check = Callable[[Any], Any]
"""Returns the value, numbers as Python's, or raises `ValueError` with what was expected."""


def number(value: Any) -> float:
    """Return a number that may be written as a text.

    >>> number("-Infinity"), number(2)
    (-inf, 2.0)
    """
    if isinstance(value, str) and value in NOT_FINITE:
        return NOT_FINITE[value]
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("a number")
    return float(value)


def whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _MOST:
        raise ValueError("a whole number of at least 0")
    return value


def text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("a text")
    return value


def array(value: Any) -> Any:
    if not isinstance(value, np.ndarray):
        raise ValueError("an array")
    return value


def mapping(value: Any) -> Any:
    if not isinstance(value, dict):
        raise ValueError("an object")
    return value


def logs(value: Any) -> dict[str, Any]:
    """Metrics: numbers, or arrays where one has several."""
    return {k: v if isinstance(v, np.ndarray | list) else number(v) for k, v in mapping(value).items()}


def arrays(value: Any) -> dict[str, Any]:
    return {k: array(v) for k, v in mapping(value).items()}


def column(kinds: str) -> Check:
    """Return the check of an array with one number per epoch, of a type with one of these `dtype.kind`s."""

    def check(value: Any) -> Any:
        if not isinstance(value, np.ndarray) or value.ndim != 1 or not value.size or value.dtype.kind not in kinds:
            raise ValueError("a number per epoch")
        return value

    return check


def block(value: Any) -> dict[str, Any]:
    """Columns that are equally long."""
    found: dict[str, Any] = _BLOCK(value)
    counts = found["epochs"], found["steps"]
    if any(c.size != counts[0].size for c in (*counts, found["seconds"], *found["logs"].values())):
        raise ValueError("a number per epoch")
    if any(c.min() < 0 or c.max() > _MOST for c in counts):
        raise ValueError("whole numbers of at least 0")
    return found


def texts(value: Any) -> list[str]:
    return [text(v) for v in each(value)]


def each(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise ValueError("a list")
    return value


def structure(value: Any) -> Any:
    """Arrays, in lists or objects where a model has several inputs or outputs."""
    if isinstance(value, dict | list) and not value:
        raise ValueError("an array")
    if isinstance(value, dict):
        return {k: structure(v) for k, v in value.items()}
    return [structure(v) for v in value] if isinstance(value, list) else array(value)


def optional(check: Check) -> Check:
    return lambda value: None if value is None else check(value)


def listed(check: Check) -> Check:
    return lambda value: [check(v) for v in each(value)]


def fields(**checks: Check) -> Check:
    """Return the check of an object that has these fields, and perhaps more."""

    def check(value: Any) -> Any:
        found = dict(mapping(value))
        for name, one in checks.items():
            if name not in found:
                raise ValueError(f"a field '{name}'")
            try:
                found[name] = one(found[name])
            except ValueError as error:
                raise ValueError(f"{error} as '{name}'" if " as " not in str(error) else str(error)) from None
        return found

    return check


_WEIGHT = fields(path=text, shape=listed(whole))
_LAYER = fields(name=text, **{"class": text}, weights=listed(_WEIGHT))
_PROBE = fields(rows=listed(whole), x=structure, y=optional(structure))
_UNITS = fields(layer=text, mean=number, std=number, dead=optional(whole), saturated=optional(whole))
_FLOW = fields(path=text, norm=optional(number), ratio=optional(number))

_NUMBERS, _COUNTS = column("f"), column("iu")
_BLOCK = fields(
    step=whole, epochs=_COUNTS, steps=_COUNTS, seconds=_NUMBERS,
    logs=lambda value: {k: _NUMBERS(v) for k, v in mapping(value).items()},
)  # fmt: skip

_STATE = fields(name=text, steps=whole, moments=lambda value: {k: arrays(v) for k, v in mapping(value).items()})
_FRAME = fields(
    step=whole, epoch=whole, batch=whole, seconds=number, logs=logs, weights=arrays, gradients=optional(arrays),
    outputs=optional(structure), units=listed(_UNITS), flow=listed(_FLOW), learning_rate=optional(number),
)  # fmt: skip


def frame(value: Any) -> dict[str, Any]:
    """A frame; not every one says what the optimizer goes on from."""
    found: dict[str, Any] = _FRAME(value)
    return found if found.get("optimizer") is None else fields(optimizer=_STATE)(found)


KINDS: Mapping[str, Check] = {
    "start": fields(
        version=whole, run=fields(name=text), model=fields(name=text, layers=listed(_LAYER)),
        forward=optional(listed(fields(op=text, inputs=listed(whole), output=whole))), training=mapping,
        data=fields(features=listed(fields(name=text))), probe=optional(_PROBE),
    ),
    "frame": frame,
    "epoch": fields(epoch=whole, step=whole, seconds=number, logs=logs),
    "epochs": block,
    "finding": fields(
        code=text, severity=text, where=text, step=optional(whole), message=text, tries=texts, numbers=mapping
    ),
    "status": fields(state=text),
    "end": fields(step=whole, epoch=whole, seconds=number, why=text),
}  # fmt: skip
"""The check of each kind of message; a kind that is not here is handed on as it is."""


def checked(message: dict[str, Any]) -> dict[str, Any]:
    """Return a message whose fields were checked.

    Raises:
        ModelFileError: one is missing, or holds something else.

    >>> checked({"kind": "end", "step": -1})
    Traceback (most recent call last):
    chainrule.errors.ModelFileError: a message 'end': expected a whole number of at least 0 as 'step'.
    """
    kind = message["kind"]
    try:
        found: dict[str, Any] = KINDS[kind](message) if kind in KINDS else message
    except ValueError as error:
        raise ModelFileError(f"a message '{kind:.30}': expected {error}.") from None
    return found
