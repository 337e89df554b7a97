"""Steps of ops on symbolic tensors, which engines do not take, but exports do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chainrule.engines.plan import Activate, Merge, Step

_MERGES = ("add", "subtract", "multiply", "maximum", "minimum")
_PLAIN = (
    "relu", "sigmoid", "tanh", "softplus", "softsign", "silu", "selu", "relu6", "mish", "hard_sigmoid", "hard_silu",
    "log_sigmoid", "sparse_plus",
)  # fmt: skip

Steps = Sequence[Step]


def steps_of_operation(node: Any) -> Steps | None:
    """Return the steps of an op on symbolic tensors, such as `x + y` or `ops.relu(x)`, or None if there are none."""
    name = getattr(node.operation.op, "__name__", "")
    shapes = [getattr(v, "shape", ()) for v in node.args]
    if node.kwargs or len(node.inputs) != len(node.args) or not all("float" in str(t.dtype) for t in node.inputs):
        return None
    if name in _MERGES and len(shapes) == 2 and len(shapes[0]) == len(shapes[1]):
        return (Merge(name),)
    return (Activate(name),) if name in _PLAIN and len(shapes) == 1 else None
