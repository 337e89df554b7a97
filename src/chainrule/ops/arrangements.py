"""Further ways to make, cut, join and turn arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule import config
from chainrule._typing import Array, Value
from chainrule.ops.arithmetic import power
from chainrule.ops.comparison import where
from chainrule.ops.creation import convert_to_tensor, zeros_like
from chainrule.ops.creation import shape as shape_of
from chainrule.ops.indexing import getitem
from chainrule.ops.matrices import diag
from chainrule.ops.order import constant
from chainrule.ops.shapes import concatenate, expand_dims, flip, ravel, reshape, split, swapaxes

__all__ = [
    "array",
    "array_split",
    "diagflat",
    "dsplit",
    "dstack",
    "empty_like",
    "fliplr",
    "flipud",
    "geomspace",
    "get_item",
    "hsplit",
    "logspace",
    "rot90",
    "select",
    "tri",
    "vander",
    "view",
    "vsplit",
]


def array(x: Any, dtype: Any = None) -> Any:
    """The same as `convert_to_tensor`."""
    return convert_to_tensor(x, dtype)


def empty_like(x: Value, dtype: Any = None) -> Value:
    """An array of the shape and type of `x` whose values do not matter."""
    return zeros_like(x, dtype)


def logspace(
    start: Any, stop: Any, num: int = 50, endpoint: bool = True, base: Any = 10, dtype: Any = None, axis: int = 0
) -> Array:
    """`base` to the power of `num` numbers at equal distances from `start` to `stop`."""
    return np.logspace(start, stop, num, endpoint, base, axis=axis).astype(dtype or config.floatx())


def geomspace(start: Any, stop: Any, num: int = 50, endpoint: bool = True, dtype: Any = None, axis: int = 0) -> Array:
    """`num` numbers from `start` to `stop`, each the same multiple of the one before."""
    return np.geomspace(start, stop, num, endpoint, axis=axis).astype(dtype or config.floatx())


def tri(N: int, M: int | None = None, k: int = 0, dtype: Any = None) -> Array:
    """Ones on and below the `k`-th diagonal, zeros above."""
    return np.tri(N, M, k, dtype or config.floatx())


def vander(x: Value, N: int | None = None, increasing: bool = False) -> Value:
    """The powers of each number of a vector, as a row: from the highest, `N - 1`, down to 0, or the other way."""
    x = x if hasattr(x, "shape") else np.asarray(convert_to_tensor(x))
    exponents = np.arange(len(x) if N is None else N).astype(x.dtype)
    return power(expand_dims(x, 1), exponents if increasing else exponents[::-1])


def diagflat(x: Value, k: int = 0) -> Value:
    """The matrix with all elements of `x` on its `k`-th diagonal."""
    return diag(ravel(x), k)


def view(x: Value, dtype: Any = None) -> Value:
    """The same bytes, read as another type (a constant)."""
    if dtype is None or np.dtype(dtype) == np.asarray(x).dtype:
        return x
    return constant(np.asarray(x).view(dtype), x, "view")


def select(condlist: Sequence[Value], choicelist: Sequence[Value], default: Value = 0) -> Value:
    """For each element the choice that belongs to the first condition that holds, or the default."""
    if len(condlist) != len(choicelist):
        raise ValueError(f"ops.select: {len(condlist)} conditions, but {len(choicelist)} choices.")
    result = default
    for condition, choice in zip(reversed(condlist), reversed(choicelist), strict=True):
        result = where(condition, choice, result)
    return result


def get_item(x: Value, key: Any) -> Value:
    """`x[key]`"""
    return getitem(x, key)


# -- cutting and joining -----------------------------------------------------------------------------------------------


def array_split(x: Value, indices_or_sections: Any, axis: int = 0) -> list[Value]:
    """Cut along an axis: at the given indices, or into that many parts, the first ones longer by 1 if need be."""
    if isinstance(indices_or_sections, int | np.integer):
        length, parts = shape_of(x)[axis], int(indices_or_sections)
        indices_or_sections = np.cumsum([length // parts + (i < length % parts) for i in range(parts - 1)]).astype(int)
    return split(x, indices_or_sections, axis)


def vsplit(x: Value, indices_or_sections: Any) -> list[Value]:
    """Cut along the first axis."""
    return split(x, indices_or_sections, 0)


def hsplit(x: Value, indices_or_sections: Any) -> list[Value]:
    """Cut along the second axis, or the only one."""
    return split(x, indices_or_sections, 1 if len(shape_of(x)) > 1 else 0)


def dsplit(x: Value, indices_or_sections: Any) -> list[Value]:
    """Cut along the third axis."""
    return split(x, indices_or_sections, 2)


def dstack(xs: Sequence[Value]) -> Value:
    """Join along the third axis; vectors are rows first."""
    return concatenate([_with_depth(x) for x in xs], 2)


def _with_depth(x: Value) -> Value:
    shape = shape_of(x)
    return reshape(x, (1, -1, 1)) if len(shape) < 2 else expand_dims(x, 2) if len(shape) == 2 else x


# -- turning -----------------------------------------------------------------------------------------------------------


def fliplr(x: Value) -> Value:
    """The order along the second axis reversed."""
    return flip(x, 1)


def flipud(x: Value) -> Value:
    """The order along the first axis reversed."""
    return flip(x, 0)


def rot90(array: Value, k: int = 1, axes: tuple[int, int] = (0, 1)) -> Value:
    """A quarter turn from the first of two axes towards the second, `k` times.

    Raises:
        ValueError: these are not two different axes.
    """
    rank = len(shape_of(array))
    if rank < 2 or len(axes) != 2 or axes[0] % rank == axes[1] % rank:
        raise ValueError(f"ops.rot90 needs two different axes, but got {tuple(axes)} for shape {shape_of(array)}.")
    first, second = axes
    turns = k % 4
    if turns == 2:
        return flip(array, (first, second))
    if turns == 1:
        return swapaxes(flip(array, second), first, second)
    return flip(swapaxes(array, first, second), second) if turns == 3 else array
