"""A message as one line of JSON and back; numbers that are not finite are the texts NaN, Infinity and -Infinity."""

from __future__ import annotations

import json
import math
from typing import Any, TypeAlias

import numpy as np

from chainrule.errors import ModelFileError
from chainrule.recording.arrays import array_from_json, array_to_json, is_array
from chainrule.recording.fields import checked

Message: TypeAlias = dict[str, Any]
"""One message: names to numbers, texts, NumPy arrays, or lists and dicts of them."""

DEEPEST = 100
LONGEST = 256 << 20


def encode(message: Message) -> str:
    """Return a message as JSON without a line break.

    >>> encode({"kind": "epoch", "loss": np.float32("nan"), "counts": np.arange(2, dtype="uint8")})
    '{"kind":"epoch","loss":"NaN","counts":{"dtype":"uint8","shape":[2],"b64":"AAE="}}'
    """
    try:
        return _write(message)
    except (ValueError, TypeError):  # numbers that are not finite, and what JSON has no word for
        return _write(plain(message))


def _write(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), allow_nan=False, default=_known)


def _known(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return array_to_json(value)
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError


def plain(value: Any) -> Any:
    """Return a value with arrays as dicts, NumPy's numbers as Python's, and numbers that are not finite as texts."""
    kind = type(value)
    if kind is float:
        return value if math.isfinite(value) else _name(value)
    if kind is str or kind is int or kind is bool or value is None:
        return value
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [plain(v) for v in value]
    if isinstance(value, np.ndarray):
        return array_to_json(value)
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, float | int | str):  # of a class derived from one
        return plain(kind.__mro__[-2](value))
    return str(value)


def _name(value: float) -> str:
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def decode(line: str | bytes) -> Message:
    """Return the message of a line; arrays come as NumPy arrays, and no code of any kind is run.

    Raises:
        ModelFileError: it is no JSON object with a `kind`, is too long, too deep, holds an array that does not fit
            its shape, or lacks what a message of its kind has to have.

    >>> decode('{"kind": "epoch", "epoch": 3, "step": 4, "seconds": 0.5, "logs": {"loss": "NaN"}}')
    {'kind': 'epoch', 'epoch': 3, 'step': 4, 'seconds': 0.5, 'logs': {'loss': nan}}
    """
    if len(line) > LONGEST:
        raise ModelFileError(f"a message is longer than {LONGEST} bytes.")
    if _depth(line) > DEEPEST:
        raise ModelFileError(f"a message is nested deeper than {DEEPEST} levels.")
    try:
        found = json.loads(
            line, object_pairs_hook=_unique, parse_constant=_refuse, parse_int=_whole, parse_float=_float
        )
    except (ValueError, RecursionError) as error:
        raise ModelFileError(f"a message is not valid JSON ({error}): the file is damaged, or no run file.") from None
    if not isinstance(found, dict) or not isinstance(found.get("kind"), str):
        raise ModelFileError("a message is no JSON object with a 'kind'.")
    return checked(found)


def _unique(pairs: list[tuple[str, Any]]) -> Any:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ModelFileError("a name occurs twice in one object.")
    return array_from_json(found) if is_array(found) else found


def _refuse(text: str) -> float:
    raise ModelFileError(f"{text} is no number in JSON; it is written as a text here.")


def _whole(text: str) -> int:
    if len(text) > 20:
        raise ModelFileError(f"the number {text:.30} has too many digits.")
    return int(text)


def _float(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ModelFileError(f"the number {text:.30} is too large.")
    return value


def _depth(line: str | bytes) -> int:
    """Return how deep brackets nest, counting those in texts too: an upper bound without recursion."""
    data = line.encode("utf-8", "replace") if isinstance(line, str) else line
    brackets = data.translate(None, bytes(set(range(256)) - set(b"[]{}")))
    if len(brackets) <= DEEPEST:
        return 0
    steps = np.where(np.isin(np.frombuffer(brackets, np.uint8), np.frombuffer(b"[{", np.uint8)), 1, -1)
    return int(steps.cumsum().max())
