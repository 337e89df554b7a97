"""Layers inside TensorFlow's data sets: `data_set.map(layer)` hands them tensors without values.

The call becomes a step of the data set that runs the layer on arrays (`tf.numpy_function`). TensorFlow is never
imported here: a tensor of its kind shows that it is there.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from chainrule._typing import Shape


def is_planned(value: Any) -> bool:
    """Whether a value is a tensor of TensorFlow that has no values yet.

    >>> is_planned(np.ones(3))
    False
    """
    return type(value).__module__.partition(".")[0] == "tensorflow" and not hasattr(value, "numpy")


def shape_of(tensor: Any) -> Shape:
    """Return the shape of such a tensor; one of unknown rank counts as a batch of single values."""
    return (None,) if tensor.shape.rank is None else tuple(tensor.shape.as_list())


def planned(
    compute: Callable[..., Sequence[Any]], tensors: Sequence[Any], outputs: Sequence[tuple[Shape, str]]
) -> list[Any]:
    """Return tensors that will hold what `compute` makes of arrays.

    Args:
        compute: from arrays to a list of arrays.
        tensors: its inputs.
        outputs: shape and type of each of its results.
    """
    tensorflow = sys.modules["tensorflow"]

    def run(*arrays: Any) -> list[Any]:
        made = compute(*arrays)
        return [_plain(m, dtype) for m, (_, dtype) in zip(made, outputs, strict=True)]

    results = tensorflow.numpy_function(run, list(tensors), [getattr(tensorflow, dtype) for _, dtype in outputs])
    for result, (shape, _) in zip(results, outputs, strict=True):
        result.set_shape(shape)
    return list(results)


def _plain(value: Any, dtype: str) -> Any:
    array = np.asarray(value)
    return array.astype(str) if dtype == "string" else array.astype(dtype)
