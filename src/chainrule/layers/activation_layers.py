"""Activations that are layers of their own because they have arguments or variables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from chainrule import activations, constraints, initializers, ops, regularizers
from chainrule._typing import Array, Shape, Value
from chainrule.engines.plan import Activate, ParametricReLU, Step, slot_of
from chainrule.errors import ShapeError
from chainrule.layers.base import Layer
from chainrule.layers.input_spec import InputSpec
from chainrule.saving.serialization import public

__all__ = ["ELU", "LeakyReLU", "PReLU", "ReLU", "Softmax"]


class _Elementwise(Layer):
    """A layer whose output has the shape of its input."""

    supports_masking = True

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return input_shape


@public("keras.layers")
class ReLU(_Elementwise):
    """`y = max(x, 0)`, with an optional cap, slope below the threshold, and threshold.

    Args:
        max_value: largest output, none by default.
        negative_slope: slope below the threshold.
        threshold: where the unit begins to respond.

    >>> import chainrule as cr
    >>> cr.layers.ReLU(max_value=2.0, negative_slope=0.5)([-2.0, 1.0, 5.0]).numpy().tolist()
    [-1.0, 1.0, 2.0]
    """

    def __init__(
        self, max_value: float | None = None, negative_slope: float = 0.0, threshold: float = 0.0, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        for name, value in (("max_value", max_value), ("negative_slope", negative_slope), ("threshold", threshold)):
            if value is not None and value < 0:
                raise ValueError(f"ReLU '{self.name}': {name} must not be negative, but is {value}.")
        self.max_value = max_value
        self.negative_slope = negative_slope
        self.threshold = threshold

    def call(self, inputs: Value) -> Value:
        return activations.relu(inputs, self.negative_slope, self.max_value, self.threshold)

    def lower(self) -> Iterator[Step]:
        options = {"negative_slope": self.negative_slope, "max_value": self.max_value, "threshold": self.threshold}
        yield Activate("relu", options)


@public("keras.layers")
class LeakyReLU(_Elementwise):
    """`y = x if x > 0 else negative_slope * x`; the layer's default slope is 0.3, the function's 0.2, as in Keras."""

    def __init__(self, negative_slope: float = 0.3, **kwargs: Any) -> None:
        if "alpha" in kwargs:  # Keras 2's name
            negative_slope = kwargs.pop("alpha")
        super().__init__(**kwargs)
        if negative_slope is None or negative_slope < 0:
            raise ValueError(f"LeakyReLU '{self.name}': negative_slope must not be negative, but is {negative_slope}.")
        self.negative_slope = negative_slope

    def call(self, inputs: Value) -> Value:
        return activations.leaky_relu(inputs, self.negative_slope)

    def lower(self) -> Iterator[Step]:
        yield Activate("leaky_relu", {"negative_slope": self.negative_slope})


@public("keras.layers")
class ELU(_Elementwise):
    """`y = x if x > 0 else alpha * (exp(x) - 1)`"""

    def __init__(self, alpha: float = 1.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.alpha = alpha

    def call(self, inputs: Value) -> Value:
        return activations.elu(inputs, self.alpha)

    def lower(self) -> Iterator[Step]:
        yield Activate("elu", {"alpha": self.alpha})


_MASKED = -1e9  # Keras's number in place of minus infinity


@public("keras.layers")
class Softmax(_Elementwise):
    """`y_i = exp(x_i) / sum_j exp(x_j)` along `axis`, or along several axes together.

    With a `mask`, places where it is False get 0.

    >>> import chainrule as cr
    >>> cr.layers.Softmax()([[0.0, 0.0, 5.0]], mask=np.array([[True, True, False]])).numpy().tolist()
    [[0.5, 0.5, 0.0]]
    """

    def __init__(self, axis: int | Sequence[int] = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.axis = axis

    def call(self, inputs: Value, mask: Any = None) -> Value:
        if mask is not None:
            counts = self._fitting(np.asarray(mask), tuple(inputs.shape))
            masked = ops.where(counts, inputs, np.asarray(_MASKED, inputs.dtype))
            return ops.where(counts, self._softmax(masked), np.zeros((), inputs.dtype))  # also where no place counts
        return self._softmax(inputs)

    def _softmax(self, inputs: Value) -> Value:
        if isinstance(self.axis, int):
            return activations.softmax(inputs, self.axis)
        if len(self.axis) == 1:
            return activations.softmax(inputs, self.axis[0])
        return ops.exp(inputs - ops.logsumexp(inputs, axis=tuple(self.axis), keepdims=True))

    def _fitting(self, mask: Array, shape: tuple[int, ...]) -> Array:
        """Return a mask as booleans, or say that it does not fit."""
        pairs = zip(mask.shape[::-1], shape[::-1], strict=False)
        if mask.ndim > len(shape) or any(m not in (1, n) for m, n in pairs):
            raise ShapeError(
                f"Softmax '{self.name}': the mask has shape {mask.shape}, the input {shape}: each axis of the mask "
                "must be of length 1 or that of the input."
            )
        return mask if mask.dtype.kind == "b" else mask > 0.5

    def lower(self) -> Iterator[Step]:
        axes = (self.axis,) if isinstance(self.axis, int) else tuple(self.axis)
        if axes == (-1,):
            yield Activate("softmax")
        else:
            yield Activate("softmax", {"axis": axes[0] if len(axes) == 1 else axes})


@public("keras.layers")
class PReLU(_Elementwise):
    """`y = x if x > 0 else alpha * x` with a trained `alpha` for each unit (He et al., 2015).

    Args:
        alpha_initializer, alpha_regularizer, alpha_constraint: as for other variables.
        shared_axes: axes along which one `alpha` serves all.
    """

    def __init__(
        self,
        alpha_initializer: Any = "Zeros",
        alpha_regularizer: Any = None,
        alpha_constraint: Any = None,
        shared_axes: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.alpha_initializer = initializers.get(alpha_initializer)
        self.alpha_regularizer = regularizers.get(alpha_regularizer)
        self.alpha_constraint = constraints.get(alpha_constraint)
        one = isinstance(shared_axes, int)
        self.shared_axes = None if shared_axes is None else [shared_axes] if one else list(shared_axes)

    def build(self, input_shape: Shape) -> None:
        shape = list(input_shape[1:])
        for axis in self.shared_axes or ():
            shape[axis - 1] = 1
        self.alpha = self.add_weight(
            shape,
            self.alpha_initializer,
            regularizer=self.alpha_regularizer,
            constraint=self.alpha_constraint,
            name="alpha",
        )
        shared = self.shared_axes or ()
        self.input_spec = InputSpec(
            ndim=len(input_shape), axes={i: n for i, n in enumerate(input_shape) if i and i not in shared}
        )

    def call(self, inputs: Value) -> Value:
        return activations.relu(inputs) - self.alpha * activations.relu(ops.negative(inputs))

    def lower(self) -> Iterator[Step]:
        yield ParametricReLU(slot_of(self.alpha))
