"""Operators with weights: products, normalisation, tables."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule import layers, ops
from chainrule.saving.onnx.build import Builder
from chainrule.saving.onnx.operators.table import reads, symbolic
from chainrule.saving.onnx.read import Node
from chainrule.symbolic import KerasTensor


def _dense(to: Builder, x: Any, kernel: Any, bias: Any) -> Any:
    if x.shape[-1] != kernel.shape[0] or len(x.shape) < 2:
        raise to.refusal(f"an input of shape {tuple(x.shape)} does not fit weights of shape {kernel.shape}")
    to.charge((*x.shape[1:-1], kernel.shape[1]))
    layer = layers.Dense(kernel.shape[1], use_bias=bias is not None, kernel_initializer="zeros", **to.settings)
    return to.apply(layer, x, ("kernel", kernel), *([] if bias is None else [("bias", bias)]))


@reads("Gemm")
def _gemm(to: Builder, node: Node, a: Any, b: Any, c: Any = None) -> Any:
    given = {"alpha": 1.0, "beta": 1.0, "transA": 0, "transB": 0, **node.attributes}
    x, kernel = symbolic(to, a), to.array(b, "matrix B")
    if given["transA"] or kernel.ndim != 2 or len(x.shape) != 2:
        raise to.refusal("it is no product of rows with a matrix")
    kernel = (kernel.T if given["transB"] else kernel) * given["alpha"]
    bias = None
    if c is not None:
        c = to.array(c, "matrix C")
        if c.ndim > 2 or c.shape[-1:] not in ((), (1,), kernel.shape[1:]) or (c.ndim == 2 and c.shape[0] != 1):
            raise to.refusal(f"a bias of shape {c.shape} does not fit {kernel.shape[1]} units")
        bias = np.broadcast_to(c.reshape(-1) * given["beta"], kernel.shape[1:])
    return _dense(to, x, kernel, bias)


@reads("MatMul")
def _matmul(to: Builder, node: Node, a: Any, b: Any) -> Any:
    if isinstance(a, KerasTensor) and isinstance(b, np.ndarray) and b.ndim == 2 and len(a.shape) >= 2:
        add = to.only_reader(node.outputs[0])
        bias = _bias_of(to, add, node.outputs[0], b.shape[1]) if add is not None and add.kind == "Add" else None
        y = _dense(to, a, b, bias)
        made = {node.outputs[0]}
        if bias is not None and add is not None:
            to.values[add.outputs[0]] = y
            made.add(add.outputs[0])
        if node.inputs[0] in to.rows:
            to.rows.update(made)
        return y
    shapes = [tuple(v.shape) for v in (a, b)]
    if min(map(len, shapes)) < 2:
        raise to.refusal(f"it multiplies values of shapes {shapes[0]} and {shapes[1]}")
    to.charge((*shapes[0][1:-1], *shapes[1][-2:-1], shapes[1][-1]))
    return ops.matmul(a, b)


def _bias_of(to: Builder, add: Node, product: str, units: int) -> Any:
    """Return the vector that a node adds to a product, if it is in the file and one number per unit."""
    (other,) = [n for n in add.inputs if n != product] or [product]
    if other not in to.described.constants and not isinstance(to.values.get(other), np.ndarray):
        return None
    value = to.take(other)
    return value.reshape(-1) if value.shape in ((units,), (1, units)) else None


@reads("BatchNormalization")
def _batch_normalization(to: Builder, node: Node, x: Any, *statistics: Any) -> Any:
    if node.attributes.get("training_mode", 0) or node.attributes.get("spatial", 1) != 1:
        raise to.refusal("it normalises as in training")
    x = symbolic(to, x)
    to.axis(1, x)
    gamma, beta, mean, variance = (to.array(s, "statistics") for s in statistics)
    if {s.shape for s in (gamma, beta, mean, variance)} != {(x.shape[1],)}:
        raise to.refusal(f"its statistics do not fit an input of shape {tuple(x.shape)}")
    to.charge(x.shape[1:])
    epsilon = node.attributes.get("epsilon", 1e-5)
    layer = layers.BatchNormalization(
        axis=1, epsilon=epsilon, momentum=node.attributes.get("momentum", 0.9), **to.settings
    )
    return to.apply(layer, x, ("gamma", gamma), ("beta", beta), ("moving_mean", mean), ("moving_variance", variance))


@reads("LayerNormalization")
def _layer_normalization(to: Builder, node: Node, x: Any, scale: Any, bias: Any = None) -> Any:
    x = symbolic(to, x)
    first = to.axis(node.attributes.get("axis", -1), x)
    shape = tuple(x.shape[first:])
    to.charge(x.shape[1:])
    weights = [("gamma", np.broadcast_to(to.array(scale, "scale"), shape))]
    if bias is not None:
        weights.append(("beta", np.broadcast_to(to.array(bias, "bias"), shape)))
    layer = layers.LayerNormalization(
        axis=list(range(first, len(x.shape))), epsilon=node.attributes.get("epsilon", 1e-5), center=bias is not None,
        **to.settings,
    )  # fmt: skip
    return to.apply(layer, x, *weights)


@reads("Gather")
def _gather(to: Builder, node: Node, data: Any, rows: Any) -> Any:
    axis = to.axis(node.attributes.get("axis", 0), data, batch=isinstance(data, np.ndarray))
    if isinstance(rows, KerasTensor):
        table = to.array(data, "table")
        if table.ndim != 2 or axis:
            raise to.refusal("it looks up other things than rows of a matrix")
        to.charge((*rows.shape[1:], table.shape[1]))
        layer = layers.Embedding(table.shape[0], table.shape[1], embeddings_initializer="zeros", **to.settings)
        return to.apply(layer, rows, ("embeddings", table))
    chosen = to.array(rows, "indices")
    length = data.shape[axis]
    if chosen.dtype.kind not in "iu" or length is None or chosen.size > 1_000_000:
        raise to.refusal("its indices are no whole numbers")
    if chosen.size and not -length <= chosen.min() <= chosen.max() < length:
        raise to.refusal(f"its indices go beyond an axis of length {length}")
    chosen = np.where(chosen < 0, chosen + length, chosen)
    if isinstance(data, KerasTensor):
        to.charge((*data.shape[1:axis], *chosen.shape, *data.shape[axis + 1 :]))
    return ops.take(data, chosen, axis=axis) if isinstance(data, KerasTensor) else np.take(data, chosen, axis)


@reads("PRelu")
def _prelu(to: Builder, node: Node, x: Any, slope: Any) -> Any:
    x = symbolic(to, x)
    shape = tuple(x.shape[1:])
    to.charge(shape, (1,))
    slope = to.array(slope, "slope")
    slope = slope[0] if slope.ndim == len(shape) + 1 and slope.shape[0] == 1 else slope
    layer = layers.PReLU(alpha_initializer="zeros", **to.settings)
    return to.apply(layer, x, ("alpha", np.broadcast_to(slope, shape)))
