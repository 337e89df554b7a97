"""Descriptions of models in legacy `.h5` files, of Keras 2 and of Keras 3, brought into the form of `.keras` files.

A legacy description has no modules: `{"class_name": "Dense", "config": {...}}`, with `package>Name` for classes of the
user's own. Those of Keras 2 also differ in arguments, in the form of calls, and in how they count calls.
"""

from __future__ import annotations

from typing import Any

from chainrule._typing import Config
from chainrule.errors import ModelFileError, UnknownNameError
from chainrule.saving import names, operations

_MODELS = ("Functional", "Model", "Sequential")
_SAYS_NOTHING = {  # arguments of Keras 2 that have no meaning any more
    "BatchNormalization": ("adjustment", "fused", "mode", "virtual_batch_size"),
    "Embedding": ("input_length",),
    "InputLayer": ("ragged", "sparse", "type_spec"),
    "Lambda": ("function_type", "module", "output_shape_module", "output_shape_type"),
}
_RENAMED = {"LeakyReLU": {"alpha": "negative_slope"}}


def modern(value: Any, module: str | None = None) -> Any:
    """Return a legacy description in Keras 3's form; values that describe nothing are returned as they are.

    Args:
        value: the description, or a list or mapping of such.
        module: where classes are looked for first that are described without a module (`'keras.metrics'`).

    Raises:
        ModelFileError: a part of it cannot be read.

    >>> modern({"class_name": "LeakyReLU", "config": {"alpha": 0.1, "dtype": {"class_name": "Policy",
    ...     "config": {"name": "float32"}}}})
    {'class_name': 'LeakyReLU', 'config': {'negative_slope': 0.1, 'dtype': 'float32'}}
    """
    if isinstance(value, list):
        return [modern(v, module) for v in value]
    if not isinstance(value, dict):
        return value
    if "class_name" in value and "items" in value:  # a tuple or the shape of a tensor
        return modern(value["items"])
    if isinstance(value.get("class_name"), str) and "config" in value:
        return _modern_object(value, module)
    return {k: modern(v, module) for k, v in value.items()}


def modernized(name: str, config: Any) -> Any:
    """Return the description of the model in a file of this name in Keras 3's form.

    Raises:
        ModelFileError: it cannot be read, or is malformed.
    """
    try:
        return modern(config)
    except ModelFileError as error:
        raise ModelFileError(f"'{name}': {error}"[:500]) from None
    except (TypeError, ValueError, KeyError, AttributeError, IndexError) as error:
        raise ModelFileError(f"'{name}': the configuration is malformed: {error!r}"[:500]) from None


def _modern_object(description: Config, module: str | None) -> Any:
    full, config = description["class_name"], description["config"]
    if full.startswith("__") or full == "function":
        return description
    package, _, name = full.rpartition(">")
    if name in ("Policy", "PolicyV1"):
        return config.get("name") if isinstance(config, dict) else config
    if name == "Sequential" and isinstance(config, list):
        config = {"name": description.get("name") or "sequential", "layers": config}
    if config is not None and not isinstance(config, dict):
        raise ModelFileError(f"the configuration of {name!r:.80} must be a mapping, but is {type(config).__name__}.")
    result = {**description, "class_name": name, "config": _modern_settings(name, config or {})}
    result.pop("__passive_serialization__", None)
    if isinstance(result.get("module"), str):
        result["module"] = result["module"].removeprefix("tf_").removesuffix(".legacy")
    elif result.get("module") is None and module is not None and names.known(module, name) is not None:
        result["module"] = module
    if package and (package != "Custom" or names.find_custom(full) is not None):
        result["registered_name"] = full
    return result


def _modern_settings(name: str, config: Config) -> Config:
    """Return the settings of an object of a class with today's names and values."""
    dropped, renamed = _SAYS_NOTHING.get(name, ()), _RENAMED.get(name, {})
    if isinstance(config.get("layers"), list) and ("input_layers" in config or name == "Sequential"):
        return _modern_model(name, config)
    settings = {renamed.get(k, k): v for k, v in config.items() if k not in dropped}
    if name == "Lambda" and not isinstance(settings.get("function"), str | dict):
        raise ModelFileError(
            "the file holds a lambda by value (Python bytecode), which is never run. Save the model again with a named "
            "and registered function."
        )
    if name == "InputLayer" and "batch_input_shape" in settings:
        settings["batch_shape"] = settings.pop("batch_input_shape")
    axis = modern(settings.get("axis"))
    if isinstance(axis, list) and len(axis) == 1:
        settings["axis"] = axis[0]
    if names.known("keras.initializers", name) is not None:
        settings.pop("dtype", None)
    if names.known("keras.optimizers", name) is not None:
        settings = _modern_optimizer(name, settings)
    if settings.get("reduction") == "auto":
        settings["reduction"] = "sum_over_batch_size"
    if names.known("keras.losses", name) is not None:
        settings.pop("fn", None)
    return {k: modern(v) for k, v in settings.items()}


def _modern_optimizer(name: str, settings: Config) -> Config:
    """Return the settings of an optimizer; one whose rate decays by 1 / (1 + decay * step) gets that schedule.

    Nadam's `decay` is that of its momentum, and is a constant today.
    """
    settings = {k: v for k, v in settings.items() if k not in ("is_legacy_optimizer", "jit_compile", "schedule_decay")}
    if "lr" in settings:
        settings.setdefault("learning_rate", settings.pop("lr"))
    decay = settings.pop("decay", None)
    if settings.get("epsilon", 0.0) is None:
        del settings["epsilon"]
    rate = settings.get("learning_rate")
    if decay and isinstance(rate, float | int) and name != "Nadam":
        schedule = {"initial_learning_rate": rate, "decay_steps": 1, "decay_rate": decay}
        settings["learning_rate"] = {
            "module": "keras.optimizers.schedules",
            "class_name": "InverseTimeDecay",
            "config": schedule,
        }
    return settings


# -- models -----------------------------------------------------------------------------------------------------------


def _modern_model(name: str, config: Config) -> Config:
    members = config["layers"]
    if any(not isinstance(m, dict) for m in members):
        raise ModelFileError(f"the layers of {name!r:.80} must be described by mappings.")
    layers = [_modern_member(m) for m in members]
    result = {**{k: modern(v) for k, v in config.items() if k != "layers"}, "layers": layers}
    if name == "Sequential":
        return result
    calls = [call for m in members for call in m.get("inbound_nodes") or ()]
    if any(isinstance(call, list) for call in calls) or not calls:
        counting = _Counting(members)
        for layer in layers:
            layer["inbound_nodes"] = [counting.call(c) for c in layer.get("inbound_nodes") or ()]
        for key in ("input_layers", "output_layers"):
            result[key] = counting.ends(config.get(key))
    return result


def _modern_member(member: Config) -> Config:
    """Return the description of a layer of a model, or of an operation, which has no module in these files."""
    config, name = member.get("config"), member.get("class_name")
    is_op = "module" not in member and isinstance(config, dict) and not {"trainable", "layers"} & config.keys()
    module = operations.module_of(str(name)) if is_op else None
    described = {k: v for k, v in member.items() if k != "inbound_nodes"}
    result = {**described, "module": module} if module else modern(described)
    if isinstance(config, dict) and "name" not in result and isinstance(config.get("name"), str):
        result["name"] = config["name"]
    return {**result, "inbound_nodes": member["inbound_nodes"]} if "inbound_nodes" in member else result


class _Counting:
    """The calls of Keras 2: lists of `[layer, call, output, keywords]`, where a model's own inputs count as call 0."""

    def __init__(self, members: list[Config]) -> None:
        self.kinds = {m.get("name"): m.get("class_name") for m in members}

    def call(self, call: Any) -> Any:
        """Return a call with its arguments in Keras 3's form."""
        if isinstance(call, dict) and "args" in call:
            return call
        first = call
        while isinstance(first, list | dict) and first and not _is_leaf(first):
            first = next(iter(first.values())) if isinstance(first, dict) else first[0]
        keywords = first[3] if _is_leaf(first) and len(first) == 4 and isinstance(first[3], dict) else {}
        argument = self._value(call)
        if isinstance(argument, list) and len(argument) == 1:
            argument = argument[0]
        kept = {k: self._value(v) for k, v in keywords.items() if v is not None and k not in ("training", "name")}
        return {"args": [argument], "kwargs": kept}

    def _value(self, value: Any) -> Any:
        if _is_leaf(value):
            layer, number, index = value[:3]
            if layer == "_CONSTANT_VALUE":
                return index
            number -= self.kinds.get(layer) in _MODELS and number > 0
            return {"class_name": "__keras_tensor__", "config": {"keras_history": [layer, number, index]}}
        if isinstance(value, list):
            return [self._value(v) for v in value]
        return {k: self._value(v) for k, v in value.items()} if isinstance(value, dict) else value

    def ends(self, structure: Any) -> Any:
        """Return inputs or outputs of the model; Keras 3 counts the inputs of a Sequential within no more."""
        if _is_leaf(structure):
            layer, number, index = structure[:3]
            return [layer, number - (self.kinds.get(layer) == "Sequential" and number > 0), index]
        if isinstance(structure, list):
            return [self.ends(v) for v in structure]
        return {k: self.ends(v) for k, v in structure.items()} if isinstance(structure, dict) else structure


def _is_leaf(value: Any) -> bool:
    return (
        isinstance(value, list)
        and len(value) in (3, 4)
        and isinstance(value[0], str)
        and isinstance(value[1], int)
        and (value[0] == "_CONSTANT_VALUE" or isinstance(value[2], int))
    )


# -- compile settings -------------------------------------------------------------------------------------------------

_WRAPPERS = ("MeanMetricWrapper", "SumOverBatchSizeMetricWrapper")


def modern_compile(model: Any, config: Config) -> Config:
    """Return the arguments of `compile` that a `training_config` describes; of one output's metrics, a plain list."""
    outputs = 1 if model._graph is None else len(model.outputs)
    described = config.get("optimizer_config", config.get("optimizer"))
    settings: Config = {"optimizer": modern(described, "keras.optimizers")}
    if config.get("loss") is not None:
        settings["loss"] = modern(config["loss"], "keras.losses")
    for key in ("loss_weights", "run_eagerly", "steps_per_execution"):
        if config.get(key) is not None:
            settings[key] = config[key]
    for key in ("metrics", "weighted_metrics"):
        metrics = _modern_metrics(config.get(key))
        if outputs == 1 and isinstance(metrics, list) and len(metrics) == 1 and isinstance(metrics[0], list):
            metrics = metrics[0]
        settings[key] = metrics
    return settings


def _modern_metrics(value: Any) -> Any:
    if isinstance(value, list):
        return [_modern_metrics(v) for v in value]
    if isinstance(value, dict) and value.get("class_name") in _WRAPPERS and isinstance(value.get("config"), dict):
        function = value["config"].get("fn")
        if isinstance(function, str):
            function = {"class_name": "function", "config": function}
        config = {"fn": modern(function), "name": value["config"].get("name")}
        return {"module": "keras.metrics", "class_name": "MeanMetricWrapper", "config": config}
    if isinstance(value, dict) and "class_name" not in value:
        return {k: _modern_metrics(v) for k, v in value.items()}
    return modern(value, "keras.metrics")


# -- and back: the form of legacy files -------------------------------------------------------------------------------


def legacy_model(description: Config) -> Config:
    """Return the description of a model as Keras 3 writes it into `.h5` files: layers without modules."""
    config = description["config"]
    if isinstance(config.get("layers"), list):
        config = {**config, "layers": [_legacy_member(m) for m in config["layers"]]}
    return {"class_name": description.get("registered_name") or description["class_name"], "config": config}


def _legacy_member(member: Config) -> Config:
    rest: Config = {k: member[k] for k in ("name", "inbound_nodes") if k in member}
    return {**legacy_model(member), **rest}


def legacy_compile(config: Config) -> Config:
    """Return compile settings as a `training_config`."""
    result = {k: _legacy_value(v) for k, v in config.items() if k not in ("optimizer", "loss")}
    loss = _whole_names(_legacy_value(config["loss"]))
    return {"loss": loss, **result, "optimizer_config": _legacy_value(config["optimizer"])}


def _whole_names(loss: Any) -> Any:
    """Return losses with `'mse'` spelled out: Keras does not understand short names in legacy files."""
    from chainrule import losses

    if isinstance(loss, str):
        try:
            return getattr(losses.get(loss), "__name__", loss)
        except UnknownNameError:
            return loss
    if isinstance(loss, list):
        return [_whole_names(v) for v in loss]
    if isinstance(loss, dict) and "class_name" not in loss:
        return {k: _whole_names(v) for k, v in loss.items()}
    return loss


def _legacy_value(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_legacy_value(v) for v in value]
    if isinstance(value, dict) and value.get("class_name") == "function":
        return value["config"]
    if isinstance(value, dict) and "class_name" in value and "config" in value:
        return {"class_name": value.get("registered_name") or value["class_name"], "config": value["config"]}
    return {k: _legacy_value(v) for k, v in value.items()} if isinstance(value, dict) else value
