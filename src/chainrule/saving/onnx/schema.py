"""Which fields the messages of an ONNX file have, as of version 13 of the format (onnx.proto).

A field is `name: (number, kind)`. What is not listed, no file has. `many` fields may occur again and again.
"""

from __future__ import annotations

from chainrule.records import Record, field
from chainrule.saving.onnx.wire import BYTES, FIXED32, FIXED64, VARINT


class Message(Record):
    """The fields of a message: number to (name, kind), which of them repeat, and which are read over."""

    fields: dict[int, tuple[str, int]]
    many: frozenset[str] = frozenset()
    ignored: frozenset[int] = field(default_factory=frozenset)


MODEL = Message(
    {
        1: ("ir_version", VARINT), 2: ("producer_name", BYTES), 7: ("graph", BYTES), 8: ("opset_import", BYTES),
        25: ("functions", BYTES),
    },
    frozenset({"opset_import", "functions"}),
    frozenset({3, 4, 5, 6, 14, 20, 26}),  # versions, texts, training
)  # fmt: skip
OPSET = Message({1: ("domain", BYTES), 2: ("version", VARINT)})
GRAPH = Message(
    {
        1: ("node", BYTES), 2: ("name", BYTES), 5: ("initializer", BYTES), 11: ("input", BYTES), 12: ("output", BYTES),
        15: ("sparse_initializer", BYTES),
    },
    frozenset({"node", "initializer", "input", "output", "sparse_initializer"}),
    frozenset({10, 13, 14, 16}),  # text, types of values inside, quantization
)  # fmt: skip
NODE = Message(
    {1: ("input", BYTES), 2: ("output", BYTES), 3: ("name", BYTES), 4: ("kind", BYTES), 5: ("attribute", BYTES),
     7: ("domain", BYTES), 8: ("overload", BYTES)},
    frozenset({"input", "output", "attribute"}),
    frozenset({6, 9, 10}),
)  # fmt: skip
ATTRIBUTE = Message(
    {
        1: ("name", BYTES), 2: ("f", FIXED32), 3: ("i", VARINT), 4: ("s", BYTES), 5: ("t", BYTES), 6: ("g", BYTES),
        7: ("floats", -1), 8: ("ints", -1), 9: ("strings", BYTES), 10: ("tensors", BYTES), 11: ("graphs", BYTES),
        20: ("type", VARINT), 21: ("ref_attr_name", BYTES), 22: ("sparse_tensor", BYTES),
        23: ("sparse_tensors", BYTES), 14: ("tp", BYTES), 15: ("type_protos", BYTES),
    },
    frozenset({"floats", "ints", "strings", "tensors", "graphs", "sparse_tensors", "type_protos"}),
    frozenset({13}),
)  # fmt: skip
TENSOR = Message(
    {
        1: ("dims", -1), 2: ("data_type", VARINT), 3: ("segment", BYTES), 4: ("float_data", -1), 5: ("int32_data", -1),
        6: ("string_data", BYTES), 7: ("int64_data", -1), 8: ("name", BYTES), 9: ("raw_data", BYTES),
        10: ("double_data", -1), 11: ("uint64_data", -1), 13: ("external_data", BYTES), 14: ("data_location", VARINT),
    },
    frozenset({"dims", "float_data", "int32_data", "string_data", "int64_data", "double_data", "uint64_data",
               "external_data"}),
    frozenset({12, 16}),
)  # fmt: skip
VALUE = Message({1: ("name", BYTES), 2: ("type", BYTES)}, ignored=frozenset({3, 4}))
TYPE = Message(
    {1: ("tensor", BYTES), 4: ("sequence", BYTES), 5: ("map", BYTES), 7: ("opaque", BYTES), 8: ("sparse", BYTES),
     9: ("optional", BYTES)},
    ignored=frozenset({6}),
)  # fmt: skip
TENSOR_TYPE = Message({1: ("elem_type", VARINT), 2: ("shape", BYTES)})
SHAPE = Message({1: ("dim", BYTES)}, frozenset({"dim"}))
DIM = Message({1: ("value", VARINT), 2: ("name", BYTES)}, ignored=frozenset({3}))

REPEATED_NUMBERS = {
    "dims": VARINT, "ints": VARINT, "floats": FIXED32, "float_data": FIXED32, "int32_data": VARINT,
    "int64_data": VARINT, "uint64_data": VARINT, "double_data": FIXED64,
}  # fmt: skip
"""Fields of numbers, which stand packed into one block, or one by one."""
