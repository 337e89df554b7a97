"""Arithmetic of values and constants: merging layers, rescaling, ops."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule import layers, ops
from chainrule.saving.onnx.build import Builder
from chainrule.saving.onnx.operators.gelu import gelu_input
from chainrule.saving.onnx.operators.table import reads, symbolic
from chainrule.saving.onnx.read import Node
from chainrule.symbolic import KerasTensor

_PAIRS: dict[str, Callable[..., Any]] = {"Add": ops.add, "Sub": ops.subtract, "Mul": ops.multiply, "Div": ops.divide}
_MERGES = {"Add": layers.Add, "Sub": layers.Subtract, "Mul": layers.Multiply}
_OTHERS: dict[str, Callable[..., Any]] = {
    "Pow": ops.power, "Greater": ops.greater, "Less": ops.less, "GreaterOrEqual": ops.greater_equal,
    "LessOrEqual": ops.less_equal, "Equal": ops.equal, "Where": ops.where, "And": ops.logical_and, "Or": ops.logical_or,
}  # fmt: skip
_ALONE: dict[str, Callable[..., Any]] = {
    "Log": ops.log, "Sqrt": ops.sqrt, "Abs": ops.absolute, "Neg": ops.negative, "Reciprocal": ops.reciprocal,
    "Erf": ops.erf, "Sin": ops.sin, "Cos": ops.cos, "Floor": ops.floor, "Ceil": ops.ceil, "Sign": ops.sign,
    "Not": ops.logical_not,
}  # fmt: skip
_VARIADIC = {"Sum": layers.Add, "Max": layers.Maximum, "Min": layers.Minimum, "Mean": layers.Average}
_FOLDS = {"Sum": ops.add, "Max": ops.maximum, "Min": ops.minimum}


def _checked(to: Builder, values: Any) -> None:
    """Check the shapes of values that are broadcast against each other."""
    symbolic = [v for v in values if isinstance(v, KerasTensor)]
    if not symbolic:
        return to.charge(*(v.shape for v in values), (1,))
    rank = max(len(v.shape) for v in symbolic)
    for v in values:
        lengths = (1,) * (rank - len(v.shape)) + tuple(v.shape)
        whole = isinstance(v, KerasTensor) and len(v.shape) == rank
        if not whole and (len(lengths) > rank or lengths[0] != 1):
            raise to.refusal(f"a value of shape {tuple(v.shape)} is spread over the batch")
    return to.charge(*((tuple(v.shape)[1:] if len(v.shape) == rank else tuple(v.shape)) for v in values), (1,))


@reads(*_PAIRS)
def _pair(to: Builder, node: Node, a: Any, b: Any) -> Any:
    if to.rows.intersection(node.inputs):
        raise to.refusal("it adds other things than a bias to rows")
    _checked(to, (a, b))
    source = gelu_input(to, node) if node.kind == "Mul" else None
    if source is not None:
        return layers.Activation("gelu", **to.settings)(symbolic(to, to.take(source)))
    both = isinstance(a, KerasTensor) and isinstance(b, KerasTensor)
    if both:
        merge = _MERGES.get(node.kind)
        fits = merge is not None and len(a.shape) == len(b.shape) and a.dtype == b.dtype == to.dtype
        return merge(**to.settings)([a, b]) if fits and merge is not None else _PAIRS[node.kind](a, b)
    x, constant = (a, b) if isinstance(a, KerasTensor) else (b, a)
    if isinstance(x, KerasTensor) and constant.dtype.kind == "f" and _fits(constant.shape, x.shape):
        rescaled = _rescaled(to, node.kind, x, constant, x is a)
        if rescaled is not None:
            return rescaled
    if not isinstance(x, KerasTensor) and node.kind == "Div" and a.dtype.kind in "iu":
        return a // b if np.all(b > 0) and np.all(a >= 0) else np.trunc(a / b).astype(a.dtype)
    return _PAIRS[node.kind](a, b)


def _fits(shape: Any, whole: Any) -> bool:
    return len(shape) <= len(whole) and all(n in (1, m) for n, m in zip(shape[::-1], whole[::-1], strict=False))


def _rescaled(to: Builder, kind: str, x: Any, constant: Any, first: bool) -> Any:
    """Return `x * scale + offset`, if that is what an operator does with a constant."""
    if constant.ndim == len(x.shape):
        constant = constant[0]
    numbers = constant.astype(np.float64)
    scale: Any = 1.0
    offset: Any = 0.0
    if kind == "Mul":
        scale = numbers
    elif kind == "Div" and first and np.all(numbers != 0):
        scale = 1 / numbers
    elif kind == "Add":
        offset = numbers
    elif kind == "Sub":
        scale, offset = (1.0, -numbers) if first else (-1.0, numbers)
    else:
        return None
    if not np.all(np.isfinite(scale)) or not np.all(np.isfinite(offset)):
        return None
    return layers.Rescaling(np.asarray(scale).tolist(), np.asarray(offset).tolist(), **to.settings)(x)


@reads("Mod")
def _mod(to: Builder, node: Node, a: Any, b: Any) -> Any:
    a, b = to.array(a, "input"), to.array(b, "divisor")
    if a.dtype.kind not in "iu" or b.dtype.kind not in "iu" or not np.all(b) or node.attributes.get("fmod", 0):
        raise to.refusal("it divides other things than whole numbers in the file")
    _checked(to, (a, b))
    return np.mod(a, b)


@reads("ai.onnx.ml.Scaler")
def _scaler(to: Builder, node: Node, x: Any) -> Any:
    x = symbolic(to, x)
    offset = np.asarray(node.attributes.get("offset", [0.0]), np.float64)
    scale = np.asarray(node.attributes.get("scale", [1.0]), np.float64)
    if not (_fits(offset.shape, x.shape) and _fits(scale.shape, x.shape)):
        raise to.refusal("its numbers do not fit its input")
    to.charge(x.shape[1:])
    centred = layers.Rescaling(1.0, (-offset).tolist(), **to.settings)(x)
    return layers.Rescaling(scale.tolist(), **to.settings)(centred)


@reads(*_OTHERS)
def _other(to: Builder, node: Node, *values: Any) -> Any:
    _checked(to, values)
    return _OTHERS[node.kind](*values)


@reads(*_ALONE)
def _alone(to: Builder, node: Node, x: Any) -> Any:
    _checked(to, (x,))
    return _ALONE[node.kind](x)


@reads(*_VARIADIC)
def _variadic(to: Builder, node: Node, *values: Any) -> Any:
    _checked(to, values)
    if len(values) == 1:
        return values[0]
    if all(isinstance(v, KerasTensor) and len(v.shape) == len(values[0].shape) for v in values):
        return _VARIADIC[node.kind](**to.settings)(list(values))
    if node.kind == "Mean":
        raise to.refusal("it takes the mean of constants, too")
    total = values[0]
    for value in values[1:]:
        total = _FOLDS[node.kind](total, value)
    return total


_REDUCTIONS = {
    "ReduceMean": ops.mean, "ReduceSum": ops.sum, "ReduceMax": ops.max, "ReduceMin": ops.min, "ReduceProd": ops.prod,
}  # fmt: skip


@reads(*_REDUCTIONS)
def _reduce(to: Builder, node: Node, x: Any, axes: Any = None) -> Any:
    wanted = node.attributes.get("axes") if axes is None else to.integers(axes, "list of axes")
    if not wanted:
        raise to.refusal("it reduces over all axes, the batch among them")
    along = tuple(sorted({to.axis(a, x) for a in wanted}))
    _checked(to, (x,))
    return _REDUCTIONS[node.kind](x, axis=along, keepdims=bool(node.attributes.get("keepdims", 1)))


@reads("ArgMax")
def _argmax(to: Builder, node: Node, x: Any) -> Any:
    if node.attributes.get("select_last_index", 0):
        raise to.refusal("it takes the last of equal numbers")
    axis = to.axis(node.attributes.get("axis", 0), symbolic(to, x))
    to.charge(x.shape[1:])
    return ops.argmax(x, axis=axis, keepdims=bool(node.attributes.get("keepdims", 1)))


@reads("CumSum")
def _cumsum(to: Builder, node: Node, x: Any, axis: Any) -> Any:
    if node.attributes.get("exclusive", 0) or node.attributes.get("reverse", 0):
        raise to.refusal("its sums leave numbers out, or run backwards")
    to.charge(symbolic(to, x).shape[1:])
    return ops.cumsum(x, axis=to.axis(int(to.number(axis, "axis")), x))


@reads("TopK")
def _top_k(to: Builder, node: Node, x: Any, k: Any) -> Any:
    axis = to.axis(node.attributes.get("axis", -1), symbolic(to, x))
    given = {"largest": 1, "sorted": 1, **node.attributes}
    whole = given["largest"] and given["sorted"] and to.number(k, "number of places") == x.shape[axis]
    if not whole or (len(node.outputs) > 1 and to.only_reader(node.outputs[1])):
        raise to.refusal("it does more than sort")
    to.charge(x.shape[1:])
    return ops.negative(ops.sort(ops.negative(x), axis=axis))
