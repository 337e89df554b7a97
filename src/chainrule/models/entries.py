"""How data enter a graph: in declared order, with the declared rank and type, and what is said if they do not fit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule import ops, tree
from chainrule._typing import Shape
from chainrule.autodiff.masks import keep_mask
from chainrule.autodiff.operators import Operators
from chainrule.autodiff.tensor import Tensor
from chainrule.data.arrays import text_in_numbers
from chainrule.data.checks import named_leaves
from chainrule.data.texts import is_text
from chainrule.errors import DataError, ShapeError
from chainrule.layers.base import Layer
from chainrule.symbolic import KerasTensor

if TYPE_CHECKING:
    from chainrule.models.graph import Graph


def enter(graph: Graph, inputs: Any) -> list[Any]:
    """Return the inputs in declared order as tensors of the declared type and rank.

    Raises:
        ShapeError: an input is missing, or has another shape.
    """
    given = [inputs] if isinstance(inputs, Operators) else in_order(graph, inputs)
    if len(given) != len(graph.inputs):
        raise ShapeError(_wrong_number(graph, len(given)))
    return [_fit(graph, value, t) for value, t in zip(given, graph.inputs, strict=True)]


def check_shapes(graph: Graph, x: Any, where: str) -> None:
    """Compare the shapes of whole arrays with those of a graph's inputs, so that the message names the array.

    Raises:
        ShapeError: an input is missing, or has another shape.
    """
    names = {id(leaf): name for name, leaf in named_leaves(x, "x")}
    try:
        given = in_order(graph, x)
    except ShapeError as error:
        raise ShapeError(f"{where}: {error}") from None
    for array, t in zip(given, graph.inputs, strict=True):
        shape = None if array is None else _adjusted(tuple(array.shape), t.shape)
        if shape is not None and not _fits(shape, t.shape):
            name = names.get(id(array), "x")
            text = f"{where}: {name} has shape {array.shape}, but {_label(graph, t)} expects {t.shape}."
            raise ShapeError(f"{text} {_advice(t.shape, tuple(array.shape), name)}")


def fits(shape: tuple[int, ...], wanted: Shape) -> bool:
    """Whether an array of this shape can be an input of that one."""
    return _fits(_adjusted(shape, wanted), wanted)


def in_order(graph: Graph, inputs: Any) -> list[Any]:
    declared = graph.input_structure
    if isinstance(inputs, dict):
        names = sorted(declared) if isinstance(declared, dict) else graph.input_names
        missing = [n for n in names if n not in inputs]
        if missing:
            raise ShapeError(
                f"the model's input '{missing[0]}' is missing: its inputs are {names}, received {list(inputs)}."
            )
        return [leaf for n in names for leaf in tree.flatten(inputs[n])]
    flat = tree.flatten(inputs)
    if len(flat) != len(graph.inputs):
        raise ShapeError(_wrong_number(graph, len(flat)))
    if isinstance(declared, dict) and list(declared) != sorted(declared):
        raise ShapeError(
            f"the model's inputs were declared as a dict with keys {list(declared)}: pass a dict with these keys, "
            "because the order of a list would be a guess."
        )
    return flat


def _wrong_number(graph: Graph, given: int) -> str:
    return (
        f"the model has {len(graph.inputs)} input{'s' * (len(graph.inputs) != 1)} {graph.input_names}, but received "
        f"{given}. Pass a list in this order, or a dict by name."
    )


def _fit(graph: Graph, value: Any, t: KerasTensor) -> Any:
    """Return a value with the rank and type of an input."""
    if value is None and getattr(t.operation, "optional", False):
        return None
    if not isinstance(value, Operators):
        value = Tensor(value)
    given = tuple(value.shape)
    shape = _adjusted(given, t.shape)
    if not _fits(shape, t.shape):
        text = f"{_label(graph, t)[0].upper()}{_label(graph, t)[1:]}: expected shape {t.shape}, received shape {given}."
        raise ShapeError(f"{text} {_advice(t.shape, given, 'the array')}")
    adjusted = value
    if len(shape) != len(given):
        adjusted = ops.expand_dims(value, -1) if len(shape) > len(given) else ops.squeeze(value, -1)
    return adjusted if isinstance(value, KerasTensor) else keep_mask(_of_type(adjusted, t), value)


def _adjusted(shape: tuple[int, ...], wanted: Shape) -> tuple[int, ...]:
    """Return a shape with a last axis of length 1 added or removed where that gives the wanted rank, as in Keras."""
    if len(shape) == len(wanted) - 1 and wanted[-1] == 1:
        return (*shape, 1)
    if len(shape) == len(wanted) + 1 and shape[-1] == 1:
        return shape[:-1]
    return shape


def _fits(shape: tuple[int, ...], wanted: Shape) -> bool:
    return len(shape) == len(wanted) and all(w in (None, s) for w, s in zip(wanted, shape, strict=True))


def _of_type(value: Any, t: KerasTensor) -> Any:
    if t.dtype == "string" or value.dtype.kind not in "iufb":
        if value.size and (t.dtype == "string") != is_text(np.asarray(value)):
            raise DataError(_wrong_kind(t, value))
        return value
    dtype = t.dtype
    if np.dtype(dtype).kind == "f" and isinstance(t.operation, Layer):
        dtype = t.operation.compute_dtype
    return value if value.dtype == dtype else ops.cast(value, dtype)


def _wrong_kind(t: KerasTensor, value: Any) -> str:
    if t.dtype == "string":
        return (
            f"input '{t.operation.name}' takes text, but received {value.dtype} values. Turn them into strings first."
        )
    return text_in_numbers(np.asarray(value), f"input '{t.operation.name}'")


def _label(graph: Graph, t: KerasTensor) -> str:
    """Return the name of an input and of the first layer that it feeds."""
    fed = next((n.operation.name for n in graph.nodes if any(v is t for v in n.inputs)), None)
    return f"input '{t.operation.name}'" + (f" (of layer '{fed}')" if fed is not None else "")


def _advice(wanted: Shape, shape: tuple[int, ...], name: str) -> str:
    if len(shape) == len(wanted) - 1 and shape == tuple(wanted[1:]):
        return "One observation is a batch of one: x[None, :], or x.reshape(1, -1)."
    if len(shape) == len(wanted) == 2 and shape == (wanted[1], 1):
        return f"If these are the {wanted[1]} features of one observation, pass a batch of one: x.reshape(1, -1)."
    if len(shape) == len(wanted) == 2:
        return f"The model was built for {wanted[1]} features per row, {name} has {shape[1]}: check its columns."
    if len(shape) > len(wanted) and int(np.prod(shape[1:])) == wanted[-1]:
        return "Flatten each observation: x.reshape(len(x), -1)."
    return "Reshape the array, or change the model's Input."
