"""Models as picklable values: what `copy.deepcopy`, `pickle` and joblib make of them."""

from __future__ import annotations

import pickle
from typing import Any

from chainrule.saving.serialization import CustomObjectScope, deserialize_keras_object, serialize_keras_object


def reduce_model(model: Any) -> tuple[Any, tuple[dict[str, Any]]]:
    """Return what `__reduce__` must: a function and the state from which it makes the model again.

    Raises:
        PicklingError: the model holds something without a configuration, such as a lambda.
    """
    try:
        state = {
            "config": serialize_keras_object(model),
            "compile": model.get_compile_config(),
            "classes": _classes(model),
            "weights": model.get_weights(),
            "learnt": [layer.learnt() if hasattr(layer, "learnt") else None for layer in model._flatten_layers()],
            "trainable": [layer.trainable for layer in model._flatten_layers()],
            "progress": (model._random_key, model._epochs_seen, model._engine_wanted),
        }
    except TypeError as error:
        raise pickle.PicklingError(f"Model '{model.name}' cannot be copied or pickled: {error}") from error
    if model.compiled and model.optimizer.built:
        state["optimizer"] = [v.numpy() for v in model.optimizer.variables]
    return restore_model, (state,)


def _classes(model: Any) -> dict[str, type]:
    """Return the classes of the user's own, which a pickle names and does not hold."""
    kinds = {type(layer) for layer in model._flatten_layers()}
    return {cls.__name__: cls for cls in kinds if not cls.__module__.startswith("chainrule.")}


def restore_model(state: dict[str, Any]) -> Any:
    """Return the model of a state that `reduce_model` gave."""
    with CustomObjectScope(state["classes"]):
        model = deserialize_keras_object(state["config"])
        if state["compile"] is not None:
            model.compile_from_config(state["compile"])
    if state["weights"]:
        model.set_weights(state["weights"])
    for layer, learnt in zip(model._flatten_layers(), state["learnt"], strict=False):
        if learnt is not None:
            layer.take_learnt(learnt)
    for layer, flag in zip(model._flatten_layers(), state["trainable"], strict=False):
        if layer.trainable != flag:
            layer.trainable = flag
    if "optimizer" in state:
        model.optimizer.build(model.trainable_variables)
        for v, value in zip(model.optimizer.variables, state["optimizer"], strict=True):
            v.assign(value)
    model._random_key, model._epochs_seen, model._engine_wanted = state["progress"]
    return model
