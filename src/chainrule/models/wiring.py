"""From symbolic inputs and outputs to the calls between them, in the order in which they run."""

from __future__ import annotations

from collections import Counter
from typing import Any

from chainrule import tree
from chainrule.symbolic import KerasTensor, Node, connect


def sort_graph(inputs: list[KerasTensor], outputs: list[KerasTensor]) -> tuple[list[Node], list[Any]]:
    """Return the nodes from inputs to outputs in running order, and their operations in Keras's order.

    Operations are ordered by their distance from the outputs, the farthest first, and among equals by the first visit
    of a depth-first walk that starts at the outputs. Weight files number the layers in this order.

    Raises:
        ValueError: an output does not come from the inputs, or two operations have the same name.
    """
    finished, visits = _walk_back(inputs, outputs)
    depth: dict[int, int] = {}
    operation_depth: dict[int, int] = {}
    operations: dict[int, Any] = {}
    members = {id(n) for n in finished}
    for node in reversed(finished):
        key = id(node.operation)
        operations[key] = node.operation
        d = max(depth.get(id(node), 0), operation_depth.get(key, 0))
        depth[id(node)] = operation_depth[key] = d
        for parent in node.inputs:
            if parent.node is not None and id(parent.node) in members:
                depth[id(parent.node)] = max(d + 1, depth.get(id(parent.node), 0))
    for t in inputs:  # an input that no output needs
        key = id(t.operation)
        if t.node is not None and key not in operations and not t.node.inputs:
            operations[key] = t.operation
            operation_depth[key], visits[key] = 0, -1
    ordered = sorted(operations.values(), key=lambda o: (-operation_depth[id(o)], visits[id(o)]))
    for name, count in Counter(o.name for o in ordered).items():
        if count > 1:
            raise ValueError(
                f"The name '{name}' is used {count} times in the model: give each layer a name of its own."
            )
    nodes = sorted(finished, key=lambda n: -depth[id(n)])
    _check_connected(inputs, nodes)
    return nodes, ordered


def _walk_back(inputs: list[KerasTensor], outputs: list[KerasTensor]) -> tuple[list[Node], dict[int, int]]:
    """Depth-first from the outputs without recursion: nodes in order of completion, and first visits of operations."""
    declared = {id(t) for t in inputs}
    done: set[int] = set()
    finished: list[Node] = []
    visits: dict[int, int] = {}
    for output in outputs:
        stack: list[tuple[KerasTensor, bool]] = [(output, False)]
        while stack:
            t, leaving = stack.pop()
            node = t.node
            if node is None or id(node) in done:
                continue
            if leaving:
                done.add(id(node))
                finished.append(node)
            elif not (id(t) in declared and node.inputs):
                visits.setdefault(id(node.operation), len(visits))
                stack.append((t, True))
                stack.extend((parent, False) for parent in reversed(node.inputs))
    return finished, visits


def _check_connected(inputs: list[KerasTensor], nodes: list[Node]) -> None:
    known = {id(t) for t in inputs}
    for node in nodes:
        for t in node.inputs:
            if id(t) not in known:
                source = f"'{t.operation.name}'" if t.operation is not None else f"{t}"
                raise ValueError(
                    f"Graph disconnected: '{node.operation.name}' needs {source}, which does not come from the model's "
                    "inputs. List every Input it depends on in `inputs`."
                )
        if node.inputs:
            known.update(id(t) for t in tree.flatten(node.outputs))


def cut_out(inputs: Any, outputs: Any) -> tuple[Any, Any]:
    """Return inputs and outputs of a graph of its own, in which each input that a layer made is an `Input`.

    The calls between are repeated on the new inputs, with the same layers, as Keras does for `Model(hidden, output)`.
    """
    from chainrule.layers.input import Input

    mine: dict[int, KerasTensor] = {}

    def entry(t: KerasTensor) -> KerasTensor:
        own = t.node is not None and not t.node.inputs
        mine[id(t)] = t if own else Input(batch_shape=t.shape, dtype=t.dtype, name=f"{t.name}CLONE")
        return mine[id(t)]

    def fresh(t: KerasTensor) -> KerasTensor:
        mine[id(t)] = KerasTensor(t.shape, t.dtype, name=f"{t.name}_clone")
        return mine[id(t)]

    def swap(value: Any) -> Any:
        return mine[id(value)] if isinstance(value, KerasTensor) else value

    new_inputs = tree.map_structure(entry, inputs)
    nodes, _ = sort_graph(tree.flatten(inputs), tree.flatten(outputs))
    for node in nodes:
        if node.inputs:
            args, kwargs = tree.map_structure(swap, list(node.args)), tree.map_structure(swap, node.kwargs)
            connect(node.operation, tuple(args), kwargs, tree.map_structure(fresh, node.outputs))
    return new_inputs, tree.map_structure(swap, outputs)
