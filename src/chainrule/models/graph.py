"""`Graph`: the calls between given inputs and outputs, and how to run them."""

from __future__ import annotations

from typing import Any

from chainrule import tree
from chainrule.layers import context
from chainrule.layers.base import Layer
from chainrule.layers.masks import set_masks
from chainrule.models.entries import enter
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

    def run(self, inputs: Any, mask: Any = None) -> Any:
        """Compute the outputs, in the structure in which they were declared (a single one by itself).

        Args:
            inputs: one value for each input.
            mask: their masks, if any, in the same structure.
        """
        entered = enter(self, inputs)
        if mask is not None:
            set_masks(entered, mask)
        values = {id(t): v for t, v in zip(self.inputs, entered, strict=True)}
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


def _known(values: dict[int, Any], structure: Any) -> Any:
    """Return a structure with values in place of symbolic tensors."""
    if isinstance(structure, KerasTensor):
        return values[id(structure)]
    if isinstance(structure, list | tuple | dict):
        return tree.map_structure(lambda v: _known(values, v), structure)
    return structure
