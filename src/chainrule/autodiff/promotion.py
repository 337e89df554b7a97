"""Which type a result has: Keras's rule, on NumPy arrays.

Arrays decide; numbers follow. Python's numbers and NumPy's scalars (`np.float64(0.5)`) take the type of the arrays they
meet, integers that meet floats become that float type, and floats without any float array become the default float type
(float32). Lists of Python numbers are float32 or int32 arrays.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np

from chainrule import config
from chainrule._typing import Array


def promote(
    inputs: Sequence[Any], floats: bool = False, constants: Collection[int] = (), scalars: bool = False
) -> list[Any]:
    """Return the inputs as arrays of one common float type where floats are among them.

    Args:
        inputs: arrays, lists, numbers.
        floats: integers alone become the default float type too.
        constants: numbers of the inputs (indices, conditions) that keep their own type.
        scalars: leave Python numbers as they are beside arrays (NumPy's functions adapt them).
    """
    common = None
    for v in inputs:
        if type(v) is np.ndarray:
            kind = v.dtype
            if common is None:
                common = kind
            elif kind is not common:
                break
        elif not (scalars and (type(v) is float or type(v) is int)):
            break
    else:
        if common is not None and common.kind == "f":
            return list(inputs)
    return _promote(inputs, floats, constants, scalars)


def _promote(inputs: Sequence[Any], floats: bool, constants: Collection[int], scalars: bool) -> list[Any]:
    values = [v if isinstance(v, np.ndarray | np.generic | float | int) else as_array(v) for v in inputs]
    voices = [v for i, v in enumerate(values) if i not in constants]
    arrays = [v for v in voices if isinstance(v, np.ndarray)]
    kinds = {v.dtype for v in arrays or voices if isinstance(v, np.ndarray | np.generic)}
    of_floats = [kind for kind in kinds if kind.kind == "f"]
    target: Any = None
    if of_floats:
        target = np.result_type(*of_floats)
    elif floats or any(isinstance(v, float | np.floating) for v in voices):
        target = np.dtype(config.floatx())
    elif all(kind.kind == "b" for kind in kinds):
        target = np.dtype(np.bool_ if all(isinstance(v, bool | np.bool_ | np.ndarray) for v in voices) else np.int32)
    weak = scalars and bool(arrays)
    return [as_array(v) if i in constants else _as_type(v, target, weak) for i, v in enumerate(values)]


def _as_type(value: Any, target: Any, weak: bool) -> Any:
    """Give an array the type `target`; let a number pass as a Python number if it is `weak`."""
    if isinstance(value, np.ndarray):
        if target is None or value.dtype == target or value.dtype.kind == "c":
            return value
        return value.astype(target)
    if weak:
        number = value.item() if isinstance(value, np.generic) else value
        return float(number) if target is not None and target.kind == "f" and type(number) is not complex else number
    return np.asarray(value, target) if target is not None else as_array(value)


def as_array(value: Any) -> Array:
    """Return an array; Python floats and lists of them take the default float type, Python integers int32.

    >>> as_array([1, 2]).dtype, as_array([1.0, 2]).dtype, as_array(np.float64(1)).dtype
    (dtype('int32'), dtype('float32'), dtype('float64'))
    """
    if isinstance(value, np.ndarray):
        return value
    array = np.asarray(value)
    if isinstance(value, np.generic) or _first(value) is not None:
        return array
    if array.dtype == np.float64:
        return array.astype(config.floatx())
    if array.dtype == np.int64 and (array.size == 0 or np.abs(array).max() < 2**31):
        return array.astype(np.int32)
    return array


def _first(value: Any) -> Any:
    """Return the first leaf of nested lists if it is NumPy's or a data frame's, else None."""
    while isinstance(value, list | tuple) and value:
        value = value[0]
    return value if hasattr(value, "dtype") or hasattr(value, "__array__") else None


def to_float(x: Array) -> Array:
    """Return a float array: integers and booleans become the default float type."""
    return x if x.dtype.kind == "f" else x.astype(config.floatx())
