"""The float type a layer computes and stores in."""

from __future__ import annotations

import re
import threading
import warnings
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from chainrule import config
from chainrule.errors import TrapWarning, UnknownNameError, unknown_name
from chainrule.lazy import refuser
from chainrule.saving.serialization import (
    _describe_instance,
    deserialize_keras_object,
    public,
    serialize_keras_object,
)

_STORED = {"mixed_float16": "float32", "mixed_bfloat16": "float32", "bfloat16": "float32", "float16": "float32"}
_INTEGERS = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")
_KNOWN = ("float32", "float64", *_STORED, *_INTEGERS, "bool", "string")
_said: set[str] = set()


class _Precision(threading.local):
    name: str | None = None


_precision = _Precision()


@contextmanager
def precision(name: str) -> Iterator[None]:
    """Within the block every layer computes in the float type `name`; the glass box works in `'float64'` this way."""
    before, _precision.name = _precision.name, name
    try:
        yield
    finally:
        _precision.name = before


@public("keras", "FloatDTypePolicy")
class DTypePolicy:
    """The name of a float type, as `keras.DTypePolicy`. Half and mixed types are accepted and computed in float32.

    The first time that such a type is asked for by name, a `TrapWarning` says so.

    Args:
        name: `'float32'`, `'float64'`, `'mixed_float16'`, ...; None: the global policy.

    Raises:
        TypeError: the name is no string.
        UnknownNameError: it is no type.

    >>> DTypePolicy("float64").compute_dtype
    'float64'
    """

    def __init__(self, name: str | None = None) -> None:
        if name is None:
            name = config.dtype_policy().name
        elif not isinstance(name, str):
            raise TypeError(
                f"DTypePolicy: 'name' must be a string, such as 'float32'. Received: name={name!r} "
                f"(of type {type(name).__name__})"
            )
        elif name in _STORED:
            _say_float32(name)
        if name not in _KNOWN:
            raise unknown_name("dtype", name, _KNOWN)
        self._name = name

    @property
    def name(self) -> str:
        """The name it was made with."""
        return self._name

    @property
    def variable_dtype(self) -> str:
        """The type in which a layer stores its variables."""
        return _STORED.get(self.name, self.name)

    @property
    def compute_dtype(self) -> str:
        """The type in which a layer computes."""
        return _precision.name or self.variable_dtype

    @property
    def quantization_mode(self) -> None:
        """None: weights are never quantised here."""
        return

    def convert_input(self, x: Any, autocast: bool, dtype: Any) -> Any:
        """Return an input of a layer as a tensor; floats are cast to `dtype` if `autocast` says so."""
        from chainrule import ops
        from chainrule.symbolic import is_keras_tensor
        from chainrule.utils.dtypes import standardize_dtype

        wanted = standardize_dtype(dtype)
        if not is_keras_tensor(x):
            if not hasattr(x, "__array__"):
                return x
            x = ops.convert_to_tensor(x)
        kind = standardize_dtype(x.dtype)
        return ops.cast(x, wanted) if autocast and "float" in kind and kind != wanted else x

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {"name": self.name}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """Build a policy from what `get_config` gave."""
        return cls(**config)

    def serialize_form(self) -> dict[str, Any]:
        """Return the form in which Keras writes a layer's `dtype`."""
        if type(self) is DTypePolicy:
            return {
                "module": "keras",
                "class_name": "DTypePolicy",
                "config": {"name": self.name},
                "registered_name": None,
            }
        description: dict[str, Any] = _describe_instance(self)
        if type(self) is DTypePolicyMap:
            description["module"] = "keras.dtype_policies"
        return description

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and isinstance(other, DTypePolicy) and other.name == self.name

    def __hash__(self) -> int:
        return hash(self.name)

    def __repr__(self) -> str:
        return f'<DTypePolicy "{self.name}">'


FloatDTypePolicy = DTypePolicy


@public("keras")  # as `find_class` reads Keras's own `keras.dtype_policies`
class DTypePolicyMap(DTypePolicy, MutableMapping[str, DTypePolicy]):
    """Policies by path: a path itself, a regular expression that matches it all, or the default.

    As a layer's own `dtype` it gives the layer the policy of its path, which is known once the layer is built.

    Args:
        default_policy: for paths that no key is for; None: the global policy.
        policy_map: path or regular expression -> policy.

    Raises:
        ValueError: the default is a map itself.
        TypeError: the map is no dict.

    >>> policies = DTypePolicyMap("float32", {"encoder/.*": DTypePolicy("float64")})
    >>> policies["encoder/dense"], policies["decoder/dense"]
    (<DTypePolicy "float64">, <DTypePolicy "float32">)
    """

    def __init__(self, default_policy: Any = None, policy_map: dict[str, DTypePolicy] | None = None) -> None:
        if isinstance(default_policy, DTypePolicyMap):
            raise ValueError("DTypePolicyMap: `default_policy` cannot be a `DTypePolicyMap`.")
        if policy_map is not None and not isinstance(policy_map, dict):
            raise TypeError(
                f"If specified, `policy_map` must be a dict. Received: policy_map={policy_map} of type "
                f"{type(policy_map)}"
            )
        self._given = default_policy
        self._default_policy: DTypePolicy = get(default_policy)
        self._policy_map = policy_map or {}

    @property
    def name(self) -> str:
        """`'map_'` and the name of the default policy."""
        return f"map_{self._default_policy.name}"

    @property
    def default_policy(self) -> DTypePolicy:
        """The policy of all paths that no key is for."""
        return self._default_policy

    @property
    def variable_dtype(self) -> str:
        """That of the default policy."""
        return self._default_policy.variable_dtype

    def __getitem__(self, key: str) -> DTypePolicy:
        if key in self._policy_map:
            return self._policy_map[key]
        matching = [pattern for pattern in self._policy_map if re.fullmatch(pattern, key)]
        if len(matching) > 1:
            raise ValueError(
                f"Path '{key}' matches multiple dtype policy specification keys: {matching}. Please make sure each "
                "path only matches at most one dtype policy specification key in the DTypePolicyMap."
            )
        return self._policy_map[matching[0]] if matching else self._default_policy

    def __setitem__(self, key: str, policy: Any) -> None:
        if key in self._policy_map:
            raise ValueError(
                f"{key} already exist in the DTypePolicyMap with value {self._policy_map[key]}. "
                "Please make sure to not use duplicated keys."
            )
        self._policy_map[key] = get(policy)

    def __delitem__(self, key: str) -> None:
        del self._policy_map[key]

    def __contains__(self, key: object) -> bool:
        return key in self._policy_map

    def __len__(self) -> int:
        return len(self._policy_map)

    def __iter__(self) -> Iterator[str]:
        return iter(self._policy_map)

    def __eq__(self, other: object) -> bool:
        return self is other

    def __hash__(self) -> int:
        return id(self)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments as JSON-like values."""
        return {
            "default_policy": serialize_keras_object(self._given),
            "policy_map": serialize_keras_object(self._policy_map),
        }

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> DTypePolicyMap:
        """Build a map, with its policies, from what `get_config` gave."""
        return cls(**{key: deserialize_keras_object(value, custom_objects) for key, value in config.items()})

    def __repr__(self) -> str:
        mapping = [(key, policy.name) for key, policy in self._policy_map.items()]
        return f"<DTypePolicyMap default_policy={self._default_policy.name}, mapping={mapping}>"


def get(identifier: Any) -> Any:
    """Return the policy for a name, a type, a configuration, a policy or None (the global policy).

    Raises:
        UnknownNameError: it names no type.

    >>> get("float64"), get(None)
    (<DTypePolicy "float64">, <DTypePolicy "float32">)
    """
    if isinstance(identifier, DTypePolicy):
        return identifier
    if isinstance(identifier, dict):
        return deserialize(identifier)
    if identifier is None:
        return config.dtype_policy()
    if isinstance(identifier, str):
        return DTypePolicy(identifier)
    from chainrule.utils.dtypes import standardize_dtype

    try:
        return DTypePolicy(standardize_dtype(identifier))
    except (TypeError, ValueError):
        raise UnknownNameError(
            f"Cannot interpret `dtype` argument. Expected a string or an instance of DTypePolicy. "
            f"Received: dtype={identifier}"
        ) from None


def serialize(dtype_policy: DTypePolicy) -> dict[str, Any]:
    """Return a policy as a configuration.

    >>> serialize(DTypePolicy("float64"))["config"]
    {'name': 'float64'}
    """
    return dtype_policy.serialize_form()


def deserialize(config: dict[str, Any], custom_objects: Any = None) -> Any:
    """Return the policy a configuration describes.

    >>> deserialize({"class_name": "DTypePolicy", "config": {"name": "float64"}})
    <DTypePolicy "float64">
    """
    if "class_name" not in config:
        return DTypePolicy.from_config(config)
    if str(config["class_name"]) in ("DTypePolicy", "FloatDTypePolicy"):
        return DTypePolicy(dict(config.get("config") or {}).get("name"))
    found = deserialize_keras_object(config, custom_objects)
    if not isinstance(found, DTypePolicy):
        raise UnknownNameError(f"Expected the configuration of a dtype policy, found a {type(found).__name__}.")
    return found


def _say_float32(name: str) -> None:
    """Say once that a half or mixed type is computed in float32."""
    if not _said and config.are_trap_warnings_enabled():
        from chainrule.utils.callers import outside

        _said.add(name)
        warnings.warn(
            f"The dtype policy '{name}' is accepted, but all arithmetic and storage is float32 here, which is at least "
            "as exact. To hear no more of it: chainrule.config.disable_trap_warnings(), or "
            "warnings.filterwarnings('ignore', category=chainrule.errors.TrapWarning).",
            TrapWarning,
            stacklevel=outside(),
        )


if not TYPE_CHECKING:  # type checkers know what is there
    __getattr__ = refuser("chainrule.dtype_policies")
