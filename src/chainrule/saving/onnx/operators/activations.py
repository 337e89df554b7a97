"""Activations, as layers where there is one of that name."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule import layers, ops
from chainrule.saving.onnx.build import Builder
from chainrule.saving.onnx.operators.table import reads, symbolic
from chainrule.saving.onnx.read import Node

_ELU = 1.6732632423543772
_SELU = 1.0507009873554805


_PLAIN = {
    "Relu": "relu", "Sigmoid": "sigmoid", "Tanh": "tanh", "Softplus": "softplus", "Softsign": "softsign",
    "Mish": "mish", "HardSwish": "hard_silu", "Exp": "exponential",
}  # fmt: skip


def _activation(to: Builder, x: Any, name: str) -> Any:
    to.charge(symbolic(to, x).shape[1:])
    return layers.Activation(name, **to.settings)(x)


@reads(*_PLAIN)
def _plain(to: Builder, node: Node, x: Any) -> Any:
    return _activation(to, x, _PLAIN[node.kind])


@reads("Softmax", "LogSoftmax")
def _softmax(to: Builder, node: Node, x: Any) -> Any:
    x = symbolic(to, x)
    axis = to.axis(node.attributes.get("axis", -1 if to.opset >= 13 else 1), x)
    last = axis == len(x.shape) - 1
    if to.opset < 13 and not last:
        raise to.refusal("it runs over several axes, as before version 13")
    if last:
        return _activation(to, x, "softmax" if node.kind == "Softmax" else "log_softmax")
    to.charge(x.shape[1:])
    return (ops.softmax if node.kind == "Softmax" else ops.log_softmax)(x, axis=axis)


@reads("LeakyRelu", "Elu", "Celu", "ThresholdedRelu", "Gelu", "Swish", "Selu", "HardSigmoid")
def _with_options(to: Builder, node: Node, x: Any) -> Any:
    x, given = symbolic(to, x), node.attributes
    alpha = given.get("alpha", {"LeakyRelu": 0.01, "Selu": _ELU, "HardSigmoid": 0.2}.get(node.kind, 1.0))
    to.charge(x.shape[1:])
    if node.kind == "LeakyRelu":
        return layers.LeakyReLU(negative_slope=alpha, **to.settings)(x) if alpha >= 0 else ops.leaky_relu(x, alpha)
    if node.kind == "Elu":
        return layers.ELU(alpha=alpha, **to.settings)(x)
    if node.kind == "Celu":
        return ops.celu(x, alpha=alpha)
    if node.kind == "ThresholdedRelu":
        return ops.threshold(x, alpha, 0.0)
    if node.kind == "Gelu":
        return ops.gelu(x, approximate=True) if given.get("approximate") == "tanh" else _activation(to, x, "gelu")
    if node.kind == "Swish":
        return _activation(to, x, "silu") if alpha == 1 else x * ops.sigmoid(x * alpha)
    if node.kind == "Selu":
        usual = np.allclose((alpha, given.get("gamma", _SELU)), (_ELU, _SELU), rtol=1e-6)
        return _activation(to, x, "selu") if usual else ops.elu(x, alpha=alpha) * given.get("gamma", _SELU)
    if np.allclose((alpha, given.get("beta", 0.5)), (1 / 6, 0.5), rtol=1e-6):
        return _activation(to, x, "hard_sigmoid")
    return ops.clip(x * alpha + given.get("beta", 0.5), 0.0, 1.0)


@reads("Clip")
def _clip(to: Builder, node: Node, x: Any, low: Any = None, high: Any = None) -> Any:
    x = symbolic(to, x)
    least = node.attributes.get("min") if low is None else to.number(low, "min")
    most = node.attributes.get("max") if high is None else to.number(high, "max")
    if (least, most) in ((0, None), (0, 6)):
        return _activation(to, x, "relu" if most is None else "relu6")
    to.charge(x.shape[1:])
    if least is not None and most is not None:
        return ops.clip(x, least, most)
    y = x if least is None else ops.maximum(x, least)
    return y if most is None else ops.minimum(y, most)
