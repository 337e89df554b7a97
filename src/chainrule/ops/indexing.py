"""Reading by index, and the way back: adding at an index."""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule._typing import Value
from chainrule.autodiff.op import op
from chainrule.autodiff.operators import Operators
from chainrule.ops.comparison import select
from chainrule.ops.creation import shape as shape_of
from chainrule.ops.shapes import ravel

__all__ = [
    "add_at",
    "argsort",
    "bincount",
    "digitize",
    "getitem",
    "largest_of_segments",
    "scatter",
    "scatter_update",
    "searchsorted",
    "segment_max",
    "segment_sum",
    "slice",
    "slice_update",
    "sort",
    "take",
    "take_along_axis",
    "take_along_back",
    "take_back",
    "top_indices",
    "top_k",
    "unravel_index",
]


def _plain_key(key: Any) -> Any:
    """Return an index with arrays in place of tensors and lists."""
    if isinstance(key, tuple):
        return tuple(map(_plain_key, key))
    return np.asarray(key) if isinstance(key, Operators) else key


@op(x=("add_at(g, key, x.shape)", lambda g, y, x, key: add_at(g, key, x.shape)))
def getitem(x: Value, key: Any) -> Value:
    """`x[key]`: an element, a slice, or the elements at arrays of indices."""
    return x[_plain_key(key)]


@op(x=("getitem(g, key)", lambda g, y, x, key, shape: getitem(g, key)))
def add_at(x: Value, key: Any, shape: Any) -> Value:
    """Add `x` at `key` to zeros of the given shape; what meets at one place is summed."""
    key = _plain_key(key)
    result = np.zeros(shape, x.dtype)
    parts = key if isinstance(key, tuple) else (key,)
    if builtins.all(isinstance(k, builtins.slice | int | np.integer) or k is None or k is Ellipsis for k in parts):
        result[key] = x
    else:
        np.add.at(result, key, x)
    return result


@op(
    "x",
    "indices",
    x=("take_back(g, indices, x.shape, axis)", lambda g, y, x, indices, axis: take_back(g, indices, x.shape, axis)),
)
def take(x: Value, indices: Value, axis: int | None = None) -> Value:
    """The slices at `indices` along an axis; of the flattened array without one.

    Raises:
        IndexError: an index is out of range.
    """
    return np.take(x, indices, axis)


@op("x", "indices", x=("take(g, indices, axis)", lambda g, y, x, indices, shape, axis: take(g, indices, axis)))
def take_back(x: Value, indices: Value, shape: Any, axis: int | None = None) -> Value:
    """Add the slices of `x` at `indices` along an axis to zeros: the derivative of `take`."""
    result = np.zeros(shape if axis is not None else int(np.prod(shape)), x.dtype)
    np.add.at(result, (*[builtins.slice(None)] * ((axis or 0) % len(result.shape)), indices), x)
    return result.reshape(shape)


@op(
    "x",
    "indices",
    x=(
        "take_along_back(g, indices, x.shape, axis)",
        lambda g, y, x, indices, axis: take_along_back(g, indices, x.shape, axis),
    ),
)
def take_along_axis(x: Value, indices: Value, axis: int | None = None) -> Value:
    """One element for each entry of `indices`, looked up along an axis; in the flattened array without one."""
    return np.take_along_axis(x, indices, axis) if axis is not None else x.reshape(-1)[indices]


@op(
    "x",
    "indices",
    x=("take_along_axis(g, indices, axis)", lambda g, y, x, indices, shape, axis: take_along_axis(g, indices, axis)),
)
def take_along_back(x: Value, indices: Value, shape: Any, axis: int | None = None) -> Value:
    """Add `x` at the places `take_along_axis` read from to zeros: its derivative."""
    if axis is None:
        result = np.zeros(int(np.prod(shape)), x.dtype)
        np.add.at(result, indices, x)
        return result.reshape(shape)
    result = np.zeros(shape, x.dtype)
    grid: list[Any] = list(np.ogrid[tuple(builtins.slice(n) for n in indices.shape)])
    for a, n in enumerate(indices.shape):
        if n == 1 and shape[a] != 1 and a != axis % len(shape):  # that axis of the indices was broadcast
            grid[a] = np.arange(shape[a]).reshape([-1 if b == a else 1 for b in range(len(shape))])
    grid[axis] = indices
    np.add.at(result, tuple(grid), x)
    return result


@op("x")
def argsort(x: Value, axis: int | None = -1) -> Value:
    """The indices that sort; equal elements keep their order."""
    return np.argsort(x, axis, kind="stable").astype(np.int32)


def sort(x: Value, axis: int | None = -1) -> Value:
    """The elements in rising order."""
    if axis is None:
        x, axis = ravel(x), 0
    return take_along_axis(x, argsort(x, axis), axis)


@op("x")
def top_indices(x: Value, k: int) -> Value:
    """The indices of the `k` largest along the last axis, largest first."""
    return np.argsort(-x if x.dtype.kind in "fi" else ~x, -1, kind="stable")[..., :k].astype(np.int32)


def top_k(x: Value, k: int, sorted: bool = True) -> tuple[Value, Value]:
    """The `k` largest along the last axis and their indices, largest first; of equal ones the first.

    >>> import chainrule as cr
    >>> cr.ops.top_k([1.0, 3.0, 2.0], 2)
    (array([3., 2.], dtype=float32), array([1, 2], dtype=int32))
    """
    indices = top_indices(x, k)
    return take_along_axis(x, indices, -1), indices


def slice(inputs: Value, start_indices: Sequence[int], shape: Sequence[int]) -> Value:
    """The block of the given shape that begins at `start_indices`; a length of -1 reaches to the end."""
    starts = [int(i) for i in start_indices]
    return getitem(
        inputs, tuple(builtins.slice(i, None if n == -1 else i + int(n)) for i, n in zip(starts, shape, strict=True))
    )


def slice_update(inputs: Value, start_indices: Sequence[int], updates: Value) -> Value:
    """Return `inputs` with the block that begins at `start_indices` replaced by `updates`."""
    shape = shape_of(updates)
    key = tuple(builtins.slice(int(i), int(i) + n) for i, n in zip(start_indices, shape, strict=True))
    replaced = np.zeros(shape_of(inputs), bool)
    replaced[key] = True
    return select(replaced, add_at(updates, key, shape_of(inputs)), inputs)


def scatter(indices: Value, values: Value, shape: Any) -> Value:
    """Add `values` at `indices` (one index vector in each row) to zeros of the given shape."""
    rows = np.asarray(indices)
    return add_at(values, tuple(np.moveaxis(rows, -1, 0)), tuple(shape))


def scatter_update(inputs: Value, indices: Value, updates: Value, reduction: str | None = None) -> Value:
    """Return `inputs` with `updates` written (or added, `reduction="add"`) at `indices`, one index vector in each row.

    Raises:
        ValueError: another reduction was asked for.
    """
    shape = shape_of(inputs)
    key = tuple(np.moveaxis(np.asarray(indices), -1, 0))
    if reduction == "add":
        return inputs + add_at(updates, key, shape)
    if reduction is not None:
        raise ValueError(f"ops.scatter_update: reduction is None or 'add', not {reduction!r}.")
    rank = len(key)
    writer = np.full(shape[:rank], -1)
    writer[key] = np.arange(len(key[0]))  # where an index occurs twice, the last one writes
    written = (writer >= 0).reshape(writer.shape + (1,) * (len(shape) - rank))
    return select(written, take(updates, np.maximum(writer, 0), 0), inputs)


@op("sorted_sequence", "values")
def searchsorted(sorted_sequence: Value, values: Value, side: str = "left") -> Value:
    """The places at which `values` would go into a sorted vector."""
    return np.asarray(np.searchsorted(sorted_sequence, values, side), np.int32)  # type: ignore[call-overload]


@op("x", "bins")
def digitize(x: Value, bins: Value) -> Value:
    """The number of the bin each element falls into."""
    return np.asarray(np.digitize(x, bins), np.int32)


def bincount(x: Value, weights: Value = None, minlength: int = 0, sparse: bool = False) -> Value:
    """How often each whole number occurs, or the sum of the weights at each; row by row for two axes."""
    numbers = np.asarray(x)
    length = builtins.max(minlength, int(numbers.max(initial=-1)) + 1)
    if weights is None:
        weights = np.ones(numbers.shape, np.int32)
    if numbers.ndim == 1:
        return add_at(weights, numbers, (length,))
    rows = np.broadcast_to(np.arange(len(numbers))[:, None], numbers.shape)
    return add_at(weights, (rows, numbers), (len(numbers), length))


def segment_sum(data: Value, segment_ids: Value, num_segments: int | None = None, sorted: bool = False) -> Value:
    """The sum of the rows of each segment."""
    ids = np.asarray(segment_ids)
    count = int(ids.max(initial=-1)) + 1 if num_segments is None else num_segments
    return add_at(data, ids, (count, *shape_of(data)[1:]))


@op(
    "data",
    "segment_ids",
    data=(
        "take(g, segment_ids, 0) * equal(data, take(y, segment_ids, 0))",
        lambda g, y, data, segment_ids, num_segments: take(g, segment_ids, 0) * _largest(y, data, segment_ids),
    ),
)
def largest_of_segments(data: Value, segment_ids: Value, num_segments: int) -> Value:
    """See `segment_max`."""
    least = -np.inf if data.dtype.kind == "f" else np.iinfo(data.dtype).min
    result = np.full((num_segments, *data.shape[1:]), least, data.dtype)
    np.maximum.at(result, segment_ids, data)
    return result


def _largest(y: Value, data: Value, segment_ids: Value) -> Value:
    """Return 1 where a row holds its segment's largest, shared among equal ones."""
    hits = np.equal(np.asarray(data), np.asarray(y)[segment_ids]).astype(data.dtype)
    counts = np.zeros(y.shape, data.dtype)
    np.add.at(counts, segment_ids, hits)
    return hits / np.maximum(counts[segment_ids], 1)


def segment_max(data: Value, segment_ids: Value, num_segments: int | None = None, sorted: bool = False) -> Value:
    """The largest of the rows of each segment; -inf for a segment without rows."""
    ids = np.asarray(segment_ids)
    return largest_of_segments(data, ids, int(ids.max(initial=-1)) + 1 if num_segments is None else num_segments)


def unravel_index(indices: Value, shape: Any) -> tuple[Value, ...]:
    """The index along each axis of elements given by their number in the flattened array."""
    return tuple(np.asarray(i, np.int32) for i in np.unravel_index(np.asarray(indices), tuple(shape)))
