"""`class_weight={class: weight}` as one weight per observation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from chainrule import config
from chainrule._typing import Array
from chainrule.errors import DataError, ShapeError


def class_weight_to_sample_weight(y: Any, class_weight: Mapping[int, float], where: str = "fit") -> Array:
    """Return the weight of each row's class; a class that is not named weighs 1 (Keras).

    Args:
        y: class ids (n,) or (n, 1), or one row of class scores each (n, classes), of which the largest counts.
        class_weight: class id to weight.

    Raises:
        DataError: several targets, or keys that are not class ids.
        ShapeError: y of more than two dimensions.

    >>> class_weight_to_sample_weight(np.array([0, 2, 1]), {0: 2.0, 1: 0.5})
    array([2. , 1. , 0.5], dtype=float32)
    """
    if not isinstance(class_weight, Mapping):
        raise DataError(
            f"{where}: class_weight is a dict of class id to weight, such as {{0: 1.0, 1: 2.0}}, but a "
            f"{type(class_weight).__name__} was given."
        )
    if not isinstance(y, np.ndarray):
        what = "no y was given" if y is None else "y has several parts"
        raise DataError(f"{where}: class_weight needs a single target, but {what}. Use sample_weight instead.")
    if y.ndim > 2:
        raise ShapeError(
            f"{where}: class_weight needs y of shape (n,), (n, 1) or (n, classes), but y has shape {y.shape}."
        )
    ids = np.argmax(y, axis=-1) if y.ndim == 2 and y.shape[1] != 1 else np.round(y.reshape(-1)).astype(np.int64)
    weight_of = {_class_id(key, where): float(weight) for key, weight in class_weight.items()}
    classes, inverse = np.unique(ids, return_inverse=True)
    return np.array([weight_of.get(int(c), 1.0) for c in classes], config.floatx())[inverse]


def _class_id(key: Any, where: str) -> int:
    try:
        number = int(key)
    except (TypeError, ValueError):
        number = -1
    if number != key:
        raise DataError(f"{where}: the keys of class_weight are class ids (0, 1, ...), but received {key!r}.")
    return number
