"""What the operators of ONNX become: layers where there are such, ops of `chainrule.ops` else.

Each function takes the builder, the node and its inputs (None where one is left out) and returns the outputs.
"""

from chainrule.saving.onnx.operators import activations, arithmetic, layers, shapes, values

__all__ = ["activations", "arithmetic", "layers", "shapes", "values"]
