"""The formulas of a model's activations and of its loss, so that a page can derive without Python."""

from __future__ import annotations

from typing import Any

from chainrule import losses
from chainrule.errors import ChainruleError
from chainrule.formulas import Facts, facts_of
from chainrule.formulas.as_data import facts_to_json


def formulas_of(model: Any) -> dict[str, Any]:
    """Return the field `formulas` of a start message: of the activations, of the only loss, of the optimizer's update.

    >>> import chainrule as cr
    >>> model = cr.Sequential([cr.Input((2,)), cr.layers.Dense(1, "tanh", name="d")])
    >>> model.compile("sgd", "mse")
    >>> found = formulas_of(model)
    >>> found["activations"]["d"]["name"], found["loss"]["title"]
    ('tanh', 'squared error')
    """
    from chainrule.recording.updates import update_of

    loss = _loss(model)
    return {
        "activations": _activations(model),
        "loss": None if loss is None else _data(facts_of(loss)),
        "update": update_of(model),
    }


def _activations(model: Any) -> dict[str, Any]:
    from chainrule.glassbox.functions import activation_of

    found = {}
    for layer in model._flatten_layers()[1:]:
        name, facts = activation_of(layer)
        if name and name != "linear" and facts is not None:
            found[layer.name] = {"name": name, "facts": _data(facts)}
    return found


def _loss(model: Any) -> Any:
    """Return the loss if there is exactly one, without a weight of its own."""
    compiled = getattr(model, "_compile_loss", None)
    if compiled is None:
        return None
    if compiled.outputs is not None:
        only = compiled.outputs[0] if len(compiled.outputs) == 1 else None
        return only.loss if only is not None and only.weight in (None, 1.0) else None
    given = compiled.user_loss
    plain = (isinstance(given, str) and given != "crossentropy") or callable(given)
    return losses.get(given) if plain and compiled.user_weights is None else None


def _data(facts: Facts | None) -> dict[str, Any] | None:
    try:
        return None if facts is None else facts_to_json(facts)
    except ChainruleError:  # of a function of the user's own
        return None


__all__ = ["formulas_of"]
