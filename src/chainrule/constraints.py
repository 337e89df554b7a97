"""Constraints: what a variable's value is mapped to after each step of the optimizer, as `keras.constraints`.

A norm is taken along `axis`: for the kernel of `Dense`, of shape (inputs, units), axis 0 gives one norm per unit.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule import config
from chainrule._typing import Array
from chainrule.saving.serialization import (
    Configurable,
    deserialize_keras_object,
    get_object,
    names_of,
    public,
    serialize_keras_object,
    snake_case,
)


@public("keras.constraints")
class Constraint(Configurable):
    """Base of the constraints; one of your own defines `__call__(self, w)` and returns an array of the same shape.

    >>> Constraint()(np.array([-1.0, 2.0]))
    array([-1.,  2.])
    """

    def __init__(self) -> None:
        pass

    def __call__(self, w: Any) -> Any:
        """Return the value that `w` is to have."""
        return w


@public("keras.constraints")
class MaxNorm(Constraint):
    """`w * clip(|w|, 0, max_value) / (epsilon + |w|)`: norms of at most `max_value`.

    Args:
        max_value: the largest norm.
        axis: the axis or axes along which norms are taken.

    >>> MaxNorm(1.0)(np.array([[3.0, 0.3], [4.0, 0.4]])).round(3)
    array([[0.6, 0.3], [0.8, 0.4]])
    """

    def __init__(self, max_value: float = 2, axis: int | Sequence[int] = 0) -> None:
        self.max_value = max_value
        self.axis = axis

    def __call__(self, w: Any) -> Array:
        w = _floats(w)
        norms = _norms(w, self.axis)
        return _scaled(w, np.clip(norms, 0, self.max_value), norms)


@public("keras.constraints")
class NonNeg(Constraint):
    """`max(w, 0)`.

    >>> NonNeg()(np.array([-1.0, 2.0]))
    array([0., 2.])
    """

    def __call__(self, w: Any) -> Array:
        value: Array = np.maximum(_floats(w), 0)
        return value


@public("keras.constraints")
class UnitNorm(Constraint):
    """`w / (epsilon + |w|)`: norms of 1.

    Args:
        axis: the axis or axes along which norms are taken.

    >>> UnitNorm()(np.array([3.0, 4.0])).round(3)
    array([0.6, 0.8])
    """

    def __init__(self, axis: int | Sequence[int] = 0) -> None:
        self.axis = axis

    def __call__(self, w: Any) -> Array:
        w = _floats(w)
        value: Array = w / (config.epsilon() + _norms(w, self.axis))
        return value


@public("keras.constraints")
class MinMaxNorm(Constraint):
    """Norms between `min_value` and `max_value`, approached by the share `rate` per step.

    The norm `n` becomes `rate * clip(n, min_value, max_value) + (1 - rate) * n`.

    Args:
        min_value: the smallest norm.
        max_value: the largest norm.
        rate: 1 enforces the bounds at once.
        axis: the axis or axes along which norms are taken.

    >>> MinMaxNorm(1.0, 2.0, rate=0.5)(np.array([3.0, 4.0])).round(3)
    array([2.1, 2.8])
    """

    def __init__(
        self, min_value: float = 0.0, max_value: float = 1.0, rate: float = 1.0, axis: int | Sequence[int] = 0
    ) -> None:
        self.min_value = min_value
        self.max_value = max_value
        self.rate = rate
        self.axis = axis

    def __call__(self, w: Any) -> Array:
        w = _floats(w)
        norms = _norms(w, self.axis)
        desired = self.rate * np.clip(norms, self.min_value, self.max_value) + (1 - self.rate) * norms
        return _scaled(w, desired, norms)


def _floats(w: Any) -> Array:
    array = np.asarray(w)
    return array if array.dtype.kind == "f" else array.astype(config.floatx())


def _norms(w: Array, axis: int | Sequence[int]) -> Array:
    along = axis if isinstance(axis, int) else tuple(axis)
    norms: Array = np.sqrt(np.sum(np.square(w), axis=along, keepdims=True))
    return norms


def _scaled(w: Array, desired: Array, norms: Array) -> Array:
    value: Array = w * (desired / (config.epsilon() + norms))
    return value


max_norm = MaxNorm
non_neg = NonNeg
unit_norm = UnitNorm
min_max_norm = MinMaxNorm


def serialize(constraint: Constraint) -> Any:
    """Return a constraint as a configuration.

    >>> serialize(MaxNorm(3))["config"]
    {'max_value': 3, 'axis': 0}
    """
    return serialize_keras_object(constraint)


def deserialize(config: Any, custom_objects: Any = None) -> Any:
    """Return the constraint a configuration describes.

    >>> deserialize({"class_name": "MaxNorm", "config": {"max_value": 3}}).max_value
    3
    """
    return deserialize_keras_object(config, custom_objects)


def get(identifier: Any) -> Any:
    """Return a constraint from its name, configuration, class or instance; None and functions are returned as they are.

    Raises:
        UnknownNameError: anything else.

    >>> get("max_norm")
    MaxNorm(max_value=2, axis=0)
    """
    if identifier is None:
        return None
    classes = names_of("keras.constraints", Constraint)
    aliases = {snake_case(name): cls for name, cls in classes.items()}
    return get_object(identifier, "constraint", "keras.constraints", aliases, Constraint)
