"""`Dense`: the layer that the whole library is about."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from chainrule import activations, constraints, initializers, ops, regularizers
from chainrule._typing import Shape, Value
from chainrule.engines.plan import Affine, Step, slot_of
from chainrule.errors import ShapeError
from chainrule.layers.activation import lower_activation
from chainrule.layers.base import Layer
from chainrule.layers.input_spec import InputSpec
from chainrule.saving.serialization import public

__all__ = ["Dense"]


@public("keras.layers")
class Dense(Layer):
    """`y = activation(x @ kernel + bias)`

    Shapes: x (batch, ..., in), kernel (in, units), bias (units,), y (batch, ..., units). Each column of the kernel
    belongs to one unit.

    Args:
        units: number of neurons.
        activation: a name or function of `chainrule.activations`; none by default.
        use_bias: whether there is a bias.
        kernel_initializer, bias_initializer: how the variables start.
        kernel_regularizer, bias_regularizer, activity_regularizer: penalties added to the loss.
        kernel_constraint, bias_constraint: applied after each optimizer step.

    Raises:
        ValueError: `units` is not a positive whole number.

    >>> import chainrule as cr
    >>> layer = cr.layers.Dense(1, activation="sigmoid")
    >>> layer.build((None, 2))
    >>> layer.set_weights([[[1.0], [-1.0]], [-0.5]])
    >>> layer([[1.0, 0.0]]).numpy().round(4).tolist()
    [[0.6225000023841858]]
    """

    supports_masking = True

    def __init__(
        self,
        units: int,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        lora_rank: int | None = None,
        lora_alpha: float | None = None,
        quantization_config: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        if isinstance(units, bool) or not isinstance(units, int | np.integer) or units <= 0:
            raise ValueError(f"Dense '{self.name}': units must be a positive whole number, but is {units!r}.")
        if lora_rank is not None or quantization_config is not None:
            raise ValueError(
                f"Dense '{self.name}': lora_rank and quantization_config are not supported; leave them out."
            )
        self.units = int(units)
        self.activation = activations.get(activation)
        self.use_bias = use_bias
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.bias_constraint = constraints.get(bias_constraint)
        self.input_spec = InputSpec(min_ndim=2)

    def build(self, input_shape: Shape) -> None:
        width = input_shape[-1]
        if width is None:
            raise ShapeError(
                f"Dense '{self.name}': the last axis of the input must be known, but its shape is {tuple(input_shape)}."
            )
        self.kernel = self.add_weight(
            (width, self.units),
            self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
            name="kernel",
        )
        self.bias = None
        if self.use_bias:
            self.bias = self.add_weight(
                (self.units,),
                self.bias_initializer,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
                name="bias",
            )
        self.input_spec = InputSpec(min_ndim=2, axes={-1: width})

    def call(self, inputs: Value, training: bool | None = None) -> Value:
        h = ops.matmul(inputs, self.kernel)
        if self.bias is not None:
            h = ops.add(h, self.bias)
        return h if self.activation is None else self.activation(h)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return (*input_shape[:-1], self.units)

    def lower(self) -> Iterator[Step]:
        yield Affine(slot_of(self.kernel), None if self.bias is None else slot_of(self.bias))
        yield from lower_activation(self, self.activation)

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        for key in ("lora_rank", "lora_alpha"):
            config.pop(key, None)
        if self.activity_regularizer is None:
            config.pop("activity_regularizer", None)
        return config
