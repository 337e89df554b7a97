"""`ActivityRegularization`: a penalty of what flows through."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from chainrule import regularizers
from chainrule._typing import Shape, Value
from chainrule.engines.plan import Step
from chainrule.layers.base import Layer
from chainrule.saving.serialization import public

__all__ = ["ActivityRegularization"]


@public("keras.layers")
class ActivityRegularization(Layer):
    """`y = x`, with `(l1 * sum|x| + l2 * sum(x^2)) / batch` added to the loss.

    >>> import chainrule as cr
    >>> layer = cr.layers.ActivityRegularization(l2=0.5)
    >>> y = layer([[2.0], [4.0]])
    >>> float(layer.losses[0])
    5.0
    """

    supports_masking = True

    def __init__(self, l1: float = 0.0, l2: float = 0.0, **kwargs: Any) -> None:
        super().__init__(activity_regularizer=regularizers.L1L2(l1=l1, l2=l2), **kwargs)
        self.l1 = l1
        self.l2 = l2

    def call(self, inputs: Value) -> Value:
        return inputs

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return input_shape

    def lower(self) -> Iterator[Step]:
        return iter(())

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        config.pop("activity_regularizer", None)
        return config
