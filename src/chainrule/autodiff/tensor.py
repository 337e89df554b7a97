"""`Tensor`: an array that a tape can follow."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NoReturn

import numpy as np

from chainrule._typing import Array
from chainrule.autodiff.operators import TABLE, Operators
from chainrule.errors import MutatedError


class Tensor(Operators):
    """An immutable array whose history a `GradientTape` can record.

    NumPy, pandas and matplotlib take a tensor as an array (`np.asarray(t)`); `t.numpy()` gives a copy.
    Tensors are made by `chainrule.ops.convert_to_tensor`, by ops on tensors and variables, and by layers.

    Args:
        value: any array; it is not copied, so whoever wraps a writable array must not change it afterwards.
        origin: the name of the op that made it, for messages.

    >>> import chainrule as cr
    >>> t = cr.ops.convert_to_tensor([1.0, 2.0])
    >>> t * 2
    Tensor([2., 4.], dtype=float32)
    """

    __slots__ = ("__weakref__", "_keras_mask", "origin", "severed", "value")

    def __init__(self, value: Any, origin: str = "") -> None:
        array = np.asarray(value)
        if array.flags.writeable:
            array = array.view()
            array.flags.writeable = False
        self.value: Array = array
        self.origin = origin
        self.severed = ""  # the op without a derivative through which a followed value became a constant
        self._keras_mask: Any = None  # which steps of a sequence count; see layers/masks.py

    @property
    def shape(self) -> tuple[int, ...]:
        return self.value.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        return self.value.dtype

    @property
    def ndim(self) -> int:
        return self.value.ndim

    @property
    def size(self) -> int:
        return self.value.size

    @property
    def T(self) -> Any:
        return TABLE["transpose"](self)

    def numpy(self) -> Array:
        """Return a copy as a NumPy array."""
        return self.value.copy()

    def tolist(self) -> Any:
        return self.value.tolist()

    def item(self) -> Any:
        return self.value.item()

    def astype(self, dtype: Any) -> Any:
        return TABLE["cast"](self, dtype=dtype)

    def reshape(self, *shape: Any) -> Any:
        newshape = shape[0] if len(shape) == 1 and isinstance(shape[0], tuple | list) else shape
        return TABLE["reshape"](self, newshape=tuple(newshape))

    def sum(self, axis: Any = None, keepdims: bool = False) -> Any:
        return TABLE["sum"](self, axis=axis, keepdims=keepdims)

    def mean(self, axis: Any = None, keepdims: bool = False) -> Any:
        return TABLE["mean"](self, axis=axis, keepdims=keepdims)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        if dtype is not None and np.dtype(dtype) != self.value.dtype:
            return self.value.astype(dtype)
        return self.value.copy() if copy else self.value

    def __setitem__(self, key: Any, value: Any) -> NoReturn:
        raise MutatedError(
            "A tensor cannot be changed in place: gradients are taken of the values that were recorded. "
            "Build a new one (ops.where, ops.concatenate), or change a copy: t.numpy()."
        )

    def __reduce__(self) -> Any:
        return Tensor, (self.value, self.origin)

    def __len__(self) -> int:
        return len(self.value)

    def __iter__(self) -> Iterator[Any]:
        return (self[i] for i in range(len(self.value)))

    def __bool__(self) -> bool:
        return bool(self.value)

    def __float__(self) -> float:
        return float(self.value)

    def __int__(self) -> int:
        return int(self.value)

    def __index__(self) -> int:
        return self.value.__index__()

    def __repr__(self) -> str:
        return (
            "Tensor(" + np.array2string(self.value, separator=", ", prefix="Tensor(") + f", dtype={self.value.dtype})"
        )

    def __format__(self, spec: str) -> str:
        return format(self.value.item(), spec) if self.value.ndim == 0 and spec else format(str(self), spec)


def tensor_of(array: Any, origin: str) -> Tensor:
    """Return the tensor of a fresh array that nobody else holds: `Tensor(array, origin)`, faster."""
    if type(array) is not np.ndarray:
        array = np.asarray(array)
    array.setflags(write=False)
    tensor = Tensor.__new__(Tensor)
    tensor.value = array
    tensor.origin = origin
    tensor.severed = ""
    tensor._keras_mask = None
    return tensor


def tensor_of_own(array: Array) -> Tensor:
    """Return the tensor of an array that nobody else holds, in a fraction of the constructor's time."""
    array.setflags(write=False)
    tensor = Tensor.__new__(Tensor)
    tensor.value, tensor.origin, tensor.severed, tensor._keras_mask = array, "", "", None
    return tensor
