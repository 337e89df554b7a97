"""Names for the shapes and kinds of values that travel through the library."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from chainrule.autodiff.tensor import Tensor
    from chainrule.variables import Variable

Array: TypeAlias = npt.NDArray[Any]
"""Any NumPy array."""

FloatArray: TypeAlias = npt.NDArray[np.floating[Any]]
"""A float32 or float64 array."""

Shape: TypeAlias = tuple[int | None, ...]
"""A shape in which `None` stands for the batch size."""

TensorLike: TypeAlias = "Tensor | Variable | npt.ArrayLike"
"""What every op takes: a recorded tensor, a variable, an array, a list or a number."""

Value: TypeAlias = Any
"""What an op gives back: a `Tensor` if any input was one (or a `Variable`), else an array."""

Config: TypeAlias = dict[str, Any]
"""A JSON-like description of an object."""

Logs: TypeAlias = dict[str, float]
"""Metric name to value."""

__all__ = ["Array", "Callable", "Config", "FloatArray", "Logs", "Mapping", "Sequence", "Shape", "TensorLike", "Value"]
