"""ONNX Runtime with its default session on the barest graph: Gemm, Relu, ..., Sigmoid."""

from __future__ import annotations

import numpy as np
import onnxruntime
from benchmarks.ladder.data import arrays
from benchmarks.ladder.timing import Prepared, calls
from benchmarks.ladder.workloads import Network, Workload
from onnx import TensorProto, helper, numpy_helper

OPSET, FILE_VERSION = 17, 8
"""Old enough for every runtime of the last years."""


def graph(network: Network) -> bytes:
    """Return the network with random weights as an ONNX file."""
    rng = np.random.default_rng(0)
    nodes, weights, current = [], [], "x"
    for i, (inputs, outputs) in enumerate(network.shapes):
        last = i == len(network.shapes) - 1
        kernel = (rng.standard_normal((inputs, outputs)) / inputs**0.5).astype(np.float32)
        weights += [
            numpy_helper.from_array(kernel, f"kernel_{i}"),
            numpy_helper.from_array(np.zeros(outputs, np.float32), f"bias_{i}"),
        ]
        nodes.append(helper.make_node("Gemm", [current, f"kernel_{i}", f"bias_{i}"], [f"product_{i}"]))
        current = "y" if last else f"hidden_{i}"
        nodes.append(helper.make_node("Sigmoid" if last else "Relu", [f"product_{i}"], [current]))
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, network.features])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, [None, network.widths[-1]])
    model = helper.make_model(
        helper.make_graph(nodes, "network", [x], [y], weights), opset_imports=[helper.make_opsetid("", OPSET)]
    )
    model.ir_version = FILE_VERSION
    return model.SerializeToString()


def prepare(workload: Workload, variant: str) -> Prepared:
    session = onnxruntime.InferenceSession(graph(workload.network), providers=["CPUExecutionProvider"])
    x = arrays(workload.network)[0]
    rows = {"x": x[:1] if workload.kind == "one-row" else x}
    return calls(lambda: session.run(None, rows)[0])
