"""`Masking`: steps of a sequence that hold nothing but one value do not count."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule import ops
from chainrule._typing import Shape, Value
from chainrule.autodiff.masks import set_mask
from chainrule.engines.plan import CannotLower
from chainrule.layers.base import Layer
from chainrule.saving.serialization import public

__all__ = ["Masking"]


@public("keras.layers")
class Masking(Layer):
    """`y = x where mask, else 0`; the mask is True for steps in which any feature differs from `mask_value`.

    Shapes: x and y (batch, steps, features), mask (batch, steps).

    Args:
        mask_value: what the features of a step that does not count are all equal to.

    >>> import chainrule as cr
    >>> y = cr.layers.Masking(-1.0)([[[3.0, 4.0], [-1.0, -1.0]]])
    >>> y.numpy().tolist(), y._keras_mask.numpy().tolist()
    ([[[3.0, 4.0], [0.0, 0.0]]], [[True, False]])
    """

    def __init__(self, mask_value: float = 0.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.mask_value = mask_value

    def call(self, inputs: Value) -> Value:
        counts = ops.any(ops.not_equal(inputs, self.mask_value), axis=-1, keepdims=True)
        outputs = ops.where(counts, inputs, np.zeros((), inputs.dtype))
        set_mask(outputs, ops.squeeze(counts, axis=-1))
        return outputs

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        return ops.any(ops.not_equal(inputs, self.mask_value), axis=-1)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return input_shape

    def lower(self) -> Any:
        raise CannotLower(f"layer '{self.name}' makes a mask")
