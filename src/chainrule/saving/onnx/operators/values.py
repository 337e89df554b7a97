"""Operators that change nothing, or only the type: constants, casts, shapes."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule import ops
from chainrule.saving.onnx.build import Builder
from chainrule.saving.onnx.graph import TYPES
from chainrule.saving.onnx.operators.table import reads
from chainrule.saving.onnx.read import Node
from chainrule.symbolic import KerasTensor

_NAMES = {number: name for name, number in TYPES.items()} | {10: "float32", 16: "float32"}


@reads("Identity")
def _identity(to: Builder, node: Node, x: Any) -> Any:
    if node.inputs[0] in to.rows:
        to.rows.add(node.outputs[0])
    return x


@reads("Dropout")
def _dropout(to: Builder, node: Node, x: Any, ratio: Any = None, training: Any = None) -> Any:
    if training is not None and np.any(to.array(training, "training_mode")):
        raise to.refusal("it is a dropout in training")
    return x


@reads("Constant")
def _constant(to: Builder, node: Node) -> Any:
    for key, value in node.attributes.items():
        if key == "value" and value is not None:
            return value.array()
        if key in ("value_float", "value_floats"):
            return np.asarray(value, np.float32)
        if key in ("value_int", "value_ints"):
            return np.asarray(value, np.int64)
    raise to.refusal("it is a constant without numbers")


@reads("Cast")
def _cast(to: Builder, node: Node, x: Any) -> Any:
    kind = _NAMES.get(node.attributes.get("to", 0))
    if kind is None:
        raise to.refusal("it casts to a type that is not read")
    if not isinstance(x, KerasTensor):
        return to.array(x, "input").astype(kind)
    reader = to.only_reader(node.outputs[0])
    to_rows = reader is not None and reader.kind == "Gather" and x.node is not None and not x.node.inputs
    if x.dtype == kind or ("int" in kind and ("int" in str(x.dtype) or to_rows)):
        return x
    to.charge(x.shape[1:])
    return ops.cast(x, kind)


@reads("Shape")
def _shape(to: Builder, node: Node, x: Any) -> Any:
    lengths = [-1 if n is None else n for n in x.shape]
    if -1 in lengths[1:]:
        raise to.refusal("it asks for a length that is not known")
    return np.array(lengths[node.attributes.get("start", 0) : node.attributes.get("end")], np.int64)
