"""Layers that only rearrange: `Flatten`, `Reshape`, `Permute`, `RepeatVector`, `Identity`."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

from chainrule import config, ops
from chainrule._typing import Shape, Value
from chainrule.engines import plan
from chainrule.errors import ShapeError
from chainrule.layers.base import Layer
from chainrule.layers.input_spec import InputSpec
from chainrule.saving.serialization import public

__all__ = ["Flatten", "Identity", "Permute", "RepeatVector", "Reshape"]


@public("keras.layers")
class Flatten(Layer):
    """Make each observation one axis: (batch, a, b) becomes (batch, a * b).

    Args:
        data_format: `'channels_first'` moves the first axis of an observation behind the others before.

    >>> import chainrule as cr
    >>> cr.layers.Flatten()(cr.ops.zeros((5, 2, 3))).shape
    (5, 6)
    """

    def __init__(self, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if data_format not in (None, "channels_last", "channels_first"):
            raise ValueError(
                f"Flatten '{self.name}': data_format must be 'channels_last' or 'channels_first', "
                f"but is {data_format!r}."
            )
        self.data_format = data_format or config.image_data_format()
        self.input_spec = InputSpec(min_ndim=1)

    def call(self, inputs: Value) -> Value:
        rank = len(inputs.shape)
        if self.data_format == "channels_first" and rank > 2:
            inputs = ops.transpose(inputs, (0, *range(2, rank), 1))
        return ops.reshape(inputs, (inputs.shape[0], math.prod(inputs.shape[1:])))

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        rest = input_shape[1:]
        return (input_shape[0], None if None in rest else math.prod(n or 0 for n in rest))

    def lower(self) -> Iterator[plan.Step]:
        shape = _output_shape(self)
        ranks = {len(node.inputs[0].shape) for node in self._nodes}
        if self.data_format == "channels_first" and max(ranks) > 2:
            if len(ranks) > 1:
                raise plan.CannotLower(f"layer '{self.name}' flattens inputs of several ranks")
            yield plan.Transpose((*range(2, max(ranks)), 1))
        yield plan.Reshape(shape)


@public("keras.layers")
class Reshape(Layer):
    """Give each observation the shape `target_shape`, in which one -1 stands for what is left.

    Raises:
        ShapeError: the numbers of elements differ.
    """

    def __init__(self, target_shape: Sequence[int], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.target_shape = tuple(int(n) for n in target_shape)

    def call(self, inputs: Value) -> Value:
        return ops.reshape(inputs, (inputs.shape[0], *self._resolve(tuple(inputs.shape[1:]))))

    def _resolve(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        size = math.prod(shape)
        known = math.prod(n for n in self.target_shape if n != -1)
        target = tuple(size // known if n == -1 and known else n for n in self.target_shape)
        if math.prod(target) != size:
            raise ShapeError(
                f"Reshape '{self.name}': each observation has shape {shape} ({size} numbers), "
                f"which does not fit target_shape {self.target_shape}."
            )
        return target

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        rest = input_shape[1:]
        if None in rest:
            return (input_shape[0], *(None if n == -1 else n for n in self.target_shape))
        return (input_shape[0], *self._resolve(tuple(n or 0 for n in rest)))

    def lower(self) -> Iterator[plan.Step]:
        yield plan.Reshape(_output_shape(self))


@public("keras.layers")
class Permute(Layer):
    """Reorder the axes of each observation; axes are counted from 1, the batch axis stays."""

    def __init__(self, dims: Sequence[int], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.dims = tuple(int(d) for d in dims)
        if sorted(self.dims) != list(range(1, len(self.dims) + 1)):
            raise ValueError(f"Permute '{self.name}': dims must be 1, 2, ..., n in some order, but are {self.dims}.")

    def call(self, inputs: Value) -> Value:
        return ops.transpose(inputs, (0, *self._checked(inputs.shape)))

    def _checked(self, shape: Shape) -> tuple[int, ...]:
        if len(shape) != len(self.dims) + 1:
            raise ShapeError(
                f"Permute '{self.name}': dims {self.dims} need {len(self.dims)} axes besides the batch, "
                f"but the input has shape {tuple(shape)}."
            )
        return self.dims

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return (input_shape[0], *(input_shape[d] for d in self._checked(input_shape)))

    def lower(self) -> Iterator[plan.Step]:
        yield plan.Transpose(self.dims)


@public("keras.layers")
class RepeatVector(Layer):
    """Repeat each vector `n` times: (batch, features) becomes (batch, n, features)."""

    def __init__(self, n: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if isinstance(n, bool) or not isinstance(n, int):
            raise TypeError(f"RepeatVector '{self.name}': n must be a whole number, but is {n!r}.")
        self.n = n
        self.input_spec = InputSpec(ndim=2)

    def call(self, inputs: Value) -> Value:
        return ops.repeat(ops.expand_dims(inputs, 1), self.n, axis=1)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return (input_shape[0], self.n, input_shape[1])

    def lower(self) -> Iterator[plan.Step]:
        yield plan.Repeat(self.n)


@public("keras.layers")
class Identity(Layer):
    """`y = x`"""

    supports_masking = True

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)

    def call(self, inputs: Value) -> Value:
        return inputs

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return input_shape

    def lower(self) -> Iterator[plan.Step]:
        return iter(())


def _output_shape(layer: Layer) -> tuple[int, ...]:
    """Return the shape of an observation behind a layer, as its symbolic calls have it.

    Raises:
        CannotLower: it is not known, or differs from call to call.
    """
    shapes = {tuple(node.output.shape[1:]) for node in layer._nodes}
    if len(shapes) != 1 or None in next(iter(shapes)):
        raise plan.CannotLower(f"layer '{layer.name}' has outputs of no one known shape: {sorted(map(str, shapes))}")
    return tuple(n or 0 for n in next(iter(shapes)))
