"""Writing ONNX: a graph that grows node by node, and its bytes in the end.

`Expression` lets formulas be written as such: `x * x.op("Sigmoid")` adds two nodes.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from chainrule._typing import Array
from chainrule.saving.network import Dims
from chainrule.saving.onnx.wire import block, number, numbers, real, text

TYPES = {
    "float32": 1, "uint8": 2, "int8": 3, "uint16": 4, "int16": 5, "int32": 6, "int64": 7, "bool": 9, "float64": 11,
    "uint32": 12, "uint64": 13,
}  # fmt: skip
"""The numbers that ONNX has for types (`TensorProto.DataType`)."""

_IR_VERSIONS = {13: 7, 14: 7, 15: 8, 16: 8, 17: 8, 18: 8, 19: 9, 20: 9, 21: 10, 22: 10}
OPSETS = tuple(_IR_VERSIONS)
"""The versions of the operator set that can be written."""


class Graph:
    """Nodes and constants of an ONNX graph.

    Args:
        dtype: of the numbers that nodes compute with.
        opset: version of the operator set.
    """

    def __init__(self, name: str, dtype: str, opset: int) -> None:
        self.name = name
        self.dtype = dtype
        self.opset = opset
        self.layer = ""
        self._taken: set[str] = set()
        self._constants: dict[tuple[Any, ...], str] = {}
        self._nodes: list[bytes] = []
        self._tensors: list[bytes] = []
        self._inputs: list[bytes] = []
        self._outputs: list[bytes] = []

    def input(self, name: str, dims: Dims, dtype: str) -> str:
        """Declare an input and return its name."""
        self._taken.add(name)
        self._inputs.append(_port(name, dims, dtype))
        return name

    def output(self, name: str, value: str, dims: Dims, dtype: str) -> None:
        """Declare that a value is an output of a name."""
        self.add("Identity", value, name=name)
        self._outputs.append(_port(name, dims, dtype))

    def reserve(self, name: str) -> None:
        """Keep a name for an output."""
        self._taken.add(name)

    def constant(self, value: Any, dtype: str | None = None, hint: str = "constant") -> str:
        """Return the name of a constant; equal ones are stored once."""
        array = np.ascontiguousarray(value, dtype=dtype or self.dtype)
        array = array.reshape(np.shape(value))
        key = (array.dtype.str, array.shape, array.tobytes())
        if key not in self._constants:
            name = self._constants[key] = self._unique(hint)
            self._tensors.append(_tensor(name, array))
        return self._constants[key]

    def add(self, kind: str, *inputs: str, name: str | None = None, **attributes: Any) -> str:
        """Add a node and return the name of its output."""
        output = name or self._unique(kind)
        parts = [text(1, i) for i in inputs] + [text(2, output), text(3, f"node:{output}"), text(4, kind)]
        parts += [block(5, _attribute(key, value)) for key, value in attributes.items()]
        self._nodes.append(block(1, b"".join(parts)))
        return output

    def integers(self, value: Any) -> Expression:
        """Return a constant of whole numbers: a shape, axes, an index."""
        return Expression(self, self.constant(value, "int64", "integers"))

    def reduce(self, kind: str, value: str, axes: list[int], keepdims: bool = True) -> str:
        """Reduce a value over axes, which stay with length 1 unless `keepdims` is False."""
        if self.opset >= 18 or kind == "ReduceSum":
            return self.add(kind, value, self.integers(axes).name, keepdims=int(keepdims))
        return self.add(kind, value, axes=axes, keepdims=int(keepdims))

    def sorted(self, value: str, axis: int, length: int) -> str:
        """Sort a value along an axis, the largest first."""
        output, indices = self._unique("TopK"), self._unique("TopK_indices")
        inputs = [text(1, value), text(1, self.integers([length]).name)]
        parts = [*inputs, text(2, output), text(2, indices), text(4, "TopK"), block(5, _attribute("axis", axis))]
        self._nodes.append(block(1, b"".join(parts)))
        return output

    def _unique(self, hint: str) -> str:
        base = re.sub(r"[^\w./:-]", "_", f"{self.layer}/{hint}" if self.layer else hint)
        name, n = base, 0
        while name in self._taken:
            n += 1
            name = f"{base}_{n}"
        self._taken.add(name)
        return name

    def to_bytes(self, producer_version: str) -> bytes:
        """Return the file."""
        graph = b"".join(
            [
                *self._nodes,
                text(2, self.name),
                *(block(5, t) for t in self._tensors),
                *(block(11, i) for i in self._inputs),
                *(block(12, o) for o in self._outputs),
            ]
        )
        return b"".join(
            [
                number(1, _IR_VERSIONS[self.opset]),
                text(2, "chainrule"),
                text(3, producer_version),
                block(7, graph),
                block(8, text(1, "") + number(2, self.opset)),
            ]
        )


class Expression:
    """A value of a graph with arithmetic: each operation adds a node."""

    def __init__(self, graph: Graph, name: str) -> None:
        self.graph = graph
        self.name = name

    def _other(self, value: Any) -> str:
        return value.name if isinstance(value, Expression) else self.graph.constant(value)

    def op(self, kind: str, *others: Any, **attributes: Any) -> Expression:
        """Apply an operator to this value and others, which may be numbers."""
        names = [self._other(o) for o in others]
        return Expression(self.graph, self.graph.add(kind, self.name, *names, **attributes))

    def __add__(self, other: Any) -> Expression:
        return self.op("Add", other)

    def __sub__(self, other: Any) -> Expression:
        return self.op("Sub", other)

    def __mul__(self, other: Any) -> Expression:
        return self.op("Mul", other)

    def __truediv__(self, other: Any) -> Expression:
        return self.op("Div", other)

    def __neg__(self) -> Expression:
        return self.op("Neg")

    def where(self, condition: Expression, otherwise: Any) -> Expression:
        """Return this value where a condition holds, else another."""
        names = (condition.name, self.name, self._other(otherwise))
        return Expression(self.graph, self.graph.add("Where", *names))

    def clip(self, low: float | None, high: float | None) -> Expression:
        """Return the value kept between two bounds."""
        bounds = ["" if b is None else self.graph.constant(b) for b in (low, high)]
        return Expression(self.graph, self.graph.add("Clip", self.name, *bounds))


def _tensor(name: str, array: Array) -> bytes:
    little = array.astype(array.dtype.newbyteorder("<"), copy=False)
    return (
        numbers(1, list(array.shape)) + number(2, TYPES[str(array.dtype)]) + text(8, name) + block(9, little.tobytes())
    )


def _attribute(name: str, value: Any) -> bytes:
    if isinstance(value, float):
        return text(1, name) + real(2, value) + number(20, 1)
    if isinstance(value, int):
        return text(1, name) + number(3, value) + number(20, 2)
    if isinstance(value, str):
        return text(1, name) + text(4, value) + number(20, 3)
    return text(1, name) + numbers(8, list(value)) + number(20, 7)


def _port(name: str, dims: Dims, dtype: str) -> bytes:
    axes = [block(1, text(2, "batch"))]
    axes += [block(1, text(2, f"{name}_axis_{i}") if n is None else number(1, n)) for i, n in enumerate(dims, 1)]
    tensor = number(1, TYPES[dtype]) + block(2, b"".join(axes))
    return text(1, name) + block(2, block(1, tensor))
