"""The float type a layer computes and stores in."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from chainrule import config
from chainrule.errors import unknown_name
from chainrule.lazy import refuser
from chainrule.saving.serialization import public

_STORED = {"mixed_float16": "float32", "mixed_bfloat16": "float32", "bfloat16": "float32", "float16": "float32"}
_KNOWN = ("float32", "float64", *_STORED, "int8", "int32", "int64", "uint8", "bool", "string")


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

    >>> DTypePolicy("mixed_float16").compute_dtype
    'float32'
    """

    def __init__(self, name: str | None = None, source_name: str | None = None) -> None:
        self.name = name or config.floatx()
        if self.name not in _KNOWN:
            raise unknown_name("dtype", self.name, _KNOWN)

    @property
    def variable_dtype(self) -> str:
        return _STORED.get(self.name, self.name)

    @property
    def compute_dtype(self) -> str:
        return _precision.name or self.variable_dtype

    def get_config(self) -> dict[str, Any]:
        return {"name": self.name}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> DTypePolicy:
        return cls(config["name"])

    def serialize_form(self) -> dict[str, Any]:
        """Return the form in which Keras writes a layer's `dtype`."""
        return {"module": "keras", "class_name": "DTypePolicy", "config": {"name": self.name}, "registered_name": None}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DTypePolicy) and other.name == self.name

    def __hash__(self) -> int:
        return hash(self.name)

    def __repr__(self) -> str:
        return f'<DTypePolicy "{self.name}">'


def get(identifier: Any) -> DTypePolicy:
    """Return the policy for a name, a NumPy type, a configuration, a policy or None (the default float type)."""
    if isinstance(identifier, DTypePolicy):
        return identifier
    if isinstance(identifier, dict):
        return DTypePolicy.from_config(identifier.get("config", identifier))
    if identifier is None or isinstance(identifier, str):
        return DTypePolicy(identifier)
    import numpy as np

    return DTypePolicy(np.dtype(identifier).name)


if not TYPE_CHECKING:  # type checkers know what is there
    __getattr__ = refuser("chainrule.dtype_policies")
