"""From what `fit`, `evaluate` and `predict` accept to `Batches`; the one place that decides which kind of data came."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from chainrule import tree
from chainrule.config import limited_steps
from chainrule.data.arrays import add_last_axis, is_array_like, to_structure
from chainrule.data.batches import ArrayBatches, Batches
from chainrule.data.checks import check_all_finite, check_rows
from chainrule.data.class_weight import class_weight_to_sample_weight
from chainrule.data.py_dataset import PyDataset, PyDatasetBatches
from chainrule.data.samples import Samples
from chainrule.data.streams import StreamBatches, unpack
from chainrule.errors import DataError, ShapeError


def make_batches(
    x: Any,
    y: Any = None,
    sample_weight: Any = None,
    batch_size: int | None = None,
    steps: int | None = None,
    shuffle: bool = False,
    class_weight: Mapping[int, float] | None = None,
    where: str = "fit",
) -> Batches:
    """Return the batches of whatever a user passes as data.

    Args:
        x: arrays (NumPy, lists, tensors of other libraries, data frames; or a tuple, list or dict of them), a generator
            or other iterable of batches, a `PyDataset`, or `Batches`. A single array (n,) becomes (n, 1).
        y, sample_weight: arrays; only with arrays.
        batch_size: rows per batch, 32 by default; the last batch may be shorter.
        steps: batches per epoch.
        shuffle: whether each epoch gets an order of its own (arrays: of rows, `PyDataset`: of batches).
        class_weight: class id to weight; multiplies into the loss.
        where: `'fit'`, `'evaluate'` or `'predict'`, for messages.

    Raises:
        DataError, ShapeError: with the array, row and column concerned.

    >>> batches = make_batches([[0.0], [1.0], [2.0]], [0, 1, 1], batch_size=2)
    >>> batches.steps, batches.size, [y.tolist() for x, y, w in batches]
    (2, 3, [[0, 1], [1]])
    """
    _check_count(batch_size, "batch_size", where)
    _check_count(steps, "steps", where)
    if isinstance(x, Batches):
        return x
    if isinstance(x, Samples):
        _refuse_targets(x, y, sample_weight, where)
        x, y, sample_weight = unpack(x.arrays, where)
    if is_stream(x):
        _refuse_targets(x, y, sample_weight, where)
        known = x.num_batches if isinstance(x, PyDataset) and steps is None else steps
        allowed = _limited(known, where)
        steps = steps if allowed == known else allowed
        if isinstance(x, PyDataset):
            return PyDatasetBatches(x, steps, shuffle, class_weight, where)
        return StreamBatches(x, steps, class_weight, where)
    arrays = to_structure(x, "x", text=True), to_structure(y, "y"), to_structure(sample_weight, "sample_weight")
    check_rows(where, *arrays)
    check_all_finite(where, {"x": (arrays[0], x), "y": (arrays[1], y), "sample_weight": (arrays[2], sample_weight)})
    weight = _weights(arrays[1], arrays[2], class_weight, where)
    rows = len(tree.flatten(arrays[0])[0])
    number = steps or math.ceil(rows / (batch_size or 32))
    allowed = _limited(number, where)
    if allowed != number:
        batch_size, steps = batch_size or (math.ceil(rows / steps) if steps else 32), allowed
    return ArrayBatches(add_last_axis(arrays[0]), arrays[1], weight, batch_size, steps, bool(shuffle))


def _limited(steps: int | None, where: str) -> int | None:
    """Return a number of batches (None: not known), or what the process-wide limit on them leaves of it."""
    return limited_steps(steps) if where.split()[0] in ("fit", "fit_many", "evaluate", "predict") else steps


def is_stream(x: Any) -> bool:
    """Whether `x` gives whole batches one after another, rather than being arrays.

    >>> is_stream(iter([])), is_stream([[1.0]]), is_stream({"a": [1.0]})
    (True, False, False)
    """
    if isinstance(x, PyDataset | Batches | Samples):
        return True
    if isinstance(x, list | tuple | dict | str | bytes) or is_array_like(x):
        return False
    return isinstance(x, Iterable) and not hasattr(x, "__array__")


def split_tail(arrays: Any, fraction: float) -> tuple[Any, Any]:
    """Return `(first rows, last rows)`: the first `floor(n * (1 - fraction))` and the rest, unshuffled, as Keras.

    Args:
        arrays: a structure of arrays, such as `(x, y, sample_weight)`; None leaves stay None.
        fraction: in (0, 1).

    Raises:
        DataError: a fraction that leaves one of the parts empty, or data that are not arrays.

    >>> train, validation = split_tail((np.arange(10), None), 0.25)
    >>> len(train[0]), validation[0].tolist(), validation[1]
    (7, [7, 8, 9], None)
    """
    if not 0 < fraction < 1:
        raise DataError(f"fit: expected validation_split between 0 and 1, received {fraction}.")
    parts = arrays if isinstance(arrays, tuple) else (arrays,)
    if any(is_stream(part) for part in parts if part is not None):
        raise DataError(
            "fit: validation_split needs arrays or data frames, because it takes the last rows. "
            f"For a {type(parts[0]).__name__}, pass validation_data instead."
        )
    names = ("x", "y", "sample_weight") if len(parts) <= 3 else tuple(f"arrays[{i}]" for i in range(len(parts)))
    converted = tuple(to_structure(part, name, name == "x") for part, name in zip(parts, names, strict=False))
    n = check_rows("fit", *converted) if len(parts) <= 3 else len(tree.flatten(converted)[0])
    at = math.floor(n * (1.0 - fraction))
    if at in (0, n):
        raise DataError(
            f"fit: validation_split={fraction} of {n} rows leaves none for {'training' if at == 0 else 'validation'}. "
            "Pass more data or another fraction."
        )
    first, last = (_rows(converted, part) for part in (slice(at), slice(at, n)))
    return (first, last) if isinstance(arrays, tuple) else (first[0], last[0])


def _rows(arrays: Any, part: slice) -> Any:
    return tree.map_structure(lambda a: None if a is None else a[part], arrays)


def _weights(y: Any, sample_weight: Any, class_weight: Mapping[int, float] | None, where: str) -> Any:
    if class_weight is not None:
        if sample_weight is not None:
            raise DataError(
                f"{where}: class_weight and sample_weight cannot be given together. Multiply one into the other."
            )
        return class_weight_to_sample_weight(y, class_weight, where)
    if sample_weight is None or not tree.is_nested(y):
        return sample_weight
    if tree.is_nested(sample_weight):
        if len(tree.flatten(sample_weight)) != len(tree.flatten(y)):
            raise ShapeError(
                f"{where}: sample_weight has {len(tree.flatten(sample_weight))} arrays, but "
                f"y has {len(tree.flatten(y))}. Pass one array for all outputs, or one per output."
            )
        return sample_weight
    if sample_weight.ndim > 2 or (sample_weight.ndim == 2 and sample_weight.shape[1] != 1):
        raise ShapeError(
            f"{where}: one sample_weight for several outputs must have one weight per row, shape (n,), "
            f"but has shape {sample_weight.shape}. Pass one array per output otherwise."
        )
    return tree.map_structure(lambda _: sample_weight, y)


def _refuse_targets(x: Any, y: Any, sample_weight: Any, where: str) -> None:
    for name, value in (("y", y), ("sample_weight", sample_weight)):
        if value is not None:
            raise DataError(
                f"{where}: with x a {type(x).__name__}, {name} must not be passed: "
                "it is part of each batch, as (x, y) or (x, y, sample_weight)."
            )


def _check_count(value: Any, name: str, where: str) -> None:
    if value is not None and (isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1):
        raise DataError(f"{where}: expected {name} to be a positive integer or None, received {value!r}.")
