"""The front of a model: the layers that turn categories and text into numbers before anything is learned.

They depend on nothing but the data, so an engine runs them once for all epochs, in Python, and gets their numbers.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from chainrule import tree
from chainrule.engines.plan import CannotLower

_MOST_BYTES = 1 << 30
"""Of what the layers make of all rows at once."""


class Front:
    """The layers in front of a graph, and what they and the inputs hand to the rest of it.

    Attributes:
        nodes: the calls of these layers, in running order.
        tensors: what the rest of the graph takes, as symbolic tensors: the inputs of its plan.

    >>> import chainrule as cr
    >>> words = cr.Input((1,), dtype="string")
    >>> numbers = cr.layers.StringLookup(vocabulary=["a", "b"], output_mode="one_hot")(words)
    >>> model = cr.Model(words, cr.layers.Dense(1)(numbers))
    >>> front = Front(model._graph_or_none())
    >>> front.run(np.array([["b"], ["?"]]))
    [array([[0, 0, 1],
           [1, 0, 0]])]
    """

    def __init__(self, graph: Any) -> None:
        self.graph = graph
        self.nodes: list[Any] = []
        ready = {id(t) for t in graph.inputs}
        taken: dict[int, Any] = {}
        for node in graph.nodes:
            if not node.inputs:
                continue
            if _prepares(node.operation) and all(id(t) in ready for t in node.inputs):
                self.nodes.append(node)
                ready.update(id(t) for t in tree.flatten(node.outputs))
            else:
                taken.update((id(t), t) for t in node.inputs if id(t) in ready)
        taken.update((id(t), t) for t in graph.outputs if id(t) in ready)
        self.tensors: list[Any] = list(taken.values()) if self.nodes else list(graph.inputs)

    def run(self, x: Any) -> list[Any]:
        """Return the values of `tensors` for the model's inputs.

        Raises:
            ShapeError, DataError: the data do not fit.
            CannotLower: what the layers make of so many rows at once is too large.
        """
        from chainrule.models.entries import enter, in_order

        if not self.nodes:
            return in_order(self.graph, x)
        values = {id(t): v for t, v in zip(self.graph.inputs, enter(self.graph, x), strict=True)}
        self._check_size(len(next(iter(values.values()))))
        for node in self.nodes:
            args, kwargs = tree.map_structure(lambda v: values.get(id(v), v), (node.args, node.kwargs))
            results = tree.flatten(node.operation(*args, **kwargs))
            values.update({id(t): r for t, r in zip(tree.flatten(node.outputs), results, strict=True)})
        return [np.asarray(values[id(t)]) for t in self.tensors]

    def _check_size(self, rows: int) -> None:
        numbers = sum(math.prod(n or 1 for n in t.shape[1:]) for t in self.tensors)
        if rows * numbers * 4 > _MOST_BYTES:
            raise CannotLower(f"{rows} rows of {numbers} numbers are too many to prepare at once")


def _prepares(operation: Any) -> bool:
    """Whether a layer belongs to the front: one of ours, on categories or text, that looks at each row by itself."""
    from chainrule.engines.lower import own_call

    alone = getattr(operation, "prepares_data", False) and not getattr(operation, "batch_matters", False)
    return bool(alone) and not own_call(operation)
