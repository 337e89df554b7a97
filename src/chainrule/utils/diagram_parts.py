"""A model as boxes, links and nested groups of them: what a diagram shows, before anything has a place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from chainrule import tree
from chainrule.models.graph import Graph
from chainrule.symbolic import Node


class Show(NamedTuple):
    """What a box tells of a layer."""

    shapes: bool = False
    dtype: bool = False
    names: bool = True
    activations: bool = False
    trainable: bool = False


@dataclass(eq=False)
class Box:
    """One layer.

    Attributes:
        name: of the layer.
        kind: its class.
        title: `(text, bold)` parts of the head.
        activation: its name, or ''.
        cells: `(label, text, colour)` of the row below; colour '' is plain.
    """

    name: str
    kind: str
    title: list[tuple[str, bool]]
    activation: str = ""
    cells: list[tuple[str, str, str]] = field(default_factory=list)


@dataclass(eq=False)
class Wire:
    """A link between members of a group by number; -1 is the group's own entry or exit `leaves` or `enters`."""

    source: int
    target: int
    leaves: int = 0
    enters: int = 0


@dataclass(eq=False)
class Group:
    """A model, or a model within a model: members and the links between them.

    Attributes:
        name: of the model.
        entries, exits: how many inputs and outputs it has.
    """

    name: str
    members: list[Box | Group] = field(default_factory=list)
    wires: list[Wire] = field(default_factory=list)
    entries: int = 0
    exits: int = 0


def group(model: Any, show: Show, expand: bool, nested: bool = False) -> Group:
    """Return what a diagram of a model shows: a graph's layers; of a model that is Python code, the model itself."""
    from chainrule.models.sequential import Sequential

    graph: Graph | None = model._graph
    if graph is None:
        return Group(model.name, [box(model, model._nodes[0] if model._nodes else None, show)])
    hidden = {id(t.operation) for t in graph.inputs} if isinstance(model, Sequential) else set()
    operations = [o for o in graph.operations if id(o) not in hidden]
    first: dict[int, Node] = {}
    for node in graph.nodes:
        first.setdefault(id(node.operation), node)
    found = Group(model.name, entries=len(graph.inputs), exits=len(graph.outputs))
    for operation in operations:
        inner = getattr(operation, "_graph", None) if expand else None
        call = first.get(id(operation))
        found.members.append(group(operation, show, True, True) if inner is not None else box(operation, call, show))
    number = {id(o): k for k, o in enumerate(operations)}
    found.wires = _wires(graph, number, hidden, found.members)
    if nested:
        inputs = {id(t): k for k, t in enumerate(graph.inputs)}
        if not hidden:
            found.wires += [Wire(-1, number[id(t.operation)], k) for k, t in enumerate(graph.inputs)]
        else:
            for node in graph.nodes:
                for k, t in enumerate(node.inputs):
                    if id(t) in inputs:
                        target = number[id(node.operation)]
                        found.wires.append(Wire(-1, target, inputs[id(t)], _port(found.members[target], k)))
        for k, t in enumerate(graph.outputs):
            source = number.get(id(t.operation), -1)
            leaves = inputs.get(id(t), 0) if source < 0 else _port(found.members[source], t.index)
            found.wires.append(Wire(source, -1, leaves, k))
    return found


def _wires(graph: Graph, number: dict[int, int], hidden: set[int], members: list[Box | Group]) -> list[Wire]:
    """Return the links between members, each once."""
    seen = {}
    for node in graph.nodes:
        for k, t in enumerate(node.inputs):
            if id(t.operation) not in hidden and id(t.operation) in number:
                source, target = number[id(t.operation)], number[id(node.operation)]
                key = (source, target, _port(members[source], t.index), _port(members[target], k))
                seen[key] = Wire(*key)
    return list(seen.values())


def _port(member: Box | Group, number: int) -> int:
    return number if isinstance(member, Group) else 0


# -- one layer --------------------------------------------------------------------------------------------------------


def box(layer: Any, node: Node | None, show: Show) -> Box:
    """Return the box of a layer or op; shapes and types are those of one call."""
    kind = getattr(layer, "class_name", type(layer).__name__)
    title = [(layer.name, True), (f" ({kind})", False)] if show.names else [(kind, True)]
    found = Box(layer.name, kind, title)
    if show.activations and getattr(layer, "activation", None) is not None:
        activation = layer.activation
        found.activation = str(getattr(activation, "name", None) or getattr(activation, "__name__", activation))
    if show.shapes:
        if kind != "InputLayer":
            found.cells.append(("Input shape", _text(node.input if node else None, lambda t: str(t.shape)), ""))
        found.cells.append(("Output shape", _text(node.outputs if node else None, lambda t: str(t.shape)), ""))
    if show.dtype:
        found.cells.append(("Output dtype", _text(node.outputs if node else None, lambda t: str(t.dtype)), ""))
    if show.trainable and getattr(layer, "weights", None):
        found.cells.append(("", "Trainable", "green") if layer.trainable else ("", "Non-trainable", "red"))
    return found


def _text(value: Any, of: Callable[[Any], str]) -> str:
    """Return a shape or type; of several, a list or `name: shape` pairs."""
    if value is None or (isinstance(value, list | tuple | dict) and not value):
        return "?"
    if isinstance(value, dict):
        return ", ".join(f"{key}: {_text(part, of)}" for key, part in value.items())
    if isinstance(value, list | tuple):
        leaves = tree.flatten(value)
        return of(leaves[0]) if len(leaves) == 1 else "[" + ", ".join(map(of, leaves)) + "]"
    return of(value)
