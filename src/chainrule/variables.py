"""`Variable`: a named array that training changes; and `FlatBuffer`: one array that holds all variables of a model.

A variable starts with an array of its own. `FlatBuffer` moves the float variables of a model into one flat array and
leaves each of them a view at its `Slot`, so that an optimizer or an engine can work on all parameters at once.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Iterable, Iterator, MutableMapping, Sequence
from contextlib import contextmanager
from typing import Any, cast

import numpy as np

from chainrule import config
from chainrule._typing import Array
from chainrule.autodiff.operators import TABLE, Operators
from chainrule.autodiff.tape import substitutions
from chainrule.errors import ModelFileError, ShapeError
from chainrule.records import Record
from chainrule.utils.naming import path_names, scopes, unique_name


class Slot(Record):
    """Where a variable lies in the flat buffer: `flat[offset : offset + size]` in the given shape.

    >>> Slot(2, (2, 3)).view(np.arange(10)).tolist()
    [[2, 3, 4], [5, 6, 7]]
    """

    offset: int
    shape: tuple[int, ...]

    @property
    def size(self) -> int:
        return int(math.prod(self.shape))

    def view(self, flat: Array) -> Array:
        """Return the part of `flat` that this slot names, as a view."""
        return flat[self.offset : self.offset + self.size].reshape(self.shape)


class Variable(Operators):
    """An array with a name, an initial value and the right to change, as `keras.Variable`.

    Args:
        initializer: an array, a callable `(shape, dtype) -> array`, or the name of an initializer.
        shape: needed with a callable or a name.
        dtype: `'float32'` by default for floats; kept as given otherwise.
        trainable: whether gradients and optimizers concern it.
        autocast, aggregation: accepted, as in Keras; they change nothing.
        name: the last part of its `path`; counted by default.
        regularizer: callable giving a penalty that is added to the loss.
        constraint: callable applied to the value after each optimizer step.

    Raises:
        ShapeError: the shape is missing, or not that of the array.
        ValueError: the name holds a '/'.

    >>> v = Variable([1.0, 2.0], name="w")
    >>> v.assign_add([1.0, 1.0]).numpy()
    array([2., 3.], dtype=float32)
    """

    __slots__ = (
        "__weakref__", "_array", "_path", "_view", "autocast", "buffer", "constraint", "name",
        "overwrite_with_gradient", "regularizer", "slot", "trainable", "version",
    )  # fmt: skip

    def __init__(
        self,
        initializer: Any,
        shape: Sequence[int] | None = None,
        dtype: Any = None,
        trainable: bool = True,
        autocast: bool = True,
        aggregation: str = "none",
        name: str | None = None,
        regularizer: Any = None,
        constraint: Any = None,
    ) -> None:
        if name is not None and "/" in name:
            raise ValueError(f"Variable: a name must not hold '/', but is {name!r}.")
        if isinstance(initializer, str):
            from chainrule import initializers

            initializer = initializers.get(initializer)
        value = _initial_value(initializer, shape, dtype)
        if dtype is None and value.dtype.kind == "f" and not isinstance(initializer, np.ndarray):
            dtype = config.floatx()
        self.name = name or unique_name("variable")
        self._path = "/".join([*path_names(), self.name]) if scopes.entries else self.name
        self.trainable = trainable
        self.autocast = autocast
        self.regularizer = regularizer
        self.constraint = constraint
        self.overwrite_with_gradient = False
        self.version = 0
        self.buffer: FlatBuffer | None = None
        self.slot: Slot | None = None
        self._bind(np.array(value, dtype=dtype))

    def _bind(self, array: Array) -> None:
        self._array = array
        self._view = array.view()
        self._view.flags.writeable = False

    @property
    def path(self) -> str:
        """The names of the layers around it and its own: `'mlp/dense/kernel'`."""
        return self._path

    @path.setter
    def path(self, path: str) -> None:
        self._path = path

    @property
    def value(self) -> Array:
        """The current value as a read-only view."""
        stand_in = substitutions()
        if stand_in is not None:
            other = stand_in.get(id(self))
            if other is not None:
                return cast(Array, getattr(other, "value", other))
        return self._view

    @property
    def shape(self) -> tuple[int, ...]:
        return self._array.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        return self.value.dtype

    @property
    def ndim(self) -> int:
        return self._array.ndim

    @property
    def size(self) -> int:
        return self._array.size

    def numpy(self) -> Array:
        """Return a copy as a NumPy array."""
        return self.value.copy()

    def assign(self, value: Any) -> Variable:
        """Set the value.

        Raises:
            ShapeError: the new value has another shape.
        """
        new = np.asarray(getattr(value, "value", value))
        if new.shape != self._array.shape:
            raise ShapeError(
                f"Variable '{self.path}': expected a value of shape {self._array.shape}, received shape {new.shape}."
            )
        stand_in = substitutions()
        if stand_in is not None:
            if new.dtype != self._array.dtype and getattr(stand_in, "keeps_types", False):
                value = new = new.astype(self._array.dtype)
            cast(MutableMapping[int, Any], stand_in)[id(self)] = value if isinstance(value, Operators) else new
            return self
        self._array[...] = new
        self.version += 1
        if not self.trainable and self.buffer is not None:
            Changes.count += 1
        return self

    def assign_add(self, value: Any) -> Variable:
        """Add to the value."""
        return self.assign(self.value + np.asarray(value))

    def assign_sub(self, value: Any) -> Variable:
        """Subtract from the value."""
        return self.assign(self.value - np.asarray(value))

    def astype(self, dtype: Any) -> Any:
        return TABLE["cast"](self, dtype=dtype)

    def __getstate__(self) -> dict[str, Any]:
        """Copies and pickles have an array of their own, outside of any buffer."""
        kept = (s for s in Variable.__slots__ if s not in ("__weakref__", "_array", "_view", "buffer", "slot"))
        return {**{name: getattr(self, name) for name in kept}, "_array": self.numpy()}

    def __setstate__(self, state: dict[str, Any]) -> None:
        array = state.pop("_array")
        for name, value in state.items():
            setattr(self, name, value)
        self.buffer = self.slot = None
        self._bind(array)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        return np.array(self.value, dtype=dtype) if copy else np.asarray(self.value, dtype=dtype)

    def __float__(self) -> float:
        return float(self.value)

    def __int__(self) -> int:
        return int(self.value)

    def __bool__(self) -> bool:
        return bool(self.value)

    def __len__(self) -> int:
        return len(self._array)

    def __repr__(self) -> str:
        return f"<Variable path={self.path}, shape={self.shape}, dtype={self.dtype}, value={self.value}>"


class _Budget(threading.local):
    left: int | None = None
    weights_follow = False


_budget = _Budget()


@contextmanager
def memory_limit(size: int, weights_follow: bool = True) -> Iterator[None]:
    """Within the block, initializers may make variables of `size` bytes in all: a model file must not ask for more.

    Args:
        weights_follow: whether a file's numbers will take the place of the first ones, which then need not be drawn.
    """
    before = _budget.left, _budget.weights_follow
    _budget.left, _budget.weights_follow = size, weights_follow
    try:
        yield
    finally:
        _budget.left, _budget.weights_follow = before


def is_limited() -> bool:
    """Whether variables are made for a file or text that somebody else may have written."""
    return _budget.left is not None


def weights_follow() -> bool:
    """Whether variables are made for a file, whose numbers will take the place of the first ones."""
    return _budget.weights_follow


def claim(shape: Sequence[int], dtype: Any) -> None:
    """Count an array of this shape against the limit, where one is set.

    Raises:
        ModelFileError: the limit is exceeded.
    """
    if _budget.left is not None:
        wanted = math.prod(shape) * np.dtype(dtype).itemsize
        if wanted > _budget.left:
            reason = (
                "far more than there are weights in the file. If you trust the file" if _budget.weights_follow
                else "more than is left of what a text may ask for. If you trust the text"
            )  # fmt: skip
            raise ModelFileError(
                f"a variable of shape {tuple(shape)} needs {wanted} bytes, {reason}, allow more with max_bytes=..."
            )
        _budget.left -= wanted


def _initial_value(initializer: Any, shape: Sequence[int] | None, dtype: Any) -> Array:
    if callable(initializer):
        if shape is None:
            raise ShapeError("Variable: an initializer that is a function needs `shape=`.")
        claim(shape, dtype or config.floatx())
        return np.asarray(initializer(tuple(shape), dtype=dtype or config.floatx()))
    value = np.asarray(getattr(initializer, "value", initializer))
    if shape is not None and value.shape != tuple(shape):
        raise ShapeError(f"Variable: shape={tuple(shape)} was given, but the value has shape {value.shape}.")
    return value


class Changes:
    """Counts what may change how models compute.

    That is: attributes set on layers, variables that move to other memory, `config.epsilon()`, and values assigned to
    variables that are not trained, which engines may have worked into their programs (`Normalization`).
    """

    count = 0


packing = threading.RLock()
"""Held while variables move into a buffer, and while somebody notes where they lie."""


class FlatBuffer:
    """One flat array that holds the given variables; each becomes a view into it, in order.

    Args:
        variables: float variables of one type.
        dtype: the type of the array; the first variable's by default.

    >>> a, b = Variable([1.0, 2.0]), Variable([[3.0]])
    >>> flat = FlatBuffer([a, b])
    >>> b.assign([[5.0]]).slot, flat.array.tolist()
    (Slot(offset=2, shape=(1, 1)), [1.0, 2.0, 5.0])
    """

    def __init__(self, variables: Iterable[Variable], dtype: Any = None) -> None:
        self.variables = list(variables)
        self.slots: list[Slot] = []
        offset = 0
        for v in self.variables:
            self.slots.append(Slot(offset, v.shape))
            offset += v.size
        kind = dtype or (self.variables[0]._array.dtype if self.variables else config.floatx())
        self.array: Array = np.empty(offset, kind)
        Changes.count += 1
        for v, slot in zip(self.variables, self.slots, strict=True):
            view = slot.view(self.array)
            view[...] = v._array
            v._bind(view)
            v.buffer, v.slot = self, slot

    def holds(self, variables: Sequence[Variable]) -> bool:
        """Whether exactly these variables, in this order, are views into this buffer now."""
        return len(variables) == len(self.variables) and all(
            v is mine and v.buffer is self for v, mine in zip(variables, self.variables, strict=True)
        )

    def touch(self) -> None:
        """Say that the array was changed directly, so that recorded uses of the variables count as outdated."""
        for v in self.variables:
            v.version += 1

    def gather(self, arrays: Sequence[Any], out: Array | None = None) -> Array:
        """Return one flat array with the given arrays (gradients, say) at the variables' slots; None means zeros."""
        flat = np.empty_like(self.array) if out is None else out
        for slot, a in zip(self.slots, arrays, strict=True):
            flat[slot.offset : slot.offset + slot.size] = 0 if a is None else np.asarray(a).reshape(-1)
        return flat
