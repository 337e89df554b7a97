"""From a model to its plan."""

from __future__ import annotations

from typing import Any

from chainrule import tree
from chainrule.engines.plan import CannotLower, Input, Instruction, PenalizeActivity, Plan, Step, slot_of


class _Numbers:
    """Hands out value numbers and collects instructions."""

    def __init__(self) -> None:
        self.count = 0
        self.instructions: list[Instruction] = []

    def new(self) -> int:
        self.count += 1
        return self.count - 1

    def apply(self, step: Step, inputs: tuple[int, ...], layer: str) -> int:
        output = self.new()
        self.instructions.append(Instruction(step, inputs, output, layer))
        return output


def lower(model: Any) -> Plan:
    """Return the plan of a built model.

    Raises:
        CannotLower: a part of it is Python code; the message names it.
    """
    buffer = model.pack()
    graph = model._graph_or_none()
    if graph is None:
        raise CannotLower(f"model '{model.name}' is Python code ({type(model).__name__}.call)")
    numbers = _Numbers()
    inputs = tuple(
        Input(numbers.new(), t.operation.name if t.operation else t.name, t.shape, t.dtype) for t in graph.inputs
    )
    outputs = _run(graph, [i.value for i in inputs], numbers)
    trainable = model.trainable_weights
    size = sum(v.size for v in trainable)
    return Plan(
        inputs=inputs,
        instructions=tuple(numbers.instructions),
        outputs=tuple(outputs),
        slots=tuple(buffer.slots),
        n_params=int(buffer.array.size),
        n_trainable=size,
        penalties=tuple((slot_of(v), v.regularizer) for v in trainable if v.regularizer is not None),
        constraints=tuple((slot_of(v), v.constraint) for v in trainable if v.constraint is not None),
        loss=getattr(model, "_compile_loss", None),
        optimizer=getattr(model, "optimizer", None),
        metrics=getattr(model, "_compile_metrics", None),
    )


def _run(graph: Any, values: list[int], numbers: _Numbers) -> list[int]:
    """Walk a graph as running it would, with value numbers in place of tensors."""
    known = {id(t): v for t, v in zip(graph.inputs, values, strict=True)}
    for node in graph.nodes:
        outputs = tree.flatten(node.outputs)
        if not node.inputs:
            continue
        results = _apply(node.operation, tuple(known[id(t)] for t in node.inputs), numbers)
        known.update({id(t): v for t, v in zip(outputs, results, strict=True)})
    return [known[id(t)] for t in graph.outputs]


def _apply(operation: Any, inputs: tuple[int, ...], numbers: _Numbers) -> list[int]:
    if not hasattr(operation, "lower"):
        raise CannotLower(f"operation '{operation.name}' has no step")
    inner = operation._graph_or_none() if hasattr(operation, "_graph_or_none") else None
    if inner is not None:
        return _run(inner, list(inputs), numbers)
    current = inputs
    for step in operation.lower():
        current = (numbers.apply(step, current, operation.name),)
    if operation.activity_regularizer is not None:
        current = (numbers.apply(PenalizeActivity(operation.activity_regularizer), current, operation.name),)
    return list(current)
