"""Normalisation of each observation by itself: `LayerNormalization`, `UnitNormalization`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from chainrule import constraints, initializers, ops, regularizers
from chainrule._typing import Shape, Value
from chainrule.engines.plan import LayerNormalize, Step, UnitNormalize, slot_of
from chainrule.errors import ShapeError
from chainrule.layers.base import Layer
from chainrule.saving.serialization import public

__all__ = ["LayerNormalization", "UnitNormalization"]


@public("keras.layers")
class LayerNormalization(Layer):
    """`y = gamma * (x - mean) / sqrt(variance + epsilon) + beta`, mean and variance being those of an observation.

    Args:
        axis: the axis, or a list of axes, over which they are taken.
        epsilon: 0.001 as in Keras (PyTorch: 1e-5).
        center, scale: whether there are `beta` and `gamma`.

    Source: Ba, Kiros and Hinton (2016).

    >>> import chainrule as cr
    >>> cr.layers.LayerNormalization()([[1.0, 3.0]]).numpy().round(3).tolist()
    [[-1.0, 1.0]]
    """

    supports_masking = True

    def __init__(
        self,
        axis: int | Sequence[int] = -1,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        self.rms_scaling = bool(kwargs.pop("rms_scaling", False))  # deprecated in Keras, and still in its files
        super().__init__(**kwargs)
        if self.rms_scaling:
            raise ValueError(f"LayerNormalization '{self.name}': rms_scaling=True is not supported. Leave it out.")
        self.axis = axis if isinstance(axis, int) else list(axis)
        self.epsilon = float(epsilon)
        self.center = center
        self.scale = scale
        self.beta_initializer = initializers.get(beta_initializer)
        self.gamma_initializer = initializers.get(gamma_initializer)
        self.beta_regularizer = regularizers.get(beta_regularizer)
        self.gamma_regularizer = regularizers.get(gamma_regularizer)
        self.beta_constraint = constraints.get(beta_constraint)
        self.gamma_constraint = constraints.get(gamma_constraint)

    def _axes(self, rank: int) -> tuple[int, ...]:
        axes = [self.axis] if isinstance(self.axis, int) else self.axis
        if any(not -rank <= a < rank for a in axes):
            raise ShapeError(
                f"LayerNormalization '{self.name}': axis {self.axis} does not exist in an input of {rank} axes."
            )
        return tuple(sorted(a % rank for a in axes))

    def build(self, input_shape: Shape) -> None:
        shape = tuple(input_shape[a] for a in self._axes(len(input_shape)))
        if None in shape:
            raise ShapeError(
                f"LayerNormalization '{self.name}': the normalised axes must be known, but the input shape is "
                f"{tuple(input_shape)}."
            )
        self.gamma = self.beta = None
        if self.scale:
            self.gamma = self.add_weight(
                shape,
                self.gamma_initializer,
                regularizer=self.gamma_regularizer,
                constraint=self.gamma_constraint,
                name="gamma",
            )
        if self.center:
            self.beta = self.add_weight(
                shape,
                self.beta_initializer,
                regularizer=self.beta_regularizer,
                constraint=self.beta_constraint,
                name="beta",
            )

    def call(self, inputs: Value) -> Value:
        rank = len(inputs.shape)
        axes = self._axes(rank)
        mean, variance = ops.moments(inputs, axes=list(axes), keepdims=True)
        y = (inputs - mean) * ops.rsqrt(variance + self.epsilon)
        shape = [n if a in axes else 1 for a, n in enumerate(inputs.shape)]
        if self.gamma is not None:
            y = y * ops.reshape(self.gamma, shape)
        return y if self.beta is None else y + ops.reshape(self.beta, shape)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return input_shape

    def lower(self) -> Iterator[Step]:
        axes = (self.axis,) if isinstance(self.axis, int) else tuple(self.axis)
        gamma = None if self.gamma is None else slot_of(self.gamma)
        yield LayerNormalize(axes, self.epsilon, gamma, None if self.beta is None else slot_of(self.beta))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "rms_scaling": self.rms_scaling}


@public("keras.layers")
class UnitNormalization(Layer):
    """`y = x / |x|`: each observation has length 1 along `axis`."""

    supports_masking = True

    def __init__(self, axis: int | Sequence[int] = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.axis = axis if isinstance(axis, int) else list(axis)

    def call(self, inputs: Value) -> Value:
        axis = self.axis if isinstance(self.axis, int) else tuple(self.axis)
        square_sum = ops.sum(ops.square(inputs), axis=axis, keepdims=True)
        return inputs * ops.rsqrt(ops.maximum(square_sum, 1e-12))

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return input_shape

    def lower(self) -> Iterator[Step]:
        yield UnitNormalize((self.axis,) if isinstance(self.axis, int) else tuple(self.axis))
