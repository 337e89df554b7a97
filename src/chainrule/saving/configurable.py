"""`Configurable`: `get_config`, `from_config` and `repr` from the signature of a class's constructor."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any, ClassVar

from chainrule.errors import ModelFileError
from chainrule.utils.signatures import signature_of

_MISSING = object()
_REST = (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)


class Configurable:
    """Gives a class `get_config`, `from_config` and a `repr`, all read off its constructor's signature.

    Each constructor argument is looked up as the attribute of the same name, or, failing that, as it was passed. So a
    class needs nothing of this kind of its own; a user's class may still override `get_config` and call
    `super().get_config()`.
    """

    _keras_module: ClassVar[str] = ""
    _given: tuple[tuple[Any, ...], dict[str, Any]]

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        if (args or kwargs) and cls.__init__ is object.__init__:
            raise TypeError(f"{cls.__name__} takes no arguments, but received {[*args, *kwargs]!r:.80}.")
        instance = super().__new__(cls)
        object.__setattr__(instance, "_given", (args, kwargs))
        return instance

    @property
    def _init_arguments(self) -> dict[str, Any]:
        """What the constructor was called with, by name, and its defaults; worked out only where somebody asks."""
        args, kwargs = self._given
        try:
            bound = signature_of(type(self).__init__).bind(self, *args, **kwargs)
        except TypeError:  # a `__new__` of the user's own took other arguments
            return {}
        bound.apply_defaults()
        arguments: dict[str, Any] = {}
        for name, value in list(bound.arguments.items())[1:]:
            kind = bound.signature.parameters[name].kind
            if kind is inspect.Parameter.VAR_KEYWORD:
                arguments.update(value)
            elif kind is not inspect.Parameter.VAR_POSITIONAL:
                arguments[name] = value
        return arguments

    def _base_config(self) -> dict[str, Any]:
        """What every object of this kind has, whatever its constructor (a layer's name, dtype, trainable)."""
        return {}

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments as JSON-like values."""
        from chainrule.saving.serialization import serialize_keras_object

        config = self._base_config()
        for name in _own_arguments(type(self)):
            if name not in config:
                value = getattr(self, name, _MISSING)
                config[name] = serialize_keras_object(self._init_arguments.get(name) if value is _MISSING else value)
        return config

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """Build an object from what `get_config` gave."""
        from chainrule.saving.serialization import deserialize_keras_object

        return build(cls, {key: deserialize_keras_object(value) for key, value in config.items()})

    def __repr__(self) -> str:
        shown = ", ".join(f"{k}={v!r}" for k, v in self._init_arguments.items() if v is not None)
        return f"{type(self).__name__}({shown})"


def _own_arguments(cls: type) -> list[str]:
    """Return the constructor arguments that belong in the configuration.

    Where a user's class overrides `get_config`, it adds its own; the rest are those of our class beneath it.
    """
    left_out: tuple[str, ...] = ()
    for base in cls.__mro__:
        if "get_config" in base.__dict__ and not base.__module__.startswith("chainrule."):
            cls = next(c for c in cls.__mro__ if c.__module__.startswith("chainrule."))
            left_out = ("autocast",)  # which Keras has only where it makes the whole configuration itself
            break
    parameters = list(signature_of(cls.__init__).parameters.values())[1:]  # type: ignore[misc]
    return [p.name for p in parameters if p.kind not in _REST and p.name not in left_out]


# -- from a configuration ---------------------------------------------------------------------------------------------

_OF_EVERY_LAYER = ("name", "trainable", "dtype", "autocast", "activity_regularizer")


def build(cls: Any, arguments: dict[str, Any]) -> Any:
    """Call a constructor; what every layer has, but this constructor does not take, is set afterwards.

    So `class MLP(Model): def __init__(self, hidden)` comes back from a file with its name, as users expect.
    """
    parameters = signature_of(cls.__init__).parameters
    if any(p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters.values()):
        return cls(**arguments)
    later = {key: arguments[key] for key in _OF_EVERY_LAYER if key in arguments and key not in parameters}
    instance = cls(**{key: value for key, value in arguments.items() if key not in later})
    for key in ("name", "trainable", "activity_regularizer"):
        if key in later and hasattr(instance, key):
            setattr(instance, key, later[key])
    if later.get("dtype") is not None and hasattr(instance, "dtype_policy"):
        from chainrule import dtype_policies

        instance.dtype_policy = dtype_policies.get(later["dtype"])
    return instance


def accepted(cls: Any, config: Mapping[str, Any]) -> dict[str, Any]:
    """Return a configuration without the arguments that are None and that our class does not have.

    Newer versions of Keras add arguments, which are None where nobody uses them.
    """
    if not cls.__module__.startswith("chainrule.") or "from_config" in vars(cls):
        return dict(config)
    taken: set[str] = set()
    for base in cls.__mro__:
        if "__init__" in vars(base):
            parameters = signature_of(base.__init__).parameters.values()
            taken.update(p.name for p in parameters)
    return {key: value for key, value in config.items() if value is not None or key in taken}


_KINDS: dict[str, tuple[type, ...]] = {"bool": (bool,), "int": (int,), "float": (float, int), "str": (str,)}
_SAID = {"bool": "True or False", "int": "a whole number", "float": "a number", "str": "text"}


def check_types(cls: Any, config: Mapping[str, Any]) -> None:
    """Compare what a file gives with the plain types that the constructor of one of our classes asks for.

    Raises:
        ModelFileError: another type; None, which other versions write for what is not set, is let through.
    """
    if not cls.__module__.startswith("chainrule."):
        return
    for name, parameter in signature_of(cls.__init__).parameters.items():
        kinds = [k for k in str(parameter.annotation).split(" | ") if k != "None"]
        value = config.get(name)
        if value is None or not set(kinds) <= set(_KINDS):
            continue
        whole = isinstance(value, float) and value.is_integer() and "int" in kinds
        if not whole and not any(_is(value, kind) for kind in kinds):
            said = " or ".join(_SAID[k] for k in kinds)
            raise ModelFileError(f"{cls.__name__}: {name} must be {said}, but the file has {value!r:.80}.")


def _is(value: Any, kind: str) -> bool:
    return isinstance(value, _KINDS[kind]) and (kind == "bool" or not isinstance(value, bool))
