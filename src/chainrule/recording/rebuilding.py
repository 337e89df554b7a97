"""From the description and the weights in a recording back to a model."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from chainrule.errors import ModelFileError
from chainrule.recording.lines import Message, plain
from chainrule.recording.updates import put_state
from chainrule.saving import sharing
from chainrule.saving.archive import parse_json
from chainrule.saving.gate import gate
from chainrule.saving.rebuild import compile_model, rebuild_model
from chainrule.saving.serialization import CustomObjectScope
from chainrule.variables import memory_limit

_SPARE = 32 << 20


def model_of(
    start: Message, frame: Message, custom_objects: Mapping[str, Any] | None = None, compile: bool = True
) -> Any:
    """Return the model of a `start` message with the weights of a `frame`, and what its optimizer goes on from.

    The description is held to the rules for model files: it causes no import, and may ask for no more memory than the
    weights have.

    Raises:
        ModelFileError: there is no description, or the weights do not fit it.
    """
    name = f"the recording '{start['run']['name']}'"
    config, weights = start["model"].get("config"), frame["weights"]
    if not isinstance(config, dict):
        raise ModelFileError(f"{name}: the model has no description, since a class of its own has no get_config.")
    if not weights:
        raise ModelFileError(f"{name}: the frame of step {frame['step']} holds no weights: they were too large.")
    room = 2 * sum(w.nbytes for w in weights.values()) + _SPARE
    with gate(name), CustomObjectScope(custom_objects), sharing.scope(), memory_limit(room):
        config = parse_json(name, "the model's description", json.dumps(plain(config)).encode())
        model = rebuild_model(name, config)
        if compile and config.get("compile_config"):
            compile_model(name, model, lambda: config["compile_config"])
    _fill(model, weights, name)
    if model.optimizer is not None:
        put_state(model, frame, name)
    return model


def _fill(model: Any, weights: Mapping[str, Any], name: str) -> None:
    if not model.built:
        raise ModelFileError(f"{name}: the description does not say the shape of the model's inputs.")
    if len(model.weights) != len(weights):
        raise ModelFileError(f"{name}: the model has {len(model.weights)} weights, but the frame {len(weights)}.")
    for v, (path, value) in zip(model.weights, weights.items(), strict=True):
        if value.shape != v.shape or value.dtype.kind != v.dtype.kind:
            raise ModelFileError(f"{name}: '{path}' has shape {v.shape}, but its weights in the frame {value.shape}.")
        v.assign(value)
        v.path = path.partition("#")[0]  # a model that is built anew may have given it another one
