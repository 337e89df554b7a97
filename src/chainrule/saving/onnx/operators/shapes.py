"""Operators that move numbers and compute nothing."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule import layers, ops
from chainrule.saving.onnx.build import Builder
from chainrule.saving.onnx.operators.table import reads, symbolic
from chainrule.saving.onnx.read import Node
from chainrule.symbolic import KerasTensor


def _reshaped(to: Builder, x: Any, shape: Any) -> Any:
    to.charge(x.shape[1:])
    return layers.Reshape(shape, **to.settings)(x)


@reads("Flatten")
def _flatten(to: Builder, node: Node, x: Any) -> Any:
    x = symbolic(to, x)
    if node.attributes.get("axis", 1) not in (1, 1 - len(x.shape)):
        raise to.refusal("it flattens along other axes than those behind the batch")
    to.charge(x.shape[1:])
    return layers.Flatten(**to.settings)(x)


@reads("Reshape")
def _reshape(to: Builder, node: Node, x: Any, shape: Any) -> Any:
    wanted = to.integers(shape, "shape")
    if node.attributes.get("allowzero", 0) and 0 in wanted:
        raise to.refusal("it makes a value without numbers")
    if isinstance(x, np.ndarray):
        return x.reshape([x.shape[i] if n == 0 else n for i, n in enumerate(wanted)])
    if not wanted or wanted[0] not in (-1, 0) or any(n < -1 for n in wanted):
        raise to.refusal(f"it makes the shape {wanted}, whose first axis is not the batch")
    inner = [x.shape[i] if n == 0 else n for i, n in enumerate(wanted)][1:]
    if node.inputs[0] in to.rows:
        if tuple(inner) != tuple(x.shape[1:]):
            raise to.refusal(f"it makes the shape {wanted} of rows of {tuple(x.shape)}")
        return x
    product = to.only_reader(node.outputs[0])
    if wanted[0] == -1 and inner == [x.shape[-1]] and len(x.shape) > 2 and product and product.kind == "MatMul":
        to.rows.add(node.outputs[0])  # Keras multiplies all rows of a batch at once, where a Dense needs no reshaping
        return x
    if None in inner or (wanted[0] == -1 and -1 not in inner and np.prod(inner) != np.prod(x.shape[1:])):
        raise to.refusal(f"it makes the shape {wanted} of {tuple(x.shape)}: the batch changes")
    return _reshaped(to, x, tuple(inner))


@reads("Squeeze", "Unsqueeze")
def _squeeze(to: Builder, node: Node, x: Any, axes: Any = None) -> Any:
    wanted = node.attributes.get("axes") if axes is None else to.integers(axes, "list of axes")
    if not wanted or len(wanted) > 16:
        raise to.refusal("its axes are not in the file")
    rank = len(x.shape) + (len(wanted) if node.kind == "Unsqueeze" else 0)
    if any(not -rank <= a < rank for a in wanted):
        raise to.refusal(f"axes {wanted} do not exist in {rank} axes")
    along = sorted({a % rank for a in wanted})
    if isinstance(x, np.ndarray):
        return np.squeeze(x, tuple(along)) if node.kind == "Squeeze" else np.expand_dims(x, tuple(along))
    if 0 in along:
        raise to.refusal("it changes the batch axis")
    lengths = list(x.shape)
    if node.kind == "Squeeze":
        if any(lengths[a] != 1 for a in along):
            raise to.refusal(f"axes {along} of shape {tuple(lengths)} are longer than 1")
        lengths = [n for i, n in enumerate(lengths) if i not in along]
    else:
        for a in along:
            lengths.insert(a, 1)
    return _reshaped(to, x, tuple(lengths[1:]))


@reads("Transpose")
def _transpose(to: Builder, node: Node, x: Any) -> Any:
    order = node.attributes.get("perm", list(range(len(x.shape)))[::-1])
    if sorted(order) != list(range(len(x.shape))):
        raise to.refusal(f"it reorders {len(x.shape)} axes as {order!s:.80}")
    if isinstance(x, np.ndarray):
        return np.ascontiguousarray(x.transpose(order))
    if order[0] != 0:
        raise to.refusal("it moves the batch axis")
    to.charge(x.shape[1:])
    return layers.Permute(order[1:], **to.settings)(x) if len(order) > 1 else x


@reads("Concat")
def _concat(to: Builder, node: Node, *values: Any) -> Any:
    if all(isinstance(v, np.ndarray) for v in values):
        return np.concatenate(values, node.attributes.get("axis", 0))
    if not all(isinstance(v, KerasTensor) for v in values):
        raise to.refusal("it joins constants with what comes from inputs")
    axis = to.axis(node.attributes.get("axis", 1), values[0])
    for value in values:
        to.charge(value.shape[1:])
    return layers.Concatenate(axis=axis, **to.settings)(list(values)) if len(values) > 1 else values[0]


@reads("Slice")
def _slice(to: Builder, node: Node, x: Any, *places: Any) -> Any:
    given = [node.attributes.get(n) for n in ("starts", "ends", "axes")]
    if places:
        given = [None if p is None else to.integers(p, "list of places") for p in places]
    starts, ends, axes, steps = (*given, None, None)[:4]
    axes = list(range(len(starts or ()))) if axes is None else axes
    steps = [1] * len(axes) if steps is None else steps
    if starts is None or ends is None or not len(starts) == len(ends) == len(axes) == len(steps) or min(steps) < 1:
        raise to.refusal("its places are not in the file, or run backwards")
    cut = [slice(None)] * len(x.shape)
    for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        cut[to.axis(axis, x)] = slice(start, end, step)
    if isinstance(x, KerasTensor):
        to.charge(x.shape[1:])
    return x[tuple(cut)]


@reads("Split")
def _split(to: Builder, node: Node, x: Any, sizes: Any = None) -> Any:
    axis = to.axis(node.attributes.get("axis", 0), symbolic(to, x))
    length, count = x.shape[axis], len(node.outputs)
    lengths = node.attributes.get("split") if sizes is None else to.integers(sizes, "list of lengths")
    if lengths is None and length is not None:
        part = -(-length // count)
        lengths = [min(part, length - i * part) for i in range(count)]
    if lengths is None or length is None or len(lengths) != count or sum(lengths) != length or min(lengths) < 0:
        raise to.refusal("its lengths do not add up")
    ends = np.cumsum(lengths).tolist()
    to.charge(x.shape[1:])
    before = (slice(None),) * axis
    return tuple([x[(*before, slice(end - n, end))] for end, n in zip(ends, lengths, strict=True)])


@reads("Tile")
def _tile(to: Builder, node: Node, x: Any, repeats: Any) -> Any:
    counts = to.integers(repeats, "list of repeats")
    x = symbolic(to, x)
    if len(counts) != len(x.shape) or counts[0] != 1 or min(counts) < 1 or None in x.shape[1:]:
        raise to.refusal(f"it repeats a value of shape {tuple(x.shape)} {counts!s:.80} times")
    to.charge([n * m for n, m in zip(x.shape[1:], counts[1:], strict=True)])
    return ops.tile(x, counts)
