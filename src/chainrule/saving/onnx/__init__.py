"""ONNX files: `export_onnx` writes them, `import_onnx` makes models of them."""

from chainrule.saving.onnx.build import import_onnx as import_onnx
from chainrule.saving.onnx.write import export_onnx as export_onnx
from chainrule.saving.onnx.write import onnx_bytes as onnx_bytes
