"""Class numbers to rows of 0 and 1, and arrays to norm 1."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from chainrule._typing import TensorLike, Value
from chainrule.autodiff.operators import Operators
from chainrule.errors import DataError


def to_categorical(x: Any, num_classes: int | None = None) -> npt.NDArray[np.float64]:
    """Return class numbers as rows with a single 1 (one-hot).

    Args:
        x: integers from 0 to `num_classes - 1`, of any shape; a last axis of length 1 is dropped.
        num_classes: by default the largest plus one.

    Returns:
        The shape of `x` with an axis of length `num_classes` at the end.

    Raises:
        DataError: a value is not an integer, is negative, or is not below `num_classes`.

    >>> to_categorical([0, 2, 1])
    array([[1., 0., 0.],
           [0., 0., 1.],
           [0., 1., 0.]])
    """
    given = np.asarray(x)
    if given.shape[1:] and given.shape[-1] == 1:
        given = given[..., 0]
    try:
        classes = given.astype(np.int64)
    except (TypeError, ValueError):
        raise DataError(
            f"to_categorical: expected integers, received {given.dtype} such as {given.flat[0]!r}."
        ) from None
    if given.dtype.kind == "f" and (odd := given[given != classes]).size:
        raise DataError(f"to_categorical: expected integers, received {odd[0]}.")
    n = int(num_classes or (classes.max() + 1 if classes.size else 0))
    if (outside := classes[(classes < 0) | (classes >= n)]).size:
        raise DataError(
            f"to_categorical: expected classes from 0 to {n - 1}, received {outside[0]}. "
            "Number the classes from 0, for example with `numpy.unique(y, return_inverse=True)`."
        )
    rows = np.zeros((classes.size, n))
    rows[np.arange(classes.size), classes.ravel()] = 1
    return rows.reshape(*classes.shape, n)


def normalize(x: TensorLike, axis: int | None = -1, order: Any = 2) -> Value:
    """Return `x` divided by its norm along `axis`; where the norm is 0 it stays.

    Args:
        axis: None takes the norm of the whole array. (Keras itself reads `axis=0` of an array as the last axis when it
            divides; here it means the first.)
        order: of the norm, as in `numpy.linalg.norm`.

    >>> normalize([[3.0, 4.0], [0.0, 0.0]])
    array([[0.6, 0.8],
           [0. , 0. ]])
    """
    if isinstance(x, Operators):
        from chainrule import ops

        return ops.normalize(x, axis=axis, order=order)
    array = np.asarray(x)
    norm = np.linalg.norm(array, order, axis, keepdims=True)
    return array / np.where(norm == 0, 1, norm)
