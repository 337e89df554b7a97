"""Objects to JSON-like configurations and back, in Keras 3's form: `{"module", "class_name", "config", "registered_name"}`.

Names are looked up in a closed table of our own classes and functions, filled by `public` as they are defined, and in what
the running program registered. A configuration never causes an import.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, ClassVar, TypeVar

import numpy as np

from chainrule.errors import ModelFileError, UnknownNameError, unknown_name

T = TypeVar("T")

_known: dict[tuple[str, str], Any] = {}
_registered: dict[str, Any] = {}
_registered_names: dict[Any, str] = {}
_scopes: list[dict[str, Any]] = []


# -- the closed table ---------------------------------------------------------------------------------------------------


def public(module: str, *older_names: str) -> Callable[[T], T]:
    """Mark a class or function as one that files may name, as `module` plus its own name (`'keras.layers'`, `Dense`).

    Args:
        older_names: names that older files use for it.
    """

    def mark(thing: T) -> T:
        for name in (thing.__name__, *older_names):  # type: ignore[attr-defined]
            _known[(module, name)] = thing
        if isinstance(thing, type):
            thing._keras_module = module  # type: ignore[attr-defined]
        return thing

    return mark


def names_of(module: str, kind: type | None = None) -> dict[str, Any]:
    """Return what `public` marked under `module`, by name; with `kind`, only its subclasses."""
    return {
        name: thing
        for (m, name), thing in _known.items()
        if m == module and (kind is None or (isinstance(thing, type) and issubclass(thing, kind)))
    }


def snake_case(name: str) -> str:
    """Return a class name in Keras's snake case.

    >>> snake_case("BatchNormalization"), snake_case("ReLU"), snake_case("AUC"), snake_case("R2Score")
    ('batch_normalization', 're_lu', 'auc', 'r2_score')
    """
    import re

    name = re.sub(r"\W+", "", name)
    name = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub("([a-z])([A-Z])", r"\1_\2", name).lower()


# -- what the running program adds --------------------------------------------------------------------------------------


def register_keras_serializable(package: str = "Custom", name: str | None = None) -> Callable[[T], T]:
    """Register a user's class or function under `package>name`, so that files may name it (`keras.saving`)."""

    def mark(thing: T) -> T:
        full = f"{package}>{name or thing.__name__}"  # type: ignore[attr-defined]
        if isinstance(thing, type) and not hasattr(thing, "get_config"):
            raise ValueError(f"Cannot register {thing.__name__}: a serializable class needs get_config.")
        _registered[full] = thing
        _registered_names[thing] = full
        return thing

    return mark


def get_custom_objects() -> dict[str, Any]:
    """Return the registered objects by name; it may be changed."""
    return _registered


class CustomObjectScope:
    """Within the block, files and strings may also name `custom_objects` (`keras.saving.custom_object_scope`)."""

    def __init__(self, custom_objects: Mapping[str, Any] | None) -> None:
        self.custom_objects = dict(custom_objects or {})

    def __enter__(self) -> CustomObjectScope:
        _scopes.append(self.custom_objects)
        return self

    def __exit__(self, *_: object) -> None:
        _scopes.remove(self.custom_objects)


custom_object_scope = CustomObjectScope


def find_custom(name: str, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """Return the user's object of that name (plain or `package>name`), or None."""
    for table in (custom_objects or {}, *reversed(_scopes), _registered):
        if name in table:
            return table[name]
    return _registered.get(f"Custom>{name}")


def get_registered_name(obj: Any) -> str:
    """Return the name a user's class or function is registered under, or its own name."""
    return _registered_names.get(obj, getattr(obj, "__name__", str(obj)))


def get_registered_object(name: str, custom_objects: Any = None, module_objects: Any = None) -> Any:
    """Return the object registered under `name`, or None."""
    found = find_custom(name, custom_objects)
    return found if found is not None else (module_objects or {}).get(name)


# -- configuration from the constructor ---------------------------------------------------------------------------------


class Configurable:
    """Gives a class `get_config`, `from_config` and a `repr`, all read off its constructor's signature.

    Each constructor argument is looked up as the attribute of the same name, or, failing that, as it was passed. So a class
    needs nothing of this kind of its own; a user's class may still override `get_config` and call `super().get_config()`.
    """

    _keras_module: ClassVar[str] = ""
    _init_arguments: dict[str, Any]

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        instance = super().__new__(cls)
        try:
            bound = inspect.signature(cls.__init__).bind(instance, *args, **kwargs)
        except TypeError:  # __init__ itself will say what is wrong
            object.__setattr__(instance, "_init_arguments", {})
            return instance
        bound.apply_defaults()
        arguments: dict[str, Any] = {}
        for name, value in list(bound.arguments.items())[1:]:
            kind = bound.signature.parameters[name].kind
            if kind is inspect.Parameter.VAR_KEYWORD:
                arguments.update(value)
            elif kind is not inspect.Parameter.VAR_POSITIONAL:
                arguments[name] = value
        object.__setattr__(instance, "_init_arguments", arguments)
        return instance

    def _base_config(self) -> dict[str, Any]:
        """What every object of this kind has, whatever its constructor (a layer's name, dtype, trainable)."""
        return {}

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments as JSON-like values."""
        config = self._base_config()
        for name in _config_arguments(type(self)):
            if name not in config:
                value = getattr(self, name, self._init_arguments.get(name))
                config[name] = serialize_keras_object(value)
        return config

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """Build an object from what `get_config` gave."""
        return cls(**{key: deserialize_keras_object(value) for key, value in config.items()})

    def __repr__(self) -> str:
        shown = ", ".join(f"{k}={v!r}" for k, v in self._init_arguments.items() if v is not None)
        return f"{type(self).__name__}({shown})"


def _config_arguments(cls: type) -> list[str]:
    """Return the constructor arguments that belong in the configuration.

    Where a user's class overrides `get_config`, it adds its own; the rest are those of our class beneath it.
    """
    for base in cls.__mro__:
        if "get_config" in base.__dict__ and not base.__module__.startswith("chainrule."):
            cls = next(c for c in cls.__mro__ if c.__module__.startswith("chainrule."))
            break
    skip = (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)
    parameters = list(inspect.signature(cls.__init__).parameters.values())[1:]  # type: ignore[misc]
    return [p.name for p in parameters if p.kind not in skip]


# -- objects to configurations and back ---------------------------------------------------------------------------------


def serialize_keras_object(obj: Any) -> Any:
    """Return a JSON-like description of an object: numbers and strings as they are, objects in Keras's form."""
    if obj is None or isinstance(obj, bool | int | float | str):
        return obj
    if isinstance(obj, np.generic):
        return obj.item()
    if isinstance(obj, np.dtype):
        return obj.name
    if isinstance(obj, np.ndarray):
        return {"class_name": "__numpy__", "config": {"value": obj.tolist(), "dtype": obj.dtype.name}}
    if isinstance(obj, tuple):
        return {"class_name": "__tuple__", "items": [serialize_keras_object(v) for v in obj]}
    if isinstance(obj, list):
        return [serialize_keras_object(v) for v in obj]
    if isinstance(obj, dict):
        return {str(k): serialize_keras_object(v) for k, v in obj.items()}
    if inspect.isfunction(obj) or type(obj).__name__ == "Op":
        return _serialize_function(obj)
    if hasattr(obj, "serialize_form"):
        return obj.serialize_form()
    if hasattr(obj, "get_config"):
        return _serialize_instance(obj)
    raise TypeError(f"Cannot describe {obj!r} of type {type(obj).__name__} in a configuration: it has no get_config.")


def _serialize_function(function: Any) -> Any:
    name = getattr(function, "__name__", "")
    for (module, known), thing in _known.items():
        if thing is function and module in ("keras.activations", "keras.losses", "keras.metrics"):
            return known
    if name == "<lambda>":
        raise TypeError(
            "A lambda cannot be written to a file: name the function and register it with register_keras_serializable."
        )
    return {
        "module": "builtins",
        "class_name": "function",
        "config": name,
        "registered_name": get_registered_name(function) if function in _registered_names else "function",
    }


def _serialize_instance(thing: Any) -> dict[str, Any]:
    cls = type(thing)
    custom = cls in _registered_names or not cls.__module__.startswith("chainrule.")
    description = {
        "module": cls.__module__ if custom else cls._keras_module,
        "class_name": cls.__name__,
        "config": thing.get_config(),
        "registered_name": _registered_names.get(cls, cls.__name__) if custom else None,
    }
    if hasattr(thing, "get_build_config"):
        build = thing.get_build_config()
        if build is not None:
            description["build_config"] = build
    return description


def deserialize_keras_object(
    config: Any, custom_objects: Mapping[str, Any] | None = None, safe_mode: bool = True, **_: Any
) -> Any:
    """Return the object that a description names; values that describe nothing are returned as they are.

    Raises:
        ModelFileError: the description is malformed, or asks for code.
        UnknownNameError: a class that is neither ours nor given in `custom_objects` or registered.
    """
    if custom_objects:
        with CustomObjectScope(custom_objects):
            return deserialize_keras_object(config)
    if isinstance(config, list):
        return [deserialize_keras_object(v) for v in config]
    if not isinstance(config, dict):
        return config
    if "class_name" not in config:
        return {k: deserialize_keras_object(v) for k, v in config.items()}
    name = config["class_name"]
    if name == "__tuple__":
        return tuple(deserialize_keras_object(v) for v in config["items"])
    if name in ("__numpy__", "__tensor__"):
        return np.asarray(config["config"]["value"], dtype=config["config"]["dtype"])
    if name == "__lambda__":
        raise ModelFileError("The file holds a lambda by value (Python bytecode), which chainrule never runs.")
    if name == "function":
        return _find_function(config)
    cls = find_class(config)
    inner = config.get("config") or {}
    if not isinstance(inner, dict):
        raise ModelFileError(f"The configuration of {name!r} must be a mapping, but is {type(inner).__name__}.")
    instance = cls.from_config(inner)
    if config.get("build_config") and hasattr(instance, "build_from_config"):
        instance.build_from_config(config["build_config"])
    return instance


def find_class(config: Mapping[str, Any]) -> Any:
    """Return the class that a description names, from the closed table or the user's own."""
    name, registered = str(config["class_name"]), config.get("registered_name")
    for candidate in (registered, name):
        custom = find_custom(str(candidate)) if candidate else None
        if custom is not None:
            return custom
    module = str(config.get("module") or "")
    module = {
        "keras.src.models.functional": "keras",
        "keras.models": "keras",
        "keras.src.models.sequential": "keras",
    }.get(module, module)
    cls = _known.get((module, name))
    if cls is None and registered is None and not module:
        cls = next((c for (_, n), c in _known.items() if n == name and isinstance(c, type)), None)
    if not isinstance(cls, type):
        error = unknown_name("class", name, (n for (_, n), c in _known.items() if isinstance(c, type)))
        raise UnknownNameError(
            f"{error} (module {module!r}). If it is a class of yours, pass custom_objects={{{name!r}: ...}} "
            "or register it with register_keras_serializable."
        )
    return cls


def _find_function(config: Mapping[str, Any]) -> Any:
    name = config.get("config")
    for candidate in (config.get("registered_name"), name):
        custom = find_custom(str(candidate)) if candidate not in (None, "function") else None
        if custom is not None:
            return custom
    for module in ("keras.activations", "keras.losses", "keras.metrics"):
        if (module, name) in _known and not isinstance(_known[(module, str(name))], type):
            return _known[(module, str(name))]
    raise UnknownNameError(
        f"The configuration names a function {name!r} that is neither one of ours nor given in custom_objects."
    )


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
        table = {**names_of(module), **aliases}
        found = find_custom(identifier)
        if found is None:
            found = table.get(identifier)
        if found is None:
            raise unknown_name(kind, identifier, [n for n in table if not n.startswith("_")])
        identifier = found
    if isinstance(identifier, type) and (base is None or issubclass(identifier, base)):
        return identifier()
    if callable(identifier) or (base is not None and isinstance(identifier, base)):
        return identifier
    raise UnknownNameError(
        f"Cannot read {identifier!r} as {kind}: expected a name, an object, a configuration or None."
    )


def iterate_known() -> Iterator[tuple[str, str, Any]]:
    """Yield `(module, name, thing)` of the closed table, for the tests that hold every class to the same laws."""
    for (module, name), thing in _known.items():
        yield module, name, thing


@contextmanager
def no_custom_objects() -> Iterator[None]:
    """Within the block, the scopes of the program are set aside."""
    saved = _scopes[:]
    _scopes.clear()
    try:
        yield
    finally:
        _scopes.extend(saved)
