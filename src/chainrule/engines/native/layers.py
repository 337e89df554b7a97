"""The steps of layers other than Dense: one function each, calling a method of the program (native/bind/layers.cpp)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from chainrule import config
from chainrule.engines import plan as steps
from chainrule.engines.native.translate import Builder, Node, build
from chainrule.engines.plan import CannotLower


@build.register
def _dropout(step: steps.Dropout, to: Builder, inputs: list[Node]) -> Node:
    (x,) = inputs
    noise = _noise_shape(step, to, x)
    return Node(to.program.dropout(x.value, step.rate, *to.draws(step.index, step.seed), *noise), x.shape)


@build.register
def _alpha_dropout(step: steps.AlphaDropout, to: Builder, inputs: list[Node]) -> Node:
    (x,) = inputs
    rate, noise = step.rate, _noise_shape(step, to, x)
    a = float(((1 - rate) * (1 + rate * step.low**2)) ** -0.5) if rate < 1 else 0.0
    draws = to.draws(step.index, step.seed)
    return Node(to.program.alpha_dropout(x.value, rate, a, a * step.low, -a * step.low * rate, *draws, *noise), x.shape)


def _noise_shape(step: steps.Dropout | steps.AlphaDropout, to: Builder, x: Node) -> tuple[list[int], list[int], bool]:
    """Return the shape of an observation, that of its mask, and whether each row has a mask of its own."""
    given = step.noise_shape
    if given is None:
        return list(x.shape), list(x.shape), True
    if len(given) != len(x.shape) + 1 or given[0] not in (None, 1):
        raise CannotLower(f"layer '{to.instruction.layer}' has noise_shape={given}")
    return list(x.shape), [n if m is None else m for n, m in zip(x.shape, given[1:], strict=True)], given[0] is None


@build.register
def _noise(step: steps.Noise, to: Builder, inputs: list[Node]) -> Node:
    (x,) = inputs
    return Node(to.program.noise(x.value, step.stddev, *to.draws(step.index, step.seed)), x.shape)


@build.register
def _multiply_noise(step: steps.MultiplyNoise, to: Builder, inputs: list[Node]) -> Node:
    (x,) = inputs
    return Node(to.program.multiply_noise(x.value, step.stddev, *to.draws(step.index, step.seed)), x.shape)


@build.register
def _batch_normalize(step: steps.BatchNormalize, to: Builder, inputs: list[Node]) -> Node:
    (x,) = inputs
    axis = step.axis if step.axis >= 0 else step.axis + len(x.shape) + 1
    if axis == 0:
        raise CannotLower(f"layer '{to.instruction.layer}' normalises along the batch")
    at = axis - 1
    value = to.program.batch_normalize(
        x.value, math.prod(x.shape[:at]), x.shape[at], math.prod(x.shape[at + 1 :]), step.epsilon, step.momentum,
        to.offset(step.gamma), to.offset(step.beta), step.moving_mean.offset, step.moving_variance.offset,
        to.trains(step.gamma), to.trains(step.beta), step.frozen,
    )  # fmt: skip
    return Node(value, x.shape)


@build.register
def _layer_normalize(step: steps.LayerNormalize, to: Builder, inputs: list[Node]) -> Node:
    (x,) = inputs
    rank = len(x.shape) + 1
    axes = {a % rank for a in step.axes}
    if 0 in axes:
        raise CannotLower(f"layer '{to.instruction.layer}' normalises along the batch")
    normalised = [a in axes for a in range(1, rank)]
    value = to.program.layer_normalize(
        x.value, list(x.shape), normalised, step.epsilon, to.offset(step.gamma), to.offset(step.beta),
        to.trains(step.gamma), to.trains(step.beta),
    )  # fmt: skip
    return Node(value, x.shape)


@build.register
def _group_normalize(step: steps.GroupNormalize, to: Builder, inputs: list[Node]) -> Node:
    (x,) = inputs
    at = step.axis % (len(x.shape) + 1) - 1
    if at < 0:
        raise CannotLower(f"layer '{to.instruction.layer}' normalises along the batch")
    outer, channels, inner = math.prod(x.shape[:at]), x.shape[at], math.prod(x.shape[at + 1 :])
    cut = [outer, step.groups, channels // step.groups, inner]
    value = to.program.layer_normalize(x.value, cut, [True, False, True, True], step.epsilon, -1, -1, False, False)
    if step.gamma is not None or step.beta is not None:
        value = to.program.scale_channels(
            value, outer, channels, inner, to.offset(step.gamma), to.offset(step.beta), to.trains(step.gamma),
            to.trains(step.beta),
        )  # fmt: skip
    return Node(value, x.shape)


@build.register
def _root_normalize(step: steps.RootNormalize, to: Builder, inputs: list[Node]) -> Node:
    (x,) = inputs
    order = to.moved_last(step.axes, x.shape)
    moved = to.transposed(x, order.axes)
    value = to.program.root_normalize(
        moved.value, order.group, order.group, step.epsilon, 0.0, to.offset(step.scale), to.trains(step.scale)
    )
    return to.transposed(Node(value, moved.shape), order.back)


@build.register
def _unit_normalize(step: steps.UnitNormalize, to: Builder, inputs: list[Node]) -> Node:
    (x,) = inputs
    order = to.moved_last(step.axes, x.shape)
    return to.transposed(_of_length_one(to.transposed(x, order.axes), order.group, 1e-12, to), order.back)


def _of_length_one(x: Node, group: int, floor: float, to: Builder) -> Node:
    return Node(to.program.root_normalize(x.value, group, 1.0, 0.0, floor, -1, False), x.shape)


@build.register
def _dot(step: steps.Dot, to: Builder, inputs: list[Node]) -> Node:
    rows: list[Node] = []
    for x, axis in zip(inputs, step.axes, strict=True):
        row = to.transposed(x, to.moved_last((axis,), x.shape).axes)
        rows.append(_of_length_one(row, row.shape[-1], config.epsilon() ** 2, to) if step.normalize else row)
    first, second = rows
    left, right = first.shape[:-1], second.shape[:-1]
    value = to.program.dot(first.value, second.value, math.prod(left), math.prod(right), first.shape[-1])
    return Node(value, (*left, *right) or (1,))


@build.register
def _merge(step: steps.Merge, to: Builder, inputs: list[Node]) -> Node:
    values, shapes = [x.value for x in inputs], [x.shape for x in inputs]
    if step.kind == "concatenate":
        return _concatenate(step, to, inputs)
    shape = np.broadcast_shapes(*shapes)
    return Node(to.program.merge(values, step.kind, [list(s) for s in shapes], list(shape)), shape)


def _concatenate(step: steps.Merge, to: Builder, inputs: list[Node]) -> Node:
    first = inputs[0].shape
    axis = (step.axis if step.axis >= 0 else step.axis + len(first) + 1) - 1
    if axis < 0:
        raise CannotLower(f"layer '{to.instruction.layer}' concatenates along the batch")
    value = to.program.concatenate(
        [x.value for x in inputs], math.prod(first[:axis]), [math.prod(x.shape[axis:]) for x in inputs]
    )
    return Node(value, (*first[:axis], sum(x.shape[axis] for x in inputs), *first[axis + 1 :]))


@build.register
def _embed(step: steps.Embed, to: Builder, inputs: list[Node]) -> Node:
    (x,) = inputs
    count, dim = step.table.shape
    if x.source is None:
        raise CannotLower(f"layer '{to.instruction.layer}' looks up numbers that other layers compute")
    if count > 1 << 24 and step.table.offset >= 0:
        raise CannotLower(f"layer '{to.instruction.layer}' has more entries than float32 numbers can name")
    to.tables.append((x.source, count, to.instruction.layer))
    return Node(to.program.embed(x.value, step.table.offset, count, dim, to.trains(step.table)), (*x.shape, dim))


@build.register
def _parametric_relu(step: steps.ParametricReLU, to: Builder, inputs: list[Node]) -> Node:
    (x,) = inputs
    shape = list(step.alpha.shape)
    value = to.program.parametric_relu(x.value, list(x.shape), shape, step.alpha.offset, to.trains(step.alpha))
    return Node(value, x.shape)


@build.register
def _rescale(step: steps.Rescale, to: Builder, inputs: list[Node]) -> Node:
    (x,) = inputs
    scale, offset = np.asarray(step.scale, np.float64), np.asarray(step.offset, np.float64)
    shape = np.broadcast_shapes(x.shape, scale.shape, offset.shape)
    if shape != x.shape:
        raise CannotLower(f"layer '{to.instruction.layer}' makes its input larger")
    return Node(to.program.rescale(x.value, _spread(scale, x.shape), _spread(offset, x.shape)), x.shape)


@build.register
def _standardize(step: steps.Standardize, to: Builder, inputs: list[Node]) -> Node:
    (x,) = inputs
    mean, variance = (_of_observation(a, x.shape, to) for a in (step.mean, step.variance))
    deviation = np.maximum(np.sqrt(variance), np.asarray(config.epsilon(), variance.dtype))
    value = to.program.standardize(x.value, _spread(mean, x.shape), _spread(deviation, x.shape), step.invert)
    return Node(value, x.shape)


def _of_observation(array: Any, shape: tuple[int, ...], to: Builder) -> Any:
    """Return statistics without their batch axis, which must be 1."""
    array = np.asarray(array)
    if array.ndim == len(shape) + 1:
        if array.shape[0] != 1:
            raise CannotLower(f"layer '{to.instruction.layer}' has statistics for each row of a batch")
        array = array[0]
    if np.broadcast_shapes(array.shape, shape) != shape:
        raise CannotLower(f"layer '{to.instruction.layer}' makes its input larger")
    return array


def _spread(array: Any, shape: tuple[int, ...]) -> list[float]:
    spread: list[float] = np.broadcast_to(array, shape).reshape(-1).tolist()
    return spread


@build.register
def _reshape(step: steps.Reshape, to: Builder, inputs: list[Node]) -> Node:
    (x,) = inputs
    return Node(to.program.same(x.value), tuple(int(n) for n in step.shape), x.source)


@build.register
def _transpose(step: steps.Transpose, to: Builder, inputs: list[Node]) -> Node:
    (x,) = inputs
    places = np.arange(x.width).reshape(x.shape).transpose([a - 1 for a in step.order])
    return Node(to.program.gather(x.value, places.reshape(-1).tolist()), places.shape)


@build.register
def _take(step: steps.Take, to: Builder, inputs: list[Node]) -> Node:
    (x,) = inputs
    key = tuple([slice(*part) if isinstance(part, tuple) else part for part in step.key])
    places = np.arange(x.width).reshape(x.shape)[key]
    if not places.size:
        raise CannotLower(f"operation '{to.instruction.layer}' takes nothing")
    return Node(to.program.gather(x.value, places.reshape(-1).tolist()), places.shape)


@build.register
def _repeat(step: steps.Repeat, to: Builder, inputs: list[Node]) -> Node:
    (x,) = inputs
    return Node(to.program.gather(x.value, list(range(x.width)) * step.count), (step.count, *x.shape))


@build.register
def _pool(step: steps.Pool, to: Builder, inputs: list[Node]) -> Node:
    (x,) = inputs
    before, after = x.shape[: step.axis - 1], x.shape[step.axis :]
    length = x.shape[step.axis - 1]
    value = to.program.pool(x.value, step.kind == "max", math.prod(before), length, math.prod(after))
    return Node(value, (*before, *((1,) if step.keepdims else ()), *after))


@build.register
def _penalize_activity(step: steps.PenalizeActivity, to: Builder, inputs: list[Node]) -> Node:
    (x,) = inputs
    part = step.regularizer
    if part.kind not in ("L1", "L2", "L1L2"):
        raise CannotLower(f"layer '{to.instruction.layer}' has the activity regularizer {part.kind}")
    l1, l2 = float(part.options.get("l1", 0.0)), float(part.options.get("l2", 0.0))
    return Node(to.program.penalize_activity(x.value, l1, l2), x.shape, x.source)
