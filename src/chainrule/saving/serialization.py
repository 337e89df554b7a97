"""Objects to descriptions and back, in Keras 3's form: `{"module", "class_name", "config", "registered_name"}`.

Names are looked up in the closed table of `saving.names`; a description never causes an import.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

import numpy as np

from chainrule.autodiff.operators import Operators
from chainrule.errors import ModelFileError, UnknownNameError, unknown_name
from chainrule.saving import names, sharing
from chainrule.saving.configurable import Configurable as Configurable
from chainrule.saving.configurable import accepted, check_types
from chainrule.saving.names import CustomObjectScope as CustomObjectScope
from chainrule.saving.names import custom_object_scope as custom_object_scope
from chainrule.saving.names import get_custom_objects as get_custom_objects
from chainrule.saving.names import get_registered_name as get_registered_name
from chainrule.saving.names import get_registered_object as get_registered_object
from chainrule.saving.names import iterate_known as iterate_known
from chainrule.saving.names import names_of as names_of
from chainrule.saving.names import public as public
from chainrule.saving.names import register_keras_serializable as register_keras_serializable
from chainrule.saving.names import snake_case as snake_case
from chainrule.scope import reason

_FUNCTIONS = ("keras.activations", "keras.losses", "keras.metrics")

# -- objects to descriptions ------------------------------------------------------------------------------------------


def serialize_keras_object(obj: Any) -> Any:
    """Return a JSON-like description of an object: numbers and strings as they are, objects in Keras's form.

    Raises:
        TypeError: the object cannot describe itself, or is a lambda.

    >>> import chainrule as cr
    >>> serialize_keras_object(cr.regularizers.L2(0.5))["config"]
    {'l2': 0.5}
    """
    if obj is None or isinstance(obj, bool | int | float | str):
        return obj
    if isinstance(obj, list | tuple):
        return type(obj)(map(serialize_keras_object, obj)) if type(obj) in (list, tuple) else _sequence(obj)
    if isinstance(obj, dict):
        return {str(k): serialize_keras_object(v) for k, v in obj.items()}
    if hasattr(obj, "serialize_form"):
        return obj.serialize_form()
    if inspect.isfunction(obj) or inspect.isbuiltin(obj) or type(obj).__name__ == "Op":
        return _describe_function(obj)
    plain = _describe_value(obj)
    if plain is not None:
        return plain
    if isinstance(obj, type):
        return _describe_instance(obj())
    if hasattr(obj, "get_config"):
        return _describe_instance(obj)
    raise TypeError(
        f"Cannot describe {obj!r:.100} of type {type(obj).__name__} in a configuration: it has no get_config method."
    )


def _sequence(obj: Any) -> list[Any]:
    return [serialize_keras_object(v) for v in obj]


def _describe_value(obj: Any) -> Any:
    """Return arrays, slices and bytes in Keras's form; None for anything else."""
    if isinstance(obj, np.dtype):
        return obj.name
    if isinstance(obj, np.generic) or (isinstance(obj, np.ndarray) and obj.ndim == 0):
        return obj.item()
    if isinstance(obj, np.ndarray | Operators) and not getattr(obj, "symbolic", False):
        kind = "__numpy__" if isinstance(obj, np.ndarray) else "__tensor__"
        array = np.asarray(obj)
        return {"class_name": kind, "config": {"value": array.tolist(), "dtype": array.dtype.name}}
    if isinstance(obj, bytes):
        return {"class_name": "__bytes__", "config": {"value": obj.decode("utf-8")}}
    if isinstance(obj, slice):
        ends = {key: serialize_keras_object(getattr(obj, key)) for key in ("start", "stop", "step")}
        return {"class_name": "__slice__", "config": ends}
    if obj is Ellipsis:
        return {"class_name": "__ellipsis__", "config": {}}
    return None


def _describe_function(function: Any) -> Any:
    """Return the name of one of our functions, or the description of the program's own."""
    name = getattr(function, "__name__", "")
    for module in _FUNCTIONS:
        if names.known(module, name) is function or (type(function).__name__ == "Op" and names.known(module, name)):
            return name
    if name == "<lambda>":
        raise TypeError(
            "a lambda cannot be written: a file holds data, never code. Give the function a name and register it with "
            "@chainrule.saving.register_keras_serializable()."
        )
    return {
        "module": "builtins",
        "class_name": "function",
        "config": names.get_registered_name(function),
        "registered_name": "function",
    }


def _describe_instance(thing: Any) -> dict[str, Any]:
    """Return the description of an object with `get_config`, and the shapes it was built with."""
    cls = type(thing)
    own = names.is_registered(cls) or not _is_ours(cls)
    module = cls.__module__ if own else getattr(cls, "_keras_module", "")
    description: dict[str, Any] = {
        "module": None if module == "__main__" else module,
        "class_name": cls.__name__,
        "config": serialize_keras_object(thing.get_config()),
        "registered_name": names.get_registered_name(cls) if own else None,
    }
    if not own and str(module).startswith("keras.src."):
        description["registered_name"] = cls.__name__
    if (module, cls.__name__) == ("keras", "Functional"):  # Keras finds this class under its private name only
        description.update(module="keras.src.models.functional", registered_name="Functional")
    build = thing.get_build_config() if hasattr(thing, "get_build_config") else None
    if build:
        description["build_config"] = serialize_keras_object(build)
    sharing.note(thing, description)
    return description


def _is_ours(cls: type) -> bool:
    return cls.__module__.startswith("chainrule.")


# -- and back ---------------------------------------------------------------------------------------------------------


def deserialize_keras_object(
    config: Any, custom_objects: Mapping[str, Any] | None = None, safe_mode: bool = True, **kwargs: Any
) -> Any:
    """Return the object that a description names; values that describe nothing are returned as they are.

    Args:
        config: what `serialize_keras_object` gave, here or in Keras.
        custom_objects: the program's own classes and functions by name.
        safe_mode: accepted; reading a description is always safe, so `False` allows nothing more.

    Raises:
        ModelFileError: the description is malformed, or asks for code.
        UnknownNameError: a class that is neither ours nor given in `custom_objects` or registered.
    """
    if custom_objects:
        with CustomObjectScope(custom_objects):
            return deserialize_keras_object(config)
    if isinstance(config, list | tuple):
        return [deserialize_keras_object(v) for v in config]
    if not isinstance(config, dict):
        return config
    if "class_name" not in config or "config" not in config:
        return {key: deserialize_keras_object(value) for key, value in config.items()}
    if str(config["class_name"]).startswith("__"):
        return _read_value(config["class_name"], config["config"])
    if config["class_name"] == "function":
        return _find_function(config)
    return _read_instance(config)


def _read_value(kind: str, value: Any) -> Any:
    """Return the array, slice or bytes that a description of Keras's special forms holds."""
    if kind in ("__numpy__", "__tensor__"):
        dtype = np.dtype("float32" if value["dtype"] == "bfloat16" else value["dtype"])
        if dtype.kind not in "fiub":
            raise ModelFileError(f"An array in the configuration has type {dtype}; expected numbers.")
        return np.asarray(value["value"], dtype=dtype)
    if kind == "__slice__":
        return slice(*(deserialize_keras_object(value[key]) for key in ("start", "stop", "step")))
    if kind == "__bytes__":
        return str(value["value"]).encode("utf-8")
    if kind == "__ellipsis__":
        return Ellipsis
    if kind == "__lambda__":
        raise ModelFileError(
            "the file holds a lambda by value (Python bytecode), which is never run. Save the model again with a named "
            "and registered function."
        )
    raise ModelFileError(f"the configuration holds {kind!r:.40}, which chainrule does not read.")


def _read_instance(config: Mapping[str, Any]) -> Any:
    name, inner = config["class_name"], config["config"] or {}
    if not isinstance(inner, dict):
        raise ModelFileError(f"the configuration of {name!r:.80} must be a mapping, but is {type(inner).__name__}.")
    shared = sharing.find(config)
    if shared is not None:
        return shared
    cls = find_class(config)
    instance = cls.from_config(accepted(cls, inner))
    check_types(cls, inner)
    build = config.get("build_config")
    if build and hasattr(instance, "build_from_config"):
        instance.build_from_config(build)
    sharing.remember(config, instance)
    return instance


def find_class(config: Mapping[str, Any]) -> Any:
    """Return the class that a description names, from the closed table or the program's own.

    Raises:
        UnknownNameError: there is none.
        ModelFileError: one of our classes is named, but under a name that was registered for another.
    """
    name, registered = str(config["class_name"]), config.get("registered_name")
    module = public_module(str(config.get("module") or ""))
    cls = names.known(module, name)
    if cls is None or registered not in (None, name):
        for candidate in (registered, name):
            custom = names.find_custom(str(candidate)) if candidate else None
            if custom is not None:
                return custom
        if cls is None and not module:
            cls = names.known_anywhere(name)
    if not isinstance(cls, type):
        raise _unknown_class(name, module, registered)
    if registered not in (None, name):
        raise ModelFileError(
            f"'{module}.{name}' is registered as {registered!r:.80} in the file, which is not its name."
        )
    return cls


def _unknown_class(name: str, module: str, registered: Any) -> UnknownNameError:
    about = reason(module.replace("keras", "chainrule", 1), name) if module else reason("chainrule.layers", name)
    if about is not None:
        return UnknownNameError(
            f"Class {name[:80]!r} belongs to {about}, out of chainrule's scope (feedforward networks). "
            "Open it in Keras."
        )
    every = (n for home, n, thing in names.iterate_known() if isinstance(thing, type) and home.startswith(module))
    error = str(unknown_name("class", name[:80], every)).split(" Known:")[0].rstrip(".")
    where = f" (module '{module:.80}')" if module else ""
    wanted = registered if isinstance(registered, str) and ">" in registered else name
    return UnknownNameError(
        f"{error}{where}. If it is a class of yours, pass custom_objects={{{wanted[:80]!r}: ...}} "
        "or register it with @chainrule.saving.register_keras_serializable()."
    )


_FAMILIES = {"models": "keras", "engine": "keras", "dtype_policies": "keras"}


def public_module(module: str) -> str:
    """Return the public module of a private one of Keras, which some of its files name.

    >>> public_module("keras.src.models.functional"), public_module("keras.src.backend.torch.optimizers.torch_adam")
    ('keras', 'keras.optimizers')
    """
    if module in ("keras.models", "keras.dtype_policies"):
        return "keras"
    if not module.startswith("keras.src.") or module == "keras.src.layers.preprocessing.feature_space":
        return module
    parts = module.split(".")[2:]
    if parts[0] == "backend":  # keras.src.backend.torch.optimizers.torch_adam
        parts = parts[2:]
    if parts[:2] == ["optimizers", "schedules"]:
        return "keras.optimizers.schedules"
    return _FAMILIES.get(parts[0], f"keras.{parts[0]}") if parts else module


def _find_function(config: Mapping[str, Any]) -> Any:
    name = config.get("config")
    for candidate in (name, config.get("registered_name")):
        custom = names.find_custom(str(candidate)) if candidate not in (None, "function") else None
        if custom is not None:
            return custom
    for module in _FUNCTIONS:
        found = names.known(module, str(name))
        if found is not None and not isinstance(found, type):
            return found
    raise UnknownNameError(
        f"The configuration names a function {name!r:.80} that is neither one of ours nor given in custom_objects nor "
        "registered with @chainrule.saving.register_keras_serializable()."
    )


# -- what an argument accepts -----------------------------------------------------------------------------------------


def get_object(identifier: Any, kind: str, module: str, aliases: Mapping[str, Any], base: type | None = None) -> Any:
    """Turn what a Keras argument accepts (string, configuration, class, instance, callable, None) into the object.

    Args:
        kind: for messages: `'activation'`.
        module: where its classes and functions were marked `public`: `'keras.activations'`.
        aliases: further strings, to a class or function.
        base: classes of this base are instantiated.

    Raises:
        UnknownNameError: a string we do not know, with the nearest known ones.
    """
    if identifier is None:
        return None
    if isinstance(identifier, dict):
        identifier = deserialize_keras_object(identifier)
    if isinstance(identifier, str):
        found = names.find_custom(identifier)
        if found is None:
            found = aliases.get(identifier)
        if found is None:
            found = names.named(module, identifier)
        if found is None:
            every = (*names_of(module), *aliases)
            raise unknown_name(kind, identifier, [n for n in every if not n.startswith("_")])
        identifier = found
    if isinstance(identifier, type) and (base is None or issubclass(identifier, base)):
        return identifier()
    is_layer = getattr(type(identifier), "_keras_module", "") == "keras.layers"
    if base is not None and is_layer and not isinstance(identifier, base):
        raise UnknownNameError(f"Expected a {kind}, but received the layer {type(identifier).__name__}.")
    if callable(identifier) or (base is not None and isinstance(identifier, base)):
        return identifier
    raise UnknownNameError(
        f"Cannot read {identifier!r} as {kind}: expected a name, an object, a configuration or None."
    )
