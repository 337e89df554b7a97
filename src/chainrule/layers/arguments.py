"""The arguments of a layer's call: which are tensors, what shapes they have, and how arrays become tensors."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np

from chainrule import ops, tree
from chainrule.autodiff.masks import keep_mask
from chainrule.autodiff.operators import Operators
from chainrule.autodiff.promotion import as_array
from chainrule.autodiff.tensor import Tensor
from chainrule.data.texts import is_text, to_text
from chainrule.layers import context
from chainrule.utils.signatures import signature_of


def call_parameters(cls: Any) -> dict[str, inspect.Parameter]:
    """Return the parameters of a class's `call`, without `self`; the class keeps them."""
    known: dict[str, inspect.Parameter] | None = cls.__dict__.get("_call_parameters")
    if known is None:
        known = dict(list(inspect.signature(cls.call).parameters.items())[1:])
        cls._call_parameters = known
    return known


def first_argument(cls: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Return the value of the first argument of `call`, however it was passed."""
    return args[0] if args else kwargs.get(next(iter(call_parameters(cls)), ""))


def is_shape(value: Any) -> bool:
    """Whether a value is one shape, rather than a structure of shapes."""
    return isinstance(value, tuple | list) and all(n is None or isinstance(n, int | np.integer) for n in value)


def input_shapes(cls: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
    """Return the shape of each tensor argument of a call by name (a structure of shapes for a structure of tensors)."""
    bound = {**dict(zip(call_parameters(cls), args, strict=False)), **kwargs}
    shapes: dict[str, Any] = {}
    for name, value in bound.items():
        leaves = [v for v in tree.flatten(value) if v is not None]
        if name != "mask" and leaves and all(hasattr(v, "shape") for v in leaves):
            shapes[name] = tree.map_structure(lambda v: None if v is None else tuple(v.shape), value)
    return shapes


def build_arguments(layer: Any, shapes: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments of a layer's `build`: the first shape, or with several parameters each by its name.

    Raises:
        TypeError: `build` has several parameters, and one is not the name of a `call` argument with `_shape` behind it.
    """
    names = list(signature_of(type(layer).build).parameters)[1:]
    if len(names) <= 1:
        return dict.fromkeys(names, next(iter(shapes.values()), None))
    known = call_parameters(type(layer))
    for name in names:
        if not name.endswith("_shape") or name.removesuffix("_shape") not in known:
            raise TypeError(
                f"{type(layer).__name__}.build: with several arguments, each must be an argument of `call` with "
                f"'_shape' behind its name, but '{name}' is not: `call` takes {list(known)}."
            )
    return {f"{k}_shape": shape for k, shape in shapes.items() if f"{k}_shape" in names}


def as_tensors(value: Any, dtype: str | None) -> Any:
    """Return arrays as tensors, floats of type `dtype`; integers, booleans and strings keep their type.

    A list of numbers is one array; a list that holds arrays is several.
    """
    if isinstance(value, list | tuple) and not any(_is_several(v) for v in value):
        return as_tensor(value, dtype)
    if isinstance(value, list | tuple | dict):
        return tree.map_structure(lambda v: as_tensor(v, dtype), value)
    return as_tensor(value, dtype)


def _is_several(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return any(map(_is_several, value))
    if isinstance(value, np.generic):  # a number, though it has a shape
        return False
    return value is None or isinstance(value, dict) or hasattr(value, "shape")


def as_tensor(value: Any, dtype: str | None) -> Any:
    """Return one array, list or number as a tensor; see `as_tensors`."""
    if value is None:
        return None
    if isinstance(value, Operators):
        if dtype is not None and value.dtype != dtype and np.dtype(value.dtype).kind == "f":
            return keep_mask(ops.cast(value, dtype), value)
        return value
    array = _as_numpy(value, dtype)
    if array.dtype.kind in "OUS" and is_text(array):
        array = to_text(array)
    if dtype is not None and array.dtype.kind == "f" and array.dtype != dtype:
        array = array.astype(dtype)
    elif array.flags.writeable and context.recording():
        array = array.copy()  # the caller may change it before the gradient is taken
    return Tensor(array)


def _as_numpy(value: Any, dtype: str | None) -> Any:
    if isinstance(value, np.ndarray):
        return value
    if hasattr(value, "detach"):  # a torch tensor, perhaps with a gradient
        return np.asarray(value.detach())
    array = np.asarray(value)
    return array if dtype is not None and array.dtype.kind == "f" else as_array(value)
