"""Layers that make one output of several inputs, and the functions of the same names."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import reduce
from typing import Any

import numpy as np

from chainrule import ops
from chainrule._typing import Shape, Value
from chainrule.autodiff.masks import mask_of, set_mask
from chainrule.engines.plan import Merge, Step
from chainrule.errors import ShapeError
from chainrule.layers.base import Layer
from chainrule.layers.masks import any_mask
from chainrule.saving.serialization import public

__all__ = [
    "Add", "Average", "Concatenate", "Maximum", "Minimum", "Multiply", "Subtract",
    "add", "average", "concatenate", "maximum", "minimum", "multiply", "subtract",
]  # fmt: skip


class _Merge(Layer):
    """Combine a list of tensors element by element; missing axes are added after the batch axis."""

    kind = ""
    fewest, most = 1, 0

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)

    def build(self, input_shape: Sequence[Shape]) -> None:
        shapes = _shapes(self, input_shape)
        if len(shapes) < self.fewest or (self.most and len(shapes) > self.most):
            wanted = f"{self.most}" if self.most == self.fewest else f"at least {self.fewest}"
            raise ShapeError(
                f"{type(self).__name__} '{self.name}' takes a list of {wanted} inputs, but received {len(shapes)}."
            )
        _broadcast(self, shapes)

    def call(self, inputs: Sequence[Value]) -> Value:
        rank = max(len(x.shape) for x in inputs)
        return self.combine([_raise_rank(x, rank) for x in inputs])

    def combine(self, inputs: list[Value]) -> Value:
        """Combine tensors of the same rank."""
        raise TypeError(f"{type(self).__name__} does not define combine().")

    def compute_output_shape(self, input_shape: Sequence[Shape]) -> Shape:
        return _broadcast(self, _shapes(self, input_shape))

    def compute_mask(self, inputs: Sequence[Any], mask: Any = None) -> Any:
        """Return where any of the inputs counts, if all of them have masks."""
        masks = _checked_masks(self, inputs, mask)
        return None if masks is None or any(m is None for m in masks) else reduce(ops.logical_or, masks)

    def lower(self) -> Iterator[Step]:
        yield Merge(self.kind)


@public("keras.layers")
class Add(_Merge):
    """`y = x1 + x2 + ...`

    >>> import chainrule as cr
    >>> cr.layers.Add()([cr.ops.ones((1, 2)), cr.ops.ones((1, 2))]).numpy().tolist()
    [[2.0, 2.0]]
    """

    kind = "add"

    def combine(self, inputs: list[Value]) -> Value:
        return reduce(ops.add, inputs)


@public("keras.layers")
class Subtract(_Merge):
    """`y = x1 - x2`"""

    kind, fewest, most = "subtract", 2, 2

    def combine(self, inputs: list[Value]) -> Value:
        return ops.subtract(*inputs)


@public("keras.layers")
class Multiply(_Merge):
    """`y = x1 * x2 * ...`; what the mask of an input excludes counts as 1, and what all masks exclude gives 0."""

    kind = "multiply"

    def call(self, inputs: Sequence[Value]) -> Value:
        masks = [mask_of(x) for x in inputs]
        if not any_mask(masks):
            return super().call(inputs)
        wide = [None if m is None else _widened(m, x) for m, x in zip(masks, inputs, strict=True)]
        output = super().call(
            [x if m is None else ops.where(m, x, np.ones((), x.dtype)) for m, x in zip(wide, inputs, strict=True)]
        )
        if any(m is None for m in wide):
            return output
        counts = reduce(ops.logical_or, wide)
        output = ops.where(counts, output, np.zeros((), output.dtype))
        set_mask(output, ops.any(counts, axis=-1))
        return output

    def combine(self, inputs: list[Value]) -> Value:
        return reduce(ops.multiply, inputs)


@public("keras.layers")
class Average(_Merge):
    """`y = (x1 + x2 + ...) / n`"""

    kind = "average"

    def combine(self, inputs: list[Value]) -> Value:
        return reduce(ops.add, inputs) / len(inputs)


@public("keras.layers")
class Maximum(_Merge):
    """`y = max(x1, x2, ...)`, element by element, of those whose masks include the place."""

    kind = "maximum"

    def call(self, inputs: Sequence[Value]) -> Value:
        return _chosen(super().call, inputs)

    def combine(self, inputs: list[Value]) -> Value:
        return reduce(ops.maximum, inputs)


@public("keras.layers")
class Minimum(_Merge):
    """`y = min(x1, x2, ...)`, element by element, of those whose masks include the place."""

    kind = "minimum"

    def call(self, inputs: Sequence[Value]) -> Value:
        return _chosen(super().call, inputs)

    def combine(self, inputs: list[Value]) -> Value:
        return reduce(ops.minimum, inputs)


@public("keras.layers")
class Concatenate(Layer):
    """Put the inputs one behind the other along `axis`."""

    def __init__(self, axis: int = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.axis = axis

    def build(self, input_shape: Sequence[Shape]) -> None:
        self.compute_output_shape(input_shape)

    def call(self, inputs: Sequence[Value]) -> Value:
        return ops.concatenate(list(inputs), axis=self.axis)

    def compute_output_shape(self, input_shape: Sequence[Shape]) -> Shape:
        shapes = _shapes(self, input_shape)
        if not -len(shapes[0]) <= self.axis < len(shapes[0]):
            raise ShapeError(f"Concatenate '{self.name}': inputs of shapes {shapes} have no axis {self.axis}.")
        axis = self.axis % len(shapes[0])
        for shape in shapes:
            rest = [n for a, n in enumerate(shape) if a != axis]
            first = [n for a, n in enumerate(shapes[0]) if a != axis]
            if len(shape) != len(shapes[0]) or any(
                a != b for a, b in zip(rest, first, strict=True) if None not in (a, b)
            ):
                raise ShapeError(
                    f"Concatenate '{self.name}': all axes but axis {self.axis} must agree, but the inputs have shapes "
                    f"{shapes}."
                )
        lengths = [s[axis] for s in shapes]
        total = None if None in lengths else sum(n or 0 for n in lengths)
        return (*shapes[0][:axis], total, *shapes[0][axis + 1 :])

    def compute_mask(self, inputs: Sequence[Any], mask: Any = None) -> Any:
        """Return the masks one behind the other; an input without one counts everywhere."""
        masks = _checked_masks(self, inputs, mask)
        if masks is None or all(m is None for m in masks):
            return None
        whole = [_whole_mask(m, x) for m, x in zip(masks, inputs, strict=True)]
        return ops.any(ops.concatenate(whole, axis=self.axis), axis=-1)

    def lower(self) -> Iterator[Step]:
        yield Merge("concatenate", self.axis)


def _whole_mask(mask: Any, x: Any) -> Any:
    """Return a mask of the shape of its input."""
    if mask is None:
        return ops.ones_like(x, dtype="bool")
    return _widened(mask, x) if len(mask.shape) < len(x.shape) else mask


def _widened(mask: Any, x: Any) -> Any:
    """Return the mask of an input's steps for each of their features."""
    return ops.logical_or(ops.expand_dims(mask, axis=-1), ops.zeros_like(x, dtype="bool"))


def _chosen(combine: Callable[[Sequence[Value]], Value], inputs: Sequence[Value]) -> Value:
    """Combine inputs pair by pair: where the mask of one excludes a place, the other stands in for it."""
    if not any_mask([mask_of(x) for x in inputs]):
        return combine(inputs)
    output, included = inputs[0], None if mask_of(inputs[0]) is None else _widened(mask_of(inputs[0]), inputs[0])
    for x in inputs[1:]:
        mask = None if mask_of(x) is None else _widened(mask_of(x), x)
        other = x if mask is None else ops.where(mask, x, output)
        own = output if included is None else ops.where(included, output, other)
        included = None if mask is None or included is None else ops.logical_or(included, mask)
        output = combine([own, other])
    if included is not None:
        set_mask(output, ops.any(included, axis=-1))
    return output


def _checked_masks(layer: Layer, inputs: Any, mask: Any) -> Any:
    """Return the masks of the inputs, or None if there are none.

    Raises:
        ShapeError: there is not one mask for each input.
    """
    if mask is not None and (not isinstance(mask, list | tuple) or len(mask) != len(inputs)):
        raise ShapeError(
            f"{type(layer).__name__} '{layer.name}': expected one mask (or None) for each of its {len(inputs)} inputs, "
            f"but received {f'{len(mask)} masks' if isinstance(mask, list | tuple) else 'a single one'}."
        )
    return mask


def _shapes(layer: Layer, shapes: Any) -> list[Shape]:
    if not isinstance(shapes, list | tuple) or not shapes or not isinstance(shapes[0], list | tuple):
        raise ShapeError(
            f"{type(layer).__name__} '{layer.name}' takes a list of inputs: layer([a, b]). Received one of shape "
            f"{shapes}."
        )
    return [tuple(s) for s in shapes]


def _broadcast(layer: Layer, shapes: list[Shape]) -> Shape:
    """Return the shape of an element-wise combination.

    Raises:
        ShapeError: the shapes cannot be combined.
    """
    rank = max(len(s) for s in shapes)
    full = [(s[0], *(1,) * (rank - len(s)), *s[1:]) for s in shapes]
    result: list[int | None] = []
    for lengths in zip(*full, strict=True):
        known = {n for n in lengths if n is not None and n != 1}
        if len(known) > 1:
            raise ShapeError(
                f"{type(layer).__name__} '{layer.name}' cannot combine inputs of shapes {shapes}: "
                f"lengths {sorted(known)} meet on one axis. Bring them to one width first, with Dense for example."
            )
        result.append(next(iter(known)) if known else (None if None in lengths else 1))
    return tuple(result)


def _raise_rank(x: Value, rank: int) -> Value:
    while len(x.shape) < rank:
        x = ops.expand_dims(x, 1)
    return x


def add(inputs: Sequence[Any], **kwargs: Any) -> Any:
    """`Add()(inputs)`"""
    return Add(**kwargs)(inputs)


def subtract(inputs: Sequence[Any], **kwargs: Any) -> Any:
    """`Subtract()(inputs)`"""
    return Subtract(**kwargs)(inputs)


def multiply(inputs: Sequence[Any], **kwargs: Any) -> Any:
    """`Multiply()(inputs)`"""
    return Multiply(**kwargs)(inputs)


def average(inputs: Sequence[Any], **kwargs: Any) -> Any:
    """`Average()(inputs)`"""
    return Average(**kwargs)(inputs)


def maximum(inputs: Sequence[Any], **kwargs: Any) -> Any:
    """`Maximum()(inputs)`"""
    return Maximum(**kwargs)(inputs)


def minimum(inputs: Sequence[Any], **kwargs: Any) -> Any:
    """`Minimum()(inputs)`"""
    return Minimum(**kwargs)(inputs)


def concatenate(inputs: Sequence[Any], axis: int = -1, **kwargs: Any) -> Any:
    """`Concatenate(axis)(inputs)`"""
    return Concatenate(axis=axis, **kwargs)(inputs)
