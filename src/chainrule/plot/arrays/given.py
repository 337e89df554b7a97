"""What pictures are made of: a model and its data, or a recording, which holds both."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chainrule.errors import ChainruleError, DataError, KindError, an
from chainrule.utils.signatures import signature_of


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
        KindError: it is something else.
    """
    if any(c.__name__ == kind for c in type(found).__mro__) and not others:
        return found
    came = an(found) + (f" and {len(others)} more" if others else "")
    raise KindError(f"expected what {source.partition('(')[0]} gives, but received {came}. Write {who}({source}).")


def network(what: Any) -> Any:
    """Return what is given, if it is a model with weights.

    Raises:
        KindError: it is something else.
        ChainruleError: it has no weights yet.
    """
    from chainrule.models.model import Model

    if not isinstance(what, Model):
        raise no_model(what, "a model")
    if not what.built:
        raise ChainruleError(
            f"Model '{what.name}' has no weights yet. Give it an Input, or call it once: model(x[:1])."
        )
    return what


def no_model(what: Any, expected: str) -> KindError:
    """Return the error for what is no model, with what to do about it."""
    from chainrule.layers.base import Layer
    from chainrule.models.model import Model

    advice = "Pass the model itself."
    if isinstance(what, str):
        advice = "Load it first: chainrule.saving.load_model(path) gives a model, chainrule.recording.load(path) a run."
    elif isinstance(what, type):
        advice = f"Make one of that class: {what.__name__}(...)."
    elif hasattr(what, "model_"):
        advice = "Pass the model within, estimator.model_."
    elif isinstance(what, Model):
        advice = "Record its training with callbacks.Recorder(path), then pass recording.load(path)."
    elif isinstance(what, Layer):
        advice = "Put the layer into a model: chainrule.Sequential([chainrule.Input(shape), layer])."
    return KindError(f"expected {expected}, but received {an(what)}. {advice}")


def predicts(what: Any) -> bool:
    """Whether this is a model, or stands for one: its `predict` takes the arguments of a model's."""
    if isinstance(what, type) or not callable(getattr(what, "predict", None)):
        return False
    taken = signature_of(what.predict).parameters.values()
    return any(p.name == "batch_size" or p.kind is p.VAR_KEYWORD for p in taken)


def model_and_data(model: Any, x: Any, y: Any = None) -> tuple[Any, Any, Any]:
    """Return a model, inputs and targets; of a recording the last model and the rows of the probe, if none are given.

    Raises:
        DataError: there are no inputs.
        ModelFileError: the recording's model cannot be built again.
        KindError: it is no model.
    """
    if is_recording(model):
        probe = model.start["probe"]
        return model.model_at(-1), probe["x"] if x is None else x, probe["y"] if x is None and y is None else y
    if not predicts(model):
        raise no_model(model, "a model and its inputs, or a recording")
    if x is None:
        raise DataError("expected a model and its inputs, or a recording: x is missing.")
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
