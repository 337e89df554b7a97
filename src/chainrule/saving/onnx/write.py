"""From a model to an ONNX file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from chainrule.engines.plan import CannotLower, Embed
from chainrule.errors import ModelFileError
from chainrule.saving.exporting import write_bytes
from chainrule.saving.network import Network, network_of
from chainrule.saving.onnx.graph import OPSETS, TYPES, Expression, Graph
from chainrule.saving.onnx.steps import Place, write_step
from chainrule.version import __version__

_OPSET = 17


def export_onnx(model: Any, filepath: Any, opset: int | None = None) -> None:
    """Write what a model computes when it predicts to an ONNX file; no package is needed for that.

    The batch axis may have any length. Dropout and noise, which do nothing when predicting, are left out.

    Args:
        model: built; Sequential, functional or nested.
        filepath: the file, `.onnx` by custom.
        opset: version of ONNX's operator set, 13 to 22; 17 by default.

    Raises:
        ModelFileError: a layer is Python code or has no form in ONNX, or the disk refuses.

    >>> import chainrule as cr, os, tempfile
    >>> model = cr.Sequential([cr.Input((2,)), cr.layers.Dense(3, activation="relu")])
    >>> path = os.path.join(tempfile.mkdtemp(), "m.onnx")
    >>> export_onnx(model, path)
    >>> import_onnx = cr.saving.import_onnx
    >>> import_onnx(path).output_shape
    (None, 3)
    """
    data = onnx_bytes(model, opset)
    write_bytes(Path(filepath), data)


def onnx_bytes(model: Any, opset: int | None = None) -> bytes:
    """Return the ONNX file of a model.

    Raises:
        ModelFileError: as for `export_onnx`.
    """
    version = _OPSET if opset is None else opset
    if version not in OPSETS:
        raise ModelFileError(f"opset={opset!r}: expected a version from {OPSETS[0]} to {OPSETS[-1]}.")
    network = network_of(model, "ONNX")
    try:
        return _graph(network, version).to_bytes(__version__)
    except CannotLower as reason:
        raise ModelFileError(f"Cannot export '{network.name}' to ONNX: {reason}."[:500]) from None


def _graph(network: Network, opset: int) -> Graph:
    graph = Graph(network.name, network.dtype, opset)
    values: dict[int, Expression] = {}
    types = {p.value: p.dtype for p in network.inputs}
    for port in network.inputs:
        if port.dtype not in TYPES:
            raise CannotLower(f"input '{port.name}' has type {port.dtype}, which is not written")
        values[port.value] = Expression(graph, graph.input(port.name, port.shape, port.dtype))
    for port in network.outputs:
        graph.reserve(port.name)
    for now in network.operations:
        graph.layer = now.layer
        inputs = []
        for n in now.inputs:
            if types.get(n, network.dtype) != network.dtype and not isinstance(now.step, Embed):
                values[n] = values[n].op("Cast", to=TYPES[network.dtype])
                types.pop(n)
            inputs.append(values[n])
        place = Place(now, tuple([network.shapes[n] for n in now.inputs]), network, graph)
        values[now.output] = write_step(now.step, place, inputs)
    graph.layer = ""
    for port in network.outputs:
        graph.output(port.name, values[port.value].name, port.shape, port.dtype)
    return graph
