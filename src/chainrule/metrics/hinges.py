"""Hinge metrics, for labels -1 and 1 (0 and 1 are translated). They reuse the loss functions of the same name."""

from __future__ import annotations

from typing import Any

from chainrule import losses
from chainrule.metrics.reduction import MeanMetricWrapper
from chainrule.saving.serialization import public

__all__ = ["CategoricalHinge", "Hinge", "SquaredHinge"]


@public("keras.metrics")
class Hinge(MeanMetricWrapper):
    """The mean of `max(1 - y p, 0)`.

    >>> import chainrule as cr
    >>> cr.metrics.Hinge()([[0.0], [1.0]], [[0.5], [0.5]])
    1.0
    """

    def __init__(self, name: str = "hinge", dtype: Any = None) -> None:
        super().__init__(losses.hinge, name=name, dtype=dtype)


@public("keras.metrics")
class SquaredHinge(MeanMetricWrapper):
    """The mean of `max(1 - y p, 0)²`.

    >>> import chainrule as cr
    >>> cr.metrics.SquaredHinge()([[0.0], [1.0]], [[0.5], [0.5]])
    1.25
    """

    def __init__(self, name: str = "squared_hinge", dtype: Any = None) -> None:
        super().__init__(losses.squared_hinge, name=name, dtype=dtype)


@public("keras.metrics")
class CategoricalHinge(MeanMetricWrapper):
    """The mean of `max(0, 1 + max((1 - y) p) - Σ y p)` for one-hot targets.

    >>> import chainrule as cr
    >>> cr.metrics.CategoricalHinge()([[0.0, 1.0]], [[0.75, 0.25]])
    1.5
    """

    def __init__(self, name: str = "categorical_hinge", dtype: Any = None) -> None:
        super().__init__(losses.categorical_hinge, name=name, dtype=dtype)
