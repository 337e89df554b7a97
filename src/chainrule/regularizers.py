"""Penalties on weights or outputs that are added to the loss, as `keras.regularizers`.

Any function of an array that returns a number serves as a regularizer too.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from chainrule import ops
from chainrule._typing import TensorLike, Value
from chainrule.errors import ShapeError, unknown_name
from chainrule.saving.serialization import (
    Configurable,
    deserialize_keras_object,
    get_object,
    names_of,
    public,
    serialize_keras_object,
    snake_case,
)

_MODULE = "keras.regularizers"
_MODES = ("rows", "columns")


class Regularizer(Configurable):
    """Base of all regularizers; a subclass writes `__call__`.

    >>> class Third(Regularizer):
    ...     def __call__(self, x):
    ...         return 3.0 * ops.sum(x)
    >>> float(Third()([1.0, 2.0]))
    9.0
    """

    def __call__(self, x: TensorLike) -> Value:
        """Return the penalty of `x`, a number."""
        return 0.0


def _factor(owner: str, name: str, value: Any, default: float) -> float:
    """Return a factor as a float; None means the default."""
    value = default if value is None else value
    if not isinstance(value, int | float) or not math.isfinite(value) or value < 0:
        raise ValueError(f"{owner}: expected {name} to be a finite number >= 0, received {value!r}.")
    return float(value)


@public(_MODULE)
class L1(Regularizer):
    """`l1 * sum(|x|)`: draws weights to exactly 0.

    >>> float(L1(0.5)([-1.0, 3.0]))
    2.0
    """

    def __init__(self, l1: float = 0.01) -> None:
        self.l1 = _factor("L1", "l1", l1, 0.01)

    def __call__(self, x: TensorLike) -> Value:
        return self.l1 * ops.sum(ops.absolute(x))


@public(_MODULE)
class L2(Regularizer):
    """`l2 * sum(x^2)`: shrinks weights, large ones most.

    >>> float(L2(0.5)([-1.0, 3.0]))
    5.0
    """

    def __init__(self, l2: float = 0.01) -> None:
        self.l2 = _factor("L2", "l2", l2, 0.01)

    def __call__(self, x: TensorLike) -> Value:
        return self.l2 * ops.sum(ops.square(x))


@public(_MODULE)
class L1L2(Regularizer):
    """`l1 * sum(|x|) + l2 * sum(x^2)`. Both factors are 0 by default, also for the string `'l1l2'`, as in Keras.

    >>> float(L1L2(l1=0.5, l2=0.5)([-1.0, 3.0]))
    7.0
    """

    def __init__(self, l1: float = 0.0, l2: float = 0.0) -> None:
        self.l1 = _factor("L1L2", "l1", l1, 0.0)
        self.l2 = _factor("L1L2", "l2", l2, 0.0)

    def __call__(self, x: TensorLike) -> Value:
        if not self.l1:
            return self.l2 * ops.sum(ops.square(x))
        penalty = self.l1 * ops.sum(ops.absolute(x))
        return penalty + self.l2 * ops.sum(ops.square(x)) if self.l2 else penalty


@public(_MODULE)
class OrthogonalRegularizer(Regularizer):
    """`factor` times the mean of |cos| of the angles between all pairs of rows (or columns) of a matrix.

    Args:
        factor: weight of the penalty.
        mode: `'rows'` or `'columns'`.

    Raises:
        ShapeError: when called with anything but a matrix of at least two rows (columns).

    >>> float(OrthogonalRegularizer(1.0)([[1.0, 0.0], [1.0, 1.0]]))
    0.7071...
    """

    def __init__(self, factor: float = 0.01, mode: str = "rows") -> None:
        self.factor = _factor("OrthogonalRegularizer", "factor", factor, 0.01)
        if mode not in _MODES:
            raise unknown_name("mode", mode, _MODES)
        self.mode = mode

    def __call__(self, x: TensorLike) -> Value:
        shape = ops.shape(x)
        if len(shape) != 2:
            raise ShapeError(f"OrthogonalRegularizer: expected a matrix, received shape {shape}.")
        axis = 1 if self.mode == "rows" else 0
        n = shape[1 - axis]
        if n < 2:
            raise ShapeError(f"OrthogonalRegularizer: expected at least two {self.mode}, received shape {shape}.")
        unit = ops.normalize(x, axis=axis)
        cosines = ops.matmul(unit, ops.transpose(unit)) if axis == 1 else ops.matmul(ops.transpose(unit), unit)
        apart = ops.absolute(cosines * (1.0 - ops.eye(n, dtype=unit.dtype)))
        return self.factor * 0.5 * ops.sum(apart) / (n * (n - 1) / 2)


l1 = L1
l2 = L2
l1_l2 = L1L2
orthogonal_regularizer = OrthogonalRegularizer

ALIASES: dict[str, Any] = {snake_case(name): thing for name, thing in names_of(_MODULE).items()}


def get(identifier: Any) -> Callable[[Any], Any] | None:
    """Return the regularizer that a string, configuration, class or function stands for; None stays None.

    Raises:
        UnknownNameError: the string is unknown.

    >>> get("l2")
    L2(l2=0.01)
    """
    if isinstance(identifier, dict):
        return deserialize(identifier)  # type: ignore[no-any-return]
    return get_object(identifier, "regularizer", _MODULE, ALIASES)  # type: ignore[no-any-return]


def serialize(regularizer: Any) -> Any:
    """Return a regularizer's configuration in Keras's form."""
    return serialize_keras_object(regularizer)


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """Build a regularizer from its configuration; short names (`'l2'`) are read as well."""
    if isinstance(config, dict) and config.get("class_name") in ALIASES and config.get("registered_name") is None:
        config = {**config, "module": _MODULE, "class_name": ALIASES[config["class_name"]].__name__}
    return deserialize_keras_object(config, custom_objects)
