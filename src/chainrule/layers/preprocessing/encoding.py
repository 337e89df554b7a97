"""Numbers of categories as one-hot, multi-hot or count vectors, with Keras's shapes."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule._typing import Array, Shape
from chainrule.errors import DataError, unknown_name

DROPPED = np.iinfo(np.int64).max
"""The number of a category that counts as nothing."""


def check_mode(cls: type, mode: Any, allowed: tuple[str, ...], sparse: bool = False) -> str:
    """Return an output mode by its present name.

    Raises:
        UnknownNameError: there is none of that name.
        ValueError: sparse tensors are asked for.
    """
    mode = {"binary": "multi_hot", "tf-idf": "tf_idf"}.get(mode, mode)
    if mode not in allowed:
        raise unknown_name(f"output_mode of {cls.__name__}:", mode, allowed)
    if sparse:
        raise ValueError(
            f"{cls.__name__}: sparse=True is not supported, as in Keras on all backends but TensorFlow. Leave it out: "
            "the output is a dense array."
        )
    return str(mode)


def encode(indices: Array, mode: str, depth: int, dtype: Any, weights: Array | None = None) -> Array:
    """Return numbers of categories in another form; numbers outside of `range(depth)` count as nothing.

    Args:
        indices: integers of any shape. In modes other than one-hot, the second axis (or the only one) is what a vector
            sums up.
        mode: `'int'`, `'one_hot'`, `'multi_hot'` or `'count'`.
        depth: number of categories.
        weights: what each number counts for in mode `'count'`, of the shape of `indices`.

    >>> encode(np.array([[0, 2, 2]]), "count", 3, "float32").tolist()
    [[1.0, 0.0, 2.0]]
    """
    if mode == "int":
        return indices.astype(dtype)
    if mode == "one_hot":
        if indices.ndim > 1 and indices.shape[-1] == 1:
            indices = indices[..., 0]
        return _one_hot(np.atleast_1d(indices), depth, dtype)
    indices = np.atleast_1d(indices)
    axis = 1 if indices.ndim > 1 else 0
    front = np.moveaxis(indices, axis, -1)
    counts = np.zeros((*front.shape[:-1], depth), dtype).reshape(-1, depth)
    flat = front.reshape(-1, front.shape[-1])
    inside = (flat >= 0) & (flat < depth)
    rows = np.nonzero(inside)[0]
    if mode == "multi_hot":
        counts[rows, flat[inside]] = 1
    elif weights is None:
        np.add.at(counts, (rows, flat[inside]), 1)
    else:
        np.add.at(counts, (rows, flat[inside]), np.moveaxis(weights, axis, -1).reshape(flat.shape)[inside])
    return counts.reshape(*front.shape[:-1], depth)


def _one_hot(indices: Array, depth: int, dtype: Any) -> Array:
    flat = indices.reshape(-1)
    result = np.zeros((len(flat), depth), dtype)
    inside = np.flatnonzero((flat >= 0) & (flat < depth))
    result[inside, flat[inside]] = 1
    return result.reshape(*indices.shape, depth)


def encoded_shape(shape: Shape, mode: str, depth: int | None) -> Shape:
    """Return the shape that `encode` gives."""
    shape = tuple(shape)
    if mode == "int":
        return shape
    if mode == "one_hot":
        return (*(shape[:-1] if len(shape) > 1 and shape[-1] == 1 else shape), depth)
    return (*shape[:1], *shape[2:], depth) if len(shape) > 1 else (depth,)


def check_range(indices: Array, depth: int, name: str) -> None:
    """Check that numbers of categories are in `range(depth)`.

    Raises:
        DataError: with the first that is not.
    """
    if indices.size and (indices.min() < 0 or indices.max() >= depth):
        flat = indices.reshape(-1)
        at = int(np.flatnonzero((flat < 0) | (flat >= depth))[0])
        place = ", ".join(map(str, np.unravel_index(at, indices.shape)))
        raise DataError(
            f"{name}: the value {flat[at]} at [{place}] is outside of its {depth} categories: expected 0 to "
            f"{depth - 1}. Raise num_tokens, or number the categories with layers.IntegerLookup."
        )
