"""Norms and weighted means."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule import config
from chainrule._typing import Value
from chainrule.autodiff.op import op
from chainrule.ops.arithmetic import abs, divide, power
from chainrule.ops.comparison import not_equal
from chainrule.ops.creation import cast
from chainrule.ops.creation import shape as shape_of
from chainrule.ops.reductions import Axis, axes_of, keep_axes, max, mean, min, sum
from chainrule.ops.shapes import broadcast_to, reshape, squeeze

__all__ = ["average", "length", "norm"]


@op(x=("g * x / y", lambda g, y, x, axis, keepdims: g * x / y), align=keep_axes, floats=True)
def length(x: Value, axis: Axis = None, keepdims: bool = False) -> Value:
    """The Euclidean length `√(sum(x²))`."""
    return np.sqrt(sum(x * x, axis, keepdims))


def norm(x: Value, ord: Any = None, axis: Axis = None, keepdims: bool = False) -> Value:
    """The size of vectors or matrices.

    Args:
        x: the array.
        ord: for vectors 2 (default), 1, `np.inf`, `-np.inf`, 0 (how many are not 0) or any number p, which gives
            `sum(|x|^p)^(1/p)`; for matrices `"fro"` (default), 1, -1, `np.inf`, `-np.inf`.
        axis: the axis of the vectors, or the two of the matrices. By default the whole array.
        keepdims: leave axes of length 1.

    Raises:
        ValueError: there is no such norm.
    """
    rank = len(shape_of(x))
    axes = axes_of(axis, rank)
    if ord is None or (ord == "fro" and len(axes) == 2) or (ord == 2 and len(axes) == 1):
        return length(x, axis, keepdims)
    if len(axes) == 1 and not isinstance(ord, str):
        return _vector_norm(x, ord, axes[0], keepdims)
    if len(axes) == 2 and ord in (1, -1, np.inf, -np.inf):
        summed, compared = axes if ord in (1, -1) else axes[::-1]
        sums = sum(abs(x), summed, True)
        result = max(sums, compared, True) if ord > 0 else min(sums, compared, True)
        return result if keepdims else squeeze(result, axes)
    raise ValueError(f"ops.norm: there is no norm of order {ord!r} over {len(axes)} axes here.")


def _vector_norm(x: Value, order: Any, axis: int, keepdims: bool) -> Value:
    if order == np.inf:
        return max(abs(x), axis, keepdims)
    if order == -np.inf:
        return min(abs(x), axis, keepdims)
    if order == 0:
        return sum(cast(not_equal(x, 0), config.floatx()), axis, keepdims)
    if order == 1:
        return sum(abs(x), axis, keepdims)
    return power(sum(power(abs(x), order), axis, keepdims), 1.0 / order)


def average(x: Value, axis: Axis = None, weights: Value = None) -> Value:
    """The mean, weighted if weights are given (of the shape of `x`, or one for each place along `axis`)."""
    if weights is None:
        return mean(x, axis)
    if axis is not None and len(shape_of(weights)) != len(shape_of(x)):
        lengths = [n if a in axes_of(axis, len(shape_of(x))) else 1 for a, n in enumerate(shape_of(x))]
        weights = reshape(weights, lengths)
    return divide(sum(x * weights, axis), sum(broadcast_to(weights, shape_of(x)), axis))
