"""What the layers have in common that turn categories and text into numbers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from chainrule._typing import Array
from chainrule.autodiff.operators import Operators
from chainrule.autodiff.promotion import as_array
from chainrule.autodiff.tensor import Tensor, tensor_of_own
from chainrule.data.arrays import is_array_like
from chainrule.data.frames import is_frame
from chainrule.data.texts import is_text, to_text
from chainrule.engines.plan import CannotLower, Step
from chainrule.errors import DataError
from chainrule.layers.base import Layer
from chainrule.layers.preprocessing.data_sets import is_planned, planned, shape_of


class DataLayer(Layer):
    """A layer that also works inside TensorFlow's data sets: `data_set.map(layer)`."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run the layer, on TensorFlow's tensors without values as a step of a data set."""
        first = args[0] if args else None
        several = isinstance(first, list | tuple)
        tensors = list(first) if isinstance(first, list | tuple) else [first]
        if not any(map(is_planned, tensors)):
            return super().__call__(*args, **kwargs)
        shapes = [shape_of(t) for t in tensors]
        shape = self.compute_output_shape(shapes if several else shapes[0])
        call = super().__call__

        def compute(*arrays: Any) -> list[Any]:
            return [call(list(arrays) if several else arrays[0], *args[1:], **kwargs)]

        return planned(compute, tensors, [(shape, getattr(self, "output_dtype", self.compute_dtype))])[0]


class CategoryLayer(DataLayer):
    """A layer from categories or text to numbers: nothing to train, no derivative, computed in Python."""

    supports_masking = False
    prepares_data = True
    """An engine may run it once for all epochs (engines/front.py)."""
    output_dtype = "int64"
    """The type of the output, in place of the layer's float type."""

    def lower(self) -> Iterator[Step]:
        raise CannotLower(f"layer '{self.name}' ({type(self).__name__}) works on categories or text, in Python")


def plain(value: Any, name: str = "the input") -> Array:
    """Return whatever holds numbers or text as one array; text as Python strings.

    Raises:
        DataError: text among something else.
    """
    if isinstance(value, Operators):
        value = np.asarray(value)
    elif is_frame(value):
        value = _column(value)
    elif hasattr(value, "detach") and hasattr(value, "cpu"):
        value = value.detach().cpu().numpy()
    array = value if isinstance(value, np.ndarray) else as_array(value)
    if isinstance(value, list | tuple) and array.dtype.kind == "U" and not _all_text(value):
        raise DataError(f"{name} mixes text with something else: {value!r:.80}. Make them one type first.")
    if is_text(array):
        return to_text(array, name)
    if array.dtype.kind == "O":
        return _numbers(array, name)
    return array


def _column(value: Any) -> Array:
    """Return a series as a vector, a data frame as a matrix."""
    import narwhals as nw

    table = nw.from_native(value, allow_series=True)
    return np.asarray((table.collect() if isinstance(table, nw.LazyFrame) else table).to_numpy())


def _all_text(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return all(map(_all_text, value))
    return isinstance(value, str | bytes) or (hasattr(value, "dtype") and value.dtype.kind in "USO")


def _numbers(array: Array, name: str) -> Array:
    """Return an array of objects that are all numbers as one of numbers."""
    values = array.ravel().tolist()
    for i, v in enumerate(values):
        if not isinstance(v, int | float) or v != v:
            if v is None or v != v:
                raise DataError(f"{name}: value {i} is {v!r} (missing). Fill or drop missing values first.")
            what = f"{v!r:.60}, a {type(v).__name__}"
            raise DataError(
                f"{name}: value {i} is {what}, among {values[0]!r:.40} and others. Make them one type first."
            )
    return np.asarray(values).reshape(array.shape)


def result(array: Array) -> Tensor:
    """Return a fresh array as a layer's output."""
    return tensor_of_own(array) if isinstance(array, np.ndarray) else Tensor(array)


def batches(data: Any, name: str, steps: int | None = None, lists_are_arrays: bool = True) -> Iterable[Any]:
    """Return the batches of what `adapt` was given: one array whole, or what an iterable yields.

    Of pairs `(x, y)` the first is taken.

    Raises:
        DataError: it is neither.
    """
    if is_array_like(data) or (lists_are_arrays and isinstance(data, list | tuple)):
        return [data]
    if isinstance(data, str | bytes | dict) or not (hasattr(data, "__iter__") or hasattr(data, "__getitem__")):
        raise DataError(
            f"{name}: adapt takes an array, a list, a data set or an iterable of batches, received a "
            f"{type(data).__name__}."
        )
    return _stream(data, steps)


def _stream(data: Any, steps: int | None) -> Iterator[Any]:
    iterate = iter(data) if hasattr(data, "__iter__") else (data[i] for i in range(len(data)))
    for i, batch in enumerate(iterate):
        if steps is not None and i >= steps:
            return
        yield batch[0] if isinstance(batch, tuple) else batch


def nothing(name: str) -> DataError:
    """Return the error for `adapt` on nothing."""
    return DataError(f"{name}: adapt received no data.")
