"""`Dot`: the scalar products of two inputs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from chainrule import ops
from chainrule._typing import Shape, Value
from chainrule.engines.plan import CannotLower, Step
from chainrule.engines.plan import Dot as SumProducts
from chainrule.errors import ShapeError
from chainrule.layers.base import Layer
from chainrule.saving.serialization import public

__all__ = ["Dot", "dot"]

_LETTERS = "bcdefghijklm"


@public("keras.layers")
class Dot(Layer):
    """`y = sum over an axis of x1 * x2`, for each observation: (batch, n) and (batch, n) give (batch, 1).

    Args:
        axes: the axis in both inputs, or a pair with the axis in each.
        normalize: divide each input by its length along that axis first, which gives cosines.

    Raises:
        ShapeError: the axes have different lengths, or one is the batch axis.

    >>> import chainrule as cr
    >>> import numpy as np
    >>> cr.layers.Dot(axes=1)([np.array([[1.0, 2.0]]), np.array([[3.0, 4.0]])]).numpy().tolist()
    [[11.0]]
    """

    def __init__(self, axes: int | Sequence[int], normalize: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        pair = axes if isinstance(axes, list | tuple) else (axes, axes)
        if len(pair) != 2 or any(isinstance(a, bool) or not isinstance(a, int) for a in pair):
            raise ValueError(f"Dot '{self.name}': axes must be a whole number or a pair of them, but is {axes!r}.")
        self.axes = axes
        self.normalize = normalize

    def build(self, input_shape: Sequence[Shape]) -> None:
        self.compute_output_shape(input_shape)

    def _pair(self, shapes: Sequence[Shape]) -> tuple[int, int]:
        """Return the axis in each input."""
        several = isinstance(shapes, list | tuple) and all(isinstance(s, list | tuple) for s in shapes)
        if not several or len(shapes) != 2:
            raise ShapeError(f"Dot '{self.name}' takes a list of 2 inputs, but received shapes {shapes}.")
        first, second = self.axes if isinstance(self.axes, list | tuple) else (self.axes, self.axes)
        for axis, shape in ((first, shapes[0]), (second, shapes[1])):
            if not -len(shape) <= axis < len(shape) or axis % len(shape) == 0:
                raise ShapeError(
                    f"Dot '{self.name}': axis {axis} must be one of the axes behind the batch in an input of shape "
                    f"{tuple(shape)}."
                )
        pair = first % len(shapes[0]), second % len(shapes[1])
        lengths = shapes[0][pair[0]], shapes[1][pair[1]]
        if None not in lengths and lengths[0] != lengths[1]:
            raise ShapeError(
                f"Dot '{self.name}': axis {pair[0]} of the first input has length {lengths[0]}, axis {pair[1]} of the "
                f"second {lengths[1]}; they must be equal. The shapes are {tuple(shapes[0])} and {tuple(shapes[1])}."
            )
        return pair

    def call(self, inputs: Sequence[Value]) -> Value:
        x1, x2 = inputs
        first, second = self._pair([tuple(x1.shape), tuple(x2.shape)])
        if self.normalize:
            x1, x2 = ops.normalize(x1, axis=first), ops.normalize(x2, axis=second)
        left, right = list(_LETTERS[: len(x1.shape) - 1]), list(_LETTERS[6 : 5 + len(x2.shape)])
        left[first - 1] = right[second - 1] = "z"
        kept = [c for c in (*left, *right) if c != "z"]
        y = ops.einsum(f"a{''.join(left)},a{''.join(right)}->a{''.join(kept)}", x1, x2)
        return y if kept else ops.expand_dims(y, 1)

    def compute_output_shape(self, input_shape: Sequence[Shape]) -> Shape:
        first, second = self._pair(input_shape)
        a, b = list(input_shape[0]), list(input_shape[1])
        del a[first], b[second]
        shape = (*a, *b[1:])
        return shape if len(shape) > 1 else (*shape, 1)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        return None

    def lower(self) -> Iterator[Step]:
        pairs = {self._pair([tuple(t.shape) for t in node.inputs]) for node in self._nodes if len(node.inputs) == 2}
        if len(pairs) != 1:
            raise CannotLower(f"layer '{self.name}' sums along different axes in different calls")
        yield SumProducts(next(iter(pairs)), self.normalize)


def dot(inputs: Sequence[Any], axes: int | Sequence[int] = -1, **kwargs: Any) -> Any:
    """`Dot(axes)(inputs)`"""
    return Dot(axes=axes, **kwargs)(inputs)
