"""Activations in ONNX: an operator of that name where there is one, else the formula in others.

Runtimes have fewer operators for float64 than for float32, so some of those are written as formulas there.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from chainrule import activations
from chainrule.engines.plan import CannotLower
from chainrule.saving.network import Dims, axis_of, size_of
from chainrule.saving.onnx.graph import Expression

Written = Callable[..., Expression]
TABLE: dict[str, Written] = {}


def _writes(name: str) -> Callable[[Written], Written]:
    def mark(function: Written) -> Written:
        TABLE[name] = function
        return function

    return mark


def write_activation(x: Expression, name: str, options: Mapping[str, Any], shape: Dims, layer: str) -> Expression:
    """Add an activation of a value with observations of some shape.

    Raises:
        CannotLower: it has no form in ONNX.
    """
    if name not in TABLE:
        raise CannotLower(f"layer '{layer}': the activation '{name}' has no form in ONNX")
    parameters = list(inspect.signature(getattr(activations, name)).parameters.values())[1:]
    values = {p.name: options.get(p.name, p.default) for p in parameters}
    if "axis" in values:
        values["axis"] = axis_of(int(values["axis"]), len(shape) + 1, layer)
    if name in ("glu", "sparsemax"):
        length = shape[values["axis"] - 1]
        values["length"] = size_of((length,), layer)
    if name == "sparsemax":
        values["rank"] = len(shape) + 1
    return TABLE[name](x, **values)


def _single(x: Expression) -> bool:
    return x.graph.dtype == "float32"


def _above(x: Expression, limit: float) -> Expression:
    return x.op("Greater", limit)


@_writes("linear")
def _linear(x: Expression) -> Expression:
    return x


@_writes("sigmoid")
def _sigmoid(x: Expression) -> Expression:
    return x.op("Sigmoid")


@_writes("tanh")
def _tanh(x: Expression) -> Expression:
    return x.op("Tanh")


@_writes("exponential")
def _exponential(x: Expression) -> Expression:
    return x.op("Exp")


@_writes("relu")
def _relu(
    x: Expression, negative_slope: float = 0.0, max_value: float | None = None, threshold: float = 0.0
) -> Expression:
    if threshold:
        above = x.where(_above(x, threshold), 0.0)
        above = above if max_value is None else above.clip(0.0, float(max_value))
    else:
        above = x.op("Relu") if max_value is None else x.clip(0.0, float(max_value))
    return above + (x - threshold).clip(None, 0.0) * negative_slope if negative_slope else above


@_writes("leaky_relu")
def _leaky_relu(x: Expression, negative_slope: float = 0.2) -> Expression:
    if _single(x):
        return x.op("LeakyRelu", alpha=float(negative_slope))
    return x.where(_above(x, 0.0), x * negative_slope)


@_writes("relu6")
def _relu6(x: Expression) -> Expression:
    return x.clip(0.0, 6.0)


def _curved(x: Expression, scale: float, alpha: float) -> Expression:
    """`x` above 0, else `scale * (exp(x / alpha) - 1)`."""
    return x.where(_above(x, 0.0), ((x.clip(None, 0.0) / alpha).op("Exp") - 1.0) * scale)


@_writes("elu")
def _elu(x: Expression, alpha: float = 1.0) -> Expression:
    return x.op("Elu", alpha=float(alpha)) if _single(x) else _curved(x, alpha, 1.0)


@_writes("selu")
def _selu(x: Expression) -> Expression:
    alpha, scale = 1.6732632423543772848170429916717, 1.0507009873554804934193349852946
    return x.op("Selu", alpha=alpha, gamma=scale) if _single(x) else _curved(x, alpha, 1.0) * scale


@_writes("celu")
def _celu(x: Expression, alpha: float = 1.0) -> Expression:
    return x.op("Celu", alpha=float(alpha)) if _single(x) else _curved(x, alpha, alpha)


@_writes("gelu")
def _gelu(x: Expression, approximate: bool = False) -> Expression:
    if approximate:
        inner = (x + x * x * x * 0.044715) * math.sqrt(2 / math.pi)
        return x * (inner.op("Tanh") + 1.0) * 0.5
    return x * ((x / math.sqrt(2)).op("Erf") + 1.0) * 0.5


@_writes("silu")
def _silu(x: Expression) -> Expression:
    return x * x.op("Sigmoid")


@_writes("softplus")
def _softplus(x: Expression) -> Expression:
    if _single(x):
        return x.op("Softplus")
    return x.clip(0.0, None) + ((-x.op("Abs")).op("Exp") + 1.0).op("Log")


@_writes("softsign")
def _softsign(x: Expression) -> Expression:
    return x.op("Softsign") if _single(x) else x / (x.op("Abs") + 1.0)


@_writes("mish")
def _mish(x: Expression) -> Expression:
    return x.op("Mish") if _single(x) and x.graph.opset >= 18 else x * _softplus(x).op("Tanh")


@_writes("squareplus")
def _squareplus(x: Expression, b: float = 4) -> Expression:
    root = (x * x + float(b)).op("Sqrt")
    positive, negative = x.clip(0.0, None), x.clip(None, 0.0)  # one of them is x; a sum would cancel below 0
    below = (root - negative).op("Reciprocal") * (float(b) / 2)
    return ((positive + root) * 0.5).where(_above(x, 0.0), below)


@_writes("log_sigmoid")
def _log_sigmoid(x: Expression) -> Expression:
    return -_softplus(-x)


@_writes("tanh_shrink")
def _tanh_shrink(x: Expression) -> Expression:
    return x - x.op("Tanh")


@_writes("hard_sigmoid")
def _hard_sigmoid(x: Expression) -> Expression:
    if _single(x):
        return x.op("HardSigmoid", alpha=1 / 6, beta=0.5)
    return (x / 6.0 + 0.5).clip(0.0, 1.0)


@_writes("hard_silu")
def _hard_silu(x: Expression) -> Expression:
    return x.op("HardSwish") if _single(x) and x.graph.opset >= 14 else x * _hard_sigmoid(x)


@_writes("hard_tanh")
def _hard_tanh(x: Expression) -> Expression:
    return x.clip(-1.0, 1.0)


@_writes("hard_shrink")
def _hard_shrink(x: Expression, threshold: float = 0.5) -> Expression:
    return x.where(x.op("Abs").op("Greater", threshold), 0.0)


@_writes("soft_shrink")
def _soft_shrink(x: Expression, threshold: float = 0.5) -> Expression:
    return (x - threshold).clip(0.0, None) + (x + threshold).clip(None, 0.0)


@_writes("threshold")
def _threshold(x: Expression, threshold: float, default_value: float) -> Expression:
    return x.where(_above(x, threshold), default_value)


@_writes("sparse_sigmoid")
def _sparse_sigmoid(x: Expression) -> Expression:
    return ((x + 1.0) * 0.5).clip(0.0, 1.0)


@_writes("sparse_plus")
def _sparse_plus(x: Expression) -> Expression:
    inner = x.clip(-1.0, 1.0) + 1.0
    return x.where(_above(x, 1.0), inner * inner * 0.25)


@_writes("softmax")
def _softmax(x: Expression, axis: int) -> Expression:
    return x.op("Softmax", axis=axis)


@_writes("log_softmax")
def _log_softmax(x: Expression, axis: int) -> Expression:
    return x.op("LogSoftmax", axis=axis)


@_writes("glu")
def _glu(x: Expression, axis: int, length: int) -> Expression:
    graph, half = x.graph, length // 2
    first, second = (x.op("Slice", *[graph.integers([n]) for n in (start, start + half, axis)]) for start in (0, half))
    return first * second.op("Sigmoid")


@_writes("sparsemax")
def _sparsemax(x: Expression, axis: int, length: int, rank: int) -> Expression:
    """The threshold is the largest of (sum of the n largest - 1) / n."""
    graph = x.graph
    ordered = Expression(graph, graph.sorted(x.name, axis, length))
    total = ordered.op("CumSum", graph.integers(axis))
    count = np.arange(1, length + 1).reshape([-1] + [1] * (rank - 1 - axis))
    tau = Expression(graph, graph.reduce("ReduceMax", ((total - 1.0) / count).name, [axis]))
    return (x - tau).clip(0.0, None)
