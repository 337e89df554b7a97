"""The steps of a plan in ONNX: one function each, adding nodes to a graph."""

from __future__ import annotations

import functools
import math

import numpy as np

from chainrule import config
from chainrule._typing import Array
from chainrule.engines import plan as steps
from chainrule.engines.plan import CannotLower, Step
from chainrule.records import Record
from chainrule.saving.network import Dims, Network, Operation, axis_of, size_of, without_batch
from chainrule.saving.onnx.activations import write_activation
from chainrule.saving.onnx.graph import Expression, Graph


class Place(Record):
    """Where a step stands: its operation, the shapes of its inputs, the network with its numbers, and the graph."""

    operation: Operation
    shapes: tuple[Dims, ...]
    network: Network
    graph: Graph

    @property
    def layer(self) -> str:
        return self.operation.layer

    @property
    def rank(self) -> int:
        """The number of axes of the first input, with the batch."""
        return len(self.shapes[0]) + 1


@functools.singledispatch
def write_step(step: Step, at: Place, inputs: list[Expression]) -> Expression:
    """Add a step to the graph and return what it makes.

    Raises:
        CannotLower: the step has no form in ONNX.
    """
    raise CannotLower(f"layer '{at.layer}' has no form in ONNX ({type(step).__name__})")


@write_step.register
def _affine(step: steps.Affine, at: Place, inputs: list[Expression]) -> Expression:
    (x,) = inputs
    kernel = at.graph.constant(at.network.of(step.kernel), hint="kernel")
    bias = None if step.bias is None else at.graph.constant(at.network.of(step.bias), hint="bias")
    if at.rank == 2 and bias is not None:
        return Expression(at.graph, at.graph.add("Gemm", x.name, kernel, bias))
    product = Expression(at.graph, at.graph.add("MatMul", x.name, kernel))
    return product if bias is None else Expression(at.graph, at.graph.add("Add", product.name, bias))


@write_step.register
def _activate(step: steps.Activate, at: Place, inputs: list[Expression]) -> Expression:
    return write_activation(inputs[0], step.name, step.options, at.shapes[0], at.layer)


@write_step.register
def _parametric_relu(step: steps.ParametricReLU, at: Place, inputs: list[Expression]) -> Expression:
    (x,) = inputs
    slope = at.graph.constant(at.network.of(step.alpha), hint="alpha")
    if at.graph.dtype == "float32":
        return Expression(at.graph, at.graph.add("PRelu", x.name, slope))
    return x.op("Relu") + x.clip(None, 0.0) * Expression(at.graph, slope)


@write_step.register
def _batch_normalize(step: steps.BatchNormalize, at: Place, inputs: list[Expression]) -> Expression:
    (x,) = inputs
    axis = axis_of(step.axis, at.rank, at.layer)
    mean, variance = at.network.of(step.moving_mean), at.network.of(step.moving_variance)
    gamma = np.ones_like(mean) if step.gamma is None else at.network.of(step.gamma)
    beta = np.zeros_like(mean) if step.beta is None else at.network.of(step.beta)
    if axis == 1:
        epsilon = float(np.float32(step.epsilon))  # the type of attributes; what that loses goes to the variance
        variance = variance + np.asarray(step.epsilon - epsilon, variance.dtype)
        hints = (("gamma", gamma), ("beta", beta), ("moving_mean", mean), ("moving_variance", variance))
        names = [at.graph.constant(value, hint=hint) for hint, value in hints]
        return Expression(at.graph, at.graph.add("BatchNormalization", x.name, *names, epsilon=epsilon))
    factor = gamma / np.sqrt(variance.astype(np.float64) + step.epsilon)
    spread = [-1] + [1] * (at.rank - 1 - axis)
    return (x - mean.reshape(spread)) * factor.reshape(spread) + beta.reshape(spread)


@write_step.register
def _layer_normalize(step: steps.LayerNormalize, at: Place, inputs: list[Expression]) -> Expression:
    (x,) = inputs
    axes = sorted(axis_of(a, at.rank, at.layer) for a in step.axes)
    gamma, beta = (None if s is None else spread_over(at, at.network.of(s), axes) for s in (step.gamma, step.beta))
    shape = tuple([at.shapes[0][a - 1] for a in axes])
    trailing = axes == list(range(axes[0], at.rank))
    if trailing and at.graph.opset >= 17 and at.graph.dtype == "float32" and None not in shape:
        size = tuple([n or 0 for n in shape])
        scale = np.ones(size) if gamma is None else gamma.reshape(size)
        names = [at.graph.constant(scale, hint="gamma")]
        names += [] if beta is None else [at.graph.constant(beta.reshape(size), hint="beta")]
        return x.op("LayerNormalization", *(Expression(at.graph, n) for n in names), axis=axes[0], epsilon=step.epsilon)
    centred = x - Expression(at.graph, at.graph.reduce("ReduceMean", x.name, axes))
    variance = Expression(at.graph, at.graph.reduce("ReduceMean", (centred * centred).name, axes))
    y = centred / (variance + step.epsilon).op("Sqrt")
    y = y if gamma is None else y * gamma
    return y if beta is None else y + beta


def spread_over(at: Place, array: Array, axes: list[int]) -> Array:
    """Return a parameter that belongs to some axes, shaped to be broadcast over all of them."""
    full = [at.shapes[0][a - 1] if a in axes else 1 for a in range(1, at.rank)]
    return array.reshape([n or 1 for n in full])


@write_step.register
def _rescale(step: steps.Rescale, at: Place, inputs: list[Expression]) -> Expression:
    (x,) = inputs
    scale, offset = np.asarray(step.scale), np.asarray(step.offset)
    y: Expression = x if (scale == 1).all() else x * scale
    return y + offset if offset.any() else y


@write_step.register
def _standardize(step: steps.Standardize, at: Place, inputs: list[Expression]) -> Expression:
    (x,) = inputs
    mean = without_batch(step.mean, at.rank - 1, at.layer)
    variance = without_batch(step.variance, at.rank - 1, at.layer).astype(at.graph.dtype)
    deviation = np.maximum(np.sqrt(variance), np.asarray(config.epsilon(), at.graph.dtype))
    y: Expression = x * deviation + mean if step.invert else (x - mean) / deviation
    return y


@write_step.register
def _reshape(step: steps.Reshape, at: Place, inputs: list[Expression]) -> Expression:
    size_of(at.operation.shape, at.layer)
    return inputs[0].op("Reshape", at.graph.integers([-1, *step.shape]))


@write_step.register
def _embed(step: steps.Embed, at: Place, inputs: list[Expression]) -> Expression:
    rows = inputs[0].op("Cast", to=7)
    table = at.graph.constant(at.network.of(step.table), hint="embeddings")
    return Expression(at.graph, at.graph.add("Gather", table, rows.name, axis=0))


@write_step.register
def _merge(step: steps.Merge, at: Place, inputs: list[Expression]) -> Expression:
    if step.kind == "concatenate":
        return inputs[0].op("Concat", *inputs[1:], axis=axis_of(step.axis, at.rank, at.layer))
    kinds = {"add": "Add", "average": "Add", "subtract": "Sub", "multiply": "Mul", "maximum": "Max", "minimum": "Min"}
    if step.kind not in kinds:
        raise CannotLower(f"layer '{at.layer}': merging by '{step.kind}' has no form in ONNX")
    first, *rest = (_lengthened(x, s, at) for x, s in zip(inputs, at.shapes, strict=True))
    total: Expression = first
    for x in rest:
        total = total.op(kinds[step.kind], x)
    return total / float(len(inputs)) if step.kind == "average" else total


def _lengthened(x: Expression, shape: Dims, at: Place) -> Expression:
    """Give a value the axes it lacks, behind the batch axis."""
    missing = max(len(s) for s in at.shapes) - len(shape)
    return x.op("Unsqueeze", at.graph.integers(list(range(1, missing + 1)))) if missing else x


# -- what only exports know -------------------------------------------------------------------------------------------


def _reduced(kind: str, x: Expression, axes: list[int], keepdims: bool = True) -> Expression:
    return Expression(x.graph, x.graph.reduce(kind, x.name, axes, keepdims))


@write_step.register
def _transpose(step: steps.Transpose, at: Place, inputs: list[Expression]) -> Expression:
    return inputs[0].op("Transpose", perm=[0, *step.order])


@write_step.register
def _take(step: steps.Take, at: Place, inputs: list[Expression]) -> Expression:
    size_of(at.operation.shape, at.layer)
    cut = [_places(n or 0, part) for n, part in zip(at.shapes[0], step.key, strict=False)]
    axes = list(range(1, len(cut) + 1))
    places = [at.graph.integers(list(numbers)) for numbers in zip(*cut, strict=True)]
    y = inputs[0].op("Slice", *places[:2], at.graph.integers(axes), places[2]) if cut else inputs[0]
    fewer = len(at.operation.shape) < len(at.shapes[0])
    return y.op("Reshape", at.graph.integers([-1, *at.operation.shape])) if fewer else y


def _places(length: int, part: int | tuple[int | None, ...]) -> tuple[int, int, int]:
    """Return start, end and step; an end before the first number is written so that it is not taken from behind."""
    one = part % length if isinstance(part, int) else 0
    taken = range(length)[slice(*part)] if isinstance(part, tuple) else range(one, one + 1)
    return taken.start, taken.stop if taken.stop >= 0 else -length - 1, taken.step


@write_step.register
def _dot(step: steps.Dot, at: Place, inputs: list[Expression]) -> Expression:
    a, b = (_of_length_one(x, axis) if step.normalize else x for x, axis in zip(inputs, step.axes, strict=True))
    left, right = (
        [n or 0 for i, n in enumerate(s, 1) if i != axis] for s, axis in zip(at.shapes, step.axes, strict=True)
    )
    if not left and not right:
        return _reduced("ReduceSum", a * b, [1])
    length = at.shapes[0][step.axes[0] - 1] or 0
    size_of(at.shapes[0], at.layer), size_of(at.shapes[1], at.layer)
    rows = _moved(a, [i for i in range(1, len(left) + 2) if i != step.axes[0]] + [step.axes[0]])
    columns = _moved(b, [step.axes[1]] + [i for i in range(1, len(right) + 2) if i != step.axes[1]])
    rows = rows if len(left) == 1 else rows.op("Reshape", at.graph.integers([-1, math.prod(left), length]))
    columns = columns if len(right) == 1 else columns.op("Reshape", at.graph.integers([-1, length, math.prod(right)]))
    product = rows.op("MatMul", columns)
    return product if len(left) == len(right) == 1 else product.op("Reshape", at.graph.integers([-1, *left, *right]))


def _of_length_one(x: Expression, axis: int) -> Expression:
    return x / _reduced("ReduceSum", x * x, [axis]).clip(config.epsilon() ** 2, None).op("Sqrt")


def _moved(x: Expression, order: list[int]) -> Expression:
    return x if order == sorted(order) else x.op("Transpose", perm=[0, *order])


@write_step.register
def _repeat(step: steps.Repeat, at: Place, inputs: list[Expression]) -> Expression:
    x = inputs[0].op("Unsqueeze", at.graph.integers([1]))
    return x.op("Tile", at.graph.integers([1, step.count] + [1] * len(at.shapes[0])))


@write_step.register
def _pool(step: steps.Pool, at: Place, inputs: list[Expression]) -> Expression:
    kind = "ReduceMean" if step.kind == "mean" else "ReduceMax"
    return _reduced(kind, inputs[0], [step.axis], step.keepdims)


@write_step.register
def _unit_normalize(step: steps.UnitNormalize, at: Place, inputs: list[Expression]) -> Expression:
    (x,) = inputs
    axes = sorted(axis_of(a, at.rank, at.layer) for a in step.axes)
    return x / _reduced("ReduceSum", x * x, axes).clip(1e-12, None).op("Sqrt")


@write_step.register
def _root_normalize(step: steps.RootNormalize, at: Place, inputs: list[Expression]) -> Expression:
    (x,) = inputs
    axes = sorted(axis_of(a, at.rank, at.layer) for a in step.axes)
    root = (_reduced("ReduceMean", x * x, axes) + step.epsilon).op("Sqrt")
    return x / root * spread_over(at, at.network.of(step.scale), axes)


@write_step.register
def _group_normalize(step: steps.GroupNormalize, at: Place, inputs: list[Expression]) -> Expression:
    (x,) = inputs
    size_of(at.shapes[0], at.layer)
    axis, shape = axis_of(step.axis, at.rank, at.layer), [n or 0 for n in at.shapes[0]]
    cut = [-1, *shape[: axis - 1], step.groups, shape[axis - 1] // step.groups, *shape[axis:]]
    axes = [a for a in range(1, at.rank + 1) if a != axis]
    grouped = x.op("Reshape", at.graph.integers(cut))
    centred = grouped - _reduced("ReduceMean", grouped, axes)
    root = (_reduced("ReduceMean", centred * centred, axes) + step.epsilon).op("Sqrt")
    y = (centred / root).op("Reshape", at.graph.integers([-1, *shape]))
    y = y if step.gamma is None else y * spread_over(at, at.network.of(step.gamma), [axis])
    return y if step.beta is None else y + spread_over(at, at.network.of(step.beta), [axis])
