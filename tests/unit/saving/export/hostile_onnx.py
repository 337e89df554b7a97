"""ONNX files that are damaged, lie, or reach outside of themselves; and a few odd ones that are right."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any

from chainrule.saving.onnx.wire import block, number, numbers, real, text

GOOD_NAME = "good"


def tensor(name: str, dims: list[int], raw: bytes | None = None, kind: int = 1, extra: bytes = b"") -> bytes:
    data = b"" if raw is None else block(9, raw)
    return numbers(1, dims) + number(2, kind) + text(8, name) + data + extra


def floats(*values: float) -> bytes:
    return struct.pack(f"<{len(values)}f", *values)


def node(kind: str, inputs: list[str], outputs: list[str], *attributes: bytes, domain: str = "") -> bytes:
    parts = [text(1, i) for i in inputs] + [text(2, o) for o in outputs] + [text(4, kind)]
    return b"".join([*parts, *(block(5, a) for a in attributes), text(7, domain) if domain else b""])


def integer(name: str, value: int) -> bytes:
    return text(1, name) + number(3, value) + number(20, 2)


def port(name: str, dims: list[int | None], kind: int = 1) -> bytes:
    axes = b"".join(block(1, text(2, "n") if n is None else number(1, n)) for n in dims)
    return text(1, name) + block(2, block(1, number(1, kind) + block(2, axes)))


WEIGHTS = [tensor("w", [2, 3], floats(*range(6))), tensor("b", [3], floats(1, 2, 3))]
NODES = [node("Gemm", ["x", "w", "b"], ["h"]), node("Relu", ["h"], ["y"])]


def model(
    nodes: list[bytes] | None = None,
    weights: list[bytes] | None = None,
    inputs: list[bytes] | None = None,
    outputs: list[bytes] | None = None,
    graph: bytes = b"",
    extra: bytes = b"",
    opset: int = 17,
    version: int = 8,
) -> bytes:
    """Return a file of parts, by default those of a small network that is right."""
    parts = [block(1, n) for n in (NODES if nodes is None else nodes)]
    parts += [text(2, "g"), *(block(5, w) for w in (WEIGHTS if weights is None else weights))]
    parts += [block(11, i) for i in ([port("x", [None, 2])] if inputs is None else inputs)]
    parts += [block(12, o) for o in ([port("y", [None, 3])] if outputs is None else outputs)]
    whole = b"".join(parts) + graph
    return number(1, version) + block(7, whole) + block(8, text(1, "") + number(2, opset)) + extra


def through(*nodes: bytes, weights: list[bytes] | None = None, shape: list[int | None] | None = None) -> bytes:
    """Return a file whose nodes lead from x to y."""
    return model(list(nodes), [*WEIGHTS, *(weights or [])], [port("x", shape or [None, 2])])


def external(location: str) -> bytes:
    return block(13, text(1, "location") + text(2, location)) + number(14, 1)


def hostile() -> Iterator[tuple[str, bytes]]:
    """Yield files that must be refused, by what is wrong with them."""
    good = model()
    yield "nothing", b""
    yield "text", b"this is no model, this is text, and a long one at that"
    yield "zeros", bytes(100_000)
    yield "a zip", b"PK\x03\x04" + bytes(100)
    yield "a pickle", b"\x80\x04\x95\x1a\x00\x00\x00\x00\x00\x00\x00\x8c\x05posix\x94\x8c\x06system\x94\x93\x94."
    for size in (1, 2, 5, 10, len(good) // 3, len(good) // 2, len(good) - 20, len(good) - 1):
        yield f"cut to {size} bytes", good[:size]
    yield "no end of a number", good + b"\xff" * 40
    yield "a group", good + b"\x0b"
    yield "a field of number 0", good + b"\x00\x01"
    yield "an unknown field", good + number(999, 1)
    yield "two graphs", good + block(7, b"")
    yield "the graph is a number", number(1, 8) + number(7, 1)
    yield "a size of 2^63", good + b"\x12" + b"\xff" * 8 + b"\x7f"
    yield "no graph", number(1, 8)
    yield "version 0", model(version=0)
    yield "version 99", model(version=99)
    yield "operators of version 1", model(opset=1)
    yield "operators of version 999", model(opset=999)
    yield "two versions of the operators", model(extra=block(8, number(2, 13)))
    yield "many empty nodes", model(graph=block(1, b"") * 200_000)
    yield "many fields", model(graph=block(10, b"") * 500_000)
    yield "many texts in a node", model([node("Relu", ["x"] * 400_000, ["y"])])
    yield "many nodes", through(*(node("Relu", ["x"], [f"v{i}"]) for i in range(6000)))
    yield "a node of nothing", model([*NODES, b""], outputs=[port("", [None, 3])])
    # -- values and their order
    yield "a cycle", through(node("Add", ["x", "z"], ["y"]), node("Relu", ["y"], ["z"]))
    yield "a node of itself", through(node("Add", ["x", "y"], ["y"]))
    yield "the wrong order", through(node("Relu", ["h"], ["y"]), node("Relu", ["x"], ["h"]))
    yield "an unknown value", through(node("Relu", ["nobody"], ["y"]))
    yield "a value made twice", through(node("Relu", ["x"], ["y"]), node("Tanh", ["x"], ["y"]))
    yield "an input made again", through(node("Relu", ["x"], ["x"]))
    yield "a tensor made again", through(node("Relu", ["x"], ["w"]), node("Relu", ["w"], ["y"]))
    yield "two tensors of one name", model(weights=[*WEIGHTS, WEIGHTS[0]])
    yield "a tensor without a name", model(weights=[*WEIGHTS, tensor("", [1], floats(1))])
    yield "two inputs of one name", model(inputs=[port("x", [None, 2])] * 2)
    yield "two outputs of one name", model(outputs=[port("y", [None, 3])] * 2)
    yield "no outputs", model(outputs=[])
    yield "an output of nothing", model(outputs=[port("z", [None, 3])])
    yield "an output that is a constant", model(outputs=[port("w", [2, 3])])
    yield "an output that is a node's attribute", through(node("Relu", ["x"], [""]))
    yield "no inputs", model(inputs=[])
    # -- tensors
    for name, place in {
        "a file beside": "weights.bin", "a file above": "../../etc/passwd", "a file anywhere": "/etc/passwd",
        "an address": "http://example.com/w", "nowhere": "",
    }.items():  # fmt: skip
        yield f"numbers in {name}", model(weights=[tensor("w", [2, 3], None, extra=external(place)), WEIGHTS[1]])
    yield (
        "numbers here and elsewhere",
        model(weights=[tensor("w", [2, 3], floats(*range(6)), extra=external("w")), WEIGHTS[1]]),
    )
    beside = block(13, text(1, "location") + text(2, "w"))
    yield "numbers here and a hint", model(weights=[tensor("w", [2, 3], floats(*range(6)), extra=beside), WEIGHTS[1]])
    for name, shape in {
        "huge": [2**40, 2**40], "0 times huge": [0, 2**62], "2 in 64 bits": [2**32 + 1, 2**32], "negative": [-2, -3],
        "too large": [2, 4], "too small": [2, 2], "of 1000 axes": [1] * 1000, "of 17 axes": [1] * 17,
    }.items():  # fmt: skip
        yield f"a shape that is {name}", model(weights=[tensor("w", shape, floats(*range(6))), WEIGHTS[1]])
    yield "no numbers", model(weights=[tensor("w", [2, 3]), WEIGHTS[1]])
    yield "half a number", model(weights=[tensor("w", [2, 3], floats(*range(6)) + b"x"), WEIGHTS[1]])
    yield "numbers twice", model(weights=[tensor("w", [1], floats(1), extra=block(4, floats(1))), WEIGHTS[1]])
    yield "raw numbers twice", model(weights=[tensor("w", [1], floats(1), extra=block(9, floats(1))), WEIGHTS[1]])
    yield "numbers of another type", model(weights=[tensor("w", [1], None, extra=block(10, bytes(8))), WEIGHTS[1]])
    yield "text", model(weights=[tensor("w", [1], None, 8, block(6, b"a")), WEIGHTS[1]])
    yield "complex numbers", model(weights=[tensor("w", [2, 3], bytes(48), 14), WEIGHTS[1]])
    yield "an unknown type", model(weights=[tensor("w", [2, 3], bytes(24), 77), WEIGHTS[1]])
    yield "truth values of 7", through(node("Where", ["t", "x", "x"], ["y"]), weights=[tensor("t", [2], b"\7\1", 9)])
    yield "many whole numbers", model(weights=[tensor("w", [2, 3], None, 7, block(7, b"\1" * 3_000_000)), WEIGHTS[1]])
    yield "a part of a tensor", model(weights=[tensor("w", [2, 3], floats(*range(6)), extra=block(3, b"")), WEIGHTS[1]])
    yield "sparse tensors", model(graph=block(15, b""))
    yield "a name that is no UTF-8", model(weights=[number(2, 1) + block(8, b"\xff\xfe"), *WEIGHTS])
    yield "a long name", model(weights=[tensor("w" * 50_000, [1], floats(1)), *WEIGHTS])
    # -- operators
    for kind, domain in {
        "Eval": "", "PyOp": "ai.onnx.contrib", "If": "", "Loop": "", "Scan": "", "LSTM": "", "Conv": "",
        "Exploit": "com.microsoft", "ZipMap": "ai.onnx.ml", "RandomNormal": "", "ConstantOfShape": "", "Expand": "",
        "Tile": "", "Range": "", "__import__": "", "": "",
    }.items():  # fmt: skip
        yield f"the operator {domain} {kind}", through(node(kind, ["x"], ["y"], domain=domain))
    deep = b""
    for _ in range(3000):
        deep = block(1, block(5, text(1, "body") + block(6, deep) + number(20, 5)))
    yield "deep graphs", through(node("Loop", ["x"], ["y"], text(1, "body") + block(6, deep) + number(20, 5)))
    yield (
        "a function of its own",
        model([node("Mine", ["x"], ["y"], domain="me")], extra=block(25, text(1, "Mine") + block(7, NODES[0]))),
    )
    yield "an attribute that refers", through(node("Elu", ["x"], ["y"], text(1, "alpha") + text(21, "a")))
    yield "an attribute twice", through(node("Elu", ["x"], ["y"], *[text(1, "alpha") + real(2, 1.0)] * 2))
    yield "an attribute of two kinds", through(node("Elu", ["x"], ["y"], text(1, "alpha") + real(2, 1) + number(3, 1)))
    yield "an attribute of another type", through(node("Elu", ["x"], ["y"], text(1, "alpha") + text(4, "much")))
    yield "an axis that is none", through(node("Softmax", ["x"], ["y"], integer("axis", 7)))
    yield "an axis of 2^62", through(node("Softmax", ["x"], ["y"], integer("axis", 2**62)))
    yield "along the batch", through(node("Softmax", ["x"], ["y"], integer("axis", 0)))
    yield "too many inputs", through(node("Relu", ["x"] * 50, ["y"]))
    yield "too few inputs", through(node("Gemm", ["x"], ["y"]))
    yield "weights that do not fit", through(node("Gemm", ["x", "b"], ["y"]))
    yield "an input that is left out", through(node("Relu", [""], ["y"]))
    # -- sizes
    yield "a huge input", model(inputs=[port("x", [None, 2**50])])
    yield "a negative input", model(inputs=[port("x", [None, -2])])
    yield "an input without axes", model(inputs=[port("x", [])])
    yield "an input of text", model(inputs=[port("x", [None, 2], 8)])
    yield "an input of unknown type", model(inputs=[text(1, "x")])
    large = tensor("s", [3], struct.pack("<3q", -1, 1000, 1000), 7)
    yield "a large product", through(
        node("Reshape", ["x", "s"], ["h"]), node("Transpose", ["h"], ["t"], text(1, "perm") + numbers(8, [0, 2, 1])),
        node("MatMul", ["h", "t"], ["y"]), weights=[large],
    )  # fmt: skip
    column, row = (
        numbers(1, [3]) + number(2, 7) + text(8, n) + block(9, struct.pack("<3q", *s))
        for n, s in (("c", [-1, 100_000, 1]), ("r", [-1, 1, 100_000]))
    )
    yield "a large sum", through(
        node("Reshape", ["x", "c"], ["a"]), node("Reshape", ["x", "r"], ["d"]), node("Add", ["a", "d"], ["y"]),
        weights=[column, row], shape=[None, 100_000],
    )  # fmt: skip
    doubling: list[Any] = [node("Concat", ["x", "x"], ["v0"], integer("axis", 1))]
    doubling += [node("Concat", [f"v{i}"] * 2, [f"v{i + 1}"], integer("axis", 1)) for i in range(60)]
    yield "doubled sixty times", through(*doubling, node("Relu", ["v60"], ["y"]))
    rows = tensor("i", [1], struct.pack("<q", 5), 7)
    yield (
        "a row that is none",
        through(node("Gather", ["w", "i"], ["v"]), node("Add", ["x", "v"], ["y"]), weights=[rows]),
    )
    many = tensor("m", [2**19], bytes(8 * 2**19), 7)
    yield "many rows", through(
        *(node("Gather", ["x", "m"], [f"v{i}"], integer("axis", 1)) for i in range(99)),
        node("Concat", [f"v{i}" for i in range(99)], ["y"], integer("axis", 1)), weights=[many],
    )  # fmt: skip
    yield (
        "a shape of the batch",
        through(
            node("Shape", ["x"], ["s"]), node("Cast", ["s"], ["f"], integer("to", 1)), node("Sum", ["x", "f"], ["y"])
        ),
    )
    yield "a division of whole numbers by 0", through(
        node("Div", ["one", "nil"], ["q"]), node("Reshape", ["x", "q"], ["y"]),
        weights=[tensor("one", [1], struct.pack("<q", 1), 7), tensor("nil", [1], bytes(8), 7)],
    )  # fmt: skip


def odd() -> Iterator[tuple[str, bytes]]:
    """Yield files that are unusual, and right."""
    good = model()
    yield GOOD_NAME, good
    yield "weights among the inputs", model(inputs=[port("x", [None, 2]), port("w", [2, 3]), port("b", [3])])
    yield "a fixed batch", model(inputs=[port("x", [1, 2])])
    yield "texts and versions", model(extra=text(2, "who") + text(3, "1") + text(6, "what") + block(14, text(1, "k")))
    yield "numbers not raw", model(weights=[tensor("w", [2, 3], None, extra=block(4, floats(*range(6)))), *WEIGHTS[1:]])
    single = b"".join(real(4, float(i)) for i in range(6))
    yield "numbers one by one", model(weights=[tensor("w", [2, 3], None, extra=single), *WEIGHTS[1:]])
    dims = number(1, 2) + number(1, 3) + number(2, 1) + text(8, "w") + block(9, floats(*range(6)))
    yield "a shape one by one", model(weights=[dims, *WEIGHTS[1:]])
    half = struct.pack("<6e", *range(6))
    yield "half precision", model(weights=[tensor("w", [2, 3], half, 10), *WEIGHTS[1:]])
    short = b"".join(struct.pack("<f", float(i))[2:] for i in range(6))
    yield "bfloat16", model(weights=[tensor("w", [2, 3], short, 16), *WEIGHTS[1:]])
    yield (
        "a product and a sum",
        model([node("MatMul", ["x", "w"], ["p"]), node("Add", ["b", "p"], ["h"]), node("Relu", ["h"], ["y"])]),
    )
    yield (
        "what is not needed",
        model([*NODES, node("Loop", ["x"], ["z"])], [*WEIGHTS, tensor("t", [1], None, 8, block(6, b"a"))]),
    )
