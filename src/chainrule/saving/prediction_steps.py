"""Steps that only exports know, for layers whose plan an engine does not take, but that are simple when predicting."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule import layers
from chainrule._typing import Array
from chainrule.engines.plan import Activate, CannotLower, Merge, Step


class Transpose(Step):
    """Reorder the axes of each observation; they are counted from 1, the batch is axis 0."""

    order: tuple[int, ...]


class Repeat(Step):
    """Repeat each observation along a new first axis."""

    count: int


class Pool(Step):
    """Take the mean or the largest along an axis."""

    kind: str
    axis: int
    keepdims: bool


class UnitNormalize(Step):
    """`y = x / sqrt(max(sum(x^2), 1e-12))` over `axes`."""

    axes: tuple[int, ...]


class RootNormalize(Step):
    """`y = scale * x / sqrt(mean(x^2) + epsilon)` over `axes`."""

    axes: tuple[int, ...]
    epsilon: float
    scale: Array


class GroupNormalize(Step):
    """Normalise each of some groups of neighbours along `axis` over all numbers of an observation."""

    axis: int
    groups: int
    epsilon: float
    gamma: Array | None
    beta: Array | None


_MERGES = ("add", "subtract", "multiply", "maximum", "minimum")
_PLAIN = (
    "relu", "sigmoid", "tanh", "softplus", "softsign", "silu", "selu", "relu6", "mish", "hard_sigmoid", "hard_silu",
    "log_sigmoid", "sparse_plus",
)  # fmt: skip

Steps = Sequence[Step]
_NO_STEPS: Steps = ()


@functools.singledispatch
def steps_of(layer: Any) -> Steps | None:
    """Return the steps of a layer when it predicts, or None if its own `lower` says them."""
    return None


@steps_of.register(layers.AlphaDropout)
@steps_of.register(layers.GaussianDropout)
def _drops(layer: Any) -> Steps:
    return _NO_STEPS


@steps_of.register
def _permute(layer: layers.Permute) -> Steps:
    return (Transpose(tuple(layer.dims)),)


@steps_of.register
def _repeat(layer: layers.RepeatVector) -> Steps:
    return (Repeat(int(layer.n)),)


@steps_of.register(layers.GlobalAveragePooling1D)
@steps_of.register(layers.GlobalMaxPooling1D)
def _pool(layer: Any) -> Steps:
    kind = "mean" if isinstance(layer, layers.GlobalAveragePooling1D) else "max"
    return (Pool(kind, 1 if layer.data_format == "channels_last" else 2, bool(layer.keepdims)),)


@steps_of.register
def _softmax(layer: layers.Softmax) -> Steps:
    axes = [layer.axis] if isinstance(layer.axis, int) else list(layer.axis)
    if len(axes) != 1:
        raise CannotLower(f"layer '{layer.name}' is a softmax over several axes")
    return (Activate("softmax", {"axis": axes[0]}),)


@steps_of.register
def _unit(layer: layers.UnitNormalization) -> Steps:
    return (UnitNormalize(_axes(layer.axis)),)


@steps_of.register
def _root(layer: layers.RMSNormalization) -> Steps:
    return (RootNormalize(_axes(layer.axis), float(layer.epsilon), layer.scale.numpy()),)


@steps_of.register
def _group(layer: layers.GroupNormalization) -> Steps:
    gamma, beta = (None if v is None else np.array(v.value) for v in (layer.gamma, layer.beta))
    return (GroupNormalize(layer.axis, layer.groups, float(layer.epsilon), gamma, beta),)


def steps_of_operation(node: Any) -> Steps | None:
    """Return the steps of an op on symbolic tensors, such as `x + y` or `ops.relu(x)`, or None if there are none."""
    name = getattr(node.operation.op, "__name__", "")
    shapes = [getattr(v, "shape", ()) for v in node.args]
    if node.kwargs or len(node.inputs) != len(node.args) or not all("float" in str(t.dtype) for t in node.inputs):
        return None
    if name in _MERGES and len(shapes) == 2 and len(shapes[0]) == len(shapes[1]):
        return (Merge(name),)
    return (Activate(name),) if name in _PLAIN and len(shapes) == 1 else None


def _axes(axis: Any) -> tuple[int, ...]:
    return (axis,) if isinstance(axis, int) else tuple(axis)
