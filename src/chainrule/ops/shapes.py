"""Shapes: the same numbers arranged in another way, joined, cut or repeated."""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule._typing import Value
from chainrule.autodiff.op import op
from chainrule.ops.creation import shape as shape_of

__all__ = [
    "append",
    "boundaries",
    "broadcast_to",
    "concatenate",
    "expand_dims",
    "flip",
    "hstack",
    "inside",
    "inverse_axes",
    "meshgrid",
    "moveaxis",
    "pad",
    "pad_constant",
    "ravel",
    "repeat",
    "reshape",
    "roll",
    "split",
    "squeeze",
    "stack",
    "swapaxes",
    "tile",
    "transpose",
    "unstack",
    "vstack",
]

Axes = int | Sequence[int] | None


@op(x=("reshape(g, x.shape)", lambda g, y, x, newshape: reshape(g, x.shape)))
def reshape(x: Value, newshape: Any) -> Value:
    """The same numbers in another shape; one length may be -1."""
    return np.reshape(x, newshape)


def ravel(x: Value) -> Value:
    """All elements in one axis."""
    return reshape(x, (-1,))


@op(x=("transpose(g, inverse_axes(axes))", lambda g, y, x, axes: transpose(g, inverse_axes(axes))))
def transpose(x: Value, axes: Sequence[int] | None = None) -> Value:
    """Axes in the given order; reversed by default."""
    return np.transpose(x, axes)


def inverse_axes(axes: Sequence[int] | None) -> tuple[int, ...] | None:
    """Return the order of axes that undoes `transpose(x, axes)`.

    >>> inverse_axes((2, 0, 1)), inverse_axes(None)
    ((1, 2, 0), None)
    """
    return None if axes is None else tuple(int(i) for i in np.argsort([a % len(axes) for a in axes]))


def swapaxes(x: Value, axis1: int, axis2: int) -> Value:
    """Exchange two axes."""
    order = list(range(_rank(x)))
    order[axis1], order[axis2] = order[axis2], order[axis1]
    return transpose(x, order)


def moveaxis(x: Value, source: Any, destination: Any) -> Value:
    """Move axes to other places; the others keep their order."""
    rank = _rank(x)
    sources = [a % rank for a in np.atleast_1d(source).tolist()]
    order = [a for a in range(rank) if a not in sources]
    for place, a in sorted(zip([d % rank for d in np.atleast_1d(destination).tolist()], sources, strict=True)):
        order.insert(place, a)
    return transpose(x, order)


def _rank(x: Value) -> int:
    return len(shape_of(x))


@op(x=("reshape(g, x.shape)", lambda g, y, x, axis: reshape(g, x.shape)))
def expand_dims(x: Value, axis: Any) -> Value:
    """Insert an axis of length 1."""
    return np.expand_dims(x, tuple(axis) if isinstance(axis, list) else axis)


@op(x=("reshape(g, x.shape)", lambda g, y, x, axis: reshape(g, x.shape)))
def squeeze(x: Value, axis: Any = None) -> Value:
    """Remove axes of length 1."""
    return np.squeeze(x, tuple(axis) if isinstance(axis, list) else axis)


@op(x=("g", lambda g, y, x, shape: g))
def broadcast_to(x: Value, shape: Any) -> Value:
    """Repeat along axes of length 1 (or new ones) until the shape is `shape`."""
    return np.broadcast_to(x, tuple(shape))


@op(
    xs=(
        "split(g, boundaries(xs, axis), axis)[index]",
        lambda g, y, index, xs, axis: split(g, boundaries(xs, axis), axis)[index],
    ),
    variadic=True,
)
def concatenate(xs: Sequence[Value], axis: int = 0) -> Value:
    """Join arrays along an axis that exists."""
    return np.concatenate(xs, axis)


def boundaries(xs: Sequence[Value], axis: int) -> list[int]:
    """Return the places along `axis` where one of the joined arrays ends and the next begins.

    >>> boundaries([np.zeros((2, 1)), np.zeros((2, 3)), np.zeros((2, 2))], 1)
    [1, 4]
    """
    return [int(n) for n in np.cumsum([x.shape[axis] for x in xs])[:-1]]


@op(x=("take(g, index, axis)", lambda g, y, index, x, axis: _one(g, index, axis)), variadic=True)
def stack(x: Sequence[Value], axis: int = 0) -> Value:
    """Join arrays of one shape along a new axis."""
    return np.stack(x, axis)


def _one(x: Value, index: int, axis: int) -> Value:
    """Return `x[..., index, ...]`, the index standing at `axis`."""
    key: list[Any] = [builtins.slice(None)] * len(x.shape)
    key[axis] = index
    return x[tuple(key)]


def split(x: Value, indices_or_sections: Any, axis: int = 0) -> list[Value]:
    """Cut along an axis: into that many equal parts, or at the given indices.

    Raises:
        ValueError: the axis cannot be divided equally.
    """
    x = x if hasattr(x, "shape") else np.asarray(x)
    length = x.shape[axis]
    if isinstance(indices_or_sections, int | np.integer):
        if length % indices_or_sections:
            raise ValueError(
                f"ops.split: axis {axis} of length {length} cannot be cut into {indices_or_sections} equal parts."
            )
        step = length // int(indices_or_sections)
        cuts = list(range(step, length, step)) if step else [0] * (int(indices_or_sections) - 1)
    else:
        cuts = [int(i) for i in indices_or_sections]
    key: list[Any] = [builtins.slice(None)] * len(x.shape)
    parts = []
    for start, stop in zip([0, *cuts], [*cuts, None], strict=True):
        key[axis] = builtins.slice(start, stop)
        parts.append(x[tuple(key)])
    return parts


def unstack(x: Value, num: int | None = None, axis: int = 0) -> list[Value]:
    """Return the slices along an axis, without that axis."""
    x = x if hasattr(x, "shape") else np.asarray(x)
    if num is not None and num != x.shape[axis]:
        raise ValueError(f"ops.unstack: num={num}, but axis {axis} has length {x.shape[axis]}.")
    return [_one(x, i, axis) for i in range(x.shape[axis])]


def append(x1: Value, x2: Value, axis: int | None = None) -> Value:
    """Join two arrays along an axis; flattened without one."""
    return concatenate([ravel(x1), ravel(x2)], 0) if axis is None else concatenate([x1, x2], axis)


def hstack(xs: Sequence[Value]) -> Value:
    """Join side by side: along the second axis, or the first of arrays that have one only."""
    xs = [_at_least(x, 1) for x in xs]
    return concatenate(xs, 0 if _rank(xs[0]) == 1 else 1)


def vstack(xs: Sequence[Value]) -> Value:
    """Join one above the other: along the first axis, an array with one axis being a row."""
    return concatenate([_at_least(x, 2) for x in xs], 0)


def _at_least(x: Value, rank: int) -> Value:
    return reshape(x, (1, -1) if rank == 2 and _rank(x) <= 1 else (-1,)) if _rank(x) < rank else x


def tile(x: Value, repeats: Any) -> Value:
    """Lay `repeats` copies side by side along each axis."""
    counts = [int(n) for n in np.atleast_1d(repeats)]
    shape = shape_of(x)
    counts = [1] * (len(shape) - len(counts)) + counts
    shape = (1,) * (len(counts) - len(shape)) + tuple(shape)
    spread = broadcast_to(
        reshape(x, [n for s in shape for n in (1, s)]), [n for r, s in zip(counts, shape, strict=True) for n in (r, s)]
    )
    return reshape(spread, [r * s for r, s in zip(counts, shape, strict=True)])


def repeat(x: Value, repeats: Any, axis: int | None = None) -> Value:
    """Repeat each element `repeats` times along an axis; of the flattened array without one."""
    from chainrule.ops.indexing import take

    if axis is None:
        x, axis = ravel(x), 0
    x = x if hasattr(x, "shape") else np.asarray(x)
    return take(x, np.repeat(np.arange(x.shape[axis]), np.asarray(repeats)), axis)


@op(x=("flip(g, axis)", lambda g, y, x, axis: flip(g, axis)))
def flip(x: Value, axis: Axes = None) -> Value:
    """Reverse the order along an axis, several, or all."""
    return np.flip(x, tuple(axis) if isinstance(axis, list) else axis)  # type: ignore[arg-type]


@op(x=("roll(g, np.negative(shift), axis)", lambda g, y, x, shift, axis: roll(g, np.negative(shift), axis)))
def roll(x: Value, shift: Any, axis: Axes = None) -> Value:
    """Move the elements along an axis; what falls off the end comes in at the beginning."""
    return np.roll(x, shift, axis)


@op(
    x=(
        "getitem(g, inside(x.shape, pad_width))",
        lambda g, y, x, pad_width, constant_values: g[inside(x.shape, pad_width)],
    )
)
def pad_constant(x: Value, pad_width: Any, constant_values: Any = 0) -> Value:
    """Surround with a constant."""
    return np.pad(x, _widths(pad_width, x.ndim), constant_values=constant_values)


def inside(shape: tuple[int, ...], pad_width: Any) -> tuple[builtins.slice, ...]:
    """Return the index of the original array within the padded one.

    >>> inside((3,), 2)
    (slice(2, 5, None),)
    """
    return tuple(builtins.slice(a, a + n) for n, (a, _) in zip(shape, _widths(pad_width, len(shape)), strict=True))


def pad(x: Value, pad_width: Any, mode: str = "constant", constant_values: Any = None) -> Value:
    """Surround an array with further elements.

    Args:
        x: the array.
        pad_width: how many before and after each axis: `n`, `(before, after)` or `((before, after), ...)`.
        mode: `"constant"`, or `"reflect"`, `"symmetric"`, `"edge"`, `"wrap"` as in NumPy.
        constant_values: the constant, 0 by default.
    """
    if mode == "constant":
        return pad_constant(x, pad_width, 0 if constant_values is None else constant_values)
    if constant_values is not None:
        raise ValueError(f"ops.pad: constant_values goes with mode='constant' only, but mode is {mode!r}.")
    from chainrule.ops.indexing import take

    for axis, width in enumerate(_widths(pad_width, _rank(x))):
        if any(width):
            x = take(x, np.pad(np.arange(shape_of(x)[axis]), width, mode), axis)  # type: ignore[call-overload]
    return x


def _widths(pad_width: Any, rank: int) -> list[tuple[int, int]]:
    return [(int(a), int(b)) for a, b in np.broadcast_to(pad_width, (rank, 2))]


def meshgrid(*x: Value, indexing: str = "xy") -> list[Value]:
    """Return coordinates of a grid: each vector repeated along all other axes."""
    order = list(range(len(x)))
    if indexing == "xy" and len(x) > 1:
        order[:2] = [1, 0]
    vectors = [ravel(v) for v in x]
    shape = [vectors[i].shape[0] for i in order]
    return [
        broadcast_to(reshape(v, [-1 if order[a] == i else 1 for a in range(len(x))]), shape)
        for i, v in enumerate(vectors)
    ]
