"""`BatchNormalization`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from chainrule import config, constraints, initializers, ops, regularizers
from chainrule._typing import Shape, Value
from chainrule.engines.plan import BatchNormalize, CannotLower, Step, slot_of
from chainrule.errors import ShapeError
from chainrule.layers.base import Layer
from chainrule.layers.input_spec import InputSpec
from chainrule.layers.renormalization import LongTerm, check_clipping
from chainrule.saving.serialization import public

__all__ = ["BatchNormalization"]


@public("keras.layers")
class BatchNormalization(Layer):
    """`y = gamma * (x - mean) / sqrt(variance + epsilon) + beta`

    While training, mean and (biased) variance are those of the batch, and the moving averages follow them:
    `moving = momentum * moving + (1 - momentum) * batch`. Otherwise, or with `trainable=False`, the moving averages
    are used.

    Args:
        axis: the axis that keeps its own statistics.
        momentum: of the moving averages; 0.99 as in Keras (PyTorch's 0.1 is 0.9 here).
        epsilon: 0.001 as in Keras (PyTorch: 1e-5).
        center, scale: whether there are `beta` and `gamma`.
        renorm: correct the batch's statistics towards long-term ones while training (see `renormalization.py`).
        renorm_clipping: limits of the correction: a dict with `'rmin'`, `'rmax'`, `'dmax'`.
        renorm_momentum: of the long-term statistics.
        synchronized: must be False: there is one device.

    With a mask (batch, ...), one axis shorter than the input, the statistics are those of what it includes.

    Source: Ioffe and Szegedy (2015).

    >>> import chainrule as cr
    >>> y = cr.layers.BatchNormalization()([[1.0], [3.0]], training=True)
    >>> y.numpy().round(3).tolist()
    [[-1.0], [1.0]]
    """

    supports_masking = True

    def __init__(
        self,
        axis: int = -1,
        momentum: float = 0.99,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        moving_mean_initializer: Any = "zeros",
        moving_variance_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        renorm: bool = False,
        renorm_clipping: Any = None,
        renorm_momentum: float = 0.99,
        synchronized: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if synchronized:
            raise ValueError(
                f"BatchNormalization '{self.name}': synchronized=True is for several devices, but there is one. "
                "Leave it out."
            )
        if isinstance(axis, bool) or not isinstance(axis, int | np.integer):
            raise ValueError(f"BatchNormalization '{self.name}': axis must be one whole number, but is {axis!r}.")
        self.axis = int(axis)
        self.momentum = float(momentum)
        self.epsilon = float(epsilon)
        self.center = center
        self.scale = scale
        self.beta_initializer = initializers.get(beta_initializer)
        self.gamma_initializer = initializers.get(gamma_initializer)
        self.moving_mean_initializer = initializers.get(moving_mean_initializer)
        self.moving_variance_initializer = initializers.get(moving_variance_initializer)
        self.beta_regularizer = regularizers.get(beta_regularizer)
        self.gamma_regularizer = regularizers.get(gamma_regularizer)
        self.beta_constraint = constraints.get(beta_constraint)
        self.gamma_constraint = constraints.get(gamma_constraint)
        self.renorm = renorm
        self.renorm_clipping = check_clipping(self.name, renorm_clipping) if renorm else renorm_clipping
        self.renorm_momentum = renorm_momentum
        self.synchronized = synchronized

    def build(self, input_shape: Shape) -> None:
        width = self._width(input_shape)
        self.gamma = self.beta = None
        if self.scale:
            self.gamma = self.add_weight(
                (width,),
                self.gamma_initializer,
                regularizer=self.gamma_regularizer,
                constraint=self.gamma_constraint,
                name="gamma",
            )
        if self.center:
            self.beta = self.add_weight(
                (width,),
                self.beta_initializer,
                regularizer=self.beta_regularizer,
                constraint=self.beta_constraint,
                name="beta",
            )
        self.moving_mean = self.add_weight((width,), self.moving_mean_initializer, trainable=False, name="moving_mean")
        self.moving_variance = self.add_weight(
            (width,), self.moving_variance_initializer, trainable=False, name="moving_variance"
        )
        if self.renorm:
            self._long_term = LongTerm(self, width)
        self.input_spec = InputSpec(ndim=len(input_shape), axes={self.axis: width})

    def _width(self, shape: Shape) -> int:
        """Return the length of the axis that keeps its own statistics."""
        width = shape[self.axis] if -len(shape) <= self.axis < len(shape) else None
        if width is None:
            raise ShapeError(
                f"BatchNormalization '{self.name}': axis {self.axis} of the input must exist and be known, "
                f"but its shape is {tuple(shape)}."
            )
        return width

    def call(self, inputs: Value, training: bool | None = None, mask: Any = None) -> Value:
        rank = len(inputs.shape)
        kept = self.axis % rank
        if mask is not None and len(mask.shape) != rank - 1:
            raise ShapeError(
                f"BatchNormalization '{self.name}': the mask must have one axis less than the input, but has shape "
                f"{tuple(mask.shape)} for an input of shape {tuple(inputs.shape)}."
            )
        gamma, beta = self.gamma, self.beta
        if training and self.trainable:
            axes = [a for a in range(rank) if a != kept]
            mean, variance = ops.moments(inputs, axes=axes) if mask is None else _masked_moments(inputs, mask, axes)
            if self.renorm:
                gamma, beta = self._long_term.corrected(mean, variance, gamma, beta)
                self._long_term.follow(mean, variance)
            else:
                self._follow(mean, variance)
        else:
            mean, variance = self.moving_mean, self.moving_variance
        return ops.batch_normalization(inputs, mean, variance, kept, offset=beta, scale=gamma, epsilon=self.epsilon)

    def _follow(self, mean: Value, variance: Value) -> None:
        """Move the averages towards the statistics of a batch."""
        m = self.momentum
        self.moving_mean.assign(self.moving_mean.value * m + mean.value * (1.0 - m))
        self.moving_variance.assign(self.moving_variance.value * m + variance.value * (1.0 - m))

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        self._width(input_shape)
        return input_shape

    def lower(self) -> Iterator[Step]:
        if self.renorm:
            raise CannotLower(f"layer '{self.name}' renormalizes")
        yield BatchNormalize(
            self.axis,
            self.epsilon,
            self.momentum,
            gamma=None if self.gamma is None else slot_of(self.gamma),
            beta=None if self.beta is None else slot_of(self.beta),
            moving_mean=slot_of(self.moving_mean),
            moving_variance=slot_of(self.moving_variance),
            frozen=not self.trainable,
        )


def _masked_moments(inputs: Value, mask: Any, axes: list[int]) -> tuple[Value, Value]:
    """Return the mean and variance of what a mask includes; like Keras, divided by its number plus a small one."""
    counts = np.broadcast_to(np.asarray(mask, bool)[..., None], tuple(inputs.shape))
    zero = np.zeros((), inputs.dtype)
    number = (counts.sum(tuple(axes), keepdims=True) + config.epsilon()).astype(inputs.dtype)
    mean = ops.sum(ops.where(counts, inputs, zero), axis=axes, keepdims=True) / number
    squares = ops.square(ops.where(counts, inputs - mean, zero))
    variance = ops.sum(squares, axis=axes, keepdims=True) / number
    return ops.reshape(mean, (-1,)), ops.reshape(variance, (-1,))
