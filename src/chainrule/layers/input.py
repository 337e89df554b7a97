"""`Input` and `InputLayer`: where data enters a model."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from chainrule.errors import ShapeError
from chainrule.layers.base import Layer
from chainrule.saving.serialization import public
from chainrule.symbolic import KerasTensor, connect

__all__ = ["Input", "InputLayer"]


@public("keras.layers")
class InputLayer(Layer):
    """The entry of a model: the shape of one observation, and its type.

    Args:
        shape: without the batch axis; `None` for an axis of any length.
        batch_size: a fixed batch size, if any.
        dtype: `'float32'` by default; `'int32'` for class numbers, `'string'` for text.
        batch_shape: the shape with the batch axis, in place of `shape` and `batch_size`.
    """

    def __init__(
        self,
        shape: Any = None,
        batch_size: int | None = None,
        dtype: Any = None,
        sparse: bool | None = None,
        ragged: bool | None = None,
        batch_shape: Any = None,
        input_tensor: Any = None,
        optional: bool = False,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        dtype = _type_name(dtype)
        super().__init__(name=name, dtype=None if dtype == "string" else dtype, **kwargs)
        if sparse or ragged:
            raise ValueError(f"Input '{self.name}': sparse and ragged inputs are not supported; pass a dense array.")
        if (shape is None) == (batch_shape is None) and input_tensor is None:
            raise ValueError(
                f"Input '{self.name}' needs `shape` (without the batch axis) or `batch_shape`, and only one of them."
            )
        if input_tensor is not None:
            batch_shape = input_tensor.shape
        if shape is not None:
            batch_shape = (batch_size, *_as_tuple(shape, self.name))
        self.batch_shape = _as_tuple(batch_shape, self.name)
        self._entry_dtype = dtype or (input_tensor.dtype if input_tensor is not None else self.compute_dtype)
        self.optional = optional
        self.sparse, self.ragged = bool(sparse), bool(ragged)
        self.built = True
        self.tensor = KerasTensor(self.batch_shape, self._entry_dtype, name=self.name)
        connect(self, (), {}, [self.tensor])

    def call(self, inputs: Any = None) -> Any:
        return inputs

    def lower(self) -> Any:
        return iter(())

    @property
    def dtype(self) -> str:
        return str(self._entry_dtype)

    def get_config(self) -> dict[str, Any]:
        return {
            "batch_shape": list(self.batch_shape),
            "dtype": str(self._entry_dtype),
            "sparse": self.sparse,
            "ragged": self.ragged,
            "name": self.name,
            "optional": self.optional,
        }

    def get_build_config(self) -> None:
        return None


_MOST_AXES = 64  # NumPy's limit


def _type_name(dtype: Any) -> Any:
    """Return the name of a type of NumPy, Python or TensorFlow (`'string'` for text); others as they are."""
    if type(dtype).__module__.partition(".")[0] == "tensorflow":
        return dtype.name
    if isinstance(dtype, type | np.dtype):
        known = np.dtype(dtype)
        return "string" if known.kind in "OUS" else known.name
    return dtype


def _as_tuple(shape: Any, name: str) -> tuple[int | None, ...]:
    if isinstance(shape, int):
        raise ShapeError(f"Input '{name}': the shape must be a tuple: write shape=({shape},).")
    try:
        result = tuple(None if n is None else operator.index(n) for n in shape)
    except TypeError:
        raise ShapeError(
            f"Input '{name}': axis lengths must be whole numbers or None, but are {shape!r:.80}."
        ) from None
    if len(result) > _MOST_AXES:
        raise ShapeError(f"Input '{name}': arrays have at most {_MOST_AXES} axes, but the shape has {len(result)}.")
    if any(n is not None and n < 0 for n in result):
        raise ShapeError(f"Input '{name}': axis lengths must not be negative, but the shape is {result}.")
    return result


def Input(
    shape: Any = None,
    batch_size: int | None = None,
    dtype: Any = None,
    sparse: bool | None = None,
    ragged: bool | None = None,
    batch_shape: Any = None,
    name: str | None = None,
    tensor: Any = None,
    optional: bool = False,
) -> KerasTensor:
    """Return a symbolic tensor: the start of a functional model, or the first entry of a `Sequential` (`keras.Input`).

    >>> import chainrule as cr
    >>> x = cr.Input((3,))
    >>> cr.layers.Dense(2)(x).shape
    (None, 2)
    """
    return InputLayer(
        shape=shape,
        batch_size=batch_size,
        dtype=dtype,
        sparse=sparse,
        ragged=ragged,
        batch_shape=batch_shape,
        name=name,
        input_tensor=tensor,
        optional=optional,
    ).tensor
