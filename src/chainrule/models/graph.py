"""`Graph`: the calls between given inputs and outputs, and how to run them."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule import ops, tree
from chainrule.autodiff.operators import Operators
from chainrule.autodiff.tensor import Tensor
from chainrule.errors import ShapeError
from chainrule.layers.base import Layer
from chainrule.symbolic import KerasTensor, sort_graph


class Graph:
    """A function from tensors to tensors, drawn by calling layers on symbolic tensors.

    Args:
        inputs, outputs: symbolic tensors, or lists, tuples or dicts of them.

    Raises:
        ValueError: something else was given, or the outputs need other inputs.
    """

    def __init__(self, inputs: Any, outputs: Any) -> None:
        self.input_structure = inputs
        self.output_structure = outputs
        self.inputs: list[KerasTensor] = tree.flatten(inputs)
        self.outputs: list[KerasTensor] = tree.flatten(outputs)
        for role, tensors in (("inputs", self.inputs), ("outputs", self.outputs)):
            for t in tensors:
                if not isinstance(t, KerasTensor):
                    raise ValueError(
                        f"Model: `{role}` must be symbolic tensors (from Input or layer calls), but holds {t!r}."
                    )
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
        """Compute the outputs, in the structure in which they were declared."""
        values = {id(t): v for t, v in zip(self.inputs, self.standardize(inputs), strict=True)}
        for node in self.nodes:
            if not node.inputs or all(id(t) in values for t in tree.flatten(node.outputs)):
                continue
            args = tree.map_structure(lambda v: values.get(id(v), v), list(node.args))
            kwargs = tree.map_structure(lambda v: values.get(id(v), v), node.kwargs)
            results = tree.flatten(node.operation(*args, **kwargs))
            values.update({id(t): r for t, r in zip(tree.flatten(node.outputs), results, strict=True)})
        return tree.map_structure(lambda t: values[id(t)], self.output_structure)

    def standardize(self, inputs: Any) -> list[Any]:
        """Return the inputs in declared order, each of the declared type and rank.

        Raises:
            ShapeError: an input is missing, or has another shape.
        """
        flat = self._in_order(inputs)
        return [self._fit(value, t) for value, t in zip(flat, self.inputs, strict=True)]

    def _in_order(self, inputs: Any) -> list[Any]:
        if isinstance(inputs, dict) and not isinstance(self.input_structure, dict):
            names = self.input_names
        elif isinstance(inputs, dict):
            names = sorted(self.input_structure)
        else:
            flat = tree.flatten(inputs)
            if len(flat) != len(self.inputs):
                raise ShapeError(
                    f"The model has {len(self.inputs)} inputs {self.input_names}, but received {len(flat)}."
                )
            return flat
        missing = [n for n in names if n not in inputs]
        if missing:
            raise ShapeError(f"The model's input '{missing[0]}' is missing; received {sorted(map(str, inputs))}.")
        return [inputs[n] for n in names]

    def _fit(self, value: Any, t: KerasTensor) -> Any:
        if not isinstance(value, Operators):
            value = Tensor(value)
        wanted, rank = t.shape, len(value.shape)  # type: ignore[attr-defined]
        if rank == len(wanted) - 1 and wanted[-1] == 1:
            value = ops.expand_dims(value, -1)
        elif rank == len(wanted) + 1 and value.shape[-1] == 1:  # type: ignore[attr-defined]
            value = ops.squeeze(value, -1)
        shape = tuple(value.shape)  # type: ignore[attr-defined]
        if len(shape) != len(wanted) or any(w is not None and w != s for w, s in zip(wanted, shape, strict=True)):
            raise ShapeError(_wrong_shape(t, shape))
        if not isinstance(value, KerasTensor) and t.dtype != "string" and np.dtype(value.dtype).kind in "iufb":  # type: ignore[attr-defined]
            dtype = t.dtype
            if np.dtype(dtype).kind == "f":
                dtype = t.operation.compute_dtype if isinstance(t.operation, Layer) else dtype
            if value.dtype != dtype:  # type: ignore[attr-defined]
                value = ops.cast(value, dtype)
        return value


def _wrong_shape(t: KerasTensor, shape: tuple[int, ...]) -> str:
    name = t.operation.name if t.operation else t.name
    text = f"Input '{name}': expected shape {t.shape}, received shape {shape}."
    wanted = t.shape
    if len(shape) == len(wanted) - 1 and shape == tuple(wanted[1:]):
        return f"{text} One observation is a batch of one: x[None, :], or x.reshape(1, -1)."
    if len(shape) == len(wanted) and len(shape) == 2:
        return (
            f"{text} The model was built for {wanted[1]} features per row, the array has {shape[1]}: check its columns."
        )
    if len(shape) > len(wanted) and int(np.prod(shape[1:])) == wanted[-1]:
        return f"{text} Flatten each observation: x.reshape(len(x), -1)."
    return f"{text} Reshape the array, or change the model's Input."
