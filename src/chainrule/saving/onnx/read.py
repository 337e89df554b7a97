"""Reading ONNX files into a checked description. A file is data: it reaches only into itself, and sizes come first.

Nothing is imported, called or followed: numbers in other files (`external_data`), functions and graphs inside of nodes,
and sparse or text tensors are refused where a model needs them. Every message has the fields of `schema.py`, each once
unless it repeats; every value has one name and is made before it is used, so that there are no cycles.
"""

from __future__ import annotations

import os
import stat
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from chainrule.errors import ModelFileError
from chainrule.records import Record
from chainrule.saving.limits import check_stored
from chainrule.saving.onnx import schema, wire
from chainrule.saving.onnx.graph import TYPES
from chainrule.saving.onnx.schema import Message
from chainrule.saving.onnx.tensors import Tensor

_DTYPES = {number: name for name, number in TYPES.items()} | {10: "float16", 16: "bfloat16"}
_EXTERNAL = 1
_MOST_BYTES = 2 << 30  # what the format allows
_MOST_FIELDS = 100_000
_MOST_NODES = 3_000
_MOST_NUMBERS = 100_000  # that are written as whole numbers of varying length
_MOST_AXES = 16
_VERSIONS = range(3, 15)
_OPSETS = range(7, 28)


class Node(Record):
    """One operator: its kind (`'Relu'`, or `'ai.onnx.ml.Scaler'`), names of values, and attributes."""

    kind: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Mapping[str, Any]
    name: str


class Value(Record):
    """An input or output: its name, type, and shape (None: any length), if it is a tensor with a shape."""

    name: str
    dtype: str | None
    shape: tuple[int | None, ...] | None


class Described(Record):
    """What a file says, checked: tensors are taken out of it when they are needed."""

    source: str
    size: int
    name: str
    opset: int
    inputs: tuple[Value, ...]
    outputs: tuple[Value, ...]
    nodes: tuple[Node, ...]
    constants: Mapping[str, Tensor]


class _Reader:
    """Takes messages apart, with a budget of fields and numbers."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.fields_left = _MOST_FIELDS
        self.numbers_left = _MOST_NUMBERS

    def refusal(self, reason: str) -> ModelFileError:
        return ModelFileError(f"'{self.source}' is not a readable ONNX file: {reason}.")

    def message(self, data: memoryview, kind: Message, what: str) -> dict[str, Any]:
        """Return the fields of a message by name; those that repeat as lists."""
        found: dict[str, Any] = {}
        for number, form, value in wire.fields(data, self.source):
            self.fields_left -= 1
            if self.fields_left < 0:
                raise self.refusal(f"it has more than {_MOST_FIELDS} fields")
            if number in kind.ignored:
                continue
            if number not in kind.fields:
                raise self.refusal(f"{what} has a field of number {number}, which ONNX does not know")
            name, expected = kind.fields[number]
            if expected < 0:
                found.setdefault(name, []).extend(self._several(name, form, value, what))
            elif form != expected:
                raise self.refusal(f"{what} has a field '{name}' of another kind")
            elif name in kind.many:
                found.setdefault(name, []).append(value)
            elif name in found:
                raise self.refusal(f"{what} has its field '{name}' twice")
            else:
                found[name] = value
        return found

    def _several(self, name: str, form: int, value: Any, what: str) -> list[Any]:
        """Return the numbers of a field, packed or single: whole ones one by one, others as arrays."""
        single = schema.REPEATED_NUMBERS[name]
        if form not in (single, wire.BYTES):
            raise self.refusal(f"{what} has a field '{name}' of another kind")
        if single != wire.VARINT:
            kind = np.dtype("<f4" if single == wire.FIXED32 else "<f8")
            if len(value) % kind.itemsize:
                raise self.refusal(f"{what} has a field '{name}' that ends in the middle of a number")
            return [np.frombuffer(value, kind)]
        values = [value] if form == single else wire.packed(value, self.source)
        found = []
        for v in values:
            self._spend()
            found.append(v if name == "uint64_data" else wire.signed(v))
        return found

    def _spend(self) -> None:
        self.numbers_left -= 1
        if self.numbers_left < 0:
            raise self.refusal(f"it has more than {_MOST_NUMBERS} numbers outside of raw data")

    def text(self, data: Any, what: str) -> str:
        """Return text."""
        if len(data) > 10_000:
            raise self.refusal(f"{what} is a text of {len(data)} bytes")
        try:
            return bytes(data).decode()
        except UnicodeDecodeError:
            raise self.refusal(f"{what} is no text in UTF-8") from None

    # -- messages -----------------------------------------------------------------------------------------------------

    def model(self, data: memoryview, size: int) -> Described:
        """Return what a file says.

        Raises:
            ModelFileError: it says what no ONNX file does.
        """
        found = self.message(data, schema.MODEL, "the model")
        version = found.get("ir_version")
        if version not in _VERSIONS or "graph" not in found:
            raise self.refusal(f"it has no graph, or a version ({version}) other than 3 to {_VERSIONS[-1]}")
        graph = self.message(found["graph"], schema.GRAPH, "the graph")
        if "sparse_initializer" in graph:
            raise self.refusal("it has sparse tensors")
        if len(graph.get("node", ())) > _MOST_NODES:
            raise self.refusal(f"it has {len(graph['node'])} nodes; at most {_MOST_NODES} are read")
        tensors = [self.tensor(t, "a tensor") for t in graph.get("initializer", ())]
        constants = {t.name: t for t in tensors}
        if len(constants) < len(tensors) or "" in constants:
            raise self.refusal("two tensors have the same name, or one has none")
        inputs = [self.value(v) for v in graph.get("input", ())]
        described = Described(
            source=self.source,
            size=size,
            name=self.text(graph.get("name", b""), "the name of the graph"),
            opset=self.opset(found.get("opset_import", ())),
            inputs=tuple([v for v in inputs if v.name not in constants]),  # older files list the weights, too
            outputs=tuple([self.value(v) for v in graph.get("output", ())]),
            nodes=tuple([self.node(n) for n in graph.get("node", ())]),
            constants=constants,
        )
        self.check_order(described, [v.name for v in inputs])
        return described

    def opset(self, entries: Any) -> int:
        """Return the version of ONNX's own operators."""
        versions: dict[str, int] = {}
        for entry in entries:
            found = self.message(entry, schema.OPSET, "an operator set")
            domain = self.text(found.get("domain", b""), "the name of an operator set")
            if versions.setdefault(domain, found.get("version", 0)) != found.get("version", 0):
                raise self.refusal(f"it has two versions of the operator set {domain!r:.40}")
        version = versions.get("", versions.get("ai.onnx"))
        if version is None or version not in _OPSETS:
            raise self.refusal(f"it has version {version} of the operators, expected {_OPSETS[0]} to {_OPSETS[-1]}")
        return version

    def tensor(self, data: memoryview, what: str) -> Tensor:
        """Return a tensor whose shape has been compared with the file's size."""
        found = self.message(data, schema.TENSOR, what)
        name = self.text(found.get("name", b""), "the name of a tensor")
        where = f"tensor {name!r:.80}"
        if found.get("data_location", 0) == _EXTERNAL or "external_data" in found:
            raise self.refusal(f"{where} lies in another file; a model file reads only itself")
        if found.get("data_location", 0) or "segment" in found:
            raise self.refusal(f"{where} is only a part")
        shape = tuple(found.get("dims", ()))
        if len(shape) > _MOST_AXES or any(n < 0 for n in shape):
            raise self.refusal(f"{where} has the shape {shape!s:.80}")
        values = {n: v for n, v in found.items() if n.endswith("_data")}
        return Tensor(self.source, name, found.get("data_type", 0), shape, values)

    def node(self, data: memoryview) -> Node:
        """Return a node; tensors and graphs in its attributes stay as they are until they are asked for."""
        found = self.message(data, schema.NODE, "a node")
        kind = self.text(found.get("kind", b""), "the kind of a node")
        domain = self.text(found.get("domain", b""), "the domain of a node")
        name = self.text(found.get("name", b""), "the name of a node")
        attributes: dict[str, Any] = {}
        for entry in found.get("attribute", ()):
            key, value = self.attribute(entry, kind)
            if key in attributes:
                raise self.refusal(f"a node of kind {kind!r:.40} has its attribute {key!r:.40} twice")
            attributes[key] = value
        return Node(
            kind=kind if domain in ("", "ai.onnx") else f"{domain}.{kind}",
            inputs=tuple([self.text(n, "the name of a value") for n in found.get("input", ())]),
            outputs=tuple([self.text(n, "the name of a value") for n in found.get("output", ())]),
            attributes=attributes,
            name=name,
        )

    def attribute(self, data: memoryview, kind: str) -> tuple[str, Any]:
        """Return name and value of an attribute; None for what no operator of ours takes (graphs, types)."""
        what = f"an attribute of a node of kind {kind!r:.40}"
        found = self.message(data, schema.ATTRIBUTE, what)
        name = self.text(found.get("name", b""), what)
        if found.get("ref_attr_name"):
            raise self.refusal(f"{what} refers to a function")
        stored = set(found) - {"name", "type", "ref_attr_name"}
        if len(stored) > 1:
            raise self.refusal(f"{what} has several values")
        form = stored.pop() if stored else _EMPTY.get(found.get("type", 0), "")
        if form == "f":
            (number,) = struct.unpack("<f", found["f"]) if "f" in found else (0.0,)
            return name, number
        if form == "i":
            return name, wire.signed(found.get("i", 0))
        if form == "s":
            return name, self.text(found.get("s", b""), what)
        if form == "t":
            return name, self.tensor(found["t"], what) if "t" in found else None
        if form == "floats":
            return name, [float(v) for part in found.get("floats", ()) for v in part[:_MOST_NUMBERS]]
        return name, found.get("ints", []) if form == "ints" else None

    def value(self, data: memoryview) -> Value:
        """Return an input or output."""
        found = self.message(data, schema.VALUE, "an input or output")
        name = self.text(found.get("name", b""), "the name of an input or output")
        kind = self.message(found.get("type", memoryview(b"")), schema.TYPE, f"the type of {name!r:.80}")
        if "tensor" not in kind:
            return Value(name, None, None)
        tensor = self.message(kind["tensor"], schema.TENSOR_TYPE, f"the type of {name!r:.80}")
        dtype = _DTYPES.get(tensor.get("elem_type", 0))
        if "shape" not in tensor:
            return Value(name, dtype, None)
        shape: list[int | None] = []
        for entry in self.message(tensor["shape"], schema.SHAPE, f"the shape of {name!r:.80}").get("dim", ()):
            length = self.message(entry, schema.DIM, f"the shape of {name!r:.80}").get("value")
            shape.append(None if length is None else wire.signed(length))
        if len(shape) > _MOST_AXES or any(n is not None and n < 0 for n in shape):
            raise self.refusal(f"{name!r:.80} has the shape {tuple(shape)!s:.80}")
        return Value(name, dtype, tuple(shape))

    def check_order(self, described: Described, inputs: list[str]) -> None:
        """Check that every value has one name, and is made before it is used."""
        known = set(described.constants) | set(inputs)
        if len(set(inputs)) < len(inputs) or "" in inputs:
            raise self.refusal("two inputs have the same name, or one has none")
        for node in described.nodes:
            where = f"node {node.name or node.kind!r:.80}"
            for name in node.inputs:
                if name and name not in known:
                    raise self.refusal(f"{where} uses {name!r:.80}, which nothing has made before it")
            for name in node.outputs:
                if name and name in known:
                    raise self.refusal(f"{where} makes {name!r:.80}, which there is already")
                known.add(name)
        ends = [v.name for v in described.outputs]
        if len(set(ends)) < len(ends) or not ends:
            raise self.refusal("it has no outputs, or two of the same name")
        for name in ends:
            if name not in known or not name:
                raise self.refusal(f"its output {name!r:.80} is made by nothing")


_EMPTY = {1: "f", 2: "i", 3: "s", 4: "t", 6: "floats", 7: "ints"}


def read_onnx(path: Path) -> Described:
    """Return what an ONNX file says.

    Raises:
        ModelFileError: it cannot be read, is damaged, or reaches outside of itself.
    """
    try:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
        with open(handle, "rb") as file:
            about = os.fstat(file.fileno())
            if not stat.S_ISREG(about.st_mode):
                raise ModelFileError(f"Cannot read '{path}': expected a plain file.")
            check_stored(about.st_size, path, _MOST_BYTES)
            data = file.read(1)
            data += file.read() if data != b"\0" else b""  # a hole in the disk as long as a file may be
    except OSError as error:
        raise ModelFileError(f"Cannot read '{path}': {error.strerror or error}.") from None
    return describe_onnx(data, str(path))


def describe_onnx(data: bytes, source: str) -> Described:
    """Return what the bytes of an ONNX file say.

    Args:
        source: the file's name, for messages.

    Raises:
        ModelFileError: as for `read_onnx`.

    >>> describe_onnx(b"hello", "m.onnx")
    Traceback (most recent call last):
    chainrule.errors.ModelFileError: 'm.onnx' is not a readable ONNX file: the model has a field of number 13, which ...
    """
    return _Reader(source).model(memoryview(data), len(data))
