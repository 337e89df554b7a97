"""Running sums and products, and differences of neighbours."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule._typing import Value
from chainrule.autodiff.op import op
from chainrule.ops.creation import cast
from chainrule.ops.creation import shape as shape_of
from chainrule.ops.indexing import getitem
from chainrule.ops.shapes import flip, reshape, stack

__all__ = ["cumprod", "cumsum", "diff"]


@op(
    x=(
        "reshape(flip(cumsum(flip(g, axis), axis), axis), x.shape)",
        lambda g, y, x, axis, dtype: reshape(flip(cumsum(flip(g, axis), axis), axis), x.shape),
    )
)
def cumsum(x: Value, axis: int | None = None, dtype: Any = None) -> Value:
    """The running sum along an axis; of the flattened array without one."""
    return np.cumsum(x, axis, dtype=dtype or _running_type(x))


def _running_type(x: Value) -> Any:
    return np.dtype(np.int32) if x.dtype.kind == "b" else x.dtype


def diff(a: Value, n: int = 1, axis: int = -1) -> Value:
    """The differences between neighbours, `n` times over."""
    for _ in range(n):
        key: list[Any] = [slice(None)] * len(shape_of(a))
        key[axis] = slice(1, None)
        later = getitem(a, tuple(key))
        key[axis] = slice(None, -1)
        a = later - getitem(a, tuple(key))
    return a


def cumprod(x: Value, axis: int | None = None, dtype: Any = None) -> Value:
    """The running product along an axis; of the flattened array without one."""
    if axis is None:
        x, axis = reshape(x, (-1,)), 0
    if dtype is not None:
        x = cast(x, dtype)
    rank = len(shape_of(x))
    products: list[Value] = []
    for i in range(shape_of(x)[axis]):
        factor = getitem(x, (*[slice(None)] * (axis % rank), i))
        products.append(products[-1] * factor if products else factor)
    return stack(products, axis)
