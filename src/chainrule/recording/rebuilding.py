"""From the description and the weights in a recording back to a model."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from chainrule.errors import ModelFileError
from chainrule.recording.lines import Message, plain
from chainrule.saving import sharing
from chainrule.saving.archive import parse_json
from chainrule.saving.gate import gate
from chainrule.saving.rebuild import compile_model, rebuild_model
from chainrule.saving.serialization import CustomObjectScope
from chainrule.utils.naming import unique_paths
from chainrule.variables import memory_limit

_SPARE = 32 << 20


def model_of(
    start: Message, frame: Message, custom_objects: Mapping[str, Any] | None = None, compile: bool = True
) -> Any:
    """Return the model of a `start` message with the weights of a `frame`.

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
    return model


def _fill(model: Any, weights: Mapping[str, Any], name: str) -> None:
    if not model.built:
        raise ModelFileError(f"{name}: the description does not say the shape of the model's inputs.")
    paths = unique_paths(model.weights)
    mine, given = [paths[id(v)] for v in model.weights], list(weights)
    if len(mine) != len(given):
        raise ModelFileError(f"{name}: the model has {len(mine)} weights, but the frame {len(given)}.")
    by_name = set(mine) == set(given)
    for path, v, other in zip(mine, model.weights, given, strict=True):
        value = weights[path if by_name else other]  # layers of the user's own may be named anew
        if value.shape != v.shape or value.dtype.kind != v.dtype.kind:
            raise ModelFileError(f"{name}: '{path}' has shape {v.shape}, but its weights in the frame {value.shape}.")
        v.assign(value)
