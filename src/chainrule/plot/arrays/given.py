"""What pictures are made of: a model and its data, or a recording, which holds both."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chainrule.errors import DataError


def is_recording(what: Any) -> bool:
    """Whether this is a `recording.Recording`."""
    return hasattr(what, "frames") and hasattr(what, "model_at")


def result(found: Any, kind: str, who: str, source: str, others: Sequence[Any] = ()) -> Any:
    """Return what another function found, if that is what came.

    Args:
        found: what was given.
        kind: name of its class.
        who: the picture.
        source: a call that gives it.
        others: what came beside it; nothing belongs there.

    Raises:
        DataError: it is something else.
    """
    if type(found).__name__ == kind and not others:
        return found
    name = type(found).__name__
    came = f"{'an' if name[0] in 'aeiouAEIOU' else 'a'} {name}" + (f" and {len(others)} more" if others else "")
    raise DataError(
        f"{who}: expected what {source.partition('(')[0]} gives, but received {came}. Write {who}({source})."
    )


def model_and_data(model: Any, x: Any, y: Any = None) -> tuple[Any, Any, Any]:
    """Return a model, inputs and targets; of a recording the last model and the rows of the probe, if none are given.

    Raises:
        DataError: there are no inputs.
        ModelFileError: the recording's model cannot be built again.
        TypeError: it is no model.
    """
    if is_recording(model):
        probe = model.start["probe"]
        return model.model_at(-1), probe["x"] if x is None else x, probe["y"] if x is None and y is None else y
    if x is None:
        raise DataError("Expected a model and its inputs, or a recording: x is missing.")
    if not hasattr(model, "predict"):
        raise TypeError(f"Expected a model, but received a {type(model).__name__}.")
    return model, x, y


def names_of_features(model: Any, names: Sequence[str] | None) -> Sequence[str] | None:
    """Return the names given, or those that a recording holds."""
    if names is None and is_recording(model):
        found = [str(f["name"]) for f in model.start["data"]["features"]]
        return found or None
    return names


def names_of_classes(model: Any, classes: Sequence[str] | None) -> Sequence[str] | None:
    """Return the names given, or those that a recording holds."""
    if classes is None and is_recording(model):
        known = model.start["data"]["classes"]
        return [str(c) for c in known] if known else None
    return classes
