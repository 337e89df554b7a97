"""New arrays, conversion, types and sizes."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule import config
from chainrule._typing import Array, Value
from chainrule.autodiff.op import op
from chainrule.autodiff.operators import Operators
from chainrule.autodiff.promotion import as_array
from chainrule.autodiff.tensor import Tensor

__all__ = [
    "arange",
    "cast",
    "convert_to_numpy",
    "convert_to_tensor",
    "copy",
    "dtype",
    "empty",
    "eye",
    "full",
    "full_like",
    "identity",
    "is_tensor",
    "linspace",
    "ndim",
    "ones",
    "ones_like",
    "saturate_cast",
    "shape",
    "size",
    "stop_gradient",
    "zeros",
    "zeros_like",
]


def zeros(shape: Any, dtype: Any = None) -> Array:
    """Zeros of a shape; float32 by default."""
    return np.zeros(shape, dtype or config.floatx())


def ones(shape: Any, dtype: Any = None) -> Array:
    """Ones of a shape; float32 by default."""
    return np.ones(shape, dtype or config.floatx())


def empty(shape: Any, dtype: Any = None) -> Array:
    """An array of a shape whose values do not matter."""
    return zeros(shape, dtype)


def full(shape: Any, fill_value: Any, dtype: Any = None) -> Array:
    """A shape filled with one value; float32 by default."""
    return np.full(shape, np.asarray(fill_value), dtype or config.floatx())


@op("x")
def zeros_like(x: Value, dtype: Any = None) -> Value:
    """Zeros of the shape and type of `x`."""
    return np.zeros_like(x, dtype)


@op("x")
def ones_like(x: Value, dtype: Any = None) -> Value:
    """Ones of the shape and type of `x`."""
    return np.ones_like(x, dtype)


@op("x")
def full_like(x: Value, fill_value: Any, dtype: Any = None) -> Value:
    """One value in the shape and type of `x`."""
    return np.full_like(x, np.asarray(fill_value), dtype)


def arange(start: Any, stop: Any = None, step: Any = None, dtype: Any = None) -> Array:
    """`start, start + step, ...` below `stop`; `arange(n)` counts from 0. Whole numbers give int32, others float32."""
    start, stop, step = (v.item() if isinstance(v, np.generic) else v for v in (start, stop, step))
    if stop is None:
        start, stop = 0, start
    result = np.arange(start, stop, 1 if step is None else step)
    if dtype is None:
        dtype = config.floatx() if result.dtype.kind == "f" else np.int32
    return result.astype(dtype)


def linspace(
    start: Any, stop: Any, num: int = 50, endpoint: bool = True, retstep: bool = False, dtype: Any = None, axis: int = 0
) -> Any:
    """`num` numbers at equal distances from `start` to `stop`."""
    values, step = np.linspace(start, stop, num, endpoint, retstep=True, axis=axis)
    kinds = [v.dtype for v in (start, stop) if isinstance(v, np.ndarray) and v.dtype.kind == "f"]
    values = values.astype(dtype or (np.result_type(*kinds) if kinds else config.floatx()))
    return (values, step) if retstep else values


def eye(N: int, M: int | None = None, k: int = 0, dtype: Any = None) -> Array:
    """Ones on a diagonal, zeros elsewhere; float32 by default."""
    return np.eye(N, M, k, dtype or config.floatx())


def identity(n: int, dtype: Any = None) -> Array:
    """The identity matrix; float32 by default."""
    return eye(n, dtype=dtype)


@op(x=("cast(g, x.dtype)", lambda g, y, x, dtype: cast(g, x.dtype)))
def cast(x: Value, dtype: Any) -> Value:
    """The numbers in another type."""
    return x.astype(dtype, copy=False)


def as_floats(x: Value) -> Value:
    """Return `x`; integers and booleans become the default float type."""
    return x if dtype(x).startswith("float") else cast(x, config.floatx())


def saturate_cast(x: Value, dtype: Any) -> Value:
    """The numbers in another type; those beyond its range become its smallest or largest."""
    kind = np.dtype(dtype)
    if kind.kind == "b":
        return cast(x, kind)
    limits: Any = np.finfo(kind) if kind.kind == "f" else np.iinfo(kind)
    from chainrule.ops.arithmetic import clip

    return cast(clip(cast(x, "float64"), float(limits.min), float(limits.max)), kind)


@op(x=("g", lambda g, y, x: g))
def copy(x: Value) -> Value:
    """The same numbers in a new array."""
    return x.copy()


@op("variable")
def stop_gradient(variable: Value) -> Value:
    """The same numbers, as a constant: no gradient passes."""
    return variable.view()


def convert_to_tensor(x: Any, dtype: Any = None, sparse: bool | None = None, ragged: bool | None = None) -> Any:
    """Return a tensor, which a tape can follow.

    Args:
        x: a number, list, array, data frame, variable or tensor; a writable array is copied.
        dtype: the type; by default that of `x`, float32 for Python floats and int32 for Python integers.
        sparse, ragged: must not be true.

    >>> convert_to_tensor([1.0, 2.0])
    Tensor([1., 2.], dtype=float32)
    """
    if sparse or ragged:
        raise ValueError("ops.convert_to_tensor: sparse and ragged tensors are not supported.")
    if isinstance(x, Tensor) or getattr(x, "symbolic", False):
        return x if dtype is None or x.dtype == np.dtype(dtype) else cast(x, dtype)
    if isinstance(x, Operators):
        return cast(x, dtype or x.dtype)
    array = as_array(x)
    if dtype is not None and array.dtype != np.dtype(dtype):
        array = np.asarray(x, dtype) if not isinstance(x, np.ndarray) else array.astype(dtype)
    return Tensor(array.copy() if array.flags.writeable else array)


def convert_to_numpy(x: Any) -> Array:
    """Return a NumPy array of one's own."""
    return np.array(x)


def is_tensor(x: Any) -> bool:
    """Whether `x` is a tensor."""
    return isinstance(x, Tensor)


def shape(x: Any) -> tuple[int, ...]:
    """The length of each axis."""
    return tuple(x.shape) if hasattr(x, "shape") else np.shape(x)


def ndim(x: Any) -> int:
    """The number of axes."""
    return len(shape(x))


def size(x: Any) -> int:
    """The number of elements."""
    return int(np.prod(shape(x)))


def dtype(x: Any) -> str:
    """The name of the type: `'float32'`.

    >>> dtype([1.0]), dtype(True)
    ('float32', 'bool')
    """
    return str(x.dtype if hasattr(x, "dtype") else as_array(x).dtype)
