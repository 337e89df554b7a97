"""`GroupNormalization` and `RMSNormalization`: each observation normalised by itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from chainrule import constraints, initializers, ops, regularizers
from chainrule._typing import Shape, Value
from chainrule.engines.plan import GroupNormalize, RootNormalize, Step, slot_of
from chainrule.errors import ShapeError
from chainrule.layers.base import Layer
from chainrule.layers.input_spec import InputSpec
from chainrule.saving.serialization import public

__all__ = ["GroupNormalization", "RMSNormalization"]


@public("keras.layers")
class GroupNormalization(Layer):
    """`y = gamma * (x - mean) / sqrt(variance + epsilon) + beta`, mean and variance being those of a group of features.

    Args:
        groups: how many groups the features are cut into; -1 for one group per feature.
        axis: the axis of the features.
        epsilon: 0.001 as in Keras (PyTorch: 1e-5).
        center, scale: whether there are `beta` and `gamma`, one number per feature.

    Raises:
        ValueError: `groups` is neither positive nor -1.
        ShapeError: the number of features is no multiple of it.

    Source: Wu and He (2018).

    >>> import chainrule as cr
    >>> cr.layers.GroupNormalization(2)([[1.0, 3.0, 5.0, 9.0]]).numpy().round(2).tolist()
    [[-1.0, 1.0, -1.0, 1.0]]
    """

    supports_masking = True

    def __init__(
        self,
        groups: int = 32,
        axis: int = -1,
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
        super().__init__(**kwargs)
        if isinstance(groups, bool) or not isinstance(groups, int) or (groups < 1 and groups != -1):
            raise ValueError(
                f"GroupNormalization '{self.name}': groups must be a positive whole number or -1, but is {groups!r}."
            )
        self.groups = groups
        self.axis = axis
        self.epsilon = epsilon
        self.center = center
        self.scale = scale
        self.beta_initializer = initializers.get(beta_initializer)
        self.gamma_initializer = initializers.get(gamma_initializer)
        self.beta_regularizer = regularizers.get(beta_regularizer)
        self.gamma_regularizer = regularizers.get(gamma_regularizer)
        self.beta_constraint = constraints.get(beta_constraint)
        self.gamma_constraint = constraints.get(gamma_constraint)

    def build(self, input_shape: Shape) -> None:
        width = self._width(input_shape)
        if width is None:
            raise ShapeError(
                f"GroupNormalization '{self.name}': axis {self.axis} of the input must be known, but its shape is "
                f"{tuple(input_shape)}."
            )
        if self.groups == -1:
            self.groups = width
        if width % self.groups:
            raise ShapeError(
                f"GroupNormalization '{self.name}': {width} features cannot be cut into {self.groups} groups of one "
                "size. Choose a number of groups that divides them."
            )
        self.gamma = self.beta = None
        if self.scale:
            self.gamma = self.add_weight(
                (width,), self.gamma_initializer, regularizer=self.gamma_regularizer,
                constraint=self.gamma_constraint, name="gamma",
            )  # fmt: skip
        if self.center:
            self.beta = self.add_weight(
                (width,), self.beta_initializer, regularizer=self.beta_regularizer,
                constraint=self.beta_constraint, name="beta",
            )  # fmt: skip
        self.input_spec = InputSpec(ndim=len(input_shape), axes={self.axis: width})

    def _width(self, shape: Shape) -> int | None:
        if not -len(shape) <= self.axis < len(shape):
            raise ShapeError(
                f"GroupNormalization '{self.name}': axis {self.axis} does not exist in an input of shape "
                f"{tuple(shape)}."
            )
        return shape[self.axis]

    def call(self, inputs: Value) -> Value:
        shape = tuple(inputs.shape)
        axis = self.axis % len(shape)
        cut = (*shape[:axis], self.groups, shape[axis] // self.groups, *shape[axis + 1 :])
        x = ops.reshape(inputs, cut)
        mean, variance = ops.moments(x, axes=[a for a in range(1, len(cut)) if a != axis], keepdims=True)
        y = ops.reshape((x - mean) * ops.rsqrt(variance + self.epsilon), shape)
        along = [n if a == axis else 1 for a, n in enumerate(shape)]
        if self.gamma is not None:
            y = y * ops.reshape(self.gamma, along)
        return y if self.beta is None else y + ops.reshape(self.beta, along)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        self._width(input_shape)
        return input_shape

    def lower(self) -> Iterator[Step]:
        gamma, beta = (None if v is None else slot_of(v) for v in (self.gamma, self.beta))
        yield GroupNormalize(self.axis, self.groups, self.epsilon, gamma, beta)


@public("keras.layers")
class RMSNormalization(Layer):
    """`y = scale * x / sqrt(mean(x^2) + epsilon)`, the mean being that of an observation along `axis`.

    Args:
        axis: the axis, or a list of axes.
        epsilon: 1e-6 as in Keras.

    Source: Zhang and Sennrich (2019).

    >>> import chainrule as cr
    >>> cr.layers.RMSNormalization()([[3.0, 4.0]]).numpy().round(3).tolist()
    [[0.8489999771118164, 1.13100004196167]]
    """

    def __init__(self, axis: int | Sequence[int] = -1, epsilon: float = 1e-6, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.axis = axis if isinstance(axis, int) else list(axis)
        self.epsilon = epsilon

    def _axes(self, rank: int) -> list[int]:
        axes = [self.axis] if isinstance(self.axis, int) else self.axis
        if any(not -rank <= a < rank for a in axes):
            raise ShapeError(
                f"RMSNormalization '{self.name}': axis {self.axis} does not exist in an input of {rank} axes."
            )
        return sorted(a % rank for a in axes)

    def build(self, input_shape: Shape) -> None:
        shape = tuple(input_shape[a] for a in self._axes(len(input_shape)))
        self.scale = self.add_weight(shape, "ones", name="scale")

    def call(self, x: Value) -> Value:
        axes = self._axes(len(x.shape))
        factor = ops.rsqrt(ops.mean(ops.square(x), axis=axes, keepdims=True) + self.epsilon)
        return x * factor * ops.reshape(self.scale, [n if a in axes else 1 for a, n in enumerate(x.shape)])

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        self._axes(len(input_shape))
        return input_shape

    def lower(self) -> Iterator[Step]:
        axes = (self.axis,) if isinstance(self.axis, int) else tuple(self.axis)
        yield RootNormalize(axes, self.epsilon, slot_of(self.scale))
