"""What a start message says of the model and its training."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from chainrule import tree
from chainrule.recording.measure import activation_name
from chainrule.saving import rebuild
from chainrule.saving.names import snake_case
from chainrule.saving.serialization import serialize_keras_object
from chainrule.utils.naming import unique_paths


def describe_model(model: Any) -> dict[str, Any]:
    """Return the field `model` of a start message.

    >>> import chainrule as cr
    >>> model = cr.Sequential([cr.Input((2,)), cr.layers.Dense(1, "sigmoid", name="d")], name="m")
    >>> model.compile(loss="mse", metrics=["accuracy"])
    >>> found = describe_model(model)
    >>> found["loss"], found["metrics"], found["layers"][0]["units"], found["layers"][0]["activation"]
    ('mean_squared_error', ['accuracy'], 1, 'sigmoid')
    """
    losses = losses_of(model)
    return {
        "name": model.name,
        "config": _config(model),
        "parameters": int(model.count_params()),
        "engine": model.engine.partition(" ")[0],
        "loss": losses[0] if len(losses) == 1 else ", ".join(losses) or None,
        "metrics": _metrics(model),
        "layers": list(_layers(model)),
    }


def losses_of(model: Any) -> list[str]:
    """Return the names of the outputs' losses, as functions of `chainrule.losses` are called."""
    if getattr(model, "_compile_loss", None) is None:
        return []
    return [_name(v) for v in tree.flatten(model.loss) if v is not None]


def _name(thing: Any) -> str:
    """Return the full name of a loss or metric given as text, class, function or object."""
    if isinstance(thing, str):
        from chainrule import losses

        thing = losses.get(thing)
    if isinstance(thing, type):
        return snake_case(thing.__name__)
    function = getattr(thing, "fn", thing)
    return str(getattr(function, "__name__", None) or snake_case(type(thing).__name__))


def _metrics(model: Any) -> list[str]:
    arguments = model._compile_arguments or {}
    given = [*tree.flatten(arguments.get("metrics")), *tree.flatten(arguments.get("weighted_metrics"))]
    return [m if isinstance(m, str) else str(getattr(m, "name", None) or _name(m)) for m in given if m is not None]


def _config(model: Any) -> Any:
    """Return the model as `config.json` in a `.keras` file describes it, or None where a part cannot be described."""
    try:
        return rebuild.description_of(model)
    except Exception:  # of code of the user's own
        return None


def _layers(model: Any) -> Iterator[dict[str, Any]]:
    """Yield what each layer is; a model within has its layers listed in its place."""
    paths = unique_paths(model.weights)
    for layer in model._flatten_layers()[1:]:
        own = [v for v in layer.weights if id(v) in paths]
        if getattr(layer, "_sublayers", None) is not None and len(layer._flatten_layers()) > 1:
            inner = {id(v) for part in layer._flatten_layers()[1:] for v in part.weights}
            own = [v for v in own if id(v) not in inner]
            if not own:
                continue
        yield {
            "name": layer.name,
            "class": type(layer).__name__,
            "units": _units(layer),
            "activation": activation_name(layer),
            "weights": [{"path": paths[id(v)], "shape": list(v.shape)} for v in own],
        }


def _units(layer: Any) -> int | None:
    units = getattr(layer, "units", None)
    if units is None:
        try:
            units = layer.output.shape[-1]
        except Exception:  # no symbolic output, or several
            return None
    return int(units) if units is not None else None


def describe_training(model: Any, batch_size: int | None, epochs: int | None, steps: int | None) -> dict[str, Any]:
    """Return the field `training` of a start message."""
    return {
        "optimizer": describe_optimizer(model.optimizer),
        "batch_size": batch_size,
        "epochs": epochs,
        "steps_per_epoch": steps,
    }


def describe_optimizer(optimizer: Any) -> dict[str, Any] | None:
    """Return the class of an optimizer as `name`, its learning rate as a number, and its other settings."""
    if optimizer is None:
        return None
    try:
        config = serialize_keras_object(optimizer.get_config())
    except Exception:  # of code of the user's own
        config = {}
    schedule = config.pop("learning_rate", None)
    config.pop("name", None)  # of its variables
    found = {"name": type(optimizer).__name__.lower(), "learning_rate": learning_rate_of(optimizer), **config}
    return {**found, "schedule": schedule} if isinstance(schedule, dict) else found


def learning_rate_of(optimizer: Any) -> float | None:
    """Return the learning rate as it is now, or None where there are several."""
    try:
        return float(optimizer.learning_rate)
    except (AttributeError, TypeError, ValueError):
        return None
