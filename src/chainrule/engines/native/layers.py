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
    noise, per_row = x.shape, True
    if step.noise_shape is not None:
        if len(step.noise_shape) != len(x.shape) + 1 or step.noise_shape[0] not in (None, 1):
            raise CannotLower(f"layer '{to.instruction.layer}' has noise_shape={step.noise_shape}")
        noise = tuple(n if m is None else m for n, m in zip(x.shape, step.noise_shape[1:], strict=True))
        per_row = step.noise_shape[0] is None
    draws = to.draws(step.index, step.seed)
    return Node(to.program.dropout(x.value, step.rate, *draws, list(x.shape), list(noise), per_row), x.shape)


@build.register
def _noise(step: steps.Noise, to: Builder, inputs: list[Node]) -> Node:
    (x,) = inputs
    return Node(to.program.noise(x.value, step.stddev, *to.draws(step.index, step.seed)), x.shape)


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
def _penalize_activity(step: steps.PenalizeActivity, to: Builder, inputs: list[Node]) -> Node:
    (x,) = inputs
    part = step.regularizer
    if part.kind not in ("L1", "L2", "L1L2"):
        raise CannotLower(f"layer '{to.instruction.layer}' has the activity regularizer {part.kind}")
    l1, l2 = float(part.options.get("l1", 0.0)), float(part.options.get("l2", 0.0))
    return Node(to.program.penalize_activity(x.value, l1, l2), x.shape, x.source)
