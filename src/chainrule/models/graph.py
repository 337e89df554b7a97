"""`Graph`: the calls between given inputs and outputs, and how to run them."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule import ops, tree
from chainrule.autodiff.operators import Operators
from chainrule.autodiff.tensor import Tensor
from chainrule.errors import ShapeError
from chainrule.layers import context
from chainrule.layers.base import Layer
from chainrule.models.wiring import cut_out, sort_graph
from chainrule.symbolic import KerasTensor, unpacked


class Graph:
    """A function from tensors to tensors, drawn by calling layers on symbolic tensors.

    Args:
        inputs, outputs: symbolic tensors, or lists, tuples or dicts of them. Inputs may be tensors that layers made.

    Raises:
        ValueError: something else was given, or the outputs need other inputs.
    """

    def __init__(self, inputs: Any, outputs: Any) -> None:
        for role, structure in (("inputs", inputs), ("outputs", outputs)):
            for t in tree.flatten(structure):
                if not isinstance(t, KerasTensor):
                    raise ValueError(
                        f"Model: `{role}` must be symbolic tensors (from Input or calls of layers), but holds "
                        f"{t if isinstance(t, str) else type(t).__name__!r}."
                    )
        if any(t.node is None or t.node.inputs for t in tree.flatten(inputs)):
            inputs, outputs = cut_out(inputs, outputs)
        self.input_structure = inputs
        self.output_structure = outputs
        self.inputs: list[KerasTensor] = tree.flatten(inputs)
        self.outputs: list[KerasTensor] = tree.flatten(outputs)
        self.nodes, self.operations = sort_graph(self.inputs, self.outputs)

    @property
    def layers(self) -> list[Layer]:
        return [o for o in self.operations if isinstance(o, Layer)]

    @property
    def output_names(self) -> list[str]:
        return [t.operation.name for t in self.outputs]

    @property
    def input_names(self) -> list[str]:
        return [t.operation.name for t in self.inputs]

    def run(self, inputs: Any) -> Any:
        """Compute the outputs, in the structure in which they were declared (a single one by itself)."""
        values = {id(t): v for t, v in zip(self.inputs, self.standardize(inputs), strict=True)}
        running = context.current()
        decided = running is not None and running.training is not None
        for node in self.nodes:
            if not node.inputs:
                continue
            args = [_known(values, a) for a in node.args]
            kwargs = {k: _known(values, a) for k, a in node.kwargs.items() if not (decided and k == "training")}
            results = node.operation(*args, **kwargs)
            if isinstance(node.outputs, KerasTensor):
                values[id(node.outputs)] = results
            else:
                pairs = zip(tree.flatten(node.outputs), tree.flatten(results), strict=True)
                values.update({id(t): r for t, r in pairs})
        return unpacked(_known(values, self.output_structure))

    def standardize(self, inputs: Any) -> list[Any]:
        """Return the inputs in declared order, each of the declared type and rank.

        Raises:
            ShapeError: an input is missing, or has another shape.
        """
        if isinstance(inputs, Operators):
            inputs = [inputs]
        return [_fit(value, t) for value, t in zip(self._in_order(inputs), self.inputs, strict=True)]

    def _in_order(self, inputs: Any) -> list[Any]:
        declared = self.input_structure
        if isinstance(inputs, dict):
            names = sorted(declared) if isinstance(declared, dict) else self.input_names
            missing = [n for n in names if n not in inputs]
            if missing:
                raise ShapeError(f"The model's input '{missing[0]}' is missing; received {sorted(map(str, inputs))}.")
            return [leaf for n in names for leaf in tree.flatten(inputs[n])]
        flat = tree.flatten(inputs)
        if len(flat) != len(self.inputs):
            raise ShapeError(f"The model has {len(self.inputs)} inputs {self.input_names}, but received {len(flat)}.")
        if isinstance(declared, dict) and list(declared) != sorted(declared):
            raise ShapeError(
                f"The model's inputs were declared as a dict with keys {list(declared)}: pass a dict with these keys, "
                "because the order of a list would be a guess."
            )
        return flat


def _known(values: dict[int, Any], structure: Any) -> Any:
    """Return a structure with values in place of symbolic tensors."""
    if isinstance(structure, KerasTensor):
        return values[id(structure)]
    if isinstance(structure, list | tuple | dict):
        return tree.map_structure(lambda v: _known(values, v), structure)
    return structure


def _fit(value: Any, t: KerasTensor) -> Any:
    """Return a value with the rank and type of an input."""
    if value is None and getattr(t.operation, "optional", False):
        return None
    if not isinstance(value, Operators):
        value = Tensor(value)
    wanted, given = t.shape, value.shape
    if len(given) == len(wanted) - 1 and wanted[-1] == 1:
        value = ops.expand_dims(value, -1)
    elif len(given) == len(wanted) + 1 and given[-1] == 1:
        value = ops.squeeze(value, -1)
    shape = tuple(value.shape)
    if len(shape) != len(wanted) or any(w is not None and w != s for w, s in zip(wanted, shape, strict=True)):
        raise ShapeError(_wrong_shape(t, shape))
    return value if isinstance(value, KerasTensor) else _of_type(value, t)


def _of_type(value: Any, t: KerasTensor) -> Any:
    if t.dtype == "string" or value.dtype.kind not in "iufb":
        return value
    dtype = t.dtype
    if np.dtype(dtype).kind == "f" and isinstance(t.operation, Layer):
        dtype = t.operation.compute_dtype
    return value if value.dtype == dtype else ops.cast(value, dtype)


def _wrong_shape(t: KerasTensor, shape: tuple[int, ...]) -> str:
    name = t.operation.name if t.operation else t.name
    text = f"Input '{name}': expected shape {t.shape}, received shape {shape}."
    wanted = t.shape
    if len(shape) == len(wanted) - 1 and shape == tuple(wanted[1:]):
        return f"{text} One observation is a batch of one: x[None, :], or x.reshape(1, -1)."
    if len(shape) == len(wanted) == 2:
        return (
            f"{text} The model was built for {wanted[1]} features per row, the array has {shape[1]}: check its columns."
        )
    if len(shape) > len(wanted) and int(np.prod(shape[1:])) == wanted[-1]:
        return f"{text} Flatten each observation: x.reshape(len(x), -1)."
    return f"{text} Reshape the array, or change the model's Input."
